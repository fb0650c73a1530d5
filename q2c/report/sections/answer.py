"""The answer: the verdict, the numbers that matter, and what the faults cost."""

from __future__ import annotations

from q2c.report.gathered import Gathered
from q2c.report.headline import answer, figures, tone, word
from web.blocks import Block, Figures, Items, Section, Text
from web.words import count, counted, duration, share


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
    if costs.troubled_orders and costs.calm_orders:
        sentences.append(
            f"{counted(costs.troubled_orders, 'lifecycle')} met a fault: signature to booking took "
            f"{duration(costs.troubled_p50_us)} at the median, {duration(costs.troubled_longest_us)} at the longest; "
            f"the other {count(costs.calm_orders)} took {duration(costs.calm_p50_us)}."
        )
    sentences.append(
        f"People handled {counted(costs.cases, 'exception case')} in {counted(costs.touches, 'step')}; "
        f"{counted(gathered.cases.open, 'case is', 'cases are') if gathered.cases.open else 'none is'} still open."
        if costs.cases
        else "Nobody had to handle an exception."
    )
    return tuple(sentences)
