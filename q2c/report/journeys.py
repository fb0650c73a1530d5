"""Journeys: how far each accepted quote got, and where it stood at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec

from contracts.checks.facts import BOOKED, Facts
from contracts.checks.lives import Life, quote_of, whole_of
from contracts.checks.stages import ENDS, OURS, WAITING, Ending, endings
from domain.objects import Mirror

STEPS = ("accepted", "booked", "subscribed", "fulfilled", "invoiced", "posted", "paid", "mirrored")
"""The steps of a new order or a renewal; an amendment ends with `subscribed`: its terms are applied."""

_FULFILLED = frozenset({"fulfilled", "billed", "closed"})


class Journeys(msgspec.Struct, frozen=True):
    """How many quotes of each kind reached each step, and how many ended in each stage.

    `reached` is (step, kind) -> count, `ended` is (stage, kind) -> count, `stage_of` the stage of each quote version;
    `late` are endings that were the integration's turn for longer than systems may take.
    """

    reached: dict[tuple[str, str], int]
    ended: dict[tuple[str, str], int]
    stage_of: dict[str, str]
    late: tuple[Ending, ...]

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages in which something ended: ends first, then waiting, then unfinished."""
        return tuple(stage for stage in (*ENDS, *WAITING, *OURS) if self.count(stage))

    def count(self, stage: str) -> int:
        """Return how many ended in a stage, of all kinds."""
        return sum(number for (name, _), number in self.ended.items() if name == stage)

    @property
    def total(self) -> int:
        """How many quotes were accepted."""
        return sum(self.ended.values())


def journeys_of(facts: Facts) -> Journeys:
    """Return the journeys of a history."""
    reached: Counter[tuple[str, str]] = Counter()
    shown = _last_shown(facts)
    invoices = _invoices(facts)
    for reference, life in facts.accepted.items():
        kind = quote_of(life).kind
        for step in _steps(facts, reference, life, invoices, shown):
            reached[step, kind] += 1
    known = list(endings(facts))
    ended = Counter((ending.stage, ending.kind) for ending in known)
    late = tuple(ending for ending in known if ending.is_ours and facts.is_due(ending.since_us))
    stage_of = {ending.reference: ending.stage for ending in known}
    return Journeys(dict(reached), dict(ended), stage_of, late)


def _last_shown(facts: Facts) -> dict[str, Mirror]:
    return {key: life.document for key, life in facts.lives("mirror", "crm").items()}


def _invoices(facts: Facts) -> dict[str, list[Life]]:
    found: dict[str, list[Life]] = {}
    for life in facts.lives("invoice", "billing").values():
        if not life.is_seeded:
            found.setdefault(life.document.subscription, []).append(life)
    return found


def _steps(
    facts: Facts, reference: str, life: Life, invoices: dict[str, list[Life]], shown: dict[str, Mirror]
) -> Iterator[str]:
    quote = quote_of(life)
    yield "accepted"
    orders = facts.orders.get(reference, [])
    if any(order.since(BOOKED) is not None for order in orders):
        yield "booked"
    if quote.kind == "amend":
        subscription = facts.lives("subscription", "billing").get(quote.subscription)
        if subscription is not None and reference in subscription.document.applied:
            yield "subscribed"
        return
    subscriptions = facts.subscriptions.get(quote.txn, [])
    if subscriptions:
        yield "subscribed"
    if any(order.since(_FULFILLED) is not None for order in orders):
        yield "fulfilled"
    own = [invoice for each in subscriptions for invoice in invoices.get(each.id, [])]
    posted = [each for invoice in own for each in facts.posted.get(invoice.id, [])]
    if own:
        yield "invoiced"
    if posted:
        yield "posted"
    if any("paid" in each.entered for each in posted):
        yield "paid"
        whole = whole_of(reference)
        if whole in shown and shown[whole].invoice_status == "paid":
            yield "mirrored"
