"""Runs a program on a terminal of its own and prints what stands on the screen.

screen.py ROWS COLUMNS SECONDS PROGRAM [ARGUMENT...]: after so many seconds without anything new, or when the program
has ended, one line of text for each row. Then the program is asked to end ("q"), and killed if it does not.
"""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

import pyte

# The longest that a program may go on painting.
LONGEST_SECONDS = 30


def show(rows, columns, quiet_seconds, command):
    screen = pyte.Screen(columns, rows)
    stream = pyte.ByteStream(screen)
    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.environ["TERM"] = "linux"
        os.execvp(command[0], command)
    start = time.monotonic()
    seen = ""
    same_since = start
    try:
        while time.monotonic() - start < LONGEST_SECONDS:
            ready, _, _ = select.select([terminal], [], [], 0.1)
            if ready:
                stream.feed(os.read(terminal, 65536))
            text = "\n".join(screen.display)
            if text != seen:
                seen, same_since = text, time.monotonic()
            elif seen.strip() and time.monotonic() - same_since > quiet_seconds:
                break
        os.write(terminal, b"q")
    except OSError:
        pass  # The program has ended, and the terminal with it.
    for row in screen.display:
        print(row.rstrip())
    end(pid)


def end(pid):
    for wait in (2.0, 0.0):
        deadline = time.monotonic() + wait
        while time.monotonic() <= deadline:
            if os.waitpid(pid, os.WNOHANG)[0] != 0:
                return
            time.sleep(0.05)
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


if __name__ == "__main__":
    show(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4:])
