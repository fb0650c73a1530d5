"""Objections of customers to invoices: each is heard, and its mark in the books lasts as long as it does (P11).

What is given back for one is what was agreed, but for the rounding of net and taxes.
"""

from __future__ import annotations

from contracts.checks.approvals import ROUNDED_MINOR, result_of
from contracts.checks.facts import BILLED, ERPS, Facts, base_of
from contracts.checks.lives import document_of
from contracts.checks.verdict import Tally
from domain.calendar import HOUR_US
from domain.history import Changed, Flow
from domain.money import said

OBJECTION, HALF_WAY = "dispute_invoice", "INTEGRITY.TOTAL_MISMATCH"
_READ_US = HOUR_US
"""How far what the integration read of an invoice may lie behind."""


def objections_are_heard(tally: Tally, facts: Facts) -> None:
    """Find objections to invoices that owe money which ended without a person, and marks of those that are over."""
    flows: dict[str, list[Flow]] = {}
    for flow in facts.flows.values():
        if flow.name == OBJECTION:
            flows.setdefault(_invoice(flow), []).append(flow)
    _brushed_off(tally, facts, [flow for own in flows.values() for flow in own if flow.status == "finished"])
    _left_marks(tally, facts, flows)
    for own in flows.values():
        for flow in own:
            _given_in_part(tally, facts, flow)


def _invoice(flow: Flow) -> str:
    """Return the invoice of billing that an objection is about (`dispute/INV-7/D-1` -> `INV-7`)."""
    return flow.flow.split("/")[1]


def _brushed_off(tally: Tally, facts: Facts, ended: list[Flow]) -> None:
    begun = {flow.flow: flow.at_us for flow in facts.history.of(Flow) if flow.status == "started"}
    asked = {case[0].flow for case in facts.cases.values()}
    changes: dict[str, list[Changed]] = {_invoice(flow): [] for flow in ended}
    for change in facts.history.changes("invoice", "billing"):
        if change.id in changes:
            changes[change.id].append(change)
    for flow in ended:
        tally.examined += 1
        start_us = begun.get(flow.flow, flow.at_us) - _READ_US
        own = changes[_invoice(flow)]
        before = [change for change in own if change.at_us <= start_us][-1:]
        seen = before + [change for change in own if start_us < change.at_us <= flow.at_us]
        if flow.flow not in asked and seen and all(_is_owed(change) for change in seen):
            sentence = f"{flow.flow} ended and nobody had decided on it, although {seen[-1].id} owes money"
            tally.violation(flow.txn, sentence, seen[-1], flow, entities=(flow.flow,))


def _is_owed(change: Changed) -> bool:
    return change.status in BILLED and bool(document_of(change).balance_minor)


def _left_marks(tally: Tally, facts: Facts, flows: dict[str, list[Flow]]) -> None:
    """Find invoices in the books that were still marked as disputed when the last objection to them was over.

    What a person was asked to take away by hand is in that person's hands.
    """
    by_hand = {case[-1].flow for case in facts.cases.values() if case[-1].code == HALF_WAY}
    over: dict[str, Flow] = {}
    for invoice, own in flows.items():
        is_over = all(flow.status == "finished" for flow in own)
        if is_over and by_hand.isdisjoint([flow.flow for flow in own]):
            over[invoice] = max(own, key=lambda flow: flow.at_us)
    then: dict[tuple[str, str], Changed] = {}
    for change in facts.history.changes("invoice"):
        flow = over.get(base_of(document_of(change).ref)) if change.system in ERPS else None
        if flow is not None and change.at_us <= flow.at_us:
            then[change.system, change.id] = change
    for change in then.values():
        tally.examined += 1
        if change.status == "disputed":
            flow = over[base_of(document_of(change).ref)]
            sentence = f"{change.system} invoice {change.id} was still marked as disputed when {flow.flow} was over"
            tally.violation(flow.txn, sentence, change, flow, entities=(f"{change.system} invoice {change.id}",))


def _given_in_part(tally: Tally, facts: Facts, flow: Flow) -> None:
    """Compare what the books credit for an objection, tax included, with what was agreed with the customer."""
    result = result_of(flow)
    memos = facts.memos.get(str(result.get("credit_note", "")), [])
    agreed_minor = int(result.get("amount_minor", 0))
    if not memos or not agreed_minor:
        return
    tally.examined += 1
    memo = memos[0]
    if abs(memo.document.total_minor - agreed_minor) > ROUNDED_MINOR:
        given, agreed = (said(amount, memo.document.currency) for amount in (memo.document.total_minor, agreed_minor))
        sentence = f"{flow.flow} was settled for {agreed}, and {memo.name} gives back {given}"
        tally.violation(flow.txn, sentence, flow, memo.first, entities=(flow.flow, memo.name))
