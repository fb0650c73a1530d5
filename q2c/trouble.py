"""Trouble: what a person did or asked that cannot be done, said in one message and never as a traceback."""

from __future__ import annotations

from typing import NoReturn

import click

from q2c import exits


def give_up(message: str, exit_status: int = exits.USAGE) -> NoReturn:
    """End the command: the message, on standard error, says what was wrong and what to do."""
    click.echo(message, err=True)
    raise SystemExit(exit_status)
