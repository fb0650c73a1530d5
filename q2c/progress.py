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
Show = Callable[[str, float | None, str], None]
"""Shows a title, which part of all is done (0 to 1; None when nobody knows), and what else is said."""


class Progress:
    """What is said of how far a command is, no more often than it can be read: drawn in place, or told line by line."""

    def __init__(
        self, title: str, show: Show, *, is_drawn: bool, now: Callable[[], float] = time.monotonic
    ) -> None:  # fmt: skip
        self._title, self._show, self._now = title, show, now
        self._every = _DRAWN_SECONDS if is_drawn else _TOLD_SECONDS
        self._due = now() if is_drawn else now() + _TOLD_SECONDS
        self._is_followed = is_drawn

    @property
    def is_due(self) -> bool:
        """Whether the next step is shown: who has to count before he can say it need not do so until then."""
        return self._now() >= self._due

    def step(self, part: float, said: str = "") -> None:
        """Say which part of all is done (0 to 1)."""
        if self.is_due:
            self._due, self._is_followed = self._now() + self._every, True
            self._show(self._title, min(1.0, part), said)

    def phase(self, title: str) -> None:
        """Say what is done once all is played; a log that has heard nothing yet is spared it."""
        self._title = title
        if self._is_followed:
            self._show(title, None, "")


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
        yield Progress(title, _lines(), is_drawn=False)
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
                lambda name, part, said: bar.update(
                    task, description=name, completed=1.0 if part is None else part, said=said, refresh=True
                ),
                is_drawn=True,
            )


def _lines() -> Show:
    """Return what tells a log: the title once, then how far it is."""
    last = ""

    def tell(title: str, part: float | None, said: str) -> None:
        nonlocal last
        far = ", ".join(filter(None, ("" if part is None else f"{part:.0%}", said)))
        named = f"{title}: {far}" if far else title
        click.echo(f"  {far}" if title == last else named, err=True)
        last = title

    return tell
