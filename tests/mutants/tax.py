"""Mutants of tax: which tax is invoiced, where it is rounded, and what becomes of it when something is taken back."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import msgspec

from domain.objects import Line, TaxShare
from domain.rounding import Rounding, round_ratio
from integration.effects import Call
from integration.flow import FlowContext
from integration.flows import credit_notes, invoices, orders
from integration.flows.net_tax import Credited, Taxes
from integration.flows.steps import day_in, do
from integration.systems import tax
from integration.systems.billing import BillingInvoice, CreditNote
from integration.systems.crm import AcceptedQuote
from integration.systems.tax import LineTerms, Taxable
from tests.mutants.mutant import Mutant, Patch
from tests.mutants.quiet_grounds import CARDS, CHANGES, DOCUMENT_TAX, UPSELLS


def _estimate_invoiced() -> list[Patch]:
    def commit(taxable: Taxable) -> Call:
        return tax._create(taxable, "SalesOrder", commit=False, sign=1, operation="commit_tax", timeout_seconds=30)

    return [Patch(tax, "commit", commit)]


def _rounded_per_line() -> list[Patch]:
    taxed = invoices._taxed

    async def by_line(
        context: FlowContext, invoice: BillingInvoice, lines: tuple[Line, ...], credited: Credited
    ) -> Taxes:
        found = await taxed(context, invoice, lines, credited)
        if credited:
            return found
        return msgspec.structs.replace(found, charged=tuple([_of_lines(share, lines) for share in found.charged]))

    return [Patch(invoices, "_taxed", by_line)]


def _of_lines(share: TaxShare, lines: Sequence[Line]) -> TaxShare:
    """Return the tax of a place as the sum of what each line bears, rounded line by line."""
    net_minor = sum([line.amount_minor for line in lines])
    if share.base_minor != net_minor:  # only a part of the lines is taxed there
        return share
    rate = Fraction(share.amount_minor, net_minor)
    amounts = [round_ratio(line.amount_minor * rate, Rounding.HALF_UP) for line in lines]
    return TaxShare(share.jurisdiction, share.base_minor, sum(amounts))


def _kept_on_credit() -> list[Patch]:
    async def nothing(_context: FlowContext, _note: CreditNote, _invoice: BillingInvoice) -> tuple[TaxShare, ...]:
        return ()

    return [Patch(credit_notes, "_tax_back", nothing)]


def _committed_at_booking() -> list[Patch]:
    async def commit(context: FlowContext, accepted: AcceptedQuote, at_us: int) -> None:
        quote = accepted.quote
        taxable = Taxable(
            code=f"{quote.number}-v{quote.version}", customer=quote.account, currency=quote.currency,
            address=accepted.address, day=day_in(context, quote.entity, at_us), lines=quote.lines, txn=quote.txn,
        )  # fmt: skip
        await do(context, tax.commit(taxable), allow=(tax.GET_TAX_ERROR,))

    return [Patch(orders, "_estimate_tax", commit)]


def _returned_elsewhere() -> list[Patch]:
    commit_return = tax.commit_return

    def at_home(taxable: Taxable) -> Call:
        seller: Any = msgspec.structs.replace(
            taxable.address, city="San Francisco", region="CA", postal_code="94105", country="US"
        )
        return commit_return(msgspec.structs.replace(taxable, address=seller))

    return [Patch(tax, "commit_return", at_home)]


def _back_in_one_book() -> list[Patch]:
    async def nothing(_context: FlowContext, _note: CreditNote, _lines: Sequence[tuple[str, int]]) -> None:
        """The memo has it."""

    return [Patch(credit_notes, "_credit_tax", nothing)]


def _returned_at_todays_rates() -> list[Patch]:
    commit_return = tax.commit_return

    def today(taxable: Taxable) -> Call:
        return commit_return(msgspec.structs.replace(taxable, original_day=None))

    return [Patch(tax, "commit_return", today)]


def _taxed_when_due() -> list[Patch]:
    taxed = invoices._taxed

    async def late(context: FlowContext, invoice: BillingInvoice, lines: tuple[Line, ...], credited: Credited) -> Taxes:
        return await taxed(context, msgspec.structs.replace(invoice, date=invoice.due_date), lines, credited)

    return [Patch(invoices, "_taxed", late)]


def _returned_as_goods() -> list[Patch]:
    commit_return = tax.commit_return

    def shipped(taxable: Taxable) -> Call:
        lines = [msgspec.structs.replace(line, kind="one_time") for line in taxable.lines]
        return commit_return(msgspec.structs.replace(taxable, lines=lines))

    return [Patch(tax, "commit_return", shipped)]


def _net_taxed_as_a_whole() -> list[Patch]:
    commit = tax.commit

    def of_today(taxable: Taxable) -> Call:
        today = {line: LineTerms(taxable.day) for line, terms in taxable.terms.items() if terms.day is not None}
        return commit(msgspec.structs.replace(taxable, terms={**taxable.terms, **today}))

    return [Patch(tax, "commit", of_today)]


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        name="estimate_invoiced",
        group="tax",
        mistake="The tax that was estimated is invoiced and no document is ever committed: the request of the quote is "
        "used again for the invoice (F65).",
        caught_by=("M3", "S5"),
        ground=CARDS,
        patches=_estimate_invoiced,
    ),
    Mutant(
        name="tax_rounded_per_line",
        group="tax",
        mistake="Tax is rounded line by line and added up, where the engine rounds once for the document "
        "(catalogue 51).",
        caught_by=("M3",),
        ground=DOCUMENT_TAX,
        patches=_rounded_per_line,
    ),
    Mutant(
        name="tax_kept_on_credit",
        group="tax",
        mistake="A credit gives the price back and keeps its tax: the tax engine is asked for invoices only (I-18).",
        caught_by=("M21",),
        ground=CHANGES,
        patches=_kept_on_credit,
    ),
    Mutant(
        name="tax_returned_elsewhere",
        group="tax",
        mistake="The tax of a credit is computed at the seller's address, because a credit ships nothing to anybody.",
        caught_by=("M21",),
        ground=CHANGES,
        patches=_returned_elsewhere,
    ),
    Mutant(
        name="tax_back_in_one_book",
        group="tax",
        mistake="The tax of a credit goes back in the ERP and at the tax engine, and billing, which knows of no tax "
        "engine, goes on asking for it.",
        caught_by=("M13",),
        ground=CHANGES,
        patches=_back_in_one_book,
    ),
    Mutant(
        name="tax_committed_at_booking",
        group="tax",
        mistake="Tax is committed with the order and again with its invoice, so that it is owed twice; nothing voids "
        "the first document (S5).",
        caught_by=("S5",),
        ground=CARDS,
        patches=_committed_at_booking,
    ),
    Mutant(
        name="returned_at_todays_rates",
        group="tax",
        mistake="The tax of a credit is computed at the rates of the day of the credit: the override with the day of "
        "the invoice is left out, which nobody sees until a rate changes (T12).",
        caught_by=("M23",),
        ground=CHANGES,
        patches=_returned_at_todays_rates,
    ),
    Mutant(
        name="taxed_when_due",
        group="tax",
        mistake="Tax is committed with the day on which the invoice is due: the first date of a bill is taken for its "
        "own (I-18).",
        caught_by=("M23",),
        ground=CARDS,
        patches=_taxed_when_due,
    ),
    Mutant(
        name="returned_as_goods",
        group="tax",
        mistake="A credit is taxed as another kind of goods than its invoice: lines of notes have no product, and get "
        "the code that stands in the configuration (I-18).",
        caught_by=("M23",),
        ground=CHANGES,
        patches=_returned_as_goods,
    ),
    Mutant(
        name="net_taxed_as_a_whole",
        group="tax",
        mistake="A net invoice is taxed as if all of it were sold today: what it takes back of an earlier invoice goes "
        "back at the rates of today, not at those it was charged at (T12).",
        caught_by=("M23",),
        ground=UPSELLS,
        patches=_net_taxed_as_a_whole,
    ),
)
