"""Progress: how far a long command is, on standard error: a bar on a terminal, a plain line a minute anywhere else.

Where no person looks, nothing is drawn in place, whatever FORCE_COLOR says: a log keeps every blank of every redrawing.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

_DRAWN_SECONDS, _TOLD_SECONDS = 0.2, 60.0
Show = Callable[[str, float, str], None]
"""Shows a title, which part of all is done (0 to 1), and what else is said."""


class Progress:
    """What is said of how far a command is, no more often than it can be read: drawn in place, or told line by line."""

    def __init__(
        self, title: str, show: Show, *, is_drawn: bool, now: Callable[[], float] = time.monotonic
    ) -> None:  # fmt: skip
        self._title, self._show, self._now = title, show, now
        self._is_drawn, self._every = is_drawn, _DRAWN_SECONDS if is_drawn else _TOLD_SECONDS
        self._due = now() if is_drawn else now() + _TOLD_SECONDS

    @property
    def is_due(self) -> bool:
        """Whether the next step is shown: who has to count before he can say it need not do so until then."""
        return self._now() >= self._due

    def step(self, part: float, said: str = "") -> None:
        """Say which part of all is done (0 to 1)."""
        if self.is_due:
            self._due = self._now() + self._every
            self._show(self._title, min(1.0, part), said)

    def phase(self, title: str) -> None:
        """Say what is done once all is played."""
        self._title = title
        if self._is_drawn:
            self._show(title, 1.0, "")


def on_terminal() -> bool:
    """Tell whether somebody sees standard error as it is drawn."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


@contextmanager
def progress(title: str, *, is_quiet: bool = False) -> Iterator[Progress]:
    """Show how far a command is until the block ends.

    No thread redraws it: only a process without threads may fork (q2c.beside).
    """
    if is_quiet:
        yield Progress(title, lambda *_: None, is_drawn=False)
    elif not on_terminal():
        yield Progress(title, _line, is_drawn=False)
    else:
        columns = (
            TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[said]}"),
            TimeRemainingColumn(),
        )  # fmt: skip
        console = Console(stderr=True, highlight=False)
        with Bar(*columns, console=console, transient=True, auto_refresh=False) as bar:
            task = bar.add_task(title, total=1.0, said="")
            yield Progress(
                title,
                lambda name, part, said: bar.update(task, description=name, completed=part, said=said, refresh=True),
                is_drawn=True,
            )


def _line(title: str, part: float, said: str) -> None:
    click.echo(f"{title}: {part:.0%}{f', {said}' if said else ''}", err=True)
