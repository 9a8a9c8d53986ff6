"""Run a command with a terminal as its standard error, and print what it wrote there.

Usage: terminal.py COMMAND...
"""

import os
import pty
import subprocess
import sys

ours, theirs = pty.openpty()
child = subprocess.Popen(sys.argv[1:], stderr=theirs)
os.close(theirs)
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
sys.exit(child.wait())
