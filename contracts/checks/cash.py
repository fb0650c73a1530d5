"""Cash: balances, settlements, refunds and credits (M5, M6, M8)."""

from __future__ import annotations

from collections.abc import Iterable

from contracts.checks.facts import BILLED, Facts, base_of
from contracts.checks.lives import Life, document_of, invoice_of
from contracts.checks.losses import given_up
from contracts.checks.sides import Side, charged, taken_back
from contracts.checks.verdict import Findings, Tally
from domain.money import said
from domain.objects import Cash, CreditMemo, Entry, Invoice, Payment, Payout

BANK, FEES, CLEARING = "1000", "6100", "1050"


def balances_hold(facts: Facts) -> Findings:
    """What an invoice still owes is its total less the cash and credits applied, and never below zero."""
    tally = Tally("M5")
    for system in ("billing", "erp"):
        for change in facts.history.changes("invoice", system):
            invoice = document_of(change)
            tally.examined += 1
            if not 0 <= invoice.balance_minor <= invoice.total_minor:
                owed = f"{_of(invoice, invoice.balance_minor)} of {_of(invoice, invoice.total_minor)}"
                sentence = f"{system} invoice {change.id} owes {owed}"
                tally.violation(change.txn, sentence, change, entities=(f"{system} invoice {change.id}",))
        _applications(tally, facts, system)
    return tally.findings()


def _applications(tally: Tally, facts: Facts, system: str) -> None:
    applied: dict[str, int] = {}
    for life in facts.lives("cash", system).values():
        cash: Cash = life.document
        tally.examined += 1
        for invoice, amount in cash.applied:
            applied[invoice] = applied.get(invoice, 0) + amount
        if sum(amount for _, amount in cash.applied) > cash.amount_minor:
            sentence = f"{life.name} over {_of(cash, cash.amount_minor)} pays invoices for more: {_applied(cash)}"
            tally.violation(life.txn, sentence, life.last, entities=(life.name,))
    credited: dict[str, int] = {}
    for life in facts.lives("credit_memo", system).values():
        memo: CreditMemo = life.document
        credited[memo.invoice] = credited.get(memo.invoice, 0) + memo.total_minor - memo.balance_minor
        if not 0 <= memo.balance_minor <= memo.total_minor:
            left = f"{_of(memo, memo.balance_minor)} of {_of(memo, memo.total_minor)}"
            tally.violation(life.txn, f"{life.name} has {left} left", life.last, entities=(life.name,))
    lost: dict[str, int] = {}
    for life, lost_minor in given_up(facts, system):
        lost[life.id] = lost.get(life.id, 0) + lost_minor
    for life in facts.lives("invoice", system).values():
        if life.since(BILLED) is None or life.is_seeded:
            continue
        _balance(tally, life, applied.get(life.id, 0) + lost.get(life.id, 0), credited.get(life.id, 0))


def _balance(tally: Tally, life: Life, cash_minor: int, credit_minor: int) -> None:
    """Compare what is gone from an invoice with its cash and losses, and its credits (one may be elsewhere in part)."""
    invoice = invoice_of(life)
    tally.examined += 1
    gone = invoice.total_minor - invoice.balance_minor
    if cash_minor <= gone <= cash_minor + credit_minor:
        return
    sentence = (
        f"{life.name} over {_of(invoice, invoice.total_minor)} owes {_of(invoice, invoice.balance_minor)}, "
        f"but cash and losses of {_of(invoice, cash_minor)} and credits of {_of(invoice, credit_minor)} were applied"
    )
    tally.violation(life.txn, sentence, life.last, entities=(life.name,))


def _of(document: Invoice | CreditMemo | Cash | Payout | Payment, amount_minor: int) -> str:
    return said(amount_minor, document.currency)


def _applied(cash: Cash) -> str:
    return ", ".join(f"{_of(cash, amount)} to {invoice}" for invoice, amount in cash.applied)


def settlements_add_up(facts: Facts) -> Findings:
    """A payout is its captures less fees, refunds and chargebacks, and is in the books once, to the minor unit."""
    tally = Tally("M6")
    payments = facts.lives("payment", "payment")
    entries, won = _payout_entries(facts), _won(facts)
    for life in facts.lives("payout", "payment").values():
        tally.examined += 1
        payout: Payout = life.document
        captured = sum(payments[key].document.captured_minor for key in payout.payments if key in payments)
        fees = sum(payments[key].document.fee_minor for key in payout.payments if key in payments)
        if captured != payout.gross_minor:
            _off(
                tally, life, f"its payments captured {_of(payout, captured)}, it says {_of(payout, payout.gross_minor)}"
            )
        most_minor = payout.gross_minor - payout.fee_minor + won.get(payout.currency, 0)
        if payout.net_minor > most_minor or fees > payout.fee_minor:
            _off(
                tally,
                life,
                f"gross {_of(payout, payout.gross_minor)} less fees {_of(payout, payout.fee_minor)} "
                f"is not {_of(payout, payout.net_minor)}",
            )
        booked = entries.get(payout.id, [])
        if len(booked) > 1:
            _off(tally, life, f"it is in the books {len(booked)} times: {', '.join(entry.id for entry in booked)}")
        for entry in booked[:1]:
            _booked(tally, life, payout, entry)
    _paid_out(tally, facts, entries)
    return tally.findings()


def _won(facts: Facts) -> dict[str, int]:
    """Return what disputes that were won brought back, by currency: it comes with some payout."""
    found: dict[str, int] = {}
    for life in facts.lives("dispute", "payment").values():
        if life.status == "won":
            found[life.document.currency] = found.get(life.document.currency, 0) + life.document.amount_minor
    return found


def _off(tally: Tally, life: Life, problem: str) -> None:
    tally.violation("", f"payout {life.id}: {problem}", life.last, entities=(life.name,))


def _payout_entries(facts: Facts) -> dict[str, list[Entry]]:
    payouts = facts.lives("payout", "payment")
    found: dict[str, list[Entry]] = {}
    for change in facts.history.changes("entry", "erp") if payouts else ():
        entry: Entry = document_of(change)
        key = base_of(entry.source.partition("/")[2])
        if key in payouts and not change.before:
            found.setdefault(key, []).append(entry)
    return found


def _paid_out(tally: Tally, facts: Facts, entries: dict[str, list[Entry]]) -> None:
    """Compare what settlements that name no payout bring to the bank with the payouts that no settlement names."""
    paid: dict[str, int] = {}
    for life in facts.lives("payout", "payment").values():
        if life.id not in entries:
            paid[life.document.currency] = paid.get(life.document.currency, 0) + life.document.net_minor
    named = {entry.id for own in entries.values() for entry in own}
    for change in facts.history.changes("entry", "erp"):
        entry: Entry = document_of(change)
        accounts = {row.account for row in entry.postings}
        if change.before or entry.id in named or not entry.source.startswith("journal/") or CLEARING not in accounts:
            continue
        tally.examined += 1
        arrived = sum([row.amount_minor for row in entry.postings if row.account == BANK])
        paid[entry.currency] = paid.get(entry.currency, 0) - arrived
        if arrived > 0 > paid[entry.currency]:
            sentence = (
                f"entry {entry.id} of {entry.source} settles {said(arrived, entry.currency)} that nobody paid out"
            )
            tally.violation(change.txn, sentence, change, entities=(f"erp entry {entry.id}",))


def _booked(tally: Tally, life: Life, payout: Payout, entry: Entry) -> None:
    debits = sum(posting.amount_minor for posting in entry.postings if posting.amount_minor > 0)
    bank, fees = ([row.amount_minor for row in entry.postings if row.account == name] for name in (BANK, FEES))
    if entry.currency != payout.currency:
        _off(tally, life, f"entry {entry.id} is in {entry.currency}, the payout in {payout.currency}")
    elif bank and sum(bank) != payout.net_minor:
        _off(
            tally,
            life,
            f"entry {entry.id} books {_of(payout, sum(bank))} at the bank, {_of(payout, payout.net_minor)} arrived",
        )
    elif bank and sum(fees) != payout.fee_minor:
        kept, told = _of(payout, payout.fee_minor), _of(payout, sum(fees))
        _off(tally, life, f"entry {entry.id} books {told} of fees, the processor kept {kept}")
    elif payout.net_minor == payout.gross_minor - payout.fee_minor and debits != payout.gross_minor:
        _off(
            tally,
            life,
            f"entry {entry.id} books {_of(payout, debits)}, the payout's gross is {_of(payout, payout.gross_minor)}",
        )


def never_more_back(facts: Facts) -> Findings:
    """No more is given back than was taken: refunds within captures, credits within their invoices and lines."""
    tally = Tally("M8")
    for change in facts.history.changes("payment", "payment"):
        payment: Payment = document_of(change)
        tally.examined += 1
        if payment.refunded_minor + payment.disputed_minor > payment.captured_minor:
            back = (
                f"{_of(payment, payment.refunded_minor)} refunded and {_of(payment, payment.disputed_minor)} disputed"
            )
            sentence = f"payment {payment.id} captured {_of(payment, payment.captured_minor)}, but {back}"
            tally.violation(change.txn, sentence, change, entities=(f"payment {payment.id}",))
    _refunds_are_told(tally, facts)
    for system in ("billing", "erp"):
        invoices = facts.lives("invoice", system)
        for key, memos in _by_invoice(facts.lives("credit_memo", system).values()).items():
            invoice = invoices.get(key)
            tally.examined += 1
            total = sum(memo.document.total_minor for memo in memos)
            if invoice is not None and total > _sold(invoice_of(invoice)):
                bill = invoice_of(invoice)
                sentence = f"{invoice.name} over {_of(bill, bill.total_minor)} was credited {_of(bill, total)} in all"
                evidence = [memo.first for memo in memos]
                tally.violation(invoice.txn, sentence, *evidence, entities=(invoice.name,))
    _lines_back(tally, facts)
    return tally.findings()


def _refunds_are_told(tally: Tally, facts: Facts) -> None:
    """Compare what a payment says was refunded of it with its refunds: one that failed, or waits, is none."""
    refunds: dict[str, list[Life]] = {}
    for life in facts.lives("refund", "payment").values():
        refunds.setdefault(life.document.payment, []).append(life)
    for key, life in facts.lives("payment", "payment").items():
        payment: Payment = life.document
        own = refunds.get(key, [])
        if not (own or payment.refunded_minor) or any(each.status != "succeeded" for each in own):
            continue
        tally.examined += 1
        back = sum([each.document.amount_minor for each in own])
        if back != payment.refunded_minor:
            told = f"{_of(payment, payment.refunded_minor)} of payment {key} was refunded"
            sentence = f"{told}, its refunds come to {_of(payment, back)}"
            evidence = [life.last, *[each.last for each in own]]
            tally.violation(life.txn, sentence, *evidence, entities=(f"payment {key}",))


def _sold(invoice: Invoice) -> int:
    """Return what an invoice charged, tax included: a net one asks for less, because it takes others back."""
    if not any(line.amount_minor < 0 for line in invoice.lines):
        return invoice.total_minor
    charged_minor = sum([line.amount_minor for line in invoice.lines if line.amount_minor > 0])
    if any(line.kind == "tax" for line in invoice.lines):
        return charged_minor
    return charged_minor + sum([share.amount_minor for share in invoice.taxes if share.amount_minor > 0])


def _lines_back(tally: Tally, facts: Facts) -> None:
    """Compare what was taken back of each line of a bill, whatever document it stands on, with what it charged."""
    given: dict[tuple[str, str], list[Side]] = {}
    for side in taken_back(facts):
        if side.line.reverses:
            given.setdefault((side.invoice, side.line.reverses), []).append(side)
    known = _lines_of_bills(facts) if given else frozenset()
    for (_, line), sides in given.items():
        if line not in known:
            taker = sides[0].document
            sentence = f"{taker.name} takes back line {line}, which nobody charged"
            tally.violation(taker.txn, sentence, taker.first, entities=(taker.name,))
    for side in charged(facts) if given else ():
        back = given.get((side.invoice, side.line.id))
        if back is None:
            continue
        tally.examined += 1
        total = sum([each.line.amount_minor for each in back])
        if total > side.line.amount_minor:
            document = side.document.document
            sentence = (
                f"line {side.line.id} ({side.line.sku}) of {side.document.name} charged "
                f"{_of(document, side.line.amount_minor)}, {_of(document, total)} of it was taken back"
            )
            evidence = [each.document.first for each in back]
            tally.violation(side.document.txn, sentence, *evidence, entities=(side.document.name,))


def _lines_of_bills(facts: Facts) -> frozenset[str]:
    """Return every line that was ever on a bill, voided ones too."""
    bills = (facts.lives(kind, "billing").values() for kind in ("invoice", "credit_memo"))
    return frozenset(line.id for lives in bills for life in lives for line in life.document.lines)


def _by_invoice(memos: Iterable[Life]) -> dict[str, list[Life]]:
    found: dict[str, list[Life]] = {}
    for life in memos:
        if life.document.invoice and life.status != "voided":
            found.setdefault(life.document.invoice, []).append(life)
    return found
