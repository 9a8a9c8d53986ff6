"""Run a command with a terminal as its standard error, and print what it wrote there.

Usage: terminal.py [--end] [--columns=N] COMMAND...

With --end a signal ends the command once it has written something. Without --columns the
terminal does not know how wide it is.
"""

import argparse
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios

parser = argparse.ArgumentParser()
parser.add_argument("--end", action="store_true")
parser.add_argument("--columns", type=int, default=0)
parser.add_argument("command", nargs=argparse.REMAINDER)
args = parser.parse_args()
ours, theirs = pty.openpty()
fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 0, args.columns, 0, 0))
child = subprocess.Popen(args.command, stderr=theirs)
os.close(theirs)
if args.end:
    select.select([ours], [], [], 60)
    child.terminate()
written = b""
while True:
    try:
        piece = os.read(ours, 4096)
    except OSError:  # what Linux says when the other end was closed
        break
    if not piece:
        break
    written += piece
sys.stdout.buffer.write(written)
code = child.wait()
sys.exit(code if code >= 0 else 128 - code)
