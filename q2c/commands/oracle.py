"""`q2c oracle`: does the arithmetic of the domain agree with a file of cases?"""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.text import Text

from domain.oracle import Report, Result, Row, evaluate_file
from q2c.consoles import standard_output


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def oracle(file: Path, as_json: bool) -> None:
    """Compute the cases of FILE and compare each with what the file expects.

    Exit status 0 when all agree, 1 when any differs, 2 when the file or a policy is not understood.

    \b
    Example:
      q2c oracle cases.json
    """
    found = evaluate_file(file)
    if as_json:
        click.echo(msgspec.json.encode({"equal": found.equal_count, "total": len(found.results), "report": found}))
    else:
        _print(found, standard_output(highlight=False, soft_wrap=True))
    raise SystemExit(found.exit_status)


def _print(found: Report, console: Console) -> None:
    if found.problem is not None:
        click.echo(found.problem, err=True)
        return
    for result in found.results:
        _print_case(result, console)
    unclear = sum(not result.understood for result in found.results)
    tail = f", {unclear} not understood" if unclear else ""
    console.print(f"\n{found.equal_count} of {len(found.results)} cases agree{tail}")


def _print_case(result: Result, console: Console) -> None:
    mark = ("ok", "green") if result.equal else ("??", "yellow") if not result.understood else ("DIFFERS", "red")
    line = Text.assemble((f"{mark[0]:8}", mark[1]), (f"{result.id:5}", "bold"), f"{result.family:12}{result.title}")
    console.print(line)
    if result.problem:
        console.print(Text(f"{'':13}{result.problem}", "yellow"))
    for row in result.rows:
        console.print(_row(row))


def _row(row: Row) -> Text:
    if row.equal:
        return Text(f"{'':13}{row.name}: expected {row.expected}, computed {row.computed}", "dim")
    return Text(f"{'':13}{row.name}: expected {row.expected}, computed {row.computed}", "red")
