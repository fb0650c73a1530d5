"""The tax of net invoices: what is charged is taxed today, what is credited gives back what its own invoice bore.

One document of the tax engine holds both, line by line: a line that credits another invoice is taxed at the rates of
that invoice's day, or not at all when that invoice bore no tax. In billing the tax of the charges is added as with
every invoice; the tax of the credits is taken off the tax lines of the invoices they credit, so that no tax line ever
gives back more than it charged (T12). A net credit note needs none of this: all of it is taxed as what it credits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import count

import msgspec

from domain.objects import TaxShare
from integration.flow import FlowContext
from integration.flows.steps import AT_WORK, do, key_of, look_again
from integration.outcomes import Answer
from integration.systems import billing
from integration.systems.billing import BillingInvoice
from integration.systems.tax import LineTerms
from integration.systems.wire import date_of_seconds

Credited = Mapping[str, BillingInvoice]


class Returned(msgspec.Struct, frozen=True):
    """Tax that a net invoice gives back: of which line of an earlier invoice, and how much (positive)."""

    line: str
    share: TaxShare


class Taxes(msgspec.Struct, frozen=True):
    """The tax of an invoice: of what it charges, and what it gives back of others."""

    charged: tuple[TaxShare, ...]
    back: tuple[Returned, ...] = ()

    @property
    def shares(self) -> tuple[TaxShare, ...]:
        """All of it as the ERP posts it: what goes back is negative."""
        if not self.back:
            return self.charged
        given = [
            TaxShare(each.share.jurisdiction, -each.share.base_minor, -each.share.amount_minor) for each in self.back
        ]
        return (*self.charged, *given)


async def credited_invoices(context: FlowContext, invoice: BillingInvoice) -> Credited:
    """Return the invoices that a net invoice credits, by the line that does, once their own tax is known."""
    found: dict[str, BillingInvoice] = {}
    by_line: dict[str, BillingInvoice] = {}
    for line in invoice.line_items:
        key = line.reference_invoice_id
        if key:
            if key not in found:
                found[key] = await closed_invoice(context, key)
            by_line[line.id] = found[key]
    return by_line


async def closed_invoice(context: FlowContext, key: str) -> BillingInvoice:
    """Return an invoice once its own flow has closed it: only then its tax is known. That flow may be given up."""
    for look in count(1):
        invoice = billing.invoice_of(await do(context, billing.read_invoice(key, context.txn)))
        if invoice.status != "pending":
            break
        await look_again(look, AT_WORK, f"{context.flow_id} waits for invoice {key}, which nobody closes", invoice=key)
    return invoice


def terms_of(credited: Credited) -> dict[str, LineTerms]:
    """Return how the lines that credit other invoices are taxed."""
    return {
        line: LineTerms(date_of_seconds(invoice.date) if invoice.tax_lines else None)
        for line, invoice in credited.items()
    }


def parted(credited: Credited, taxes: Iterable[tuple[str, TaxShare]]) -> tuple[Taxes, tuple[str, ...]]:
    """Return the tax of charges and credits, and what cannot go back: of jurisdictions without a tax line.

    `taxes` are those of each line by its id, negative where the line credits. Both are added up: by jurisdiction, and
    by the tax line of the invoice that is credited.
    """
    charged: dict[str, TaxShare] = {}
    back: dict[str, Returned] = {}
    stray: list[str] = []
    for line, share in taxes:
        invoice = credited.get(line)
        if invoice is None:
            charged[share.jurisdiction] = _sum(charged.get(share.jurisdiction), share, 1)
        elif share.jurisdiction in invoice.tax_lines:
            key = invoice.tax_lines[share.jurisdiction].id
            known = back[key].share if key in back else None
            back[key] = Returned(key, _sum(known, share, -1))
        else:
            stray.append(f"{share.jurisdiction} of {invoice.id}")
    given = [each for each in back.values() if each.share.amount_minor]
    return Taxes(tuple(charged.values()), tuple(given)), tuple(stray)


def _sum(known: TaxShare | None, share: TaxShare, sign: int) -> TaxShare:
    base_minor, amount_minor = sign * share.base_minor, sign * share.amount_minor
    if known is not None:
        base_minor, amount_minor = base_minor + known.base_minor, amount_minor + known.amount_minor
    return TaxShare(share.jurisdiction, base_minor, amount_minor)


async def give_back(context: FlowContext, invoice: BillingInvoice, back: Sequence[Returned]) -> None:
    """Take the tax that goes back off a pending net invoice, tax line by tax line."""
    known = {line.reference_line_item_id for line in invoice.line_items}
    for each in back:
        if each.line not in known:
            await _take_off(context, invoice.id, each)


async def _take_off(context: FlowContext, invoice: str, back: Returned) -> None:
    async def is_off() -> Answer | None:
        answer = await do(context, billing.read_invoice(invoice, context.txn))
        lines = billing.invoice_of(answer).line_items
        return answer if any(line.reference_line_item_id == back.line for line in lines) else None

    key = key_of(context, invoice, f"tax_back/{back.line}")
    await do(context, billing.add_tax(invoice, back.share, key, context.txn, back.line), is_off)
