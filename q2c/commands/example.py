"""`q2c example`: the integrations that come with the project, each started, put under load and judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from contracts.checks.registry import BY_ID
from q2c import exits
from q2c.consoles import standard_output
from q2c.examples import EXAMPLES, Example, Judged, run
from q2c.report.headline import TONES, WORDS
from q2c.trouble import give_up

_COLOURS = {"good": "green", "bad": "red", "warn": "yellow"}
_MONEY = {"invoiced": "invoiced", "posted": "posted in the ERP", "captured": "taken from cards", "cash": "in the books"}


@click.command()
@click.argument("name", required=False, type=click.Choice(list(EXAMPLES)))
@click.option("--all", "every", is_flag=True, help="All of them, one after the other, and their verdicts side by side.")
@click.option("--runs", type=click.Path(path_type=Path), default=Path("runs"), help="Where run folders go [runs].")
@click.option("--json", "as_json", is_flag=True, help="The verdicts as one JSON document on standard output.")
def example(name: str | None, every: bool, runs: Path, as_json: bool) -> None:
    """Start an example, replay forty orders with lost replies and doubled messages at it, and judge it.

    It takes one to three minutes each, some ten for all, and the first time what the packages take. One example ends
    with the status of its verdict; --all ends with 0 once there is one for each, whatever they are.

    \b
    Examples:
      q2c example naive-node
      q2c example --all
    """
    if (name is None) is not every:
        give_up(f"name one of {', '.join(EXAMPLES)}, or say --all")
    chosen = list(EXAMPLES.values()) if name is None else [EXAMPLES[name]]
    judged = [_judged(each, runs) for each in chosen]
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(judged), indent=1).decode())
    else:
        show(judged, standard_output(highlight=False))
    raise SystemExit(exits.HOLDS if every else judged[0].exit_status)


def _judged(each: Example, runs: Path) -> Judged:
    click.echo(f"{each.name}: {each.what}", err=True)
    if each.installs:
        click.echo(f"  its first start installs {each.installs}", err=True)
    return run(each, runs / each.name)


def show(judged: Sequence[Judged], console: Console) -> None:
    """Show verdicts side by side, then what was broken, in words."""
    table = Table(box=None, padding=(0, 3, 0, 0))
    table.add_column("")
    for each in judged:
        table.add_column(each.name, overflow="fold")
    table.add_row("verdict", *[_word(each) for each in judged])
    for label, cells in _rows(judged):
        table.add_row(label, *cells)
    console.print(table)
    for each in judged:
        console.print(f"\n{each.name}: {each.answer}", soft_wrap=True)
        for story in each.stories:
            console.print(f"  - {story}", soft_wrap=True)
        console.print(f"  report  {each.report}", soft_wrap=True)


def _word(each: Judged) -> Text:
    return Text(WORDS[each.status], style=f"bold {_COLOURS[TONES[each.status]]}")


def _rows(judged: Sequence[Judged]) -> Iterator[tuple[str, list[str]]]:
    """Yield the lines of the table: figures of the verdict, money, and what each broken rule counts."""
    for label in judged[0].figures:
        yield label.lower(), [each.figures.get(label, "") for each in judged]
    for what, label in _MONEY.items():
        yield label, [f"{each.money_minor.get(what, 0) / 100:,.2f}" for each in judged]
    for check in [check for check in BY_ID if any(check in each.broken for each in judged)]:
        yield f"{check} {BY_ID[check].title.lower()}", [_count(each.broken.get(check, 0)) for each in judged]
    yield "not proved", [", ".join(each.unknown) or "-" for each in judged]
    yield "seconds", [f"{each.wall_seconds:.0f}" for each in judged]


def _count(broken: int) -> str:
    return f"broken {broken} x" if broken else "kept"
