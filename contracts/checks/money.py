"""Money in documents: totals, taxes, signs and currencies (M2, M3, M12) and what systems must agree on (M13)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from contracts.checks.both_books import books_agree
from contracts.checks.carried import carried
from contracts.checks.facts import BILLED, Facts, base_of, intent_of
from contracts.checks.lives import Life, document_of, invoice_of, quote_of
from contracts.checks.verdict import Findings, Tally
from domain.money import said
from domain.objects import CreditMemo, Invoice, Line, Order, Quote, TaxShare

_DOCUMENTS = (("invoice", "billing"), ("invoice", "erp"), ("credit_memo", "billing"), ("credit_memo", "erp"))
Plain = tuple[str, int, int]
"""What a line is but for its place: sku, quantity and amount."""
_FIELDS = {
    "quote": ("total_minor",),
    "order": ("total_minor",),
    "invoice": ("net_minor", "tax_minor", "total_minor", "balance_minor"),
    "credit_memo": ("net_minor", "tax_minor", "total_minor", "balance_minor"),
    "payment": ("amount_minor", "captured_minor", "refunded_minor", "disputed_minor", "fee_minor"),
    "cash": ("amount_minor",),
    "refund": ("amount_minor",),
    "dispute": ("amount_minor", "fee_minor"),
    "customer": ("credit_limit_minor",),
}
"""The amounts of each kind of document that are never negative."""


def totals_add_up(facts: Facts) -> Findings:
    """An invoice or credit memo is the sum of its lines plus the sum of its taxes, to the minor unit."""
    tally = Tally("M2")
    for kind, system in _DOCUMENTS:
        for change in facts.history.changes(kind, system):
            tally.examined += 1
            problem = _total_problem(document_of(change))
            if problem:
                name = f"{system} {kind} {change.id}"
                tally.violation(change.txn, f"{name}: {problem}", change, entities=(name,))
    return tally.findings()


def _total_problem(document: Invoice | CreditMemo) -> str:
    lines = document.lines
    net = sum([line.amount_minor for line in lines if line.kind != "tax"])
    tax_lines = [line.amount_minor for line in lines if line.kind == "tax"]
    taxes = sum([share.amount_minor for share in document.taxes])

    def of(amount_minor: int) -> str:
        return said(amount_minor, document.currency)

    if net != document.net_minor:
        return f"the lines add up to {of(net)}, the net amount is {of(document.net_minor)}"
    if tax_lines and sum(tax_lines) != document.tax_minor:
        return f"the tax lines add up to {of(sum(tax_lines))}, the tax is {of(document.tax_minor)}"
    if taxes != document.tax_minor and (document.taxes or not tax_lines):
        return f"the taxes add up to {of(taxes)}, the tax is {of(document.tax_minor)}"
    if document.net_minor + document.tax_minor != document.total_minor:
        return f"net {of(document.net_minor)} and tax {of(document.tax_minor)} do not make {of(document.total_minor)}"
    return ""


def taxes_agree(facts: Facts) -> Findings:
    """The tax that was committed is the tax that is invoiced, jurisdiction by jurisdiction."""
    tally = Tally("M3")
    for code, invoice, sign in _taxed(facts):
        if invoice.is_seeded or "tax_estimated" in invoice.entered:
            continue
        tally.examined += 1
        committed = [life for life in facts.tax_documents.get(code, []) if life.status == "committed"]
        wanted = _by_jurisdiction([share for life in committed[:1] for share in life.document.taxes], sign)
        found = _by_jurisdiction(invoice.document.taxes, 1)
        if wanted != found:
            currency = invoice.document.currency
            told, committed_told = _told(found, currency), _told(wanted, currency)
            sentence = f"{invoice.name} carries tax {told}; committed for {code} was {committed_told}"
            evidence = [life.last for life in committed]
            tally.violation(invoice.txn, sentence, *evidence, invoice.last, entities=(invoice.name, f"tax {code}"))
    return tally.findings()


def _taxed(facts: Facts) -> Iterator[tuple[str, Life, int]]:
    for life in facts.lives("invoice", "billing").values():
        if life.since(BILLED) is not None:
            yield life.id, life, 1
    for table, sign in ((facts.posted, 1), (facts.memos, -1)):
        for reference, lives in table.items():
            for life in lives:
                yield reference, life, sign


def _by_jurisdiction(shares: list[TaxShare] | tuple[TaxShare, ...], sign: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for share in shares:
        found[share.jurisdiction] = found.get(share.jurisdiction, 0) + sign * share.amount_minor
    return {jurisdiction: amount for jurisdiction, amount in found.items() if amount}


def _told(taxes: dict[str, int], currency: str) -> str:
    return ", ".join(f"{name} {said(amount, currency)}" for name, amount in sorted(taxes.items())) or "nothing"


def signs_are_right(facts: Facts) -> Findings:
    """No quantity and no amount is negative, but for what net documents take off; only tax returns are below zero."""
    tally = Tally("M12")
    for kind, fields in _FIELDS.items():
        for change in facts.history.changes(kind):
            tally.examined += 1
            document = document_of(change)
            bad = [field for field in fields if getattr(document, field) < 0]
            nets = facts.context.nets_changes
            bad += [f"line {line.id}" for line in getattr(document, "lines", ()) if _is_negative(line, kind, nets)]
            if bad:
                name = f"{change.system} {kind} {change.id}"
                tally.violation(change.txn, f"{name} is negative in {', '.join(bad)}", change, entities=(name,))
    for change in facts.history.changes("tax_document", "tax"):
        tally.examined += 1
        document = document_of(change)
        sign = -1 if document.kind == "return" else 1
        if document.net_minor * sign < 0 or document.tax_minor * sign < 0:
            net = said(document.net_minor, document.currency)
            sentence = f"tax document {document.code} ({document.kind}) has the wrong sign: {net}"
            tally.violation(change.txn, sentence, change, entities=(f"tax {document.code}",))
    return tally.findings()


def _is_negative(line: Line, kind: str, nets_changes: bool) -> bool:
    """Tell whether a line is below zero where it may not be.

    On a net invoice the lines that take back are negative. On a net credit note those that do not are, and there are
    such notes only where billing puts what a change charges and takes back on one document.
    """
    if line.quantity < 0 or line.unit_minor < 0:
        return True
    is_netted = bool(line.reverses) if kind == "invoice" else kind == "credit_memo" and nets_changes
    is_netted = is_netted and (kind == "invoice" or not line.reverses)
    return line.amount_minor < 0 and not is_netted


def systems_agree(facts: Facts) -> Findings:
    """What one system passed to the next is worth the same there: quote and order, invoice and AR, capture and cash.

    So are the days, terms and tax bases that go with it.
    """
    tally = Tally("M13")
    for reference, orders in facts.orders.items():
        quote = facts.accepted.get(reference)
        for order in orders if quote is not None else []:
            tally.examined += 1
            assert quote is not None, "guarded by the loop"
            problem = _order_problem(quote_of(quote), order.document, dict(facts.context.bundles))
            if problem:
                sentence = f"order {order.id} is not what quote {reference} says: {problem}"
                tally.violation(order.txn, sentence, quote.last, order.last, entities=(order.name, quote.name))
    for left, right, left_minor, right_minor in _passed(facts):
        tally.examined += 1
        same_currency = left.document.currency == right.document.currency
        if left_minor != right_minor or not same_currency:
            sentence = (
                f"{left.name} is over {said(left_minor, left.document.currency)}, "
                f"{right.name} over {said(right_minor, right.document.currency)}"
            )
            tally.violation(right.txn, sentence, left.last, right.last, entities=(left.name, right.name))
    books_agree(tally, facts)
    for each in carried(facts):
        tally.examined += 1
        if each.told != each.repeated:
            left, right = each.left, each.right
            sentence = f"{left.name} says {each.told}, {right.name} {each.repeated}"
            tally.violation(right.txn or left.txn, sentence, left.last, right.last, entities=(left.name, right.name))
    return tally.findings()


def _order_problem(quote: Quote, order: Order, bundles: dict[str, tuple[str, ...]]) -> str:
    if quote.currency != order.currency:
        return f"currency {order.currency} instead of {quote.currency}"
    if order.total_minor != quote.total_minor:
        return f"total {said(order.total_minor, order.currency)} instead of {said(quote.total_minor, quote.currency)}"
    wanted = [line for line in quote.lines if line.quantity]
    plain = Counter((line.sku, line.quantity, line.amount_minor) for line in wanted if line.sku not in bundles)
    left = [line for line in order.lines if line.quantity]
    for line in [line for line in wanted if line.sku in bundles]:
        problem = _explosion_problem(line, left, plain, bundles[line.sku], quote.currency)
        if problem:
            return problem
    found = Counter((line.sku, line.quantity, line.amount_minor) for line in left)
    return "" if plain == found else f"{_listed(found, order.currency)} instead of {_listed(plain, quote.currency)}"


def _listed(lines: Counter[Plain], currency: str) -> str:
    told = [f"{quantity} {sku} for {said(amount, currency)}" for sku, quantity, amount in sorted(lines.elements())]
    return f"lines {', '.join(told)}"


def _explosion_problem(
    bundle: Line, left: list[Line], plain: Counter[Plain], parts: tuple[str, ...], currency: str
) -> str:
    """Take the lines of a bundle's parts out of `left`; return what is wrong with them: the price must be conserved.

    A part that is in a bundle several times is named as often. Lines that plain lines of the quote want are taken last.
    """
    own = []
    for sku, times in Counter(parts).items():
        wanted = bundle.quantity * times
        lines = [line for line in left if line.sku == sku]
        if not lines:
            return f"{bundle.sku} without its part {sku}"
        line = min(lines, key=lambda line: (line.quantity != wanted, _is_plain(line, lines, plain)))
        if line.quantity != wanted:
            return f"{bundle.sku} with {line.quantity} of its part {sku} instead of {wanted}"
        own.append(line)
        left.remove(line)
    amount_minor = sum([line.amount_minor for line in own])
    if amount_minor == bundle.amount_minor:
        return ""
    worth, price = said(amount_minor, currency), said(bundle.amount_minor, currency)
    return f"{bundle.sku} for {price} explodes into parts worth {worth}"


def _is_plain(line: Line, lines: list[Line], plain: Counter[Plain]) -> bool:
    """Tell whether no line like this one is left over once the plain lines of the quote have theirs."""
    same = (line.sku, line.quantity, line.amount_minor)
    alike = sum(1 for each in lines if (each.sku, each.quantity, each.amount_minor) == same)
    return alike <= plain[same]


def _passed(facts: Facts) -> Iterator[tuple[Life, Life, int, int]]:
    invoices, notes = facts.lives("invoice", "billing"), facts.lives("credit_memo", "billing")
    payments = facts.lives("payment", "payment")
    for reference, lives in facts.posted.items():
        invoice = invoices.get(reference)
        for life in lives if invoice is not None and invoice.since(BILLED) is not None else []:
            assert invoice is not None, "guarded by the loop"
            yield invoice, life, invoice_of(invoice).total_minor, invoice_of(life).total_minor
    for reference, lives in facts.memos.items():
        note = notes.get(reference)
        for life in lives if note is not None else []:
            assert note is not None, "guarded by the loop"
            yield note, life, note.document.net_minor, life.document.net_minor
    for reference, lives in facts.cash.items():
        payment = _captured(facts, payments.get(reference))
        for life in lives if payment is not None else []:
            assert payment is not None, "guarded by the loop"
            yield payment, life, payment.document.captured_minor, life.document.amount_minor


def _captured(facts: Facts, payment: Life | None) -> Life | None:
    """Return the life of a payment intent that has the money, if its money stayed."""
    if payment is None:
        return None
    for life in facts.payments.get(base_of(payment.document.ref), []):
        if intent_of(life.id) == intent_of(payment.id) and life.document.captured_minor:
            return life if life.status != "returned" else None
    return None
