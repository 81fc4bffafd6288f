#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Count test results: of TAP files (bats) and of meson's testlog.json files.

Usage: tally.py [--strict] FILE...

Prints one line for each file and "N passed, N failed" alone on the last line; exits with 1 when
something failed or nothing ran. --strict counts what was skipped as failed.
"""
import json
import re
import sys

RESULT = re.compile(r"^(not )?ok\b(?!.*# TODO)(.*)$")


def count_tap(text):
    passed = failed = skipped = planned = 0
    for line in text.splitlines():
        plan = re.match(r"^1\.\.(\d+)", line)
        if plan:
            planned += int(plan.group(1))
        result = RESULT.match(line)
        if not result:
            continue
        if result.group(1):
            failed += 1
        elif re.search(r"# skip", result.group(2), re.I):
            skipped += 1
        else:
            passed += 1
    # A test program that stops half way has failed in what it did not say.
    failed += max(0, planned - passed - failed - skipped)
    return passed, failed, skipped


def count_meson(path):
    total = [0, 0, 0]
    with open(path) as f:
        for line in f:
            test = json.loads(line)
            counts = list(count_tap(test.get("stdout", "")))
            good = test["result"] in ("OK", "EXPECTEDFAIL")
            if sum(counts) == 0:
                counts = [1, 0, 0] if good else [0, 1, 0]
                if test["result"] == "SKIP":
                    counts = [0, 0, 1]
            elif not good and counts[1] == 0:
                counts[1] = 1
            total = [a + b for a, b in zip(total, counts)]
    return total


def main(argv):
    strict = "--strict" in argv
    total = [0, 0, 0]
    for path in [a for a in argv[1:] if a != "--strict"]:
        try:
            if path.endswith(".json"):
                counts = count_meson(path)
            else:
                with open(path, errors="replace") as f:
                    counts = list(count_tap(f.read()))
            if sum(counts) == 0:
                counts[1] = 1
        except OSError:
            counts = [0, 1, 0]
        print("%-44s %5d passed %4d failed %4d skipped" %
              ("/".join(path.split("/")[-2:]), *counts))
        total = [a + b for a, b in zip(total, counts)]
    failed = total[1] + (total[2] if strict else 0)
    print("%d passed, %d failed" % (total[0], failed))
    return 1 if failed or not total[0] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
