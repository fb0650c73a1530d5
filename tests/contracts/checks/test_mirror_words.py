"""Mirror words (L3): once all is quiet, what the CRM says of orders and invoices is what became of them."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from domain.history import Case, Flow, Record
from tests.contracts.checks import build
from tests.contracts.checks.build import at, changed, check, clean, walk
from tests.contracts.checks.doctored import case

Records = list[Record]


def _says(**words: Any) -> Records:
    """Return the clean history in which the last thing that the CRM shows is something else."""
    wrong = replace(build.SETTLED, sequence=4, **words)
    return [*clean(), changed(39, "crm", "mirror", wrong, "shown", "shown")]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"order_number": ""}, "names order nothing, the ERP has SO1"),
        ({"order_status": "booked"}, "shows the order as booked, and it has been invoiced"),
        ({"order_status": "cancelled"}, "shows the order as cancelled, in the ERP it is booked"),
        ({"invoice_balance_minor": 5}, "shows an invoice as paid with 0.05 USD open"),
        ({"invoice_status": "posted"}, "shows an invoice as posted, and all are paid"),
        ({"payment_status": ""}, "shows an invoice as paid and nothing of its payment"),
    ],
)
def test_words_that_are_not_so_break_the_truth(words: dict[str, Any], said: str) -> None:
    assert check("L3", _says()).status == "holds"
    result = check("L3", _says(**words))
    assert result.status == "broken"
    assert f"Q-000123-v1: the CRM {said}" in [violation.sentence for violation in result.violations]
    assert check("L3", [*_says(**words), case(20, "new")]).status == "holds", "people have it in hand"


@pytest.mark.parametrize(("other", "is_wrong"), [("", False), ("booked", False), ("billed", True)])
def test_what_several_entities_sell_is_shown_as_fulfilled_and_paid_once_each_has_billed(
    other: str, is_wrong: bool
) -> None:
    deal = replace(build.QUOTE, lines=(build.SEATS, replace(build.SETUP, entity="DE")))
    records = [*walk(0, "crm", "quote", deal, "draft", "submitted", "approved", "accepted", cause="act")]
    for number, entity, status in ((1, "US", "billed"), *([(2, "DE", other)] if other else [])):
        part = f"Q-000123.{entity}"
        order = replace(build.ORDER, id=f"10{number}", ref=f"{part}-v1", txn=part, number=f"SO{number}", entity=entity)
        records += walk(10, "erp", "order", order, "submitted", "booked", *([status] if status != "booked" else []))
        if status == "billed":
            paid = replace(build.TAXED, id=f"INV-{number}", ref=order.ref, txn=part, status="paid", balance_minor=0)
            records.append(changed(28, "billing", "invoice", paid))
    numbers = "SO1, SO2" if other else "SO1"
    words = {"order_status": "booked", "invoice_status": "posted"}
    said = []
    for right in ({"order_status": "fulfilled"}, {"invoice_status": "paid"}):
        shown = replace(build.MIRROR, order_number=numbers, **{**words, **right})
        said += [
            each.sentence
            for each in check("L3", [*records, changed(31, "crm", "mirror", shown, "", "shown")]).violations
        ]
    found = {"the order as booked, and it has been invoiced", "an invoice as posted, and all are paid"}
    assert ({f"Q-000123-v1: the CRM shows {each}" for each in found} <= set(said)) == is_wrong
    assert is_wrong or not any(each in sentence for each in found for sentence in said)


def test_a_payment_that_went_back_is_not_shown_as_received() -> None:
    lost = replace(build.CAPTURED, status="disputed", disputed_minor=18_700)
    owed = changed(3_000, "billing", "invoice", replace(build.TAXED, status="posted"), "paid")
    records = [*clean(), changed(3_000, "payment", "payment", lost, "settled"), owed]
    shown = replace(build.SETTLED, sequence=4, invoice_status="posted", invoice_balance_minor=18_700)
    wrong = changed(3_001, "crm", "mirror", shown, "shown", "shown")
    right = changed(3_001, "crm", "mirror", replace(shown, payment_status="disputed"), "shown", "shown")
    assert check("L3", [*records, wrong]).status == "broken"
    assert check("L3", [*records, right]).status == "holds"


def test_a_quote_that_is_given_up_behind_the_back_of_sales_breaks_the_truth() -> None:
    quote = walk(0, "crm", "quote", build.QUOTE, "draft", "submitted", "approved", "accepted", cause="act")
    flow = Flow(
        at_us=at(30), flow="quote/Q-000123-v1", name="accepted_quote", txn="Q-000123", status="finished",
        ending="given_up",
    )  # fmt: skip
    back = changed(31, "crm", "quote", replace(build.QUOTE, status="accept_failed"), "accepted")
    assert check("L3", [*quote, flow]).status == "broken"
    assert check("L3", [*quote, flow, back]).status == "holds"


def test_a_quote_that_is_given_up_is_no_secret_while_people_are_to_tell_sales() -> None:
    quote = walk(0, "crm", "quote", build.QUOTE, "draft", "submitted", "approved", "accepted", cause="act")
    flow = Flow(
        at_us=at(30), flow="quote/Q-000123-v1", name="accepted_quote", txn="Q-000123", status="finished",
        ending="given_up",
    )  # fmt: skip
    case = Case(
        at_us=at(31), case="C1", flow="mirror/Q-000123-v1/1", txn="Q-000123", status="new", code="AUTH.UNAUTHENTICATED",
        owner="security", opened_us=at(31), due_us=at(50_000),
    )  # fmt: skip
    assert check("L3", [*quote, flow, case]).status == "holds"
    over = replace(case, at_us=at(32), status="verified")
    assert check("L3", [*quote, flow, case, over]).status == "broken"
