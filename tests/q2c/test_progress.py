"""How far a command is: a bar for somebody who looks at a terminal, lines that a log can keep for everybody else."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from q2c.progress import Progress, progress
from q2c.showing import progress as suites_progress

COMMANDS = Path(__file__).resolve().parents[2] / "q2c"


class Terminal(io.StringIO):
    """Standard error as a person sees it."""

    def isatty(self) -> bool:
        return True


def test_nothing_is_drawn_where_nobody_looks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress("a quarter-end") as shown, suites_progress(["pacts"]) as told:
        for place in range(100):
            shown.step(place / 100, "playing")
            told("pacts", place, 100)
        shown.phase("judging")
    assert capsys.readouterr() == ("", "")


def test_a_log_gets_a_plain_line_a_minute() -> None:
    lines: list[tuple[str, float | None, str]] = []
    now = [0.0]
    shown = Progress(
        "a quarter-end", lambda *said: lines.append(said), is_drawn=False, now=lambda: now[0]
    )  # fmt: skip
    for second in range(0, 181, 7):
        now[0] = float(second)
        shown.step(second / 150, f"second {second}")
    assert lines == [
        ("a quarter-end", 63 / 150, "second 63"), ("a quarter-end", 126 / 150, "second 126"),
    ]  # fmt: skip


def test_a_log_is_told_the_title_once_how_far_it_is_and_that_all_is_judged(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("q2c.progress._TOLD_SECONDS", 0.0)
    with progress("a quarter-end") as shown:
        shown.step(0.5, "3/6 acts, playing")
        shown.step(1.5)
        shown.phase("judging 566,309 records")
    assert capsys.readouterr().err == "a quarter-end: 50%, 3/6 acts, playing\n  100%\njudging 566,309 records\n"


@pytest.mark.parametrize(("quiet", "words"), [(False, True), (True, False)])
def test_a_person_sees_a_bar_unless_asked_to_be_quiet(
    monkeypatch: pytest.MonkeyPatch, quiet: bool, words: bool
) -> None:
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress("a quarter-end", is_quiet=quiet) as shown:
        shown.step(0.5, "3/6 acts")
        if not quiet:
            shown.phase("judging")
    told = terminal.getvalue()
    assert ("3/6 acts" in told, "judging" in told) == (words, words)


def test_commands_draw_nothing_by_themselves() -> None:
    drawing = {
        file.relative_to(COMMANDS).as_posix()
        for file in COMMANDS.rglob("*.py")
        if "rich.progress" in (text := file.read_text(encoding="utf-8")) or '\\r"' in text
    }
    assert drawing == {"progress.py", "showing.py"}
