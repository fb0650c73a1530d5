"""Net documents: what a change takes back and what it charges instead stand on one document.

A change of a subscription credits lines of earlier invoices and charges new ones. Where the charges are worth as much
or more, both stand on one invoice, the credits as negative lines. Where the credits are worth more, both stand on the
credit note of the invoice that is credited, the charges as negative lines. A note names one invoice; when several are
credited, each charge goes to the note of the invoice with most days in common. If it does not fit there, the charges
make an invoice that takes in as many credits as leave it something to ask for, and the other credits are notes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from domain.objects import Line
from mocks.billing import credit_notes, invoices
from mocks.billing.coverage import CreditPart
from mocks.billing.model import Billing
from mocks.billing.records import CreditNote, Invoice, Subscription

Groups = Mapping[str, Sequence[CreditPart]]
Note = tuple[str, tuple[CreditPart, ...], tuple[Line, ...]]


class Netted(msgspec.Struct, frozen=True):
    """How charges and credits share documents: the invoice's share of the credits, and notes with their charges.

    `invoiced` are the credits that stand on the invoice; `notes` are (invoice, credits, charges). Charges that stand on
    no note make the invoice.
    """

    invoiced: tuple[CreditPart, ...]
    notes: tuple[Note, ...]


def netted(charges: Sequence[Line], parts: Sequence[CreditPart]) -> Netted:
    """Return which documents charges and credits of one change stand on."""
    groups: dict[str, list[CreditPart]] = {}
    for part in parts:
        groups.setdefault(part.invoice, []).append(part)
    if _worth(charges) >= _worth(parts):
        return Netted(tuple(parts), ())
    placed = _placed(charges, groups)
    if all(_worth(placed[key]) <= _worth(own) for key, own in groups.items()):
        return Netted((), tuple([(key, tuple(own), tuple(placed[key])) for key, own in groups.items()]))
    return _around_an_invoice(charges, groups)


def _worth(items: Sequence[Line] | Sequence[CreditPart]) -> int:
    return sum([item.amount_minor for item in items])


def _placed(charges: Sequence[Line], groups: Groups) -> dict[str, list[Line]]:
    """Return the charges by the invoice whose credits they replace: with most days in common, then the dearest."""
    placed: dict[str, list[Line]] = {key: [] for key in groups}
    for charge in charges:
        home = max(groups, key=lambda key: (sum(_days(charge, part) for part in groups[key]), _worth(groups[key])))
        placed[home].append(charge)
    return placed


def _days(charge: Line, part: CreditPart) -> int:
    """Return how many days a charge and a credit have in common."""
    if charge.period_start is None or charge.period_end is None:
        return 0
    return max(0, (min(charge.period_end, part.end) - max(charge.period_start, part.start)).days)


def _around_an_invoice(charges: Sequence[Line], groups: Groups) -> Netted:
    room = _worth(charges)
    invoiced: list[CreditPart] = []
    notes: list[Note] = []
    for key in sorted(groups, key=lambda key: -_worth(groups[key])):
        own = tuple(groups[key])
        if _worth(own) <= room:
            room -= _worth(own)
            invoiced += own
        else:
            notes.append((key, own, ()))
    return Netted(tuple(invoiced), tuple(notes))


Made = tuple[Invoice | None, list[CreditNote], dict[str, str]]


def documents(
    billing: Billing, subscription: Subscription, lines: tuple[Line, ...], parts: Sequence[CreditPart], txn: str,
    reference: str, discounts: invoices.Discounts = (),
) -> Made:  # fmt: skip
    """Make the documents of some charges and credits; say which invoice each charge belongs to.

    What was used is charged on an invoice of its own kind, which credits nothing.
    """
    if not parts or not billing.quirks.nets_changes or any(line.kind == "usage" for line in lines):
        notes = credit_notes.issue(billing, parts, txn, reference) if parts else []
        invoice = invoices.generate(billing, subscription, lines, txn, reference, discounts)
        return invoice, notes, {line.id: invoice.id for line in lines}
    shared = netted(lines, parts)
    notes = [credit_notes.net(billing, *note, txn, reference) for note in shared.notes]
    homes = {line.id: key for key, _, charges in shared.notes for line in charges}
    if homes:
        return None, notes, homes
    taken = [credit_notes.reversing(billing, part, -1) for part in shared.invoiced]
    credited = tuple([(line.id, part.invoice) for line, part in zip(taken, shared.invoiced, strict=True)])
    invoice = invoices.generate(billing, subscription, (*lines, *taken), txn, reference, discounts, credited)
    return invoice, notes, {line.id: invoice.id for line in lines}
