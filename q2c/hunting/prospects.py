"""Prospects: seeds whose people do what few do, found without playing them: a timeline says who does what, and when.

A bank decides on a chargeback in one run of six, and only what is lost then is written off. Whoever waits for luck
seldom strikes that; whoever reads timelines beforehand knows where it is to come, and where more comes with it.
"""

from __future__ import annotations

from domain.acts import Act
from domain.draws import Draws
from q2c.hunting.trial import Trial, timeline_of
from scenarios.timeline import Timeline

TIMELINES_MAX, LIFECYCLES_MAX = 100, 1_000
"""So many timelines are read, with about so many lifecycles in all: it takes less than a second."""
FEW = 0.4
"""What a smaller part of the timelines has is business that few have."""
RICHEST = 4
"""So many seeds are prospects of each such business: those with most of the others, and that early."""
Prospects = tuple[tuple[int, ...], ...]
_Business = tuple[str, str, str]


def prospects(scenario: str, draws: Draws) -> Prospects:
    """Return seeds by what people do in their timelines while faults strike, for each business that few have."""
    having: dict[_Business, dict[int, float]] = {}
    lifecycles = read = 0
    while read < TIMELINES_MAX and lifecycles < LIFECYCLES_MAX:
        timeline = timeline_of(Trial(scenario=scenario, seed=draws.whole(0, 2**31 - 1, "prospect", read)))
        for business, left in _left(timeline).items():
            having.setdefault(business, {})[timeline.seed] = left
        lifecycles += timeline.lifecycles
        read += 1
    rare = [seeds for _, seeds in sorted(having.items()) if len(seeds) < FEW * read]
    riches: dict[int, float] = {}
    for seeds in rare:
        for seed, left in seeds.items():
            riches[seed] = riches.get(seed, 0.0) + left
    return tuple(tuple(sorted(seeds, key=lambda seed: -riches[seed])[:RICHEST]) for seeds in rare)


def _left(timeline: Timeline) -> dict[_Business, float]:
    """Return what people do in time; each time counts by the part of the time for faults that is left then."""
    lasts_us, left = timeline.heal_us - timeline.start_us, dict[_Business, float]()
    for act in timeline.acts:
        if act.at_us < timeline.heal_us:
            business = _business(act)
            left[business] = left.get(business, 0.0) + (timeline.heal_us - act.at_us) / lasts_us
    return left


def _business(act: Act) -> _Business:
    """Return what an act is: a quote by what it changes, a decision by how it goes."""
    return act.system, act.action, str(act.arguments.get("amendment_kind", act.arguments.get("won", "")))
