"""Nothing exists twice, or without its cause: each rule (S) notices the one edit it is there for."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.history import Applied, Arrived, Case, Delivered, Flow
from tests.contracts.checks import build
from tests.contracts.checks.build import amended, at, attempt, changed, check, clean, edited, of, walk, without
from tests.contracts.checks.doctored import Break, Records, named, notices


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


def _acknowledged_in_vain() -> Records:
    kept = [record for record in clean() if not isinstance(record, Applied)]
    begun = next(record for record in kept if isinstance(record, Flow) and record.status == "started")
    return [replace(begun, at_us=at(5.5)) if record is begun else record for record in kept]


def _swept_before_its_message() -> Records:
    kept = [record for record in clean() if not isinstance(record, Applied)]
    told = next(record for record in kept if isinstance(record, Delivered) and record.topic == "quote.accepted")
    return [replace(told, at_us=at(5.5)) if record is told else record for record in kept]


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
    return [
        *clean(),
        changed(12, "erp", "order", closed, "booked"),
        changed(14, "fulfilment", "task", task, cause="r900"),
    ]


def _wrong_entity() -> Records:
    return edited(clean(), of("invoice", "erp"), entity="DE")


def _two_customers() -> Records:
    return edited(clean(), of("subscription", "billing"), customer="A-000002")


def _served_the_buyer() -> Records:
    records = edited(clean(), of("quote", "crm"), partner_model="resale", end_customer="A-000009")
    return edited(records, of("order", "erp"), end_customer="A-000009")


def _posted_and_never_billed() -> Records:
    return without(amended(), of("invoice", "billing", "INV-2"))


def _posted_again_under_another_name() -> Records:
    """The deal is known and so is the amount, but the ERP has it twice and billing once."""
    again = replace(build.POSTED, id="201", ref="resent", number="INV-US-2")
    return [*clean(), changed(50, "erp", "invoice", again)]


def _posted_under_another_name() -> Records:
    return edited(clean(), of("invoice", "erp"), ref="")


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
    ("S6", _acknowledged_in_vain),
    ("S7", _fresh_header_key),
    ("S7", _fresh_external_id),
    ("S7", _key_reused),
    ("S8", _no_cause),
    ("S8", _posted_and_never_billed),
    ("S8", _posted_again_under_another_name),
    ("S9", _lost),
    ("S10", _task_after_cancellation),
    ("S11", _wrong_entity),
    ("S12", _two_customers),
    ("S13", _served_the_buyer),
)


@pytest.mark.parametrize(("key", "spoil"), named(BREAKS))
def test_the_edit_breaks_the_check_and_the_clean_history_does_not(key: str, spoil: Break) -> None:
    notices(key, spoil)


@pytest.mark.parametrize("system", ["erp", "erp2"])
@pytest.mark.parametrize("operation", ["update_invoice", "update_credit_memo"])
def test_a_mark_is_written_again_under_the_name_of_its_record(system: str, operation: str) -> None:
    marks = [attempt(50 + n, f"r5{n}", system, operation, "INV-1", fingerprint=f"{n}") for n in range(2)]
    assert check("S7", [*clean(), *marks]).status == "holds"


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


@pytest.mark.parametrize(
    ("outcome", "key", "expected"),
    [("failed", "k/1", "holds"), ("failed", "k/1~3", "broken"), ("unknown", "k/1", "broken")],
)
def test_a_step_that_begins_again_may_go_back_to_its_first_key(outcome: str, key: str, expected: str) -> None:
    records: Records = [
        *clean(),
        attempt(50, "r50", "payment", "create_payment_intent", "k/1", outcome="unknown", status=500, fingerprint="b"),
        Arrived(at_us=at(50), number="r50", system="payment", operation="create_payment_intent", key="k/1",
                fingerprint="b", txn="Q-000123", status=500, effect="replayed"),
        attempt(52, "r52", "payment", "create_payment_intent", "k/1~2", outcome=outcome, status=0, fingerprint="b"),
        attempt(90, "r90", "payment", "create_payment_intent", key, fingerprint="b"),
    ]  # fmt: skip
    assert check("S7", records).status == expected


def test_a_retry_under_the_same_key_keeps_discipline() -> None:
    records: Records = [
        *clean(),
        attempt(50, "r50", "payment", "create_payment_intent", "k/1", outcome="unknown", status=0),
        attempt(51, "r51", "payment", "create_payment_intent", "k/1"),
        attempt(52, "r52", "payment", "create_payment_intent", "k/2"),
    ]
    assert check("S7", records).status == "holds"


def test_two_taxes_of_one_invoice_are_two_intents() -> None:
    records: Records = [
        *clean(),
        attempt(50, "r50", "billing", "add_charge", "q2c/INV-1/tax/US-TX", outcome="unknown", status=0),
        attempt(51, "r51", "billing", "add_charge", "q2c/INV-1/tax/US-TX-770-CIT"),
    ]
    assert check("S7", records).status == "holds"


def test_a_case_spares_a_lost_quote() -> None:
    case = Case(
        at_us=at(9), case="C1", flow="quote/Q-000123-v1", txn="Q-000123", status="new", code="DATA_QUALITY.FORMAT",
        owner="data steward", opened_us=at(9), due_us=at(99),
    )  # fmt: skip
    assert check("S9", [*_lost(), case]).status == "holds"


def test_a_quote_that_somebody_came_across_before_its_message_was_begun_in_time() -> None:
    assert check("S6", _swept_before_its_message()).violations == ()


def test_what_names_nothing_may_post_what_billing_has_and_nobody_names() -> None:
    assert check("S8", _posted_under_another_name()).status == "holds"
