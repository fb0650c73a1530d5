"""Identity: nothing financial exists twice (S1-S5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from contracts.checks.facts import Facts
from contracts.checks.lives import Life, invoice_of, quote_of, subscription_of
from contracts.checks.sides import taken_back
from contracts.checks.verdict import Findings, Tally
from domain.money import said
from domain.objects import Invoice, Line, Payment


def one_order_per_quote(facts: Facts) -> Findings:
    """Each accepted quote version has at most one order in the ERP, and any other version has none."""
    tally = Tally("S1")
    for reference, orders in facts.orders.items():
        tally.examined += 1
        if len(orders) > 1:
            sentence = f"quote {reference} became {len(orders)} orders: {_ids(orders)}"
            tally.violation(orders[0].txn, sentence, *[o.first for o in orders], entities=_names(orders))
        quote = facts.lives("quote", "crm").get(reference)
        if quote is not None and reference not in facts.accepted and not orders[0].is_seeded:
            sentence = f"quote {reference} became an order although the customer never accepted it ({quote.status})"
            tally.violation(orders[0].txn, sentence, quote.last, orders[0].first, entities=_names(orders))
    return tally.findings()


def one_subscription_line(facts: Facts) -> Findings:
    """Each recurring line of an accepted quote is exactly one line of exactly one subscription."""
    tally = Tally("S2")
    for txn, subscriptions in facts.subscriptions.items():
        if not txn:
            continue
        tally.examined += 1
        if len(subscriptions) > 1:
            sentence = f"{txn} has {len(subscriptions)} subscriptions: {_ids(subscriptions)}"
            evidence = [life.first for life in subscriptions]
            tally.violation(txn, sentence, *evidence, entities=_names(subscriptions))
        quote = facts.accepted_by_txn.get(txn)
        for life in subscriptions:
            _same_lines(tally, quote, life)
    return tally.findings()


def _same_lines(tally: Tally, quote: Life | None, life: Life) -> None:
    for sku in _doubled(life):
        sentence = f"subscription {life.id} charges {sku} twice for the same days"
        tally.violation(life.txn, sentence, life.last, entities=(life.name,))
    if quote is None or quote_of(quote).kind == "amend" or life.is_seeded:
        return
    charged = [line for line in quote_of(quote).lines if line.kind == "recurring" and not line.parent]
    wanted = {line.sku for line in charged if line.quantity}
    made = {item.sku for item in life.first_document.items if item.kind == "recurring"}
    if wanted != made:
        missing, extra = sorted(wanted - made), sorted(made - wanted)
        sentence = f"subscription {life.id} was made without {missing or 'nothing'} and with {extra or 'nothing'} extra"
        tally.violation(life.txn, sentence, quote.last, life.first, entities=(life.name,))


def _doubled(life: Life) -> Iterator[str]:
    ends: dict[str, date | None] = {}
    for item in sorted(subscription_of(life).items, key=lambda item: item.start):
        if item.kind != "recurring" or item.end == item.start:
            continue
        end = ends.get(item.sku, item.start)
        if end is None or end > item.start:
            yield item.sku
        ends[item.sku] = item.end


def one_invoice_per_period(facts: Facts) -> Findings:
    """One charge is invoiced once for a period unless it was credited; invoice and payment are each posted once."""
    tally = Tally("S3")
    reversed_lines = {(side.invoice, side.line.reverses) for side in taken_back(facts) if side.line.reverses}
    seen: dict[tuple[object, ...], Life] = {}
    for life in facts.lives("invoice", "billing").values():
        tally.examined += 1
        if life.status == "voided":
            continue
        for line in invoice_of(life).lines:
            if line.period_start is None or line.reverses or invoice_of(life).rebills:
                continue
            if (life.id, line.id) in reversed_lines:
                continue
            _once(tally, seen, life, line)
    _posted_once(tally, facts)
    return tally.findings()


def _once(tally: Tally, seen: dict[tuple[object, ...], Life], life: Life, line: Line) -> None:
    invoice = invoice_of(life)
    owner = invoice.subscription or invoice.txn or invoice.customer
    key = (owner, invoice.entity, line.sku, line.period_start, line.period_end)
    other = seen.setdefault(key, life)
    if other is not life:
        period = f"{line.period_start} to {line.period_end}"
        sentence = f"{line.sku} of {owner} is invoiced twice for {period}: {other.id} and {life.id}"
        tally.violation(life.txn, sentence, other.first, life.first, entities=(other.name, life.name))


def _posted_once(tally: Tally, facts: Facts) -> None:
    for table, what in ((facts.posted, "billing document"), (facts.memos, "billing document"), (facts.cash, "payment")):
        for reference, lives in table.items():
            if len(lives) > 1:
                sentence = f"{what} {reference} is posted {len(lives)} times in the ERP: {_ids(lives)}"
                tally.violation(lives[0].txn, sentence, *[life.first for life in lives], entities=_names(lives))


def one_capture_per_payment(facts: Facts) -> Findings:
    """Money is captured once per payment, and the captures for an invoice never exceed what it owes."""
    tally = Tally("S4")
    invoices = facts.lives("invoice", "billing")
    largest: dict[str, int] = {}
    held: dict[str, dict[str, int]] = {}
    for change in facts.history.changes("payment", "payment"):
        payment = change.document
        assert isinstance(payment, Payment), "changes of payments carry payments"
        tally.examined += 1
        if payment.captured_minor > payment.amount_minor:
            sentence = f"payment {payment.id} captured {said(payment.captured_minor, payment.currency)} "
            sentence += f"of {said(payment.amount_minor, payment.currency)} asked for"
            tally.violation(change.txn, sentence, change, entities=(f"payment {payment.id}",))
        live = payment.captured_minor - payment.refunded_minor
        if change.status in ("failed", "returned", "voided"):
            live = 0
        of_invoice = held.setdefault(payment.ref, {})
        grows = live > of_invoice.get(payment.id, 0)
        of_invoice[payment.id] = live
        life = invoices.get(payment.ref)
        if not grows or life is None or (len(of_invoice) < 2 and live <= invoice_of(life).total_minor):
            continue
        owed = largest.setdefault(payment.ref, _largest_total(life))
        if sum(of_invoice.values()) > owed:
            _overpaid(tally, facts, payment, owed, sum(of_invoice.values()))
    return tally.findings()


def _largest_total(life: Life) -> int:
    first: Invoice = life.first_document
    return max(invoice_of(life).total_minor, first.total_minor)


def _overpaid(tally: Tally, facts: Facts, payment: Payment, owed: int, captured: int) -> None:
    payments = [life for life in facts.payments.get(payment.ref, []) if life.document.captured_minor]
    sentence = (
        f"invoice {payment.ref} over {said(owed, payment.currency)} was charged {said(captured, payment.currency)} "
        f"by {len(payments)} payments: {_ids(payments)}"
    )
    tally.violation(payment.txn, sentence, *[life.last for life in payments], entities=_names(payments))


def one_tax_commit(facts: Facts) -> Findings:
    """Tax is committed once per invoice or credit note: one live document per code, no more tax than is posted."""
    tally = Tally("S5")
    for code, lives in facts.tax_documents.items():
        tally.examined += 1
        live = [life for life in lives if life.status not in ("voided", "cancelled", "temporary", "saved")]
        if len(live) > 1:
            sentence = f"tax for {code} is committed {len(live)} times: documents {_ids(live)}"
            tally.violation(live[0].txn, sentence, *[life.first for life in live], entities=_names(live))
    _owed_once(tally, facts)
    return tally.findings()


def _owed_once(tally: Tally, facts: Facts) -> None:
    """Find deals for which more tax is committed than posted: under whatever code, it is owed to the state."""
    posted: dict[str, int] = {}
    for kind, sign in (("invoice", 1), ("credit_memo", -1)):
        for life in facts.lives(kind, "erp").values():
            posted[life.txn] = posted.get(life.txn, 0) + sign * life.document.tax_minor
    committed: dict[str, list[Life]] = {}
    for lives in facts.tax_documents.values():
        for life in lives:
            if life.txn and life.status == "committed":
                committed.setdefault(life.txn, []).append(life)
    for txn, lives in committed.items():
        if txn in facts.excused or not all(facts.is_due(life.last.at_us) for life in lives):
            continue
        tally.examined += 1
        owed = sum([life.document.tax_minor for life in lives])
        if owed > posted.get(txn, 0):
            currency = lives[0].document.currency
            told = (
                f"{said(owed, currency)} of tax is committed for {txn}, {said(posted.get(txn, 0), currency)} was posted"
            )
            tally.violation(txn, f"{told}: {_ids(lives)}", *[life.first for life in lives], entities=_names(lives))


def _ids(lives: list[Life]) -> str:
    return ", ".join(life.id for life in lives)


def _names(lives: list[Life]) -> tuple[str, ...]:
    return tuple(life.name for life in lives)
