"""Money that went back, and the sub-ledger beside its control account (M15, M16)."""

from __future__ import annotations

import re

from contracts.checks.facts import Facts, base_of
from contracts.checks.lives import Life, document_of, invoice_of
from contracts.checks.verdict import Findings, Tally
from domain.money import said
from domain.objects import Cash, Entry

RECEIVABLE, UNAPPLIED, BAD_DEBT = "1100", "2150", "6200"
_IN_NO_BOOK = re.compile(r"payment (\S+) is in no book")


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
