"""Net documents: a change of a subscription is one invoice or one credit note, worth what it charges less what it takes
back (M18).
"""

from __future__ import annotations

import msgspec

from contracts.checks.facts import Facts
from contracts.checks.lives import Life
from contracts.checks.sides import Side, charged, taken_back
from contracts.checks.verdict import Findings, Tally
from domain.money import said


class Change(msgspec.Struct):
    """What billing charged and took back of one subscription at one instant."""

    charged: list[Side] = []
    taken: list[Side] = []

    @property
    def documents(self) -> dict[str, Life]:
        """The documents it stands on, by name."""
        return {side.document.name: side.document for side in (*self.charged, *self.taken)}

    @property
    def worth_minor(self) -> int:
        """What it comes to, before tax; negative when more was taken back."""
        return sum([side.line.amount_minor for side in self.charged]) - sum(
            [side.line.amount_minor for side in self.taken]
        )


def one_net_document(facts: Facts) -> Findings:
    """What a change charges and takes back stands on one document: an invoice if it comes to something, else a note."""
    tally = Tally("M18")
    if not facts.context.nets_changes:
        return tally.findings("billing makes an invoice and credit notes of a change", idle=True)
    for (subscription, _), change in _changes(facts).items():
        if not change.charged or not change.taken:
            continue
        tally.examined += 1
        problem = _problem(change)
        if problem:
            documents = change.documents
            sentence = f"a change of subscription {subscription} {problem}: {', '.join(sorted(documents))}"
            txn = change.charged[0].document.txn
            tally.violation(txn, sentence, *[each.first for each in documents.values()], entities=tuple(documents))
    return tally.findings()


def _changes(facts: Facts) -> dict[tuple[str, int], Change]:
    """Return what was charged and taken back for periods of service, by subscription and instant."""
    found: dict[tuple[str, int], Change] = {}
    invoices = facts.lives("invoice", "billing")
    for sides, is_charge in ((charged(facts), True), (taken_back(facts), False)):
        for side in sides:
            invoice = invoices.get(side.invoice)
            if side.line.kind != "recurring" or side.line.period_start is None or invoice is None:
                continue
            key = (invoice.document.subscription, side.document.created_us)
            change = found.setdefault(key, Change())
            (change.charged if is_charge else change.taken).append(side)
    return found


def _problem(change: Change) -> str:
    """Return what is wrong with the documents of a change; a note is for one invoice, so there may be several."""
    documents, worth_minor = change.documents, change.worth_minor
    invoices = [each for each in documents.values() if each.last.kind == "invoice"]
    currency = change.charged[0].document.document.currency
    worth = said(abs(worth_minor), currency)
    if worth_minor >= 0:
        if len(documents) == 1 and invoices:
            return ""
        return f"comes to {worth} to pay and is not one invoice"
    if len({side.invoice for side in change.taken}) == 1:
        if len(documents) == 1 and not invoices:
            return ""
        return f"comes to {worth} to give back and is not one credit note"
    if not invoices or _is_worth_asking(invoices[0], change):
        return ""
    return f"comes to {worth} to give back, and {invoices[0].name} takes back more than it charges"


def _is_worth_asking(invoice: Life, change: Change) -> bool:
    """Tell whether the invoice among notes of several invoices could take in no more of the credits."""
    room = sum([line.amount_minor for line in invoice.document.lines if line.kind == "recurring"])
    apart: dict[str, int] = {}
    for side in change.taken:
        if side.document is not invoice:
            apart[side.document.name] = apart.get(side.document.name, 0) + side.line.amount_minor
    return room >= 0 and all(worth_minor > room for worth_minor in apart.values())
