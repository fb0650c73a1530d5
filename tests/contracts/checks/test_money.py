"""The money is right: each rule (M) notices the one edit it is there for."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from domain.history import Case
from domain.objects import Customer, Posting, RevenueSchedule, TaxShare
from tests.contracts.checks import build
from tests.contracts.checks.build import amended, at, changed, check, clean, edited, entry, history, of, without
from tests.contracts.checks.doctored import NONE, Break, Records, named, notices, notices_alone


def _wrong_amount() -> Records:
    return edited(amended(), of("invoice", "billing", "INV-2"), lines=(replace(build.CHARGE, amount_minor=1),))


def _wrong_credit() -> Records:
    return edited(amended(), of("credit_memo", "billing"), lines=(replace(build.CREDIT_LINE, amount_minor=1),))


def _wrong_total() -> Records:
    return edited(clean(), of("invoice", "erp"), total_minor=18_701)


def _other_tax() -> Records:
    shares = (TaxShare("CA", 17_000, 1_600), TaxShare("LA", 17_000, 100))
    return edited(clean(), of("tax_document", "tax"), taxes=shares)


def _unbalanced() -> Records:
    return [*clean(), entry(40, "GL9", "journal/x", ("1000", 5))]


def _owes_too_little() -> Records:
    return edited(clean(), of("cash", "erp"), amount_minor=18_000, applied=(("200", 18_000),))


def _settled_wrong() -> Records:
    return edited(clean(), of("payout", "payment"), gross_minor=18_000, net_minor=17_428)


def _booked_wrong() -> Records:
    wrong = entry(1510, "GL3", "journal/po_1", ("1000", 18_000), ("6100", 700), ("1050", -18_700))
    return [wrong if of("entry", "erp", "GL3")(r) else r for r in clean()]


def _no_rate() -> Records:
    return edited(clean(), of("entry", "erp", "GL1"), base_currency="EUR", rate="0.9")


def _wrong_rate() -> Records:
    return edited(clean(), of("entry", "erp", "GL1"), base_currency="EUR", rate="0.9", rate_id="R1")


def _refunded_more() -> Records:
    return edited(clean(), of("payment", "payment", status="settled"), refunded_minor=20_000)


def _credited_more() -> Records:
    return edited(amended(), of("credit_memo", "erp"), total_minor=30_000)


def _wrong_price() -> Records:
    dear = replace(build.BILLED_SEATS, unit_minor=1300, amount_minor=13_000)
    return edited(clean(), of("invoice", "billing"), lines=(dear, build.BILLED_SETUP))


def _negative() -> Records:
    return edited(clean(), of("invoice", "erp"), lines=(replace(build.BILLED_SEATS, amount_minor=-12_000),))


def _order_differs() -> Records:
    return edited(clean(), of("order", "erp"), total_minor=16_000)


def _cash_differs() -> Records:
    return edited(clean(), of("cash", "erp"), amount_minor=18_699)


def _cash_at_the_bank() -> Records:
    return edited(clean(), of("entry", "erp", "GL2"), postings=(Posting("1000", 18_700, 18_700), *_PAID_OFF))


_PAID_OFF = (Posting("1100", -18_700, -18_700),)


def _owed_in_one_book() -> Records:
    return edited(clean(), of("invoice", "erp", status="paid"), balance_minor=700)


def _credited_in_one_book() -> Records:
    return [*amended(), changed(60 * 24 * 13, "billing", "credit_memo", replace(_TAX_BACK, id="CN-2"))]


_TAX_BACK = replace(
    build.CREDIT_NOTE, ref="Tax of CN-1", lines=(replace(build.TAX_LINE, amount_minor=7),), net_minor=0, tax_minor=7,
    total_minor=7, balance_minor=7,
)  # fmt: skip


def _recorded_in_part() -> Records:
    return edited(clean(), of("cash", "billing"), amount_minor=18_000)


def _planned() -> tuple[tuple[date, int], ...]:
    """Return the slices of the clean history's one revenue schedule."""
    (change,) = history(clean()).changes("revenue_schedule", "erp")
    assert isinstance(change.document, RevenueSchedule)
    return change.document.slices


def _shifted(amount: int, to: int) -> Records:
    slices = list(_planned())
    for index, moved in ((0, -amount), (to, amount)):
        slices[index] = (slices[index][0], slices[index][1] + moved)
    return edited(clean(), of("revenue_schedule", "erp"), slices=tuple(slices))


def _earned_late() -> Records:
    return _shifted(100, 1)


def _sums_to_less() -> Records:
    return edited(clean(), of("revenue_schedule", "erp"), slices=_planned()[:-1])


def _deferred_too_much() -> Records:
    rows = tuple(Posting(a, n, n) for a, n in (("1100", 18_700), ("2200", -17_000), ("2100", -1_700)))
    return edited(clean(), of("entry", "erp", "GL1"), postings=rows)


def _run(amount: int, month: str = "2026-12") -> Records:
    return [*clean(), entry(2000, "GL7", f"revenue/US/{month}", ("2200", amount), ("4000", -amount))]


def _recognised_wrong() -> Records:
    return _run(_planned()[0][1] + 1)


def _recognised_twice() -> Records:
    again = entry(2100, "GL8", "revenue/US/2026-12", ("2200", _planned()[0][1]), ("4000", -_planned()[0][1]))
    return [*_run(_planned()[0][1]), again]


def _half_the_seats() -> Records:
    few = replace(build.ITEM, quantity=5)
    return edited(clean(), of("subscription", "billing"), items=(few,))


def _unentered() -> Records:
    return without(clean(), of("entry", "erp", "GL2"))


def _entered_twice() -> Records:
    rows = (("1100", 18_700), ("2200", -12_000), ("4000", -5_000), ("2100", -1_700))
    return [
        *clean(),
        entry(31, "GL7", "invoice/200", *rows),
        entry(32, "GL8", "journal/x", *[(a, -n) for a, n in rows]),
    ]


def _cash_booked_short() -> Records:
    return edited(clean(), of("cash", "erp"), amount_minor=18_701)


def _entry_of_nothing() -> Records:
    return [*clean(), entry(31, "GL7", "cash/999", ("1050", 5), ("1050", -5))]


def _more_tax_back_than_charged() -> Records:
    taxed = {
        "taxes": (TaxShare("CA", build.CREDITED, 1_701),),
        "tax_minor": 1_701,
        "total_minor": build.CREDITED + 1_701,
    }
    return edited(amended(), of("credit_memo", "erp"), **taxed)


def _entry_of_another_day() -> Records:
    return edited(clean(), of("entry", "erp", "GL1"), business_date=date(2026, 10, 23))


def _more_left_than_it_was_over() -> Records:
    return edited(amended(), of("credit_memo", "billing"), balance_minor=build.CREDITED + 1)


def _credit_used_for_nothing() -> Records:
    """The note is used up, and the invoice owes as much as before."""
    owed = edited(amended(), of("invoice", "billing", "INV-1", "paid"), balance_minor=18_700 - build.CREDITED)
    return edited(owed, of("cash", "billing"), applied=())


def _fees_booked_short() -> Records:
    wrong = entry(1510, "GL3", "journal/po_1", ("1000", 18_128), ("6200", 572), ("1050", -18_700))
    return [wrong if of("entry", "erp", "GL3")(r) else r for r in clean()]


def _settled_without_a_payout() -> Records:
    return without(clean(), of("payout", "payment"))


def _due_on_another_day() -> Records:
    return edited(clean(), of("invoice", "erp"), due_date=date(2026, 12, 2))


def _terms(days: int) -> Records:
    customer = Customer(id="A-000001", ref="A-000001", name="Acme", terms_days=30)
    return [
        *clean(), changed(9, "erp", "customer", replace(customer, terms_days=days), status="clear"),
        changed(9, "billing", "customer", customer, status="active"),
    ]  # fmt: skip


def _other_terms() -> Records:
    return _terms(60)


def _taxed_on_another_base() -> Records:
    return edited(clean(), of("tax_document", "tax"), net_minor=16_000)


def _recorded_short() -> Records:
    return edited(clean(), of("cash", "billing"), amount_minor=18_699, applied=(("INV-1", 18_699),))


def _tax_credited_twice() -> Records:
    taxed = {"taxes": (TaxShare("CA", build.CREDITED, 900),), "tax_minor": 900, "total_minor": build.CREDITED + 900}
    notes = [
        changed(60 * 24 * 12 + 21, "billing", "credit_memo", replace(build.CREDIT_NOTE, id=key, lines=(), net_minor=0,
                taxes=(TaxShare("CA", 0, 900),), tax_minor=900, total_minor=900, balance_minor=900))
        for key in ("CN-2", "CN-3")
    ]  # fmt: skip
    return [*edited(amended(), of("credit_memo", "erp"), **taxed), *notes]


BREAKS: tuple[tuple[str, Break], ...] = (
    ("M1", _wrong_amount),
    ("M1", _wrong_credit),
    ("M2", _wrong_total),
    ("M3", _other_tax),
    ("M4", _unbalanced),
    ("M5", _owes_too_little),
    ("M6", _settled_wrong),
    ("M6", _booked_wrong),
    ("M7", _no_rate),
    ("M7", _wrong_rate),
    ("M8", _refunded_more),
    ("M8", _credited_more),
    ("M10", _wrong_price),
    ("M12", _negative),
    ("M13", _order_differs),
    ("M13", _cash_differs),
    ("M13", _recorded_in_part),
    ("M5", _more_left_than_it_was_over),
    ("M5", _credit_used_for_nothing),
    ("M6", _fees_booked_short),
    ("M6", _settled_without_a_payout),
    ("M13", _due_on_another_day),
    ("M13", _other_terms),
    ("M13", _taxed_on_another_base),
    ("M13", _recorded_short),
    ("M13", _tax_credited_twice),
    ("M20", _entry_of_another_day),
)


@pytest.mark.parametrize(("key", "spoil"), named(BREAKS))
def test_the_edit_breaks_the_check_and_the_clean_history_does_not(key: str, spoil: Break) -> None:
    notices(key, spoil)


BREAKS_ALONE: tuple[tuple[str, Break, frozenset[str], dict[str, Any]], ...] = (
    ("M9", _earned_late, NONE, {}),
    ("M9", _sums_to_less, NONE, {}),
    ("M9", _deferred_too_much, NONE, {}),
    ("M9", _recognised_wrong, NONE, {}),
    ("M9", _recognised_twice, NONE, {}),
    ("M11", _half_the_seats, NONE, {}),
    ("M20", _unentered, frozenset({"M16"}), {}),
    ("M20", _entered_twice, frozenset({"M9"}), {}),
    ("M20", _entry_of_nothing, NONE, {}),
    ("M20", _cash_booked_short, frozenset({"M13", "M16"}), {}),
    ("M21", _more_tax_back_than_charged, frozenset({"M3", "M13", "M20"}), {}),
    ("M20", _cash_at_the_bank, NONE, {}),
    ("M13", _owed_in_one_book, frozenset({"L2", "M5", "M16"}), {}),
    ("M13", _credited_in_one_book, NONE, {}),
)


@pytest.mark.parametrize(("key", "spoil", "besides", "context"), named(BREAKS_ALONE))
def test_the_history_breaks_the_rule_and_no_other(
    key: str, spoil: Break, besides: frozenset[str], context: dict[str, Any]
) -> None:
    notices_alone(key, spoil, besides, context)


def test_cash_may_take_receivables_off_at_the_rate_of_their_invoice() -> None:
    euro = {"currency": "EUR", "base_currency": "USD"}
    invoice = entry(40, "GL8", "invoice/8", rate="1.10", rate_id="R1", **euro)
    cash = entry(41, "GL9", "cash/9", rate="1.20", rate_id="R2", **euro)
    charge = (Posting("1100", 100, 110), Posting("4000", -100, -110))
    settled = (Posting("1050", 100, 120), Posting("1100", -100, -110), Posting("7000", 0, -10))
    good = [replace(invoice, document=replace(invoice.document, postings=charge))]  # type: ignore[type-var]
    good += [replace(cash, document=replace(cash.document, postings=settled))]  # type: ignore[type-var]
    assert check("M7", [*clean(), *good]).status == "holds"
    wrong = (Posting("1050", 100, 120), Posting("1100", -100, -60), Posting("7000", 0, -60))
    bad = [good[0], replace(cash, document=replace(cash.document, postings=wrong))]  # type: ignore[type-var]
    assert check("M7", [*clean(), *bad]).status == "broken"


def test_the_last_credit_of_an_invoice_takes_the_roundings_of_the_others() -> None:
    def memo(receivable: int, revenue: int, tax: int) -> Records:
        made = entry(41, "GL9", "credit_memo/9", rate="0.893320", rate_id="R1", currency="USD", base_currency="EUR")
        rows = (Posting("1100", -165_416, receivable), Posting("2200", 140_183, revenue), Posting("2100", 25_233, tax))
        return [*clean(), replace(made, document=replace(made.document, postings=rows))]

    assert check("M7", memo(-147_769, 125_228, 22_541)).status == "holds"
    assert check("M7", memo(-147_770, 125_228, 22_542)).status == "holds"
    assert check("M7", memo(-147_770, 125_227, 22_543)).status == "broken"
    assert check("M7", memo(-147_779, 125_228, 22_551)).status == "broken"


def test_tax_that_a_note_of_its_own_credits_is_credited_once() -> None:
    once = without(_tax_credited_twice(), of("credit_memo", "billing", "CN-3"))
    assert check("M13", once).status == "holds"


def test_who_names_no_terms_of_payment_leaves_them_to_the_other_system() -> None:
    assert check("M13", _terms(0)).status == "holds"
    assert check("M13", _terms(30)).examined == check("M13", _terms(0)).examined + 1


def test_a_run_that_recognises_what_was_planned_holds() -> None:
    assert check("M9", _run(_planned()[0][1])).status == "holds"


@pytest.mark.parametrize(("off_minor", "status"), [(2, "holds"), (-2, "holds"), (4, "broken"), (-4, "broken")])
def test_slices_are_rounded_in_both_currencies(off_minor: int, status: str) -> None:
    """Half a unit of each of two slices is worth nearly a unit at this rate, and their worth is rounded too."""
    at_rate: dict[str, Any] = {"rate": "1.9", "rate_id": "R1", "base_currency": "EUR"}
    slices = _planned()[:2]
    amount = sum(part for _, part in slices)
    worth = round(amount * 1.9) + off_minor
    rows = (Posting("2200", amount, worth), Posting("4000", -amount, -worth))
    run = entry(2000, "GL7", f"revenue/US/{slices[1][0]:%Y-%m}", **at_rate)
    at_other = edited(clean(), of("entry", "erp", "GL1"), **at_rate)
    assert check("M9", [*at_other, replace(run, document=replace(run.document, postings=rows))]).status == status


def test_cash_that_is_used_later_has_an_entry_more() -> None:
    used = entry(40, "GL7", "cash/300", ("2150", 700), ("1100", -700))
    rows = (("1050", 18_700), ("1100", -18_000), ("2150", -700))
    first = edited(clean(), of("entry", "erp", "GL2"), postings=tuple(Posting(name, n, n) for name, n in rows))
    assert check("M20", [*first, used]).status == "holds"
    assert check("M20", [*clean(), entry(40, "GL7", "cash/300", ("1050", 700), ("1100", -700))]).status == "broken"


def test_what_people_have_in_hand_may_differ_in_two_books() -> None:
    case = Case(
        at_us=at(20), case="C1", flow="invoice/INV-1", txn="Q-000123", status="new", code="AUTH.FORBIDDEN",
        owner="security", opened_us=at(20), due_us=at(50_000),
    )  # fmt: skip
    assert check("M13", [*_owed_in_one_book(), case]).status == "holds"


def test_what_one_book_has_on_the_invoice_may_be_the_customers_credit_in_the_other() -> None:
    note = edited(amended(), of("credit_memo", "billing"), balance_minor=build.CREDIT_NOTE.balance_minor + 50)
    owed = edited(note, of("invoice", "billing", build.CREDIT_NOTE.invoice), balance_minor=50)
    assert check("M13", owed).status == "holds"
    assert check("M13", edited(owed, of("invoice", "billing", build.CREDIT_NOTE.invoice), balance_minor=51)).status == (
        "broken"
    )


def _line_differs() -> Records:
    one_more = replace(build.SETUP, quantity=2)
    return edited(clean(), of("order", "erp"), lines=(build.SEATS, one_more))


def _return_above_zero() -> Records:
    return edited(clean(), of("tax_document", "tax"), kind="return")


def _earned_out_of_turn() -> Records:
    early = (date(2026, 11, 1), _planned()[0][1])
    return edited(clean(), of("revenue_schedule", "erp"), slices=(early, *_planned()[1:]))


TOLD: tuple[tuple[str, Break, str], ...] = (
    ("M4", _unbalanced, "0.05 USD"),
    ("M10", _wrong_price, "10 x 13.00 USD"),
    ("M13", _order_differs, "160.00 USD instead of 170.00 USD"),
    ("M13", _line_differs, "10 SEAT for 120.00 USD"),
    ("M12", _return_above_zero, "170.00 USD"),
    ("M9", _earned_out_of_turn, "USD on 2026-11-01"),
)


@pytest.mark.parametrize(("key", "spoil", "amount"), TOLD, ids=[f"{key}_{spoil.__name__}" for key, spoil, _ in TOLD])
def test_a_sentence_says_money_as_people_do(key: str, spoil: Break, amount: str) -> None:
    sentences = [violation.sentence for violation in check(key, spoil()).violations]
    assert any(amount in sentence for sentence in sentences), sentences
