"""The command `q2c`."""

from __future__ import annotations

import os
import sys
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from q2c import exits
from q2c.extras import lacks, missing
from q2c.trouble import give_up

COMMANDS = {
    "scenarios": "q2c.commands.scenarios:scenarios",
    "validate": "q2c.commands.scenarios:validate",
    "expect": "q2c.commands.expect:expect",
    "calibrate": "q2c.commands.calibrate:calibrate",
    "oracle": "q2c.commands.oracle:oracle",
    "rehearse": "q2c.commands.rehearse:rehearse",
    "report": "q2c.commands.report:report",
    "whatif": "q2c.commands.whatif:whatif",
    "explore": "q2c.commands.explore:explore",
    "compare": "q2c.commands.compare:compare",
    "sweep": "q2c.commands.sweep:sweep",
    "search": "q2c.commands.sweep:search",
    "optimise": "q2c.commands.sweep:optimise",
    "sensitivity": "q2c.commands.sweep:sensitivity",
    "mutants": "q2c.commands.mutants:mutants",
    "hunt": "q2c.commands.hunt:hunt",
    "shrink": "q2c.commands.shrink:shrink",
    "target": "q2c.commands.target:target",
    "replay": "q2c.commands.replay:replay",
    "example": "q2c.commands.example:example",
    "load": "q2c.commands.load:load",
    "mocks": "q2c.commands.mocks:mocks",
    "env": "q2c.commands.env:env",
    "init": "q2c.commands.init:init",
    "verify": "q2c.commands.verify:verify",
    "contracts": "q2c.commands.contracts:contracts",
    "conformance": "q2c.commands.conformance:conformance",
    "integration": "q2c.commands.integration:integration",
    "analytics": "q2c.commands.analytics:analytics",
    "audit": "q2c.commands.audit:audit",
}


class _Commands(click.Group):
    """Loads a command when it is called for: the mocks are ready long before all of the harness would be loaded."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        try:
            command: click.Command = getattr(import_module(module), name)
        except KeyboardInterrupt:  # loading takes seconds on a small machine
            give_up("stopped before anything was done", exits.INTERRUPTED)
        except ModuleNotFoundError as error:  # the others are there, and are to be listed
            return _Lacking(cmd_name, lacks(missing(error)))
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is called; name the nearest one when there is none."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as unknown:
            near = get_close_matches(args[0], COMMANDS, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"{unknown.message}{hint}", ctx) from None


class _Lacking(click.Command):
    """Stands for a command of which a package is not installed: whatever is asked of it, it says which."""

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(name, short_help=f"({sentence.partition(';')[0]})")
        self._sentence = sentence

    def make_context(self, *_: Any, **__: Any) -> click.Context:
        """End the command."""
        give_up(self._sentence, exits.COULD_NOT_RUN)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="q2c-harness", prog_name="q2c")
def q2c() -> None:
    """Rehearse, load-test and contract-test quote-to-cash integrations before quarter-end does.

    \b
    q2c scenarios                 what can be rehearsed
    q2c rehearse quarter_end      play a quarter-end and read the verdict
    q2c whatif quarter_end        many quarters in seconds: what happens, what saturates, what it costs
    q2c hunt                      run after run with other faults, until a rule breaks
    q2c mocks up                  the systems of record as servers, for real clients
    q2c integration up --mocks    the reference integration as a service, against them
    q2c verify                    contracts, documents and promises, in a pull request

    Exit statuses: 0 holds, 1 broken (safety, money), 2 usage or bad input, 3 broken (late), 4 nothing was proved,
    5 could not run.
    """


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
    except ModuleNotFoundError as error:
        click.echo(lacks(missing(error)), err=True)
        sys.exit(exits.COULD_NOT_RUN)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(exits.HOLDS)
