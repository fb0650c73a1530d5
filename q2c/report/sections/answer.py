"""The answer: the verdict, the numbers that matter, and what the faults cost."""

from __future__ import annotations

from contracts.checks.exercise import Chance
from q2c.report.costs import Costs
from q2c.report.gathered import Gathered
from q2c.report.headline import answer, figures, tone, word
from q2c.report.names import struck_by
from web.blocks import Block, Figures, Items, Section, Text
from web.words import count, counted, duration, listed, share

_IDLE_MAX = 4


def section(gathered: Gathered) -> Section:
    """Return the answer, before anything else."""
    blocks: list[Block] = [
        Text(f"{word(gathered)}: {answer(gathered)}", tone(gathered)),
        Figures(figures(gathered)),
        Items(cost_sentences(gathered)),
    ]
    if gathered.run.question:
        blocks.insert(0, Text(gathered.run.question))
    return Section("verdict", "Verdict", tuple(blocks))


def cost_sentences(gathered: Gathered) -> tuple[str, ...]:
    """Return what the faults cost, a sentence each."""
    costs = gathered.costs
    sentences = [
        f"{counted(costs.faults_fired, 'fault')} struck; {count(costs.repeated_calls)} of {count(costs.calls)} calls "
        f"({share(costs.repeated_calls, costs.calls)}) were repeats, {count(costs.unknown_outcomes)} ended without a "
        f"known outcome, {count(costs.throttled)} were throttled."
    ]
    if costs.crashes:
        sentences.append(
            f"The integration's process died {counted(costs.crashes, 'time')} and was away for "
            f"{duration(costs.crash_downtime_us)} in all."
        )
    sentences += _booking_times(costs)
    sentences += never_struck(gathered)
    sentences.append(
        f"People handled {counted(costs.cases, 'exception case')} in {counted(costs.touches, 'step')}; "
        f"{counted(gathered.cases.open, 'case is', 'cases are') if gathered.cases.open else 'none is'} still open."
        if costs.cases
        else "Nobody had to handle an exception."
    )
    return tuple(sentences)


def _booking_times(costs: Costs) -> list[str]:
    """Return the sentences on orders that waited for somebody, and on those that met a fault beside the others."""
    booked = costs.waited_orders + costs.troubled_orders + costs.calm_orders
    said = []
    if costs.waited_orders:
        said.append(
            f"Of the {counted(booked, 'booked order')}, {count(costs.waited_orders)} first waited for credit or for "
            f"people, {duration(costs.waited_longest_us)} at the longest."
        )
    if costs.troubled_orders and costs.calm_orders:
        said.append(
            f"Of the {'others' if said else counted(booked, 'booked order')}, {count(costs.troubled_orders)} met a "
            f"fault: signature to booking took {duration(costs.troubled_p50_us)} at the median, "
            f"{duration(costs.troubled_longest_us)} at the longest; "
            f"the other {count(costs.calm_orders)} took {duration(costs.calm_p50_us)}."
        )
    return said


def never_struck(gathered: Gathered) -> list[str]:
    """Return the sentence on planned trouble that never struck, if any; windows first: a scenario announces them."""
    announced = {(window.kind, window.system) for window in gathered.windows}
    struck: dict[str, int] = {}
    for chance in sorted(gathered.coverage.plan, key=lambda each: _place(gathered, each) not in announced):
        fault = gathered.context.faults[chance.fault]
        name = f"{fault.kind.replace('_', ' ')} ({struck_by(fault)})"
        struck[name] = struck.get(name, 0) + chance.fired
    idle = [name for name, fired in struck.items() if not fired]
    if not idle:
        return []
    shown = idle if len(idle) == _IDLE_MAX + 1 else idle[:_IDLE_MAX]  # "and 1 more" is as long as its name
    named = [*shown, f"{count(len(idle) - _IDLE_MAX)} more"] if len(shown) < len(idle) else shown
    return [f"Not exercised, because it was planned and never struck: {listed(named)}."]


def _place(gathered: Gathered, chance: Chance) -> tuple[str, str]:
    fault = gathered.context.faults[chance.fault]
    return fault.kind, fault.system
