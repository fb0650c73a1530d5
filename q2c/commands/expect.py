"""`q2c expect`: play what a scenario's assertions ask for, and say of each whether it holds."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click
from rich.table import Table

from contracts.checks.verdict import BROKEN, HOLDS
from q2c import exits
from q2c.commands.scenarios import loaded
from q2c.consoles import standard_output
from q2c.expecting.judgement import Answer
from q2c.expecting.playing import answers
from q2c.extras import require
from q2c.progress import progress
from q2c.trouble import give_up
from scenarios.assertions import METRICS, Assertion
from scenarios.words import ENGINES, WHATIF

_TONES = {HOLDS: "green", BROKEN: "red"}


@click.command()
@click.argument("scenario")
@click.option("--engine", "engines", type=click.Choice(ENGINES), multiple=True, help="Only this engine's. Repeat it.")
@click.option("--full", is_flag=True, help="Rehearse the whole world instead of the few orders of `play`.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def expect(scenario: str, engines: tuple[str, ...], full: bool, as_json: bool) -> None:
    """Play the assertions of SCENARIO (a name of the library or a YAML file) and say which hold.

    \b
    Examples:
      q2c expect erp_timeout_but_done
      q2c expect my_quarter.yaml --engine whatif
    """
    chosen = loaded(scenario)
    if not chosen.assertions:
        give_up(f"{chosen.name} has no assertions; the keys are in docs/reference/scenario-language.md.")
    asked = frozenset(engines or ENGINES)
    if WHATIF in asked and any(each.engine == WHATIF for each in chosen.assertions):
        require("whatif")
    found = []
    with progress(chosen.title) as shown:
        for answer in answers(chosen, asked, full):
            found.append(answer)
            shown.step(len(found) / len(chosen.assertions), f"{len(found)} of {len(chosen.assertions)}")
    if as_json:
        click.echo(json.dumps([row_of(each) for each in found], ensure_ascii=False))
    else:
        _show(found)
    raise SystemExit(exit_status(found))


def row_of(answer: Answer) -> dict[str, object]:
    """Return an answer as one object: what was asked, and what came of it."""
    asked = answer.assertion.model_dump(by_alias=True, mode="json", exclude_defaults=True)
    return {
        **asked, "engine": answer.assertion.engine, "unit": answer.assertion.unit, "status": answer.status,
        "figure": answer.figure, "other": answer.other, "half_width": answer.half_width, "reason": answer.reason,
    }  # fmt: skip


def exit_status(found: Sequence[Answer]) -> int:
    """Return 0 when all hold, 1 when one is broken, 4 when nothing was proved of one (or there was none)."""
    statuses = {each.status for each in found}
    if BROKEN in statuses:
        return exits.BROKEN
    return exits.HOLDS if statuses == {HOLDS} else exits.UNKNOWN


def _show(found: Sequence[Answer]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("", "expected", "figure", "found"):
        table.add_column(title, no_wrap=title == "")
    for each in found:
        asked = each.assertion
        name = " ".join(filter(None, (asked.metric, asked.of, asked.variant and f"({asked.variant})")))
        tone = _TONES.get(each.status, "yellow")
        table.add_row(f"[{tone}]{each.status}[/]", asked.says, name, each.reason or figure_text(each))
    standard_output(highlight=False).print(table)


def figure_text(answer: Answer) -> str:
    """Return what was found, with the interval of what chance leaves open, and the figure it was compared with."""
    assert answer.figure is not None, "an answer without a figure has a reason"
    number = _number(answer.figure, answer.assertion)
    if answer.other is not None:
        return f"{number}, {answer.assertion.against} {_number(answer.other, answer.assertion)}"
    return number if not answer.half_width else f"{number} ± {_number(answer.half_width, answer.assertion)}"


def _number(value: float, asked: Assertion) -> str:
    unit = METRICS[asked.metric][1]
    return {"share": f"{value:.2%}", "seconds": f"{value:,.1f} s"}.get(unit, f"{value:,.6g}")
