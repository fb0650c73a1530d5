"""Mutants of money: how amounts are read, rounded, booked and given back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec

from domain.currency import exponent
from domain.objects import TaxShare
from domain.rounding import Rounding, round_ratio
from integration.effects import Call
from integration.flow import FlowContext
from integration.flows import applying, approvals, collecting, giving_back, intercompany, refunds
from integration.flows.collecting import Paid
from integration.flows.refunds import Credit
from integration.flows.steps import do
from integration.flows.taken import Taken
from integration.outcomes import Answer
from integration.systems import payment, tax, wire
from integration.systems.billing import BillingInvoice
from integration.systems.billing.receivables import Money
from integration.systems.erp import Posting
from integration.systems.erp import calls as erp_calls
from integration.systems.payment import Intent
from tests.mutants.mutant import Mutant, Patch
from tests.mutants.quiet_grounds import CARDS, CHANGES, CREDITED_REFUNDS, DECLINED, FAMILIES, PAYOUTS, REFUNDS, YEN


def _float_money() -> list[Patch]:
    def minor(amount: Decimal, currency: str) -> int:
        return int(float(amount) * 10 ** exponent(currency))

    def shares(answer: Answer) -> tuple[TaxShare, ...]:
        document = wire.read(answer, tax._document)
        rows = [
            TaxShare(
                row.jurisCode,
                minor(abs(row.taxable), document.currencyCode),
                minor(abs(row.tax), document.currencyCode),
            )
            for row in document.summary or ()
        ]
        return tuple([row for row in rows if row.amount_minor])

    return [Patch(tax, "shares", shares)]


def _exponent_ignored() -> list[Patch]:
    def minor(amount: Decimal, _currency: str) -> int:
        return int(amount * 100)

    def major(amount_minor: int, _currency: str) -> msgspec.Raw:
        return msgspec.Raw(f"{Decimal(amount_minor).scaleb(-2).normalize():f}")

    return [Patch(wire, "minor", minor), Patch(wire, "major", major)]


def _half_even() -> list[Patch]:
    def transfer_minor(net_minor: int, percent: int) -> int:
        return round_ratio(Fraction(net_minor * percent, 100), Rounding.HALF_EVEN)

    return [Patch(intercompany, "transfer_minor", transfer_minor)]


def _partial_is_full() -> list[Patch]:
    booked = applying.booked

    async def in_full(context: FlowContext, posting: Posting, paid: Paid, taken_minor: int) -> tuple[int, int]:
        total = sum([line.amount_minor for line in posting.lines]) + sum([tax.amount_minor for tax in posting.taxes])
        whole = msgspec.structs.replace(paid.intent, amount_received=total or paid.intent.amount_received)
        return await booked(context, posting, msgspec.structs.replace(paid, intent=whole), total or taken_minor)

    return [Patch(applying, "booked", in_full)]


def _cash_twice() -> list[Patch]:
    booked = applying.booked

    async def twice(context: FlowContext, posting: Posting, paid: Paid, taken_minor: int) -> tuple[int, int]:
        told = await booked(context, posting, paid, taken_minor)
        charge = msgspec.structs.replace(paid.intent, id=f"{paid.intent.id}~charge")
        await booked(context, posting, msgspec.structs.replace(paid, intent=charge), 0)
        return told

    return [Patch(applying, "booked", twice)]


def _refund_in_full() -> list[Patch]:
    gave_back = giving_back.gave_back

    async def all_of_it(
        context: FlowContext, found: Taken, amount_minor: int, name: str, method: str, at_us: int
    ) -> Money:
        whole = max(amount_minor, found.intent.amount_received)
        return await gave_back(context, found, whole, name, method, at_us)

    return [Patch(giving_back, "gave_back", all_of_it)]


def _credit_twice() -> list[Patch]:
    in_open_period = approvals.in_open_period

    async def twice(context: FlowContext, entity: str, day: date, call: Callable[[date], Call], **more: Any) -> Answer:
        answer = await in_open_period(context, entity, day, call, **more)
        again = call(day)
        if again.operation == "upsert_credit_memo":
            target = again.target.replace(again.key, f"{again.key}~2")
            await do(context, msgspec.structs.replace(again, key=f"{again.key}~2", target=target), allow=(400,))
        return answer

    return [Patch(approvals, "in_open_period", twice)]


def _rest_not_kept() -> list[Patch]:
    async def nothing(*_told: Any) -> None:
        """The payment is off its invoice, and what does not go back stays off."""

    return [Patch(giving_back, "_on_invoice", nothing)]


def _excess_forgotten() -> list[Patch]:
    async def nothing(
        _context: FlowContext, _invoice: BillingInvoice, _intent: Intent, _excess_minor: int, _day: date, _txn: str
    ) -> None:
        """The invoice is paid, and that is that."""

    return [Patch(applying, "keep_excess", nothing)]


def _refund_without_its_tax() -> list[Patch]:
    credited = refunds._credited

    async def net(context: FlowContext, found: Taken, wanted_minor: int, request: str) -> Credit:
        credit = await credited(context, found, wanted_minor, request)
        return msgspec.structs.replace(credit, notes=credit.notes[:1])

    return [Patch(refunds, "_credited", net)]


def _at_the_bank() -> list[Patch]:
    return [Patch(payment.Intent, "method", property(lambda intent: "push"))]


def _read_before_asking() -> list[Patch]:
    async def as_it_was(_context: FlowContext, invoice: BillingInvoice, _posting: Posting) -> BillingInvoice:
        return invoice

    return [Patch(collecting, "_still_due", as_it_was)]


def _empty_journal() -> list[Patch]:
    put_settlement = erp_calls.put_settlement

    def without_lines(*told: Any) -> Call:
        call = put_settlement(*told)
        body = {**msgspec.json.decode(call.body), "line": {"items": []}}
        return msgspec.structs.replace(call, body=msgspec.json.encode(body))

    return [Patch(erp_calls, "put_settlement", without_lines)]


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        name="float_money",
        group="money",
        mistake="Amounts pass through binary floating point and are cut off to cents, as int(amount * 100) does of "
        "1.13 (catalogue 49, F58).",
        caught_by=("M3",),
        ground=CARDS,
        patches=_float_money,
    ),
    Mutant(
        name="read_before_asking",
        group="money",
        mistake="What is due is read before people are asked about a declined card, or days are waited, and charged as "
        "it was: what was credited or is disputed since is charged all the same (F55).",
        caught_by=("M22",),
        ground=DECLINED,
        patches=_read_before_asking,
    ),
    Mutant(
        name="exponent_ignored",
        group="money",
        mistake="Every currency has two decimals: yen are taken for hundredths between systems that count in major and "
        "in minor units (catalogue 52).",
        caught_by=("M13", "M10"),
        ground=YEN,
        patches=_exponent_ignored,
    ),
    Mutant(
        name="half_even_rounding",
        group="money",
        mistake="Halves are rounded to the even neighbour where half up was agreed: the default of Decimal and of "
        "round() (catalogue 50).",
        caught_by=("M19",),
        ground=FAMILIES,
        patches=_half_even,
    ),
    Mutant(
        name="partial_payment_in_full",
        group="money",
        mistake="Whatever arrives pays the whole invoice: the amount booked is the one that was asked for, not the one "
        "that was received (catalogue 65).",
        caught_by=("M13", "M5"),
        ground=CHANGES,
        patches=_partial_is_full,
    ),
    Mutant(
        name="cash_booked_twice",
        group="money",
        mistake="Two messages tell of one payment (of its intent and of its charge), and both are booked.",
        caught_by=("S3",),
        ground=CARDS,
        patches=_cash_twice,
    ),
    Mutant(
        name="refund_of_the_whole_payment",
        group="money",
        mistake="A refund takes the whole payment off the books although a part was given back: the handler reads the "
        "payment, not the refund (I-15).",
        caught_by=("M15",),
        ground=REFUNDS,
        patches=_refund_in_full,
    ),
    Mutant(
        name="credit_memo_twice",
        group="money",
        mistake="A credit memo is posted by the flow that made it and once more by the message about it "
        "(catalogue 64).",
        caught_by=("S3", "M8"),
        ground=CHANGES,
        patches=_credit_twice,
    ),
    Mutant(
        name="rest_of_a_refund_not_kept",
        group="money",
        mistake="A payment is taken off its invoice to give a part of it back, and nobody puts the rest on again: the "
        "customer is asked for money that is there.",
        caught_by=("M13",),
        ground=REFUNDS,
        patches=_rest_not_kept,
    ),
    Mutant(
        name="excess_forgotten",
        group="money",
        mistake="A payment that is more than its invoice still owes settles it, and what is too much is recorded "
        "nowhere (catalogue 65: overpayment).",
        caught_by=("M13",),
        ground=CHANGES,
        patches=_excess_forgotten,
    ),
    Mutant(
        name="refund_without_its_tax",
        group="money",
        mistake="An invoice is credited with its tax and only the net goes back to the customer, who was promised the "
        "gross.",
        caught_by=("P10",),
        ground=CREDITED_REFUNDS,
        patches=_refund_without_its_tax,
    ),
    Mutant(
        name="journal_of_nothing",
        group="money",
        mistake="The lines of a journal are lost on their way, the ERP refuses it each time, and people who can mend "
        "nothing drive it again for days.",
        caught_by=("L4",),
        ground=PAYOUTS,
        patches=_empty_journal,
    ),
    Mutant(
        name="cash_at_the_bank",
        group="money",
        mistake="Every payment is booked at the bank, also what the processor holds until it pays out: its clearing "
        "account never comes to zero, and the bank has the money twice.",
        caught_by=("M20",),
        ground=CARDS,
        patches=_at_the_bank,
    ),
)
