"""Run a command with a terminal as its standard error, and print what it wrote there.

Usage: terminal.py [--end] COMMAND...

With --end a signal ends the command once it has written something.
"""

import os
import pty
import select
import subprocess
import sys

command = sys.argv[1:]
end = command[0] == "--end"
ours, theirs = pty.openpty()
child = subprocess.Popen(command[end:], stderr=theirs)
os.close(theirs)
if end:
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
