#!/usr/bin/env python3
"""Write what the reference says of the cases in rules_*.txt into these files.

    rules.py TEST_RULES            fill in events, sums and comments
    rules.py TEST_RULES --check    say where they differ

TEST_RULES is the program tests/golden/test_rules, which turns the cases into
traces. Everything that is written comes from the reference alone. Where it
panics, a comment of the case, "Ours is as NAME.", says of which other case the
reference's text is what we want.
"""

import argparse
import hashlib
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "oracle"))
import oracle  # noqa: E402

TITLE = re.compile(r"-- ([^:\n]+): (\S+ \S+)( \| .*)? --")
SAYS = "# the reference: "
INSTEAD = re.compile(r"# Ours is as ([^ ]+)\.")


def ask(where, trace):
    """(number of events, beginning of their text's sum, last words) of a trace."""
    with oracle.running(where.command("events", trace)) as (process, finish):
        text = process.stdout.read()
        code, complaint = finish()
    with oracle.running(where.command("count", trace)) as (process, finish):
        count = int(process.stdout.read())
        finish()
    words = complaint.splitlines()[0].removeprefix("error: ") if code else "ends"
    return count, hashlib.sha256(text).hexdigest()[:16], words[:90].rstrip()


def filled(where, path, folder):
    """The file's text as it should be."""
    lines = []
    old = [line for line in path.read_text(encoding="utf-8").splitlines()
           if not line.startswith(SAYS)]
    for line, after in zip(old, old[1:] + [""]):
        title = TITLE.fullmatch(line)
        if not title or title[1].startswith("define "):
            lines.append(line)
            continue
        count, digest, words = ask(where, folder / (title[1] + ".trace"))
        instead = INSTEAD.fullmatch(after)
        if words.startswith("panic: ") != bool(instead):
            print(f"{title[1]}: {after}, but the reference: {words}")
        elif instead:
            count, digest, _ = ask(where, folder / (instead[1] + ".trace"))
        elif (words == "ends") != title[2].startswith("end "):
            print(f"{title[1]}: {title[2]}, but the reference: {words}")
        lines.append(f"-- {title[1]}: {title[2]} | {count} {digest} --")
        lines.append(SAYS + words)
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("test_rules")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="rules-") as name:
        folder = pathlib.Path(name)
        subprocess.run([args.test_rules, "--dump", name], check=True)
        try:
            where = oracle.Oracle(folder)
            where.reference  # noqa: B018
        except oracle.Absent as absent:
            print(f"skipped: {absent}")
            return 77
        for path in sorted(HERE.glob("rules_*.txt")):
            text = filled(where, path, folder)
            if text == path.read_text(encoding="utf-8"):
                continue
            wrong += 1
            if args.check:
                print(f"{path.name} differs")
            else:
                path.write_text(text, encoding="utf-8")
    return 1 if args.check and wrong else 0


if __name__ == "__main__":
    sys.exit(main())
