# SPDX-License-Identifier: Apache-2.0
"""What the lints share: finding C sources, and reading them without a compiler.

The tree is kept in one layout by clang-format, so that a function is what stands between a "{"
and a "}" in the first column, and the depth of a statement is its number of tabs.
"""
import os
import re
import sys

SKIPPED = {".git", "build", os.path.join("tests", "lint", "bad")}


def tree_root():
    """The tree to check: the first argument, or the one that this file is in."""
    if len(sys.argv) > 1:
        return sys.argv[1]
    return os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def find(root, suffixes, below=("src", "include", "tests")):
    """Paths of files, relative to the root and sorted."""
    found = []
    for top in below:
        for folder, folders, files in os.walk(os.path.join(root, top)):
            here = os.path.relpath(folder, root)
            folders[:] = [f for f in folders if os.path.join(here, f) not in SKIPPED
                          and not f.startswith("build")]
            found += [os.path.join(here, f) for f in files if f.endswith(suffixes)]
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def code_only(text):
    """The text with comments and what is in quotes blanked; lines and columns stay."""
    def replace(match):
        token = match.group()
        if token[0] in "\"'":
            return token[0] + _blank(token[1:-1]) + token[-1]
        return _blank(token)
    return TOKEN.sub(replace, text)


def comments(text):
    """Pairs of line number and comment, in order."""
    return [(text.count("\n", 0, m.start()) + 1, m.group())
            for m in TOKEN.finditer(text) if m.group()[0] == "/"]


class Function:
    def __init__(self, name, line, lines, signature):
        self.name, self.line, self.lines, self.signature = name, line, lines, signature
        self.parameters = count_parameters(SIGNATURE.search(signature).group(2))
        self.is_static = "static" in signature.split("(")[0].split()


SIGNATURE = re.compile(r"([A-Za-z_]\w*)\s*\(((?:[^()]|\([^()]*\))*)\)\s*$")


def count_parameters(text):
    depth, count = 0, 1 if text.strip() not in ("", "void") else 0
    for c in text:
        depth += (c == "(") - (c == ")")
        count += c == "," and depth == 0
    return count


def functions(code):
    """The functions defined in what code_only() gave."""
    lines = code.split("\n")
    found = []
    for start, line in enumerate(lines):
        if line.rstrip() != "{":
            continue
        first = start
        while first > 0 and lines[first - 1].strip() and not re.match(r"[};#]", lines[first - 1]):
            first -= 1
        signature = " ".join(lines[first:start])
        match = SIGNATURE.search(signature)
        end = next((i for i in range(start, len(lines)) if lines[i].startswith("}")), start)
        if match:
            found.append(Function(match.group(1), first + 1, end - start - 1, signature))
    return found


class Report:
    """Findings, printed as a compiler does; ends the process."""
    def __init__(self):
        self.count = 0

    def add(self, path, line, text):
        self.count += 1
        print(f"{path}:{line}: {text}")

    def end(self, name, what):
        print(f"{name}: {what}: {self.count or 'no'} finding{'' if self.count == 1 else 's'}")
        sys.exit(1 if self.count else 0)
