"""Dunning: who owes is reminded at every stage, and nobody else is (P11, L10)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

from contracts.checks.facts import CASE_CLOSED, ERPS, Facts, base_of
from contracts.checks.lives import document_of
from contracts.checks.objections import objections_are_heard
from contracts.checks.verdict import Findings, Tally
from domain.calendar import DAY_US, HOUR_US, local_date, midnight_us
from domain.dunning import STANDARD
from domain.history import Changed, Emitted
from domain.money import said

_OVERDUE = "q2c.invoice.overdue.v1"
_NOTICE_US = HOUR_US
"""How long a reminder may take from the moment at which the books were read."""
_PATIENCE_US = 3 * DAY_US
"""How long a debt may be in a stage before its customer is reminded: who looks once a day, or every other day, may."""
_HELD_FROM = "suspended"
"""The stage at which the credit of who owes is put on hold."""
_FLOW, _SWEEP, _PROMISE = "dunning", "sweep_overdue", "promise"


def dunning_is_fair(facts: Facts) -> Findings:
    """Nobody is reminded of an invoice that is paid, disputed or not due yet, and who objects to one is heard."""
    tally = Tally("P11")
    objections_are_heard(tally, facts)
    changes: dict[str, list[Changed]] = {}
    for change in facts.history.changes("invoice", "erp"):
        changes.setdefault(base_of(document_of(change).ref), []).append(change)
    for told in facts.history.of(Emitted):
        if told.type != _OVERDUE or told.subject not in changes:
            continue
        tally.examined += 1
        window = _between(changes[told.subject], told.at_us - _NOTICE_US, told.at_us)
        if not any(_may_be_dunned(facts, change, told.at_us) for change in window):
            last = window[-1]
            document = document_of(last)
            sentence = (
                f"{told.subject} was dunned when it was {last.status}, due on {document.due_date}, "
                f"with {said(document.balance_minor, document.currency)} open"
            )
            tally.violation(told.txn, sentence, last, told, entities=(told.subject,))
    return tally.findings()


def _between(changes: list[Changed], start_us: int, end_us: int) -> list[Changed]:
    """Return what an invoice was like at an instant, and every change from then to another."""
    before = [change for change in changes if change.at_us <= start_us][-1:]
    return (before + [change for change in changes if start_us < change.at_us <= end_us]) or changes[:1]


def _may_be_dunned(facts: Facts, change: Changed, at_us: int) -> bool:
    document = document_of(change)
    today = local_date(at_us, facts.zones.get(document.entity, "UTC"))
    return _is_owed(change) and document.due_date < today


def _is_owed(change: Changed) -> bool:
    return document_of(change).balance_minor > 0 and change.status != "disputed"


# --- reminders that never came --------------------------------------------------------------------------------------


class Debt(msgspec.Struct, frozen=True):
    """An invoice in the books, and the spans (microseconds) in which it was owed and nobody objected to it."""

    last: Changed
    spans: tuple[tuple[int, int], ...]

    @property
    def due(self) -> date:
        """The day by which it was to be paid."""
        due: date = document_of(self.last).due_date
        return due

    def stands(self, start_us: int, end_us: int) -> bool:
        """Tell whether it was owed all the time from one instant to another."""
        return any(first_us <= start_us and end_us <= last_us for first_us, last_us in self.spans)

    def meets(self, start_us: int, end_us: int) -> bool:
        """Tell whether it was owed at any time from one instant to another."""
        return any(first_us <= end_us and start_us <= last_us for first_us, last_us in self.spans)


def debts_are_dunned(facts: Facts) -> Findings:
    """Who does not pay is reminded of the oldest debt at every stage, and held from one on, whatever came between.

    A promise to pay is waited for, and what people have in hand, or gave up, is theirs.
    """
    tally = Tally("L10")
    told: dict[str, list[int]] = defaultdict(list)
    for event in facts.history.of(Emitted):
        if event.type == _OVERDUE:
            told[event.subject].append(event.at_us)
    left, promised, holds = _left_to_people(facts), _promised(facts), _holds(facts)
    for account, debts in _debts(facts).items():
        rests = [*left.get("", ()), *left.get(account, ()), *promised.get(account, ())]
        for debt in debts:
            for stage, start_us, end_us in _stages(facts, debt):
                if not _is_to_be_told(debt, debts, rests, start_us, end_us):
                    continue
                tally.examined += 1
                invoice = base_of(document_of(debt.last).ref)
                if not any(start_us <= at_us <= end_us for at_us in told[invoice]):
                    sentence = f"{invoice} of {account} was due on {debt.due}, and nobody sent its {stage}"
                    evidence = (start_us, f"the {stage} was due")
                    tally.violation(debt.last.txn, sentence, debt.last, evidence, entities=(invoice,))
                if stage == _HELD_FROM:
                    _held(tally, account, debt, holds[account], start_us, end_us)
    return tally.findings()


def _held(tally: Tally, account: str, debt: Debt, holds: list[tuple[int, int]], start_us: int, end_us: int) -> None:
    """Find who was not on hold at the stage that asks for it, nor at any time since the debt was due."""
    tally.examined += 1
    due_us = midnight_us(debt.due, "UTC")
    if not any(first_us <= end_us and due_us <= last_us for first_us, last_us in holds):
        invoice = base_of(document_of(debt.last).ref)
        sentence = f"{invoice} of {account} was due on {debt.due}, and nobody put {account} on hold"
        evidence = (start_us, f"the stage {_HELD_FROM} was reached")
        tally.violation(debt.last.txn, sentence, debt.last, evidence, entities=(invoice,))


def _holds(facts: Facts) -> dict[str, list[tuple[int, int]]]:
    """Return the spans in which each account was on hold, whoever placed it."""
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for system in sorted(ERPS):
        for life in facts.lives("hold", system).values():
            ended_us = life.entered.get("released", facts.context.horizon_us)
            found[life.document.account].append((life.created_us, ended_us))
    return found


def _is_to_be_told(debt: Debt, debts: list[Debt], rests: list[tuple[int, int]], start_us: int, end_us: int) -> bool:
    """Tell whether a debt was owed all through a stage, was the oldest of its account, and nobody had it in hand."""
    before_us = start_us - _PATIENCE_US
    is_oldest = not any(other.due < debt.due and other.meets(before_us, end_us) for other in debts)
    is_at_rest = any(first_us <= end_us and before_us <= last_us for first_us, last_us in rests)
    return debt.stands(start_us, end_us) and is_oldest and not is_at_rest


def _debts(facts: Facts) -> dict[str, list[Debt]]:
    """Return the invoices of each account."""
    changes: dict[tuple[str, str], list[Changed]] = {}
    for change in facts.history.changes("invoice"):
        if change.system in ERPS:
            changes.setdefault((change.system, change.id), []).append(change)
    found: dict[str, list[Debt]] = {}
    for own in changes.values():
        ends = [change.at_us for change in own[1:]] + [facts.context.horizon_us]
        spans: list[tuple[int, int]] = []
        for change, end_us in zip(own, ends, strict=True):
            if not _is_owed(change):
                continue
            joins = bool(spans) and spans[-1][1] == change.at_us
            start_us = spans.pop()[0] if joins else change.at_us
            spans.append((start_us, end_us))
        if spans:
            found.setdefault(document_of(own[-1]).customer, []).append(Debt(own[-1], tuple(spans)))
    return found


def _stages(facts: Facts, debt: Debt) -> Iterator[tuple[str, int, int]]:
    """Yield each stage that a debt reaches in time to be judged: from when until when its customer is reminded."""
    zone = facts.zones.get(document_of(debt.last).entity, "UTC")
    for stage in STANDARD.stages:
        start_us = midnight_us(debt.due + timedelta(days=stage.after_days), zone)
        end_us = max(start_us, facts.context.heal_us) + _PATIENCE_US
        if not facts.is_due(end_us):
            return
        yield stage.name, start_us, end_us


def _promised(facts: Facts) -> dict[str, list[tuple[int, int]]]:
    """Return the spans in which each account's word was taken that it would pay."""
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for flow in facts.flows.values():
        if flow.name == _PROMISE:
            until = date.fromisoformat(flow.flow.rpartition("/")[2])
            until_us = midnight_us(until + timedelta(days=1), "UTC") + _PATIENCE_US
            found[flow.flow.split("/")[1]].append((flow.at_us, until_us))
    return found


def _left_to_people(facts: Facts) -> dict[str, list[tuple[int, int]]]:
    """Return the spans in which people had the dunning of an account in hand; that of all accounts under no name."""
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for records in facts.cases.values():
        closed_us = next((each.at_us for each in records if each.status in CASE_CLOSED), facts.context.horizon_us)
        found[_dunned(records[0].flow)].append((records[0].opened_us, closed_us))
    for flow in facts.flows.values():
        if flow.name == _FLOW and (flow.status == "discarded" or flow.ending in ("given_up", "cancelled")):
            found[_dunned(flow.flow)].append((flow.at_us, facts.context.horizon_us))
    return found


def _dunned(flow: str) -> str:
    """Return the account that a flow duns (`dunning/A-7/2` -> `A-7`); nothing for what looks for all of them."""
    kind, _, rest = flow.partition("/")
    return {_FLOW: rest.rpartition("/")[0], _SWEEP: ""}.get(kind, flow)
