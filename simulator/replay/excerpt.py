"""Excerpts: the part of a timeline that a replay plays, with whole lifecycles only.

A lifecycle belongs to the moment when the customer signs. What happened to its quote before the first instant is done
when the run begins: the quote exists, is approved, and waits for its signature.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import cast

import msgspec

from domain.acts import Act
from scenarios.timeline import Acts, Fallout, Timeline

_SIGNED = "accept_quote"
NEED_PEOPLE = frozenset({"price_skew", "duplicate_customer"})
"""Causes for which an integration needs people of its own: what it put into whose hands, nobody outside can see."""
UNMAPPED = "missing_mapping"
"""A cause that needs people until a steward has entered what is sold: orders that are signed before then."""


class _Chosen:
    """Acts of a timeline, chosen once: the company's, and those of lifecycles that are signed in the window."""

    def __init__(self, timeline: Timeline, start_us: int, end_us: int) -> None:
        acts, founded_us = timeline.acts, timeline.start_us
        moments: dict[str, int] = {}
        for act in acts:
            if act.txn and act.at_us > founded_us and (act.action == _SIGNED or act.txn not in moments):
                moments[act.txn] = act.at_us
        entered_us = _entered_us(start_us, end_us)
        undecided = {
            fallout.txn
            for fallout in timeline.fallout()
            if fallout.cause in NEED_PEOPLE or (fallout.cause == UNMAPPED and moments.get(fallout.txn, 0) <= entered_us)
        }
        self.transactions = {txn for txn, at_us in moments.items() if start_us <= at_us < end_us} - undecided
        signed = {act.txn for act in acts if act.action == _SIGNED and act.at_us > founded_us}
        self.lifecycles = len(
            self.transactions & signed
        )  # quotes that nobody signs are not counted, as in the timeline
        self._acts = [act for act in acts if act.at_us <= founded_us or not act.txn or act.txn in self.transactions]

        self._fallout = [fallout for fallout in timeline.fallout() if fallout.txn in self.transactions]

    def fallout(self) -> Iterator[Fallout]:
        """Iterate over the causes for which a person is needed, in what is played."""
        return iter(self._fallout)

    def __len__(self) -> int:
        return len(self._acts)

    def __iter__(self) -> Iterator[Act]:
        return iter(self._acts)


def excerpt(timeline: Timeline, start_us: int, end_us: int, settle_us: int) -> Timeline:
    """Return the timeline of the lifecycles that are signed in [start_us, end_us); faults end at `end_us`.

    Lifecycles that only people of the integration can decide are left out: see NEED_PEOPLE.

    The run ends `settle_us` after the last fault.
    """
    chosen = _Chosen(timeline, start_us, end_us)
    return dataclasses.replace(
        timeline, start_us=start_us, heal_us=end_us, horizon_us=end_us + settle_us, lifecycles=chosen.lifecycles,
        settle_seconds=min(timeline.settle_seconds, settle_us // 1_000_000), acts=cast(Acts, chosen),
    )  # fmt: skip


def parted(timeline: Timeline) -> tuple[list[Act], Sequence[Act]]:
    """Return the acts that found the company, and those that are played at their time.

    What the scenario leaves unmapped a steward enters after a quarter of the run. Nobody acts once the faults are over.
    """
    founding: list[Act] = []
    played: list[Act] = []
    late_us = _entered_us(timeline.start_us, timeline.heal_us)
    for act in timeline.acts:
        if act.at_us > timeline.start_us:
            played += [act] if act.at_us <= timeline.heal_us else []
        elif act.action == "create_item" and act.arguments.get("sku") in timeline.mapping_missing:
            played.append(msgspec.structs.replace(act, at_us=late_us))
        else:
            founding.append(act)
    played.sort(key=lambda act: act.at_us)
    return founding, played


def _entered_us(start_us: int, end_us: int) -> int:
    """Return when a steward enters what the scenario leaves unmapped: after a quarter of the run."""
    return start_us + (end_us - start_us) // 4
