"""Audit: the trail is whole, runs repeat, and what was undone is gone (A1, A5, A6)."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.checks.facts import GONE, Facts
from contracts.checks.lives import Life, invoice_of
from contracts.checks.verdict import Findings, Tally
from domain.history import Attempted, Ended, Flow, Sealed
from domain.money import said


def trail_is_whole(facts: Facts) -> Findings:
    """The audit trail verifies, and holds an entry of every flow and every state-changing effect seen on the wire."""
    tally = Tally("A1")
    seals = list(facts.history.of(Sealed))
    tally.examined = len(seals)
    sealed = seals[-1] if seals else None
    if sealed is None:
        ended = [record.complete for record in facts.history.of(Ended)]
        idle = not ended or not ended[-1]
        return tally.findings("the audit trail was not sealed: the run was interrupted or the process was down", idle)
    if not sealed.intact:
        tally.violation("", f"the audit trail does not verify: {sealed.problem}", sealed)
    begun = sum(1 for flow in facts.history.of(Flow) if flow.status == "started")
    effects = _effects(facts)
    if sealed.entries < max(begun + effects, sealed.state_changes):
        seen = f"{begun} flows and {max(effects, sealed.state_changes)} state-changing effects on the wire"
        tally.violation("", f"the audit trail has {sealed.entries} entries for {seen}", sealed)
    return tally.findings()


def _effects(facts: Facts) -> int:
    """Count what was changed by calls that were answered; one that died before it was noted is made again."""
    done = (each for each in facts.history.of(Attempted) if each.write and each.outcome == "ok")
    return len({(each.system, each.operation, each.key or each.number) for each in done})


def same_digest(first: str, second: str) -> Findings:
    """A second run of the same scenario, seed and code writes the same history, to the last byte."""
    tally = Tally("A5")
    tally.examined = 1
    if first != second:
        sentence = f"two runs of the same seed differ: their histories' digests are {first} and {second}"
        tally.violation("", sentence, (0, f"first run: {first}"), (0, f"second run: {second}"))
    return tally.findings()


def undone_is_gone(facts: Facts) -> Findings:
    """An undone order leaves nothing behind: no live subscription or task, nothing invoiced or owed, no tax to pay."""
    tally = Tally("A6")
    undone = {
        txn: order
        for txn, order in facts.undone.items()
        if order.document.kind != "amend" and facts.is_due(order.entered[order.status])
    }
    parked = {flow.txn for flow in facts.parked}
    for txn, order in undone.items():
        tally.examined += 1
        if txn in parked:
            continue
        for child in _children(facts, txn):
            sentence = f"order {order.id} was {order.status}, but {child.name} is still {child.status}"
            tally.violation(txn, sentence, order.last, child.last, entities=(order.name, child.name))
    if undone:
        _receivables(tally, facts, undone)
        _invoiced(tally, facts, undone)
        _taxes(tally, facts, undone)
    return tally.findings()


def _children(facts: Facts, txn: str) -> Iterator[Life]:
    for child in (*facts.subscriptions.get(txn, []), *facts.tasks.get(txn, [])):
        if child.status not in GONE:
            yield child


def _receivables(tally: Tally, facts: Facts, undone: dict[str, Life]) -> None:
    """What is still asked for of undone orders."""
    for life in facts.lives("invoice", "erp").values():
        order = undone.get(life.txn)
        if order is not None and invoice_of(life).balance_minor:
            owed = said(invoice_of(life).balance_minor, invoice_of(life).currency)
            sentence = f"order {order.id} was {order.status}, but {life.name} still asks for {owed}"
            tally.violation(life.txn, sentence, order.last, life.last, entities=(order.name, life.name))


def _invoiced(tally: Tally, facts: Facts, undone: dict[str, Life]) -> None:
    """What was invoiced for undone orders, paid or not: with their credit memos it adds up to nothing."""
    papers: dict[str, list[tuple[int, Life]]] = {}
    for kind, sign in (("invoice", 1), ("credit_memo", -1)):
        for life in facts.lives(kind, "erp").values():
            if life.txn in undone and life.txn not in facts.excused:
                papers.setdefault(life.txn, []).append((sign * life.document.total_minor, life))
    for txn, found in papers.items():
        order, lives = undone[txn], [life for _, life in found]
        kept_minor = sum([minor for minor, _ in found])
        if kept_minor and all(facts.is_due(life.last.at_us) for life in lives):
            told = said(kept_minor, lives[0].document.currency)
            sentence = f"order {order.id} was {order.status}, but {told} stays invoiced for it"
            names = (order.name, *[life.name for life in lives])
            tally.violation(txn, sentence, order.last, *[life.last for life in lives], entities=names)


def _taxes(tally: Tally, facts: Facts, undone: dict[str, Life]) -> None:
    """What is committed for the documents of undone orders and their returns must add up to nothing."""
    owed: dict[str, list[Life]] = {}
    for kind in ("invoice", "credit_memo"):
        for document in facts.lives(kind, "billing").values():
            if document.txn in undone:
                codes = facts.tax_documents.get(document.id, [])
                owed.setdefault(document.txn, []).extend(life for life in codes if life.status == "committed")
    parked = {flow.txn for flow in facts.parked}
    for txn, lives in owed.items():
        tax_minor = sum([life.document.tax_minor for life in lives])
        if tax_minor > 0 and txn not in parked:
            order = undone[txn]
            told = said(tax_minor, lives[0].document.currency)
            sentence = f"order {order.id} was {order.status}, but tax of {told} is still committed for it"
            names = (order.name, *[life.name for life in lives])
            tally.violation(txn, sentence, order.last, *[life.last for life in lives], entities=names)
