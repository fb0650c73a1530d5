"""Tax that goes back: a credit memo takes back the tax of what it credits, and never more than was charged (M21)."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from contracts.checks.facts import Facts
from contracts.checks.lives import Life, invoice_of
from contracts.checks.verdict import Findings, Tally
from domain.money import said
from domain.objects import CreditMemo, Invoice, TaxShare

_JUDGED = "recurring"
"""What is judged by its share: one-time items may be taxed otherwise, and only the engine knows what each line bore."""


def tax_goes_back(facts: Facts) -> Findings:
    """A credit gives back the tax of what it credits, place by place, and all of them no more than was charged."""
    tally = Tally("M21")
    given: dict[str, list[Life]] = {}
    for memo, invoice in _credits(facts):
        given.setdefault(invoice.id, []).append(memo)
        if not _is_plain(invoice_of(invoice)) or not _is_plain(memo.document):
            continue
        tally.examined += 1
        problem = _problem(memo.document, invoice_of(invoice))
        if problem:
            sentence = f"{memo.name} credits {invoice.name} and {problem}"
            tally.violation(memo.txn, sentence, invoice.last, memo.first, entities=(memo.name, invoice.name))
    invoices = facts.lives("invoice", "billing")
    for key, memos in given.items():
        tally.examined += 1
        _within(tally, invoices[key], memos)
    return tally.findings()


def _credits(facts: Facts) -> Iterator[tuple[Life, Life]]:
    """Yield the credit memos of the ERP, each with the invoice of billing that it credits, when that is known."""
    notes, invoices = facts.lives("credit_memo", "billing"), facts.lives("invoice", "billing")
    for reference, memos in facts.memos.items():
        note = notes.get(reference)
        invoice = invoices.get(note.document.invoice) if note is not None else None
        if invoice is not None and not invoice.is_seeded:
            yield memos[0], invoice


def _is_plain(document: Invoice | CreditMemo) -> bool:
    """Tell whether all that a document is about is taxed alike."""
    return all(line.kind in ("tax", _JUDGED) for line in document.lines)


def _problem(memo: CreditMemo, invoice: Invoice) -> str:
    """Return what is wrong with the tax of a memo; every line of either document may have been rounded by itself."""
    charged_minor = sum([line.amount_minor for line in invoice.lines if line.kind != "tax" and line.amount_minor > 0])
    if not charged_minor:
        return ""
    slack_minor = 1 + len(invoice.lines) + len(memo.lines)
    charged, back = _charged(invoice), _by_place(memo.taxes)
    for place in sorted({*charged, *back}):
        wanted = Fraction(charged.get(place, 0) * memo.net_minor, charged_minor)
        found = back.get(place, 0)
        if abs(found - wanted) > slack_minor:
            told, due, net = (said(amount, memo.currency) for amount in (found, round(wanted), memo.net_minor))
            return f"gives back {told} of the tax of {place} on {net}; it should be {due}"
    return ""


def _charged(invoice: Invoice) -> dict[str, int]:
    """Return the tax of what an invoice charges; a net one also gives back tax of others."""
    return _by_place(tuple([share for share in invoice.taxes if share.amount_minor > 0]))


def _by_place(taxes: tuple[TaxShare, ...]) -> dict[str, int]:
    found: dict[str, int] = {}
    for share in taxes:
        found[share.jurisdiction] = found.get(share.jurisdiction, 0) + share.amount_minor
    return found


def _within(tally: Tally, invoice: Life, memos: list[Life]) -> None:
    charged = _charged(invoice_of(invoice))
    back: dict[str, int] = {}
    for memo in memos:
        for place, amount_minor in _by_place(memo.document.taxes).items():
            back[place] = back.get(place, 0) + amount_minor
    for place, amount_minor in sorted(back.items()):
        if amount_minor > charged.get(place, 0):
            currency = invoice_of(invoice).currency
            bore, back_in_all = said(charged.get(place, 0), currency), said(amount_minor, currency)
            sentence = f"{invoice.name} bore {bore} of the tax of {place}; its credits took back {back_in_all}"
            tally.violation(invoice.txn, sentence, *[memo.first for memo in memos], entities=(invoice.name,))
