"""Trouble: what a person did or asked that cannot be done, said in one message and never as a traceback."""

from __future__ import annotations

import sys
from typing import NoReturn

import click

from q2c import exits


class Trouble(click.ClickException):
    """Something the person at the keyboard can mend: the message says what was wrong, and what to do."""

    exit_code: int = exits.USAGE

    def __init__(self, message: str, exit_status: int = exits.USAGE) -> None:
        super().__init__(message)
        self.exit_code = exit_status  # type: ignore[misc]  # click declares a class variable and reads the instance's

    def show(self, file: object = None) -> None:
        """Print the message on standard error."""
        click.echo(self.message, file=sys.stderr)


def give_up(message: str, exit_status: int = exits.USAGE) -> NoReturn:
    """End the command with a message and an exit status."""
    raise Trouble(message, exit_status)
