"""Facts: what several checks need to know of a history, each worked out once and only when asked for.

They are joins over lives: which orders belong to a quote version, which invoice of the ERP posts which one of billing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from functools import cached_property
from typing import Any, TypeVar

from contracts.checks.lives import Life, parts_of, quote_of
from domain.calendar import SECOND_US, midnight_us
from domain.families import family_of
from domain.history import Case, Context, Delivered, Ended, Fired, Flow, History
from domain.objects import Order, Quote

T = TypeVar("T")
CASE_CLOSED = frozenset({"resolved", "verified", "auto_resolved"})
BOOKED = frozenset(
    {"booked", "credit_hold_inflight", "in_fulfilment", "partially_fulfilled", "fulfilled", "billed", "closed"}
    | {"cancelling", "compensating"}
)
"""Statuses of an order that the ERP has committed to."""
GONE = frozenset({"cancelled", "reversed", "failed", "expired"})
"""Statuses of a task or a subscription of which nothing is left."""
ERPS = frozenset({"erp", "erp2"})
"""The ERP, and a second account of the same vendor that keeps the books of other entities."""
STAMPED = ERPS | {"payment", "fulfilment"}
"""Systems whose signatures carry an instant, so that a receiver can see one that is stale or from the future."""
CAPTURED = frozenset({"captured", "succeeded", "identified", "applied", "settled"})
"""Statuses of a payment whose money is there; a debit may be returned after that."""
BILLED = frozenset({"posted", "partially_paid", "paid", "disputed", "written_off"})
"""Statuses of an invoice that the customer owes or has paid."""
UNDONE = frozenset({"accepted_quote", "member_order", "apply_amendment"})
"""Flows that have another undo what they did, when people give them up."""
UNDOING = frozenset({"undo_order", "undo_amendment"})
"""Flows that undo what others did; what people say they finished by hand ends them as given up."""
_REFERENCE = re.compile(r"Q-\d{6}(?:\.[A-Z][A-Z0-9]+)?-v\d+")


def version_of(reference: str, txn: str = "", version: int = 0) -> str:
    """Return the quote version a reference stands for (`Q-000123-v1~2` -> `Q-000123-v1`), empty when unknown."""
    match = _REFERENCE.search(reference)
    if match is not None:
        return match.group()
    return f"{txn}-v{version}" if txn and version else ""


def intent_of(payment: str) -> str:
    """Return the payment intent of a payment's id; a new life after a failure has a number (`pi_7.2` -> `pi_7`)."""
    return payment.partition(".")[0]


def base_of(reference: str) -> str:
    """Return a reference without the suffix of a renewed key (`INV-7~2` -> `INV-7`)."""
    return reference.partition("~")[0]


class Facts:
    """A history and what is known about it."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.context: Context = history.context
        self._lives: dict[tuple[str, str], dict[str, Life]] = {}
        self._known: dict[Callable[[Facts], Any], Any] = {}

    def once(self, make: Callable[[Facts], T]) -> T:
        """Return what a function says of this history; it is asked only once."""
        if make not in self._known:
            self._known[make] = make(self)
        found: T = self._known[make]
        return found

    # --- time -------------------------------------------------------------------------------------------------------

    @property
    def settle_us(self) -> int:
        """How long systems may take to agree."""
        return self.context.settle_seconds * SECOND_US

    @property
    def has_settled(self) -> bool:
        """Whether the run went on long enough after healing for everything to be judged."""
        return self.is_complete and self.context.heal_us + self.settle_us <= self.context.horizon_us

    @cached_property
    def is_complete(self) -> bool:
        """Whether the run went to its end; a history without its last record did not say otherwise."""
        return all(ended.complete for ended in self.history.of(Ended))

    def is_due(self, at_us: int) -> bool:
        """Tell whether what became due at an instant must be done by the end of the run."""
        return self.has_settled and at_us + self.settle_us <= self.context.horizon_us

    @cached_property
    def zones(self) -> dict[str, str]:
        """The billing zone of each legal entity."""
        return {entity.id: entity.zone for entity in self.context.entities}

    @cached_property
    def set_back_us(self) -> int:
        """By how much the clock of the integration was set back at most."""
        struck = {fired.fault for fired in self.history.of(Fired) if fired.kind == "clock_back"}
        return max([round(self.context.faults[index].seconds * SECOND_US) for index in struck], default=0)

    def seems_early(self, delivered: Delivered) -> bool:
        """Tell whether the integration's clock was so far behind that a message seemed signed in the future."""
        if delivered.system not in STAMPED or self.set_back_us <= self.context.signature_tolerance_seconds * SECOND_US:
            return False
        first_us = min(fired.at_us for fired in self.history.of(Fired) if fired.kind == "clock_back")
        return first_us <= delivered.at_us < self.context.heal_us

    @cached_property
    def zombies_wake_us(self) -> frozenset[int]:
        """When processes woke whose place another had taken: each still sends the call that it had begun."""
        struck = [fired for fired in self.history.of(Fired) if fired.kind == "zombie"]
        return frozenset(each.at_us + round(self.context.faults[each.fault].seconds * SECOND_US) for each in struck)

    # --- documents --------------------------------------------------------------------------------------------------

    def lives(self, kind: str, system: str) -> dict[str, Life]:
        """Return the documents of a kind in a system by id, in order of creation."""
        found = self._lives.get((kind, system))
        if found is None:
            found = self._lives[kind, system] = {}
            for change in self.history.changes(kind, system):
                life = found.get(change.id)
                if life is None:
                    found[change.id] = Life(change)
                    continue
                life.last = change
                if change.status not in life.entered:
                    life.entered[change.status] = change.at_us
        return found

    @cached_property
    def accepted(self) -> dict[str, Life]:
        """The quote versions that a customer accepted, by reference.

        One with lines of several legal entities stands here as what each of them sells (`Q-000123.DE-v1`): each part is
        booked, delivered and billed by itself.
        """
        found: dict[str, Life] = {}
        for key, life in self.lives("quote", "crm").items():
            if "accepted" in life.entered:
                found.update(parts_of(life) or {key: life})
        return found

    @cached_property
    def accepted_by_txn(self) -> dict[str, Life]:
        """The accepted quote version of each business transaction (the last one, when there are several)."""
        return {quote_of(life).number: life for life in self.accepted.values()}

    @cached_property
    def orders(self) -> dict[str, list[Life]]:
        """The orders of the ERP by quote version."""
        found: dict[str, list[Life]] = {}
        for life in self.lives("order", "erp").values():
            order: Order = life.document
            found.setdefault(version_of(order.ref, order.txn, order.version), []).append(life)
        return found

    @cached_property
    def subscriptions(self) -> dict[str, list[Life]]:
        """The subscriptions of billing by business transaction."""
        found: dict[str, list[Life]] = {}
        for life in self.lives("subscription", "billing").values():
            found.setdefault(life.txn, []).append(life)
        return found

    @cached_property
    def undone(self) -> dict[str, Life]:
        """The orders of the ERP that were undone, by business transaction.

        One is cancelled while it can be. One that was delivered by then is closed, and its delivery is taken back.
        """
        lives = [life for orders in self.orders.values() for life in orders]
        return {life.txn: life for life in lives if life.status == "cancelled" or self._was_taken_back(life)}

    def _was_taken_back(self, order: Life) -> bool:
        """Tell whether a closed order was undone: what was delivered of it, or began without a delivery, is gone."""
        parts = self.tasks.get(order.txn) or self.subscriptions.get(order.txn, [])
        return order.status == "closed" and bool(parts) and all(part.status in GONE for part in parts)

    @cached_property
    def posted(self) -> dict[str, list[Life]]:
        """The invoices of the ERP by the id of the billing invoice they post."""
        return self._by_reference("invoice")

    @cached_property
    def memos(self) -> dict[str, list[Life]]:
        """The credit memos of the ERP by the id of the billing credit note they post."""
        return self._by_reference("credit_memo")

    @cached_property
    def cash(self) -> dict[str, list[Life]]:
        """The customer payments of the ERP by the id of the payment they take in."""
        return self._by_reference("cash")

    def _by_reference(self, kind: str) -> dict[str, list[Life]]:
        found: dict[str, list[Life]] = {}
        for life in self.lives(kind, "erp").values():
            if life.document.ref:
                found.setdefault(base_of(life.document.ref), []).append(life)
        return found

    @cached_property
    def tax_documents(self) -> dict[str, list[Life]]:
        """The documents of the tax engine that were committed, by document code."""
        found: dict[str, list[Life]] = {}
        for life in self.lives("tax_document", "tax").values():
            if "committed" in life.entered:
                found.setdefault(base_of(life.document.code), []).append(life)
        return found

    @cached_property
    def payments(self) -> dict[str, list[Life]]:
        """The payments of the processor by the billing invoice they pay."""
        found: dict[str, list[Life]] = {}
        for life in self.lives("payment", "payment").values():
            found.setdefault(base_of(life.document.ref), []).append(life)
        return found

    @cached_property
    def tasks(self) -> dict[str, list[Life]]:
        """The fulfilment tasks by business transaction."""
        found: dict[str, list[Life]] = {}
        for life in self.lives("task", "fulfilment").values():
            found.setdefault(life.txn, []).append(life)
        return found

    # --- the inside, when it is told --------------------------------------------------------------------------------

    @cached_property
    def cases(self) -> dict[str, list[Case]]:
        """Every record of each exception case, by case."""
        found: dict[str, list[Case]] = {}
        for case in self.history.of(Case):
            found.setdefault(case.case, []).append(case)
        return found

    @cached_property
    def flows(self) -> dict[str, Flow]:
        """The last record of each flow."""
        return {flow.flow: flow for flow in self.history.of(Flow)}

    @cached_property
    def parked(self) -> tuple[Flow, ...]:
        """The flows that wait for people at the end of the run."""
        return tuple(flow for flow in self.flows.values() if flow.status == "parked")

    @cached_property
    def excused(self) -> frozenset[str]:
        """Business transactions and flow subjects that people have in hand or gave up: open cases, parked flows.

        What is given up and undone is in nobody's hands once that had its time. Who has a payment in hand, or a dispute
        about it, has its transaction in hand; who has a quote has the parts that it is to be split in, and who has a
        part of one that is delivered as a whole has all of it.
        """
        names = {case[-1].txn for case in self.cases.values() if case[-1].status not in CASE_CLOSED}
        names |= {_subject(case[-1].flow) for case in self.cases.values() if case[-1].status not in CASE_CLOSED}
        for flow in self.flows.values():
            if self._is_with_people(flow):
                names |= {flow.txn, _subject(flow.flow)}
        money = [*self.lives("payment", "payment").values(), *self.lives("dispute", "payment").values()]
        names |= {life.txn for life in money if life.id in names}
        names |= {name for keys, deal in self.once(_deals) if not names.isdisjoint(keys) for name in deal}
        return frozenset(names - {""})

    def is_in_hand(self, life: Life) -> bool:
        """Tell whether people have a document in hand, or its transaction, what it refers to or its subscription."""
        document = life.document
        names = {life.id, life.txn, getattr(document, "ref", ""), getattr(document, "subscription", "")} - {""}
        return not names.isdisjoint(self.excused)

    @cached_property
    def seen_by_people(self) -> frozenset[str]:
        """Business transactions and flow subjects that people ever had to look at."""
        return frozenset(case[-1].txn for case in self.cases.values()) | self.excused

    def _is_with_people(self, flow: Flow) -> bool:
        """Tell whether people have what a flow is about: it waits for them, or they gave it up for good."""
        if flow.status in ("parked", "discarded"):
            return True
        if flow.name in UNDOING:
            return flow.ending == "given_up" or not self.is_due(flow.at_us)
        return flow.ending in ("given_up", "cancelled") and (flow.name not in UNDONE or not self.is_due(flow.at_us))

    @cached_property
    def subjects(self) -> frozenset[str]:
        """What flows are about: the last part of each flow's id."""
        return frozenset(_subject(name) for name in self.flows)

    @cached_property
    def resumes(self) -> dict[str, list[int]]:
        """When flows were re-driven, by transaction, its whole deal, and the names in the flow's id behind its kind."""
        found: dict[str, list[int]] = {}
        for flow in self.history.of(Flow):
            if flow.status == "resumed":
                for name in {flow.txn, family_of(flow.txn), *(flow.flow.split("/")[1:] or [flow.flow])}:
                    found.setdefault(name, []).append(flow.at_us)
        return found


def _subject(flow: str) -> str:
    return flow.rpartition("/")[2]


def _deals(facts: Facts) -> list[tuple[frozenset[str], frozenset[str]]]:
    """Return of each deal of several parts by which names people have it in hand, and the names that they have then."""
    found = []
    for key, life in facts.lives("quote", "crm").items():
        parts = parts_of(life) if "accepted" in life.entered else {}
        if parts:
            names = frozenset({key, life.txn, *(name for own in parts.values() for name in (own.id, own.txn))})
            found.append((names if quote_of(life).ship_complete else frozenset({key}), names))
    return found


def decided_us(facts: Facts, quote: Quote) -> int:
    """Return when it is known that a contract renews itself: when notice can be given no more; 0 for signed ones."""
    if quote.amendment_kind != "auto" or quote.term_start is None:
        return 0
    last = quote.term_start - timedelta(days=facts.context.renewal_notice_days)
    return midnight_us(last, facts.zones.get(quote.entity, "UTC"))
