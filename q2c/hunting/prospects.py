"""Prospects: seeds whose people do what few do, found without playing them: a timeline says who does what, and when.

A bank decides on a chargeback in one run of forty, and only what is lost then is written off. Whoever waits for luck
seldom strikes that; whoever reads timelines beforehand knows where it is to come.
"""

from __future__ import annotations

from domain.draws import Draws
from q2c.hunting.meetings import RARE
from q2c.hunting.trial import Trial, timeline_of

TIMELINES_MAX, LIFECYCLES_MAX = 100, 1_000
"""So many timelines are read, with about so many lifecycles in all: it takes less than a second."""
Prospects = tuple[tuple[int, ...], ...]


def prospects(scenario: str, draws: Draws) -> Prospects:
    """Return seeds by what people do in their timelines while faults strike, for each act that few of them have."""
    having: dict[tuple[str, str], list[int]] = {}
    lifecycles = read = 0
    while read < TIMELINES_MAX and lifecycles < LIFECYCLES_MAX:
        timeline = timeline_of(Trial(scenario=scenario, seed=draws.whole(0, 2**31 - 1, "prospect", read)))
        for act in {(act.system, act.action) for act in timeline.acts if act.at_us < timeline.heal_us}:
            having.setdefault(act, []).append(timeline.seed)
        lifecycles += timeline.lifecycles
        read += 1
    return tuple(tuple(seeds) for _, seeds in sorted(having.items()) if len(seeds) < RARE * read)
