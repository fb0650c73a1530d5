"""`q2c target`: what is needed of an integration before load is sent at it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import click
import msgspec
from rich.text import Text

from q2c import exits
from q2c.consoles import standard_output
from q2c.trouble import give_up
from scenarios.library import find
from scenarios.problems import ScenarioError
from scenarios.scale import short
from scenarios.timeline import build
from simulator.replay.checking import Step, checked
from simulator.replay.target import Target, load_target

_COLOURS = {"good": "green", "bad": "red", "note": "yellow"}
_WORDS = {"good": "ok", "bad": "missing", "note": "look"}


@click.group()
def target() -> None:
    """Say what the harness must know of your integration, and check it."""


@target.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--allow-host", "allowed", multiple=True, metavar="HOST", help="Besides this machine.")
@click.option("--json", "as_json", is_flag=True, help="The steps as one JSON document on standard output.")
def check(file: Path, allowed: tuple[str, ...], as_json: bool) -> None:
    """Tell step by step what is missing before FILE's integration can be played against. No load is sent.

    \b
    Example:
      q2c target check target.yaml
    """
    found = loaded(file, allowed)
    steps = list(_with_mocks(found, file.parent, allowed)) if found.start is not None else list(checked(found))
    is_bad = any(step.status == "bad" for step in steps)
    if as_json:
        click.echo(msgspec.json.encode({"target": found.name, "ready": not is_bad, "steps": steps}).decode())
    else:
        console = standard_output(highlight=False)
        for step in steps:
            word = Text(f"{_WORDS[step.status]:9}", _COLOURS[step.status])
            console.print(Text.assemble("  ", word, (f"{step.what:18}", "bold"), step.found))
            if step.advice:
                console.print(Text.assemble(" " * 29, (step.advice, "dim")))
        console.print(f"\n{found.name} {'is not ready' if is_bad else 'can be played against'}")
    raise SystemExit(exits.COULD_NOT_RUN if is_bad else exits.HOLDS)


def loaded(file: Path, allowed: tuple[str, ...]) -> Target:
    """Return the target of a file; end the command with every problem and its place."""
    try:
        return load_target(file, allowed)
    except ScenarioError as wrong:
        give_up(str(wrong))


def _with_mocks(found: Target, home: Path, allowed: tuple[str, ...]) -> list[Step]:
    """Start the target beside mocks of its own, and look at it there."""
    from q2c.replaying import opened
    from q2c.run_folder import RunFolder

    timeline = build(short(find("quarter_end_spike")))
    with (
        TemporaryDirectory(prefix="q2c-target-") as place,
        opened(timeline, found, 1.0, lambda _record: None, RunFolder(Path(place)), home, allowed),
    ):
        return list(checked(found))
