"""Parameters: what made this run what it was, so that anybody can make it again."""

from __future__ import annotations

from domain.history import Limit
from q2c.report.gathered import Gathered
from q2c.report.names import system
from web.blocks import Block, Section, Table, Text, columns, row
from web.words import NOTHING, count, counted, duration, instant_with_year


def section(gathered: Gathered) -> Section:
    """Return the parameters of the run."""
    context, run = gathered.context, gathered.run
    limits = [_limit(limit) for limit in context.limits]
    rows = (
        ("scenario", f"{context.scenario} (scenario.yaml beside this report)"),
        ("seed", str(context.seed)),
        ("engine", context.engine),
        ("integration", context.integration + (f", mutant {context.mutant}" if context.mutant else "")),
        ("code version", context.code_version),
        ("virtual time", f"{instant_with_year(context.at_us)} to {instant_with_year(context.horizon_us)}, "
                         f"{duration(context.horizon_us - context.at_us)}"),
        ("faults end", instant_with_year(context.heal_us)),
        ("systems may take to agree", duration(context.settle_seconds * 1_000_000)),
        ("quarter ends before", context.cutoff_date.isoformat()),
        ("legal entities", ", ".join(f"{e.id} ({e.currency}, {e.zone})" for e in context.entities) or NOTHING),
        ("limits of the systems", "; ".join(limits) or NOTHING),
        ("attempts at most", count(context.attempts_max)),
        ("retry budget", f"{context.retry_budget_percent} %"),
        ("lifecycles", count(run.lifecycles)),
        ("records in the history", count(run.records)),
        ("digest of the history", run.digest),
    )  # fmt: skip
    blocks: list[Block] = [
        Table(caption="Parameters", columns=columns("what", "value"), rows=tuple(row(*each) for each in rows))
    ]
    if run.expected:
        blocks.insert(0, Table(
            caption="What the scenario expects", columns=columns("expected"), rows=tuple(row(e) for e in run.expected)
        ))  # fmt: skip
    blocks.append(Text("Same scenario, seed and code give the same history, to the last byte: the digest proves it."))
    return Section("parameters", "Parameters", tuple(blocks))


def _limit(limit: Limit) -> str:
    parts = []
    if limit.requests:
        parts.append(f"{count(limit.requests)} requests in {counted(limit.window_seconds, 'second')}")
    if limit.concurrent:
        parts.append(f"{count(limit.concurrent)} at once")
    return f"{system(limit.system)}: {' and '.join(parts)}"
