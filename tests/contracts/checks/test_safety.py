"""Every safety check holds on a clean lifecycle and breaks on the one edit that it is there to notice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from msgspec.structs import replace

from domain.history import Applied, Arrived, Case, Flow, Limit, Record
from domain.objects import Customer, Hold, Posting, TaxShare
from tests.contracts.checks import build
from tests.contracts.checks.build import (
    amended,
    at,
    attempt,
    changed,
    check,
    clean,
    delivered,
    edited,
    entry,
    of,
    period,
    walk,
    without,
)

Records = list[Record]
Break = Callable[[], Records]


def _second_order() -> Records:
    return [
        *clean(),
        *walk(11, "erp", "order", replace(build.ORDER, id="102", ref="Q-000123-v1~2"), "submitted", "booked"),
    ]


def _unaccepted_order() -> Records:
    return without(clean(), lambda r: of("quote", "crm")(r) and getattr(r, "status", "") in ("accepted", "converted"))


def _second_subscription() -> Records:
    return [*clean(), changed(18, "billing", "subscription", replace(build.SUBSCRIPTION, id="Q-000123~2"))]


def _line_left_out() -> Records:
    return edited(clean(), of("subscription", "billing"), items=())


def _period_twice() -> Records:
    again = replace(build.INVOICE, id="INV-7", lines=(replace(build.BILLED_SEATS, id="li_7"),), net_minor=12_000)
    return [*clean(), changed(40, "billing", "invoice", again)]


def _posted_twice() -> Records:
    return [*clean(), changed(31, "erp", "invoice", replace(build.POSTED, id="209", ref="INV-1~2"))]


def _captured_twice() -> Records:
    second = replace(build.CAPTURED, id="pi_2")
    return [
        *clean(),
        *walk(34, "payment", "payment", replace(build.PAYMENT, id="pi_2"), "created", "authorized"),
        changed(36, "payment", "payment", replace(second, status="captured"), "authorized"),
    ]


def _taxed_twice() -> Records:
    return [*clean(), changed(26, "tax", "tax_document", replace(build.TAX_DOCUMENT, id="2", code="INV-1~2"))]


def _applied_twice() -> Records:
    first = next(record for record in clean() if isinstance(record, Applied))
    return [*clean(), replace(first, at_us=at(7))]


def _fresh_header_key() -> Records:
    body = {"fingerprint": "same body"}
    return [
        *clean(),
        attempt(50, "r50", "payment", "create_payment_intent", "k/1", outcome="unknown", status=0, **body),
        attempt(51, "r51", "payment", "create_payment_intent", "k/1~2", **body),
    ]


def _fresh_external_id() -> Records:
    return [
        *clean(),
        attempt(50, "r50", "erp", "put_invoice", "INV-1", outcome="unknown", status=500),
        attempt(51, "r51", "erp", "put_invoice", "INV-1~2"),
    ]


def _key_reused() -> Records:
    return [
        *clean(),
        attempt(50, "r50", "billing", "close_invoice", "k/7", fingerprint="one"),
        attempt(51, "r51", "billing", "close_invoice", "k/7", fingerprint="other"),
    ]


def _no_cause() -> Records:
    return [*clean(), *walk(11, "erp", "order", replace(build.ORDER, id="103", ref="X", txn="", version=0), "booked")]


def _lost() -> Records:
    kept = (of("quote", "crm"), of("period", "erp"))
    return [r for r in clean() if any(rule(r) for rule in kept) and getattr(r, "status", "") != "converted"]


def _task_after_cancellation() -> Records:
    closed = replace(build.ORDER, status="cancelled")
    task = replace(build.TASK, id="late")
    return [*clean(), changed(12, "erp", "order", closed, "booked"), changed(14, "fulfilment", "task", task)]


def _wrong_entity() -> Records:
    return edited(clean(), of("invoice", "erp"), entity="DE")


def _two_customers() -> Records:
    return edited(clean(), of("subscription", "billing"), customer="A-000002")


def _served_the_buyer() -> Records:
    records = edited(clean(), of("quote", "crm"), partner_model="resale", end_customer="A-000009")
    return edited(records, of("order", "erp"), end_customer="A-000009")


def _illegal_step() -> Records:
    back = replace(build.ORDER, status="submitted")
    return [*clean(), changed(60, "erp", "order", back, "booked")]


def _arrival_order() -> Records:
    wrong = replace(build.ITEM, quantity=10, end=None)
    return edited(amended(), lambda r: of("subscription", "billing")(r) and r.at_us > at(1000), items=(wrong,))


def _effect_first() -> Records:
    return [replace(r, at_us=at(24)) if of("invoice", "erp", status="posted")(r) else r for r in clean()]  # type: ignore[type-var]


def _picture_with_a_hole() -> Records:
    shown = replace(build.MIRROR, order_number="SO1", sequence=4)
    holed = replace(shown, order_number="", sequence=5)
    return [
        *build.clean(), build.changed(40, "crm", "mirror", shown, "shown", "shown"),
        build.changed(41, "crm", "mirror", holed, "shown", "shown"),
    ]  # fmt: skip


def _older_picture() -> Records:
    return edited(clean(), lambda r: of("mirror", "crm")(r) and r.at_us == at(38), sequence=1)


def _overwritten_price() -> Records:
    return edited(clean(), of("quote", "crm", status="converted"), total_minor=1)


def _gap() -> Records:
    late = replace(build.CHARGE, period_start=date(2026, 12, 14))
    return edited(amended(), of("invoice", "billing", "INV-2"), lines=(late,))


def _overlap() -> Records:
    return without(amended(), of("credit_memo", "billing"))


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


def _booked_on_hold() -> Records:
    hold = Hold(id="H1", customer="A-000001", account="A-000001", level="hard", status="active")
    return [*clean(), changed(2, "erp", "hold", hold, cause="act")]


def _delivered_at_once_although_held() -> Records:
    held = replace(build.ORDER, id="109", ref="Q-000777-v1", txn="Q-000777")
    task = replace(build.TASK, id="Q-000777-v1", ref="Q-000777-v1", txn="Q-000777")
    hold = Hold(id="H1", customer="A-000001", account="A-000001", level="hard", status="active")
    order = build.walk(20, "erp", "order", held, "submitted", "credit_hold")
    return [
        *clean(), changed(15, "erp", "hold", hold, cause="act"), *order, changed(21.1, "fulfilment", "task", task),
    ]  # fmt: skip


def _closed_period() -> Records:
    return [*clean(), period(20, "soft_closed", "open"), period(21, "closed", "soft_closed")]


def _too_fast() -> Records:
    calls = [attempt(50 + n / 1000, f"r5{n}", "payment", "read_intent", seconds=0.01) for n in range(4)]
    return [*clean(), *calls]


def _too_many_at_once() -> Records:
    return [*clean(), *[attempt(50 + n / 10, f"r5{n}", "payment", "read_intent", seconds=60) for n in range(3)]]


def _impatient() -> Records:
    asked = attempt(50, "r50", "erp", "read", outcome="failed", status=429, retry_after_seconds=120)
    return [*clean(), asked, attempt(51, "r51", "erp", "read")]


def _too_often() -> Records:
    bad = {"outcome": "failed", "status": 503}
    return [*clean(), *[attempt(50 + n, f"r5{n}", "erp", "put_invoice", "INV-1", **bad) for n in range(7)]]


def _refused_and_repeated() -> Records:
    refused = attempt(50, "r50", "erp", "put_invoice", "INV-1", outcome="failed", status=400)
    return [*clean(), refused, attempt(51, "r51", "erp", "put_invoice", "INV-1")]


def _over_budget() -> Records:
    made: Records = []
    for n in range(40):
        bad = attempt(50 + n, f"r{n}a", "erp", "put_invoice", f"I{n}", outcome="failed", status=503)
        made += [bad, attempt(50.5 + n, f"r{n}b", "erp", "put_invoice", f"I{n}")]
    return [*clean(), *made]


def _forgery_accepted() -> Records:
    return [*clean(), delivered(5, "payment", "evt_1", "payment_intent.succeeded", genuine=False)]


def _stale_accepted() -> Records:
    return [*clean(), delivered(50, "payment", "evt_1", "payment_intent.succeeded", signed_us=at(5))]


def _trail_broken() -> Records:
    return [replace(r, intact=False, problem="entry 7") if hasattr(r, "intact") else r for r in clean()]


def _trail_short() -> Records:
    return [replace(r, entries=1) if hasattr(r, "intact") else r for r in clean()]


def _left_behind() -> Records:
    closed = replace(build.ORDER, status="cancelled")
    return [*clean(), changed(60, "erp", "order", closed, "booked")]


BREAKS: tuple[tuple[str, Break], ...] = (
    ("S1", _second_order),
    ("S1", _unaccepted_order),
    ("S2", _second_subscription),
    ("S2", _line_left_out),
    ("S3", _period_twice),
    ("S3", _posted_twice),
    ("S4", _captured_twice),
    ("S5", _taxed_twice),
    ("S6", _applied_twice),
    ("S7", _fresh_header_key),
    ("S7", _fresh_external_id),
    ("S7", _key_reused),
    ("S8", _no_cause),
    ("S9", _lost),
    ("S10", _task_after_cancellation),
    ("S11", _wrong_entity),
    ("S12", _two_customers),
    ("S13", _served_the_buyer),
    ("O1", _illegal_step),
    ("O2", _arrival_order),
    ("O3", _effect_first),
    ("O4", _older_picture),
    ("O4", _picture_with_a_hole),
    ("O4", _overwritten_price),
    ("O5", _gap),
    ("O5", _overlap),
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
    ("P1", _booked_on_hold),
    ("P1", _delivered_at_once_although_held),
    ("P3", _closed_period),
    ("P5", _too_fast),
    ("P5", _too_many_at_once),
    ("P5", _impatient),
    ("P6", _too_often),
    ("P6", _refused_and_repeated),
    ("P6", _over_budget),
    ("P8", _forgery_accepted),
    ("P8", _stale_accepted),
    ("A1", _trail_broken),
    ("A1", _trail_short),
    ("A6", _left_behind),
)


@pytest.mark.parametrize(("key", "spoil"), BREAKS, ids=[f"{key}{spoil.__name__}" for key, spoil in BREAKS])
def test_the_edit_breaks_the_check_and_the_clean_history_does_not(key: str, spoil: Break) -> None:
    assert check(key, clean()).status != "broken"
    assert check(key, amended()).status != "broken"
    result = check(key, spoil())
    assert result.status == "broken", result
    assert result.violations[0].evidence
    assert result.violations[0].sentence


JUDGED = (
    *("S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9", "S10", "S11", "S12", "O1", "O3", "O4", "O5"),
    *("M1", "M2", "M3", "M4", "M5", "M6", "M7", "M8", "M10", "M12", "M13"),
    *("P3", "P5", "P6", "L1", "L2", "L3", "A1"),
)
SPARES: tuple[tuple[str, Break], ...] = tuple((key, records) for key in JUDGED for records in (clean, amended))


@pytest.mark.parametrize(("key", "records"), SPARES, ids=[f"{key}_{records.__name__}" for key, records in SPARES])
def test_the_check_holds_and_has_judged_something(key: str, records: Break) -> None:
    result = check(key, records())
    assert result.status == "holds", result
    assert result.examined > 0


def test_amendments_in_order_hold() -> None:
    assert check("O2", amended()).status == "holds"


def test_a_new_key_is_right_after_a_stored_error_was_replayed() -> None:
    records: Records = [
        *clean(),
        attempt(50, "r50", "payment", "create_payment_intent", "k/1", outcome="unknown", status=500, fingerprint="b"),
        attempt(51, "r51", "payment", "create_payment_intent", "k/1", outcome="unknown", status=500, fingerprint="b"),
        Arrived(at_us=at(51), number="r51", system="payment", operation="create_payment_intent", key="k/1",
                fingerprint="b", txn="Q-000123", status=500, effect="replayed"),
        attempt(52, "r52", "payment", "create_payment_intent", "k/1~2", fingerprint="b"),
    ]  # fmt: skip
    assert check("S7", records).status == "holds"


def test_a_retry_under_the_same_key_keeps_discipline() -> None:
    records: Records = [
        *clean(),
        attempt(50, "r50", "payment", "create_payment_intent", "k/1", outcome="unknown", status=0),
        attempt(51, "r51", "payment", "create_payment_intent", "k/1"),
        attempt(52, "r52", "payment", "create_payment_intent", "k/2"),
    ]
    assert check("S7", records).status == "holds"


def test_an_order_booked_within_the_grace_of_a_hold_is_no_violation() -> None:
    hold = Hold(id="H1", customer="A-000001", account="A-000001", level="soft", status="active")
    assert check("P1", [*clean(), changed(10.5, "erp", "hold", hold, cause="act")]).status == "holds"


def test_a_refused_forgery_is_no_violation() -> None:
    forged = delivered(5, "payment", "evt_1", "payment_intent.succeeded", genuine=False, status=401)
    assert check("P8", [*clean(), forged]).status == "holds"


def test_a_permanent_error_may_be_sent_again_after_a_re_drive() -> None:
    resumed = Flow(at_us=at(50.5), flow="invoice/INV-1", name="bill", txn="Q-000123", status="resumed")
    assert check("P6", [*_refused_and_repeated(), resumed]).status == "holds"


def test_a_fully_undone_order_leaves_nothing_behind() -> None:
    gone = [
        *[r for r in clean() if of("period", "erp")(r) or of("quote", "crm")(r)],
        *walk(10, "erp", "order", build.ORDER, "submitted", "booked", "cancelling", "compensating", "cancelled"),
        *walk(13, "fulfilment", "task", build.TASK, "requested", "cancelled"),
        *walk(17, "billing", "subscription", build.SUBSCRIPTION, "pending_activation", "cancelled"),
    ]
    assert check("A6", gone).status == "holds"


def test_a_cancelled_order_has_no_tax_committed_for_it() -> None:
    undone = [
        *[r for r in clean() if of("period", "erp")(r) or of("quote", "crm")(r) or of("tax_document", "tax")(r)],
        *walk(10, "erp", "order", build.ORDER, "submitted", "booked", "cancelling", "compensating", "cancelled"),
        *walk(24, "billing", "invoice", build.TAXED, "tax_pending", "voided"),
    ]
    assert "tax of" in check("A6", undone).violations[0].sentence
    assert check("A6", edited(undone, of("tax_document", "tax"), tax_minor=0)).status == "holds"
    returned = replace(build.TAX_DOCUMENT, id="2", kind="return", tax_minor=-1_700, net_minor=-17_000)
    assert check("A6", [*undone, changed(27, "tax", "tax_document", returned)]).status == "holds"


def test_a_limit_overwritten_by_a_request_is_a_lost_update() -> None:
    customer = Customer(id="A-000001", ref="A-000001", name="Acme", credit_limit_minor=5)
    records: Records = [
        *clean(),
        changed(1, "erp", "customer", customer, status="clear", cause="act"),
        changed(9, "erp", "customer", replace(customer, credit_limit_minor=0), "clear", "clear"),
    ]
    assert check("O4", records).status == "broken"


def test_two_taxes_of_one_invoice_are_two_intents() -> None:
    records: Records = [
        *clean(),
        attempt(50, "r50", "billing", "add_charge", "q2c/INV-1/tax/US-TX", outcome="unknown", status=0),
        attempt(51, "r51", "billing", "add_charge", "q2c/INV-1/tax/US-TX-770-CIT"),
    ]
    assert check("S7", records).status == "holds"


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


def test_a_limit_is_a_limit_per_window() -> None:
    calls = [attempt(50 + n / 50, f"r5{n}", "payment", "read_intent", seconds=0.01) for n in range(9)]
    assert check("P5", [*clean(), *calls], limits=(Limit(system="payment", requests=1),)).status == "holds"


def test_a_case_spares_a_lost_quote() -> None:
    case = Case(
        at_us=at(9), case="C1", flow="quote/Q-000123-v1", txn="Q-000123", status="new", code="DATA_QUALITY.FORMAT",
        owner="data steward", opened_us=at(9), due_us=at(99),
    )  # fmt: skip
    assert check("S9", [*_lost(), case]).status == "holds"
