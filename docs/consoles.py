"""The console examples of the documentation: run them, and write what they print into the pages.

    python docs/consoles.py        # writes anew what is stale

Which folder a run got, and how long it computed, are as they were in the page: nothing else differs between machines.
"""

from __future__ import annotations

import os
import re
import shlex
import tempfile
from collections.abc import Iterator
from contextlib import chdir
from functools import cache
from pathlib import Path

from click.testing import CliRunner

from q2c import exits
from q2c.cli import q2c
from q2c.consoles import PIPED_COLUMNS

ROOT = Path(__file__).resolve().parents[1]
COLUMNS = str(PIPED_COLUMNS)
FAST = frozenset({"whatif", "compare", "sweep", "scenarios", "validate", "oracle", "calibrate", "--help", "--short"})
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_VARYING = re.compile(r"\d{8}-\d{6}(?=-)|(?<=played in )[\d.]+|(?<=judged in )[\d.]+")


def pages() -> list[Path]:
    """Return every page of the documentation."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def commands(block: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a block and what it shows."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        yield command, shown


@cache
def run(line: str) -> tuple[str, int]:
    """Return what a command prints and its status; one that plays a rehearsal has a folder of its own."""
    words = shlex.split(line)
    assert words[0] == "q2c", f"only q2c is run here, not {words[0]!r}; use another kind of block"
    assert FAST & set(words), f"{line!r} is not known to be fast; show it in a text block"
    with tempfile.TemporaryDirectory() as scratch, chdir(scratch if "rehearse" in words else ROOT):
        result = CliRunner(env={"COLUMNS": COLUMNS}).invoke(q2c, words[1:], prog_name="q2c")
    # A slow machine hears of the progress, on standard error; what is refused is said there, too.
    shown = result.output if result.exit_code in (exits.USAGE, exits.COULD_NOT_RUN) else result.stdout
    return shown.rstrip("\n"), result.exit_code


def said(command: str) -> tuple[str, int]:
    """Return what a command prints, cut by `| head` or `| tail`, and its status."""
    line, _, cut = command.partition(" | ")
    text, status = run(line)
    if cut:
        tool, _, number = shlex.split(cut)
        lines = text.splitlines()
        text = "\n".join(lines[: int(number)] if tool == "head" else lines[-int(number) :])
    return text, status


def tidy(text: str) -> str:
    """Return a text without blanks at the ends of lines, and without what no two runs have in common."""
    return _VARYING.sub("*", "\n".join(line.rstrip() for line in text.strip("\n").splitlines()))


def fresh(block: str) -> str:
    """Return a block with what its commands print now; what differs by nothing that counts stays."""
    parts, status = [], 0
    for command, shown in commands(block):
        text, status = (str(status), status) if command == "echo $?" else said(command)
        if tidy(text) != tidy(shown):
            shown = "\n".join(line.rstrip() for line in text.strip("\n").splitlines()) + "\n"
        parts.append(f"$ {command}\n{shown}")
    return "".join(parts)


def main() -> None:
    """Write the pages anew whose examples are stale."""
    os.chdir(ROOT)
    for page in pages():
        before = page.read_text(encoding="utf-8")
        after = FENCE.sub(
            lambda found: f"```console\n{fresh(found[2])}```" if found[1] == "console" else found[0], before
        )
        if after != before:
            page.write_text(after, encoding="utf-8")
            print(page.relative_to(ROOT))


if __name__ == "__main__":
    main()
