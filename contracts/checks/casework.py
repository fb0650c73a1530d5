"""Trouble that people have in hand: it comes back, it blocks nobody else, and it ends with a name (L5, L6, A10)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from contracts.checks.facts import CASE_CLOSED, Facts
from contracts.checks.lives import quote_of
from contracts.checks.verdict import Findings, Tally
from domain.history import Applied, Attempted, Case, Delivered, Flow

_BY_PEOPLE = frozenset({"resolved", "verified"})
_MOVED = frozenset({"verified", "auto_resolved"})
_OTHERS_MIN = 3
_REFUSALS_MIN = 2


def dead_letters_come_back(facts: Facts) -> Findings:
    """Whatever is parked has an open case, every open case has something parked, and what is re-driven moves on."""
    tally = Tally("L5")
    waiting: dict[str, Case] = {}
    for records in facts.cases.values():
        tally.examined += 1
        if records[-1].status not in CASE_CLOSED:
            waiting[records[-1].flow] = records[-1]
    moved = _moved(facts)
    for name, flow in facts.flows.items():
        case = waiting.pop(name, None)
        if flow.status == "parked" and case is None:
            sentence = f"{name} is parked and no open case names it: nobody will ever look at it"
            tally.violation(flow.txn, sentence, flow, entities=(name,))
        elif flow.status != "parked" and case is not None:
            sentence = f"case {case.case} is {case.status}, but {name} is {flow.status}: there is nothing to re-drive"
            tally.violation(flow.txn, sentence, case, flow, entities=(name, case.case))
        elif (
            flow.status == "resumed"
            and facts.is_due(flow.at_us)
            and max(moved.get(flow.txn, 0), moved.get(name, 0)) < flow.at_us
        ):
            sentence = f"{name} was re-driven, and nothing came of it"
            tally.violation(flow.txn, sentence, flow, entities=(name,))
    for name, case in waiting.items():
        sentence = f"case {case.case} is about {name}, which nobody began"
        tally.violation(case.txn, sentence, case, entities=(name, case.case))
    return tally.findings()


def _moved(facts: Facts) -> dict[str, int]:
    """Return when the integration last called a system, by business transaction, and when a flow had last gone on so
    that its case was over, by flow. Nothing when nothing was re-driven.
    """
    if not facts.resumes:
        return {}
    called = {attempt.txn: attempt.sent_us for attempt in facts.history.of(Attempted)}
    return called | {case.flow: case.at_us for case in facts.history.of(Case) if case.status in _MOVED}


# --- nobody is held up by somebody else's trouble -------------------------------------------------------------------


class Parked(msgspec.Struct, frozen=True, gc=False):
    """A time in which a flow was parked; `until_us` is None when nobody ended it."""

    flow: Flow
    until_us: int | None


def poison_stays_apart(facts: Facts) -> Findings:
    """One poisoned message or parked lifecycle stops no other: what comes after it is taken in and begun."""
    tally = Tally("L6")
    for refused, others in _refused(facts):
        tally.examined += 1
        if len({other.message for other in others}) >= _OTHERS_MIN and not any(_is_taken(other) for other in others):
            sentence = (
                f"{refused.system} could deliver none of {len({other.message for other in others})} other messages "
                f"while {refused.message} was refused"
            )
            tally.violation(refused.txn, sentence, refused, *others[:3], entities=(refused.message,))
    _behind_the_parked(tally, facts)
    return tally.findings()


def _is_taken(delivered: Delivered) -> bool:
    return 200 <= delivered.status < 300


def _refused(facts: Facts) -> Iterator[tuple[Delivered, list[Delivered]]]:
    """Yield each message that was refused again and again, and what its sender delivered meanwhile."""
    tries: dict[tuple[str, str], list[Delivered]] = {}
    by_system: dict[str, list[Delivered]] = {}
    for delivered in facts.history.of(Delivered):
        if delivered.genuine and delivered.status and not facts.seems_early(delivered):
            by_system.setdefault(delivered.system, []).append(delivered)
            if not _is_taken(delivered):
                tries.setdefault((delivered.system, delivered.message), []).append(delivered)
    for (system, message), refusals in tries.items():
        if len(refusals) >= _REFUSALS_MIN:
            first_us, last_us = refusals[0].at_us, refusals[-1].at_us
            others = [d for d in by_system[system] if first_us < d.at_us <= last_us and d.message != message]
            yield refusals[0], others


def _behind_the_parked(tally: Tally, facts: Facts) -> None:
    """What a consumer took in while another flow of its kind was parked begins in time, its own entity's apart."""
    parked: dict[str, list[Parked]] = {}
    for each in parkings(facts):
        parked.setdefault(each.flow.name, []).append(each)
    if not parked:
        return
    begun: dict[tuple[str, str], int] = {}
    for flow in facts.history.of(Flow):
        begun.setdefault((flow.name, flow.txn), flow.at_us)
    for applied in facts.history.of(Applied):
        held_up = [
            each for each in parked.get(applied.consumer, ())
            if each.flow.at_us <= applied.at_us and (each.until_us is None or applied.at_us < each.until_us)
            and not _is_akin(facts, applied.txn, each.flow.txn)
        ]  # fmt: skip
        if not held_up or not facts.is_due(applied.at_us):
            continue
        tally.examined += 1
        begun_us = begun.get((applied.consumer, applied.txn))
        if begun_us is None or begun_us > applied.at_us + facts.settle_us:
            first = held_up[0].flow
            sentence = f"{applied.txn} never began its {applied.consumer}, while {first.flow} was parked"
            tally.violation(applied.txn, sentence, first, applied, entities=(first.flow,))


def parkings(facts: Facts) -> Iterator[Parked]:
    """Yield every time in which a flow was parked, those that nobody ended last."""
    open_ones: dict[str, Flow] = {}
    for flow in facts.history.of(Flow):
        if flow.status == "parked":
            open_ones.setdefault(flow.flow, flow)
        elif flow.flow in open_ones:
            yield Parked(open_ones.pop(flow.flow), flow.at_us)
    for flow in open_ones.values():
        yield Parked(flow, None)


def _is_akin(facts: Facts, first: str, second: str) -> bool:
    """Tell whether two transactions change one subscription, so that one waits for the other by right."""
    return first == second or not _owners(facts, first).isdisjoint(_owners(facts, second))


def _owners(facts: Facts, txn: str) -> set[str]:
    life = facts.accepted_by_txn.get(txn)
    return {txn, quote_of(life).subscription} - {""} if life is not None else {txn}


# --- how cases end --------------------------------------------------------------------------------------------------


def cases_end_with_a_name(facts: Facts) -> Findings:
    """A case that people closed names who did it, and is of something that went on, was given up or was discarded."""
    tally = Tally("A10")
    latest: dict[str, str] = {records[-1].flow: name for name, records in facts.cases.items()}
    for name, records in facts.cases.items():
        tally.examined += 1
        last = records[-1]
        closing = next((record for record in records if record.status in CASE_CLOSED), None)
        if closing is not None and closing.status in _BY_PEOPLE and not closing.actor.strip():
            sentence = f"case {name} was {closing.status} by nobody"
            tally.violation(last.txn, sentence, records[0], closing, entities=(name,))
        flow = facts.flows.get(last.flow) if latest[last.flow] == name else None
        if last.status in CASE_CLOSED and flow is not None and flow.status == "parked":
            sentence = f"case {name} was closed without an outcome: {last.flow} is parked as before"
            tally.violation(last.txn, sentence, last, flow, entities=(name, last.flow))
    return tally.findings()
