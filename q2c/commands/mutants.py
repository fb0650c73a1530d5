"""`q2c mutants`: the integration broken on purpose, in many known ways, and which check notices each."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

import click
import msgspec
from rich.console import Console
from rich.table import Table

from q2c import exits
from q2c.mutants import catalogue, require
from q2c.numbers import SEED, Number, Whole
from q2c.progress import progress
from simulator.experiments.executors import local, processors

if TYPE_CHECKING:
    from tests.mutants.killing import Kill
    from tests.mutants.mutant import Mutant

SECONDS = 60.0
_PLAIN_WIDTH = 160


@click.command()
@click.argument("names", nargs=-1)
@click.option("--seconds", type=Number(min=0), default=SECONDS, show_default=True, help="CPU seconds for each mutant.")
@click.option("--seed", type=SEED, default=1, show_default=True, help="The seed to begin with.")
@click.option("--workers", type=Whole(1), help="How many are hunted at once; all processors by default.")
@click.option("--list", "only_list", is_flag=True, help="Say what there is; run nothing.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def mutants(
    names: tuple[str, ...], seconds: float, seed: int, workers: int | None, only_list: bool, as_json: bool
) -> None:
    """Hunt the mutants NAMES (all by default): known ways to get an integration wrong.

    Each is played on a small scenario, seed after seed, until a check that is meant for it breaks. One that survives is
    a defect of the checks. Mutants come with the source tree; nothing but this, `rehearse` and `hunt` loads them.

    \b
    Examples:
      q2c mutants
      q2c mutants timeout_is_failure fresh_key_per_retry
      q2c mutants --list

    Exit status: 0 all are killed, 1 one survives, 2 bad input, 5 there is no source tree.
    """
    known = catalogue()
    chosen: list[Mutant] = [known.named(require(name)) for name in names] or list(known.MUTANTS)
    found: dict[str, Kill] = {}
    if not only_list:
        found = _hunted(chosen, seconds, seed, workers, as_json)
    if as_json:
        click.echo(_json(chosen, found))
    else:
        _show(chosen, found)
    raise SystemExit(exits.BROKEN if any(not kill.by for kill in found.values()) else exits.HOLDS)


def _hunted(chosen: Sequence[Mutant], seconds: float, seed: int, workers: int | None, quietly: bool) -> dict[str, Kill]:
    killing = catalogue("killing")
    executor = local(compiled=False, workers=min(workers or processors(), len(chosen)))
    found: dict[str, Kill] = {}
    try:
        with progress("hunting", is_quiet=quietly) as shown:
            for kill in killing.kills(chosen, seconds, seed, executor):
                found[kill.mutant] = kill
                shown.step(len(found) / len(chosen), f"{len(found)} of {len(chosen)} mutants")
        return found
    finally:
        executor.close()


def _show(chosen: Sequence[Mutant], found: dict[str, Kill]) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_PLAIN_WIDTH)
    table = Table(box=None, pad_edge=False)
    for heading in ("group", "mutant", "mistake", "meant for", *(("killed by", "runs", "CPU s") if found else ())):
        is_number = heading in ("runs", "CPU s")
        table.add_column(heading, justify="right" if is_number else "left", no_wrap=heading in ("mutant", "group"))
    for mutant in chosen:
        row = [mutant.group, mutant.name, mutant.mistake, " ".join(mutant.caught_by)]
        if found:
            kill = found[mutant.name]
            row += [" ".join(kill.by) or "NOBODY", str(kill.runs), f"{kill.cpu_seconds:.1f}"]
        table.add_row(*row)
    console.print(table)
    console.print(_summary(found) if found else f"{len(chosen)} mutants")


def _summary(found: dict[str, Kill]) -> str:
    survivors = [name for name, kill in found.items() if not kill.by]
    took = [kill.cpu_seconds for kill in found.values() if kill.by]
    said = f"{len(found)} mutants, {len(took)} killed"
    if took:
        said += f"; CPU seconds to kill: median {median(took):.1f}, worst {max(took):.1f}"
    return f"{said}. SURVIVED: {', '.join(survivors)}" if survivors else f"{said}."


def _json(chosen: Sequence[Mutant], found: dict[str, Kill]) -> str:
    rows: list[dict[str, Any]] = []
    for mutant in chosen:
        row: dict[str, Any] = {name: getattr(mutant, name) for name in ("name", "group", "mistake", "caught_by")}
        row["ground"] = mutant.ground.name
        if mutant.name in found:
            told = msgspec.to_builtins(found[mutant.name])
            row |= {"killed": bool(told["by"]), **{key: told[key] for key in ("by", "also", "runs", "cpu_seconds")}}
        rows.append(row)
    took = [kill.cpu_seconds for kill in found.values() if kill.by]
    document: dict[str, Any] = {"schema_version": 1, "mutants": rows}
    if found:
        document |= {
            "survivors": [name for name, kill in found.items() if not kill.by],
            "median_cpu_seconds": median(took) if took else None,
            "worst_cpu_seconds": max(took, default=None),
        }
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode()
