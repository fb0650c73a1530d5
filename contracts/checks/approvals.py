"""Approvals: nobody gives money back, gives a claim up or opens a closed period alone (P10)."""

from __future__ import annotations

from typing import Any

import msgspec

from contracts.checks.facts import Facts
from contracts.checks.verdict import Findings, Tally
from domain.currency import exponent
from domain.history import Flow
from domain.money import said

TOLERANCE = "tolerance"
_GAVE_NOTHING = frozenset({"given_up", "settled", "on_its_way", "was_open"})
"""How a request ends that nothing was given away for."""
ROUNDED_MINOR = 10
"""By how many minor units a credit may differ from the gross amount it was made for: net and each tax are rounded."""
_SHUT = frozenset({"soft_closed", "closed", "locked"})


def two_people_give_away(facts: Facts) -> Findings:
    """Nobody gives money back, gives a claim up or opens a closed period alone: somebody else approved all of it."""
    tally = Tally("P10")
    for flow in facts.flows.values():
        if flow.status != "finished" or flow.name not in ("refund", "write_off", "reopen_period"):
            continue
        result = result_of(flow)
        if result.get("status") in _GAVE_NOTHING:
            continue
        tally.examined += 1
        problem = _alone(flow, result) or _other_than_agreed(facts, flow, result)
        if problem:
            tally.violation(flow.txn, f"{flow.flow}: {problem}", flow, entities=(flow.flow,))
    _opened_by_itself(tally, facts)
    return tally.findings()


def _opened_by_itself(tally: Tally, facts: Facts) -> None:
    """Find closed periods that a request opened although nobody asked for it and no closing was given up."""
    for change in facts.history.changes("period", "erp"):
        if change.status != "open" or change.before not in _SHUT or not change.cause.startswith("r"):
            continue
        tally.examined += 1
        entity, module, month = change.id.split("/")
        asked = any(name.startswith(f"reopen/{entity}/{month}/{module}/") for name in facts.flows)
        closings = [flow for name, flow in facts.flows.items() if name.startswith(f"close/{entity}/{month}/")]
        if not asked and not any(_is_given_up(closing) for closing in closings):
            sentence = f"{month} of {entity} was {change.before} in {module} and a request opened it; nobody had agreed"
            tally.violation("", sentence, change, entities=(f"erp period {change.id}",))


def _is_given_up(closing: Flow) -> bool:
    """Tell whether people gave a closing up, or may have: they had it in hand, and it is not over."""
    return closing.ending == "given_up" or closing.status in ("parked", "resumed", "discarded")


def _alone(flow: Flow, result: dict[str, Any]) -> str:
    asker, approver = str(result.get("asked_by", "")), str(result.get("by", ""))
    if not asker.strip():
        return "nobody knows who asked for it"
    if approver == TOLERANCE:
        total, amount = int(result.get("total_minor", 0)), int(result.get("amount_minor", 0))
        currency = str(result.get("currency", "USD"))
        is_small = flow.name == "write_off" and (amount <= 10 ** exponent(currency) or amount * 1000 <= total)
        told = f"{said(amount, currency)} of {said(total, currency)} were given up as if it were a small difference"
        return "" if is_small else told
    if not approver.strip() or approver.strip().casefold() == asker.strip().casefold():
        return f"{asker} asked for it and nobody else approved it"
    return ""


def _other_than_agreed(facts: Facts, flow: Flow, result: dict[str, Any]) -> str:
    if flow.name == "reopen_period":
        return ""
    amount, agreed = int(result.get("amount_minor", 0)), int(result.get("approved_minor", 0))
    currency = _currency(facts, result)
    if amount > agreed:
        return f"{said(amount, currency)} went, and {result.get('by')} had approved {said(agreed, currency)}"
    return _less_than_agreed(facts, flow, agreed - amount, currency) if flow.name == "refund" else ""


def _currency(facts: Facts, result: dict[str, Any]) -> str:
    """Return the currency of what a flow tells: it says so itself, or the payment that it is about does."""
    payment = facts.lives("payment", "payment").get(str(result.get("payment", "")))
    return str(result.get("currency", "" if payment is None else payment.document.currency))


def _less_than_agreed(facts: Facts, flow: Flow, missing_minor: int, currency: str) -> str:
    """Return what is wrong with a refund of less than was approved; of a claim less may be left to give up.

    One with a credit pays back what was credited and is not owed: nothing of its memo in the books is left then.
    """
    remark = f"Refund {flow.flow.partition('/')[2]}"
    notes = [note.id for note in facts.lives("credit_memo", "billing").values() if note.document.ref == remark]
    left_minor = sum([memo.document.balance_minor for note in notes for memo in facts.memos.get(note, [])])
    if (left_minor if notes else missing_minor) <= ROUNDED_MINOR:
        return ""
    left = f", and {said(left_minor, currency)} of its credit are neither paid back nor owed" if notes else ""
    return f"{said(missing_minor, currency)} of what was approved did not go{left}"


def result_of(flow: Flow) -> dict[str, Any]:
    """Return how a flow says that it ended; nothing when it does not say so in words and amounts."""
    try:
        found = msgspec.json.decode(flow.result.encode())
    except msgspec.MsgspecError:
        return {}
    return found if isinstance(found, dict) else {}
