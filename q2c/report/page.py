"""The page of a run: its sections in the order in which people ask."""

from __future__ import annotations

from q2c.report.gathered import Gathered
from q2c.report.sections import (
    answer,
    calls,
    checks,
    endings,
    exceptions,
    faults,
    levels,
    load,
    money,
    offered,
    parameters,
    waiting,
)
from web.shell import Page, render
from web.words import instant_with_year


def page_of(gathered: Gathered) -> Page:
    """Return the report of a run; equal histories give equal pages."""
    context = gathered.context
    told = (checks.stories(gathered),) if gathered.stories else ()
    mutant = f", the integration broken on purpose: {context.mutant}" if context.mutant else ""
    what, clock = ("Replay", "business") if context.engine == "replay" else ("Rehearsal", "virtual")
    return Page(
        title=gathered.run.title,
        kind=f"{what} of {context.scenario}, seed {context.seed}{mutant}",
        lede=(
            f"{instant_with_year(context.at_us)} to {instant_with_year(context.horizon_us)}, in {clock} time. "
            "Times are UTC; where the cut-off matters, the entity's local time is shown too."
        ),
        sections=(
            answer.section(gathered),
            *told,
            *offered.sections(gathered),
            load.section(gathered),
            endings.section(gathered),
            levels.section(gathered),
            waiting.section(gathered),
            money.section(gathered),
            exceptions.section(gathered),
            faults.section(gathered),
            calls.section(gathered),
            checks.section(gathered),
            parameters.section(gathered),
        ),
        footer=f"q2c-harness {context.code_version}. History {gathered.run.digest}.",
    )


def html_of(gathered: Gathered) -> str:
    """Return the report of a run as one self-contained HTML document."""
    return render(page_of(gathered))
