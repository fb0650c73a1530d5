"""The command `q2c`."""

from __future__ import annotations

import os
import sys

import click

from q2c import exits
from q2c.commands.oracle import oracle
from q2c.commands.rehearse import rehearse
from q2c.commands.report import report
from q2c.commands.scenarios import scenarios, validate


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="q2c-harness", prog_name="q2c")
def q2c() -> None:
    """Rehearse, load-test and contract-test quote-to-cash integrations before quarter-end does.

    \b
    q2c scenarios                 what can be rehearsed
    q2c rehearse quarter_end      play a quarter-end and read the verdict

    Exit statuses: 0 holds, 1 broken (safety, money), 2 usage or bad input, 3 broken (late), 4 nothing was proved,
    5 could not run.
    """


for command in (scenarios, validate, oracle, rehearse, report):
    q2c.add_command(command)


def main() -> None:
    """Run the command; end with one line, never a traceback, when a person interrupts it or a pipe is closed."""
    try:
        q2c.main(prog_name="q2c", standalone_mode=False)
    except click.Abort:
        click.echo("stopped", err=True)
        sys.exit(exits.INTERRUPTED)
    except click.ClickException as wrong:
        wrong.show()
        sys.exit(exits.USAGE)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(exits.HOLDS)
