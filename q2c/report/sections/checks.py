"""Checks: every rule with its sentence and its result, and the stories of the broken ones."""

from __future__ import annotations

from contracts.checks.registry import BY_ID
from contracts.checks.verdict import HOLDS, UNKNOWN, Result
from q2c.report.gathered import Gathered
from q2c.report.headline import TONES
from q2c.report.stories import Told
from web.blocks import Block, Cell, Fold, Items, Section, Step, Story, Table, Text, columns, row
from web.words import count, counted, instant


def section(gathered: Gathered) -> Section:
    """Return the rules: broken and unknown ones in sight, those that hold or had nothing to judge on demand."""
    results = gathered.verdict.results
    held = [result for result in results if result.status == HOLDS]
    idle = [result for result in results if result.status == UNKNOWN and not result.counted]
    in_sight = [result for result in results if result not in held and result not in idle]
    blocks: list[Block] = [Text(f"{count(len(held))} of {counted(len(results), 'rule')} hold.")]
    if in_sight:
        blocks.append(_table("Rules that do not hold", sorted(in_sight, key=lambda result: result.status)))
    if held:
        blocks.append(_fold("Rules that hold", held))
    if idle:
        blocks.append(_fold("Rules not judged", idle))
    notes = tuple(f"{result.check}: {note}" for result in results for note in result.notes)
    if notes:
        blocks.append(Fold("Notes of the checks", (Items(notes),)))
    return Section("checks", "Rules and results", tuple(blocks))


def _fold(title: str, results: list[Result]) -> Fold:
    return Fold(f"{title} ({count(len(results))})", (_table(title, results),))


def _table(caption: str, results: list[Result]) -> Table:
    return Table(
        caption=caption, columns=columns("rule", "says", "result", "#examined", "#broken", "remarks"),
        rows=tuple(_row(result) for result in results),
    )  # fmt: skip


def _row(result: Result) -> tuple[Cell, ...]:
    check = BY_ID[result.check]
    tone = "" if result.status == UNKNOWN and not result.counted else TONES[result.status]
    word = "not judged" if result.status == UNKNOWN and not result.counted else result.status
    return row(
        f"{check.id} {check.title}", check.rule, Cell(word, tone) if tone else word, count(result.examined),
        count(result.broken), result.reason,
    )  # fmt: skip


def stories(gathered: Gathered) -> Section:
    """Return what broke, a story for each rule."""
    blocks: list[Block] = []
    for told in gathered.stories:
        blocks.append(_story(told))
        if told.others:
            title = f"{counted(told.more, 'further violation')} of {told.check}"
            blocks.append(Fold(title, (Items(told.others),)))
    return Section("broken", "What broke, and how", tuple(blocks))


def _story(told: Told) -> Story:
    title = f"{told.check} {told.title}" + (f": {told.txn}" if told.txn else "")
    return Story(
        title=title, sentence=told.rule,
        steps=tuple(Step(instant(at_us, seconds=True), text) for at_us, text in told.steps),
        more=f"{counted(told.broken, 'violation')} in all; this is the smallest." if told.more else "",
    )  # fmt: skip
