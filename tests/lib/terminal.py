#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Run a program on a terminal of its own, and act on it step by step as a person would.

Usage: terminal.py [STEP...] -- PROGRAM [ARG...]

Steps, in the order given:
  expect=TEXT     wait until TEXT has been printed since the last expect
  send=TEXT       type TEXT (\\n, \\r, \\x10 and such are understood)
  resize=COLSxROWS
  signal=NAME     send a signal to the program
  sleep=SECONDS
Then waits for the program's end. Each step and the end may take 20 seconds (TERMINAL_TIMEOUT). What the
program printed goes to stdout; its exit status (128 + signal) is ours; 99 says that a step failed.
At the end the terminal's settings are compared with those at the start: 98 says that they differ.
"""
import codecs
import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time

LIMIT = float(os.environ.get("TERMINAL_TIMEOUT", "20"))


class Driver:
    def __init__(self, argv):
        self.master, slave = os.openpty()
        self.slave = slave
        self.resize("80x24")
        self.before = termios.tcgetattr(slave)
        self.child = subprocess.Popen(argv, stdin=slave, stdout=slave, stderr=slave,
                                      start_new_session=True, preexec_fn=self.own_terminal)
        self.seen = b""
        self.mark = 0

    def own_terminal(self):
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def read_some(self, seconds):
        ready, _, _ = select.select([self.master], [], [], seconds)
        if ready:
            try:
                self.seen += os.read(self.master, 65536)
            except OSError:
                return False
        return bool(ready)

    def expect(self, text):
        end = time.monotonic() + LIMIT
        want = unescape(text)
        while want not in self.seen[self.mark:]:
            if time.monotonic() > end:
                self.give_up("no %r" % text)
            if not self.read_some(0.1) and self.child.poll() is not None:
                self.read_some(0.2)
                if want not in self.seen[self.mark:]:
                    self.give_up("ended with %s before %r" % (self.child.returncode, text))
        self.mark = self.seen.index(want, self.mark) + len(want)

    def send(self, text):
        os.write(self.master, unescape(text))

    def resize(self, size):
        cols, rows = (int(x) for x in size.split("x"))
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    def signal(self, name):
        self.child.send_signal(getattr(signal, "SIG" + name))

    def sleep(self, seconds):
        end = time.monotonic() + float(seconds)
        while time.monotonic() < end:
            self.read_some(0.05)

    def finish(self):
        end = time.monotonic() + LIMIT
        while self.child.poll() is None:
            if time.monotonic() > end:
                self.give_up("still running")
            self.read_some(0.1)
        while self.read_some(0.05):
            pass
        self.show()
        if termios.tcgetattr(self.slave) != self.before:
            print("terminal.py: the terminal's settings were not put back", file=sys.stderr)
            return 98
        code = self.child.returncode
        return code if code >= 0 else 128 - code

    def show(self):
        sys.stdout.buffer.write(self.seen)
        sys.stdout.buffer.flush()

    def give_up(self, why):
        self.show()
        print("\nterminal.py: %s" % why, file=sys.stderr)
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        sys.exit(99)


def unescape(text):
    return codecs.escape_decode(text.encode())[0]


def main(argv):
    cut = argv.index("--")
    driver = Driver(argv[cut + 1:])
    for step in argv[1:cut]:
        verb, _, value = step.partition("=")
        getattr(driver, verb)(value)
    return driver.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv))
