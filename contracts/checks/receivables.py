"""Money that goes back or will not come: refunds, disputes, losses, and the sub-ledger (M15-M17, P10)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from contracts.checks.credits_left import credits_are_used
from contracts.checks.facts import Facts, base_of
from contracts.checks.lives import Life, document_of, invoice_of
from contracts.checks.verdict import Findings, Tally
from domain.currency import exponent
from domain.history import Changed, Flow
from domain.money import said
from domain.objects import Cash, Entry

RECEIVABLE, UNAPPLIED, BAD_DEBT = "1100", "2150", "6200"
TOLERANCE = "tolerance"
_IN_NO_BOOK = re.compile(r"payment (\S+) is in no book")
_GAVE_NOTHING = frozenset({"given_up", "settled", "on_its_way", "was_open"})
"""How a request ends that nothing was given away for."""
ROUNDED_MINOR = 10
"""By how many minor units a credit may differ from the gross amount it was made for: net and each tax are rounded."""
_SHUT = frozenset({"soft_closed", "closed", "locked"})


def money_back_is_booked(facts: Facts) -> Findings:
    """What the processor gave or lost back is off the books of billing and the ERP too, and what it won is on again."""
    tally = Tally("M15")
    for txn, payments in _given_back(facts).items():
        last_us = max(payment.last.at_us for payment in payments)
        if not facts.is_due(last_us) or not facts.excused.isdisjoint({txn, *[payment.txn for payment in payments]}):
            continue
        kept_minor = sum(_kept(payment) for payment in payments)
        for system in ("erp", "billing"):
            tally.examined += 1
            booked_minor = _booked(facts, system, txn)
            if booked_minor != kept_minor:
                currency = payments[0].document.currency
                sentence = (
                    f"of the payments of {txn} the processor kept {said(kept_minor, currency)} for us, "
                    f"{system} has {said(booked_minor, currency)} in its books"
                )
                evidence = [payment.last for payment in payments]
                tally.violation(txn, sentence, *evidence, entities=tuple(payment.name for payment in payments))
    _missed_in_the_books(tally, facts)
    return tally.findings("" if facts.has_settled else "the run ended before the books could follow")


def _missed_in_the_books(tally: Tally, facts: Facts) -> None:
    """Find cases that say that a payment is in no book although billing and the ERP have long had it.

    Money that went back is not worked on then, and the case of it is no excuse.
    """
    recorded = {base_of(life.document.ref): life for life in facts.lives("cash", "billing").values()}
    for name, records in facts.cases.items():
        case = records[0]
        payment = next(iter(_IN_NO_BOOK.findall(case.detail)), "")
        cash = facts.cash.get(payment)
        if case.code != "DATA_QUALITY.MAPPING_MISSING" or not cash or payment not in recorded:
            continue
        tally.examined += 1
        known_us = max(cash[0].created_us, recorded[payment].created_us)
        if known_us + facts.settle_us <= case.opened_us:
            sentence = f"case {name} says that {payment} is in no book, and {cash[0].name} is"
            tally.violation(cash[0].txn, sentence, cash[0].first, case, entities=(name, cash[0].name))


def _given_back(facts: Facts) -> dict[str, list[Life]]:
    """Return the payments of every deal of which money went back at some time."""
    found: dict[str, list[Life]] = {}
    payments = facts.lives("payment", "payment").values()
    touched = {_deal(facts, life) for life in payments if life.txn and _is_touched(facts, life)}
    for life in payments if touched else ():
        deal = _deal(facts, life)
        if deal in touched:
            found.setdefault(deal, []).append(life)
    return found


def _deal(facts: Facts, life: Life) -> str:
    """Return the transaction of the contract that money is of: systems name it, or a change of it, or the payment."""
    txn = life.txn
    if not txn:
        reference = getattr(life.document, "ref", "") or getattr(life.document, "payment", "")
        txn = facts.once(_paid_by).get(reference.partition(".")[0], "")
    return facts.once(_contracts).get(txn, txn)


def _paid_by(facts: Facts) -> dict[str, str]:
    """Return the transaction of each payment, and of each refund and dispute of one."""
    payments = facts.lives("payment", "payment")
    found = {life.id: life.txn for life in payments.values()}
    for kind in ("refund", "dispute"):
        for life in facts.lives(kind, "payment").values():
            found[life.id] = found.get(life.document.payment, "")
    return found


def _contracts(facts: Facts) -> dict[str, str]:
    """Return the transaction of the contract for that of each invoice of it."""
    subscriptions = facts.lives("subscription", "billing")
    found = {}
    for life in facts.lives("invoice", "billing").values():
        contract = subscriptions.get(invoice_of(life).subscription)
        if contract is not None and contract.txn and life.txn:
            found[life.txn] = contract.txn
    return found


def _is_touched(facts: Facts, life: Life) -> bool:
    document = life.document
    moved = document.refunded_minor or document.disputed_minor or life.status == "returned"
    return bool(moved) or life.id in facts.once(_disputed_payments)


def _disputed_payments(facts: Facts) -> frozenset[str]:
    return frozenset(life.document.payment for life in facts.lives("dispute", "payment").values())


def _kept(payment: Life) -> int:
    document = payment.document
    kept: int = document.captured_minor - document.refunded_minor - document.disputed_minor
    return kept


def _booked(facts: Facts, system: str, deal: str) -> int:
    received, returned = (
        sum([life.document.amount_minor for life in facts.lives(kind, system).values() if _deal(facts, life) == deal])
        for kind in ("cash", "refund")
    )
    taken: int = received - returned
    return taken


def subledger_is_control(facts: Facts) -> Findings:
    """What customers owe, document by document, is what the ledger says they owe; the same for cash on account."""
    tally = Tally("M16")
    ledger = _ledger(facts)
    owed, free = _owed(facts), _free(facts)
    for account, documents, sign in ((RECEIVABLE, owed, 1), (UNAPPLIED, free, -1)):
        for entity, currency in sorted({*documents, *[key[:2] for key in ledger if key[2] == account]}):
            if not any(key[0] == entity for key in ledger):
                continue  # a system without a ledger of its own
            tally.examined += 1
            there = documents.get((entity, currency), 0)
            control = sign * ledger.get((entity, currency, account), 0)
            if there != control:
                sentence = (
                    f"{entity} in {currency}: the documents add up to {said(there, currency)}, "
                    f"account {account} says {said(control, currency)}"
                )
                at = (facts.context.horizon_us, f"account {account} of {entity} in {currency}")
                tally.violation("", sentence, at)
    return tally.findings()


def _ledger(facts: Facts) -> dict[tuple[str, str, str], int]:
    found: dict[tuple[str, str, str], int] = {}
    for change in facts.history.changes("entry", "erp"):
        if change.before:
            continue
        entry: Entry = document_of(change)
        for posting in entry.postings:
            key = (entry.entity, entry.currency, posting.account)
            found[key] = found.get(key, 0) + posting.amount_minor
    return found


def _owed(facts: Facts) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for kind, sign in (("invoice", 1), ("credit_memo", -1)):
        for life in facts.lives(kind, "erp").values():
            document = life.document
            key = (document.entity, document.currency)
            found[key] = found.get(key, 0) + sign * document.balance_minor
    return found


def _free(facts: Facts) -> dict[tuple[str, str], int]:
    given: dict[str, int] = {}
    for life in facts.lives("refund", "erp").values():
        given[life.document.payment] = given.get(life.document.payment, 0) + life.document.amount_minor
    found: dict[tuple[str, str], int] = {}
    for life in facts.lives("cash", "erp").values():
        cash: Cash = life.document
        rest = cash.amount_minor - sum([amount for _, amount in cash.applied]) - given.get(life.id, 0)
        key = (cash.entity, cash.currency)
        found[key] = found.get(key, 0) + rest
    return found


def losses_are_booked(facts: Facts) -> Findings:
    """What is written off is a loss in the ledger, once and to the minor unit, and given up in billing as well.

    Credits of the invoice are used for it first.
    """
    tally = Tally("M17")
    losses: dict[tuple[str, str], list[tuple[Changed, int]]] = {}
    for change in facts.history.changes("entry", "erp"):
        entry: Entry = document_of(change)
        minor = _lost(entry)
        if minor and not change.before:
            losses.setdefault((change.txn, entry.currency), []).append((change, minor))
    lost: dict[tuple[str, str], list[tuple[Life, int]]] = {}
    for life, lost_minor in given_up(facts, "erp"):
        lost.setdefault((life.txn, invoice_of(life).currency), []).append((life, lost_minor))
        _given_up_in_billing(tally, facts, life)
    for txn, currency in {**losses, **lost}:
        tally.examined += 1
        entries, invoices = losses.get((txn, currency), []), lost.get((txn, currency), [])
        booked_minor, lost_minor = sum([minor for _, minor in entries]), sum([minor for _, minor in invoices])
        if booked_minor != lost_minor:
            names = tuple(dict.fromkeys([life.name for life, _ in invoices]))
            sentence = (
                f"{', '.join(names) or 'nothing'} of {txn or 'no transaction'} was given up with "
                f"{said(lost_minor, currency)} open, the ledger knows a loss of {said(booked_minor, currency)}"
            )
            evidence = [*[life.last for life, _ in invoices], *[change for change, _ in entries]]
            tally.violation(txn, sentence, *evidence, entities=names)
    credits_are_used(tally, facts)
    return tally.findings()


def given_up(facts: Facts, system: str) -> Iterator[tuple[Life, int]]:
    """Yield the invoices of a system that were given up, each time, and how much of them that was.

    It is all that was open. The ERP's books may lose less of one: the rest is a credit's, whose memo has yet to come.
    """
    open_minor: dict[str, int] = {}
    lives = facts.lives("invoice", system)
    losses = facts.once(_losses) if system == "erp" else frozenset()
    for change in facts.history.changes("invoice", system):
        before_minor, now_minor = open_minor.get(change.id, 0), document_of(change).balance_minor
        if change.status == "written_off" and change.before != "written_off":
            yield lives[change.id], before_minor
        elif change.status == "partially_paid" and (change.cause, before_minor - now_minor) in losses:
            yield lives[change.id], before_minor - now_minor
        open_minor[change.id] = now_minor


def _losses(facts: Facts) -> frozenset[tuple[str, int]]:
    """Return the losses that the ledger knows: the request that booked it, and how much."""
    entries = [change for change in facts.history.changes("entry", "erp") if not change.before]
    losses = [(change.cause, _lost(document_of(change))) for change in entries]
    return frozenset((cause, minor) for cause, minor in losses if minor)


def _lost(entry: Entry) -> int:
    return sum([row.amount_minor for row in entry.postings if row.account == BAD_DEBT])


def _given_up_in_billing(tally: Tally, facts: Facts, life: Life) -> None:
    billed = facts.lives("invoice", "billing").get(base_of(invoice_of(life).ref))
    if billed is None or not invoice_of(billed).balance_minor:
        return
    if life.status == "written_off" or "written_off" not in billed.entered:
        sentence = f"{life.name} was given up, and {billed.name} still asks for it"
        if facts.is_due(life.last.at_us) and life.txn not in facts.excused:
            tally.violation(life.txn, sentence, life.last, billed.last, entities=(life.name, billed.name))


# --- policies -------------------------------------------------------------------------------------------------------


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
        if not asked and not any(
            flow.flow.startswith(f"close/{entity}/{month}/") and flow.ending == "given_up"
            for flow in facts.flows.values()
        ):
            sentence = f"{month} of {entity} was {change.before} in {module} and a request opened it; nobody had agreed"
            tally.violation("", sentence, change, entities=(f"erp period {change.id}",))


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
    if amount > agreed:
        return f"{amount} minor units went, and {result.get('by')} had approved {agreed}"
    return _less_than_agreed(facts, flow, agreed - amount) if flow.name == "refund" else ""


def _less_than_agreed(facts: Facts, flow: Flow, missing_minor: int) -> str:
    """Return what is wrong with a refund of less than was approved; of a claim less may be left to give up.

    One with a credit pays back what was credited and is not owed: nothing of its memo in the books is left then.
    """
    remark = f"Refund {flow.flow.partition('/')[2]}"
    notes = [note.id for note in facts.lives("credit_memo", "billing").values() if note.document.ref == remark]
    left_minor = sum([memo.document.balance_minor for note in notes for memo in facts.memos.get(note, [])])
    if (left_minor if notes else missing_minor) <= ROUNDED_MINOR:
        return ""
    left = f", and {left_minor} of its credit are neither paid back nor owed" if notes else ""
    return f"{missing_minor} minor units of what was approved did not go{left}"


def result_of(flow: Flow) -> dict[str, Any]:
    """Return how a flow says that it ended; nothing when it does not say so in words and amounts."""
    try:
        found = msgspec.json.decode(flow.result.encode())
    except msgspec.MsgspecError:
        return {}
    return found if isinstance(found, dict) else {}
