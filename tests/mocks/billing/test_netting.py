"""Net documents: charges and credits of one change on one invoice, or on one credit note."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

START = date(2026, 1, 1)
CORE = ("CORE", 12, 1, 1_200_000)
JULY = date(2026, 7, 1)


@pytest.fixture
def year(sites: type[Any]) -> Any:
    """A paid annual subscription of 2026 on 1 July, at a site that nets."""
    site = sites(nets_changes=True)
    site.now_us = 0
    site.at(START)
    site.pay(site.subscribe(CORE, start=START, cycles=2)["invoice"]["id"])
    site.at(JULY)
    return site


def _lines(document: dict[str, Any]) -> list[tuple[str, int]]:
    return [(line["entity_id"].partition("-")[0], line["amount"]) for line in document["line_items"]]


def test_a_swap_for_more_is_one_invoice_with_the_credit_as_a_line(year: Any) -> None:
    """Worked example C: credit 6049.32, charge 9073.97, net 3024.65, the net of two roundings."""
    answer = year.amend(("SEAT", 12, 1, 1_800_000), day=JULY)
    assert "credit_notes" not in answer
    invoice = answer["invoice"]
    assert _lines(invoice) == [("SEAT", 907_397), ("CORE", -604_932)]
    assert (invoice["total"], invoice["amount_due"], invoice["status"]) == (302_465, 302_465, "pending")
    credit = invoice["line_items"][1]
    assert credit["reference_invoice_id"] == "INV-0000001"
    assert credit["reference_line_item_id"] == year.last("invoice", "INV-0000001").lines[0].id
    document = year.last("invoice", invoice["id"])
    assert (document.net_minor, document.bill_from) == (302_465, JULY)


def test_a_swap_for_less_is_one_note_with_the_charge_as_a_line(year: Any) -> None:
    answer = year.amend(("SEAT", 12, 1, 600_000), day=JULY)
    assert "invoice" not in answer
    (note,) = answer["credit_notes"]
    assert _lines(note) == [("CORE", 604_932), ("SEAT", -302_466)]
    assert (note["reference_invoice_id"], note["total"], note["type"]) == ("INV-0000001", 302_466, "refundable")


def test_what_a_note_charged_is_credited_from_the_invoice_of_the_note(year: Any) -> None:
    year.amend(("SEAT", 12, 1, 600_000), day=JULY)
    year.at(date(2026, 10, 1))
    answer = year.cancel(date(2026, 10, 1))
    (note,) = answer["credit_notes"]
    assert (note["reference_invoice_id"], _lines(note)) == ("INV-0000001", [("SEAT", 151_233)])
    assert note["line_items"][0]["reference_line_item_id"] == year.documents("credit_memo")[0].lines[1].id


def test_more_than_the_net_of_an_invoice_can_be_credited_when_it_charged_more(year: Any) -> None:
    """The net invoice asked for 3024.65, but it sold 9073.97 and gives back 4536.99."""
    year.pay(year.amend(("SEAT", 12, 1, 1_800_000), day=JULY)["invoice"]["id"])
    year.at(date(2026, 10, 1))
    (note,) = year.cancel(date(2026, 10, 1))["credit_notes"]
    assert (note["reference_invoice_id"], note["total"]) == ("INV-0000002", 453_699)
    assert note["total"] > 302_465


def test_several_credited_invoices_have_a_net_note_each(sites: type[Any]) -> None:
    """Three months at a lower price, found out in the third: each month's note charges that month's new price."""
    site = sites(nets_changes=True)
    site.subscribe(("SEAT", 1, 10, 3000), start=date(2026, 10, 1), cycles=12)
    site.at(date(2026, 12, 15))
    answer = site.amend(("SEAT", 1, 10, 2500), day=date(2026, 10, 1))
    assert "invoice" not in answer
    assert [_lines(note) for note in answer["credit_notes"]] == [[("SEAT", 30_000), ("SEAT", -25_000)]] * 3


def test_a_charge_that_fits_on_no_note_makes_an_invoice_that_takes_credits_in(sites: type[Any]) -> None:
    """From monthly to yearly, cheaper: one charge, three invoices to credit, none of which covers it alone."""
    site = sites(nets_changes=True)
    site.subscribe(("SEAT", 1, 10, 3000), start=date(2026, 10, 1), cycles=24)
    site.at(date(2026, 12, 15))
    answer = site.amend(("SEAT", 12, 10, 6000), day=date(2026, 10, 1))
    assert _lines(answer["invoice"]) == [("SEAT", 60_000), ("SEAT", -30_000), ("SEAT", -30_000)]
    assert [_lines(note) for note in answer["credit_notes"]] == [[("SEAT", 30_000)]]


def test_unbilled_credits_wait_with_the_charges(year: Any) -> None:
    answer = year.amend(("SEAT", 12, 1, 1_800_000), day=JULY, invoice_immediately="false")
    assert not {"invoice", "credit_notes"} & set(answer)
    moved = year.post(
        "/subscriptions/Q-000001/change_term_end",
        {"term_ends_at": year.seconds(date(2028, 7, 1)), "cf_amendment_ref": "Q-000002-v1"},
    )
    assert _lines(moved["invoice"]) == [("SEAT", 907_397), ("CORE", -604_932)]
    assert year.last("invoice", moved["invoice"]["id"]).ref == "Q-000002-v1"


def test_the_tax_of_what_is_credited_is_taken_off_its_own_line(sites: type[Any]) -> None:
    site = _taxed(sites)
    key = site.amend(("SEAT", 12, 1, 1_800_000), day=JULY)["invoice"]["id"]
    site.post(f"/invoices/{key}/add_charge", {"amount": 90_740, "description": "Tax DE"})
    tax = site.last("invoice", "INV-0000001").lines[-1].id
    fields = {"amount": 60_493, "description": "Tax DE", "reference_line_item_id": tax}
    shown = site.post(f"/invoices/{key}/add_charge", fields)["invoice"]
    assert shown["amount_due"] == 302_465 + 90_740 - 60_493
    document = site.last("invoice", key)
    assert [(share.jurisdiction, share.amount_minor) for share in document.taxes] == [("DE", 90_740), ("DE", -60_493)]
    site.post(f"/invoices/{key}/add_charge", {**fields, "amount": 120_000 - 60_493 + 1}, status=400)
    site.post(f"/invoices/{key}/add_charge", {**fields, "reference_line_item_id": "li_other"}, status=400)


def _taxed(sites: type[Any]) -> Any:
    """Return a site that nets with a subscription whose first invoice bears a tax of 1200.00."""
    site = sites(nets_changes=True)
    site.now_us = 0
    site.at(START)
    site.subscribe(CORE, start=START, cycles=2)
    site.post("/invoices/INV-0000001/add_charge", {"amount": 120_000, "description": "Tax DE"})
    site.post("/invoices/INV-0000001/close")
    site.at(JULY)
    return site


def test_what_credits_others_is_not_voided_and_neither_is_what_it_credits(sites: type[Any]) -> None:
    site = sites(nets_changes=True, voids_closed=True)
    site.subscribe(("SEAT", 1, 10, 3000), start=date(2026, 10, 1), cycles=12)
    site.at(date(2026, 10, 15))
    key = site.amend(("SEAT", 1, 20, 3000), day=date(2026, 10, 15))["invoice"]["id"]
    for invoice in ("INV-0000001", key):
        answer = site.post(f"/invoices/{invoice}/void", status=409)
        assert answer["api_error_code"] == "invalid_state_for_request"


def test_an_invoice_that_gives_back_more_than_it_asks_for_is_not_closed(sites: type[Any]) -> None:
    site = _taxed(sites)
    key = site.amend(("SEAT", 12, 1, 1_200_000), day=JULY)["invoice"]["id"]
    tax = site.last("invoice", "INV-0000001").lines[-1].id
    fields = {"amount": 1, "description": "Tax DE", "reference_line_item_id": tax}
    assert site.post(f"/invoices/{key}/add_charge", fields)["invoice"]["amount_due"] == -1
    assert site.post(f"/invoices/{key}/close", status=409)["api_error_code"] == "invalid_state_for_request"


@settings(max_examples=60, deadline=None)
@given(
    old=st.tuples(st.integers(1, 30), st.integers(1, 99_999)),
    new=st.tuples(st.integers(1, 30), st.integers(1, 99_999)),
    day=st.integers(1, 200),
)
def test_a_change_is_one_document_worth_the_difference_of_two_roundings(
    sites: type[Any], old: tuple[int, int], new: tuple[int, int], day: int
) -> None:
    made = []
    for nets in (False, True):
        site = sites(nets_changes=nets)
        site.now_us = 0
        site.at(START)
        site.subscribe(("SEAT", 12, *old), start=START)
        site.at(START + timedelta(days=day))
        made.append(site.amend(("CORE", 12, *new), day=START + timedelta(days=day)))
    apart, net = made
    worth = apart["invoice"]["total"] - sum(note["total"] for note in apart.get("credit_notes", ()))
    documents = [net[key] for key in ("invoice",) if key in net] + list(net.get("credit_notes", ()))
    assert len(documents) == 1
    assert documents[0]["total"] == abs(worth)
    assert ("invoice" in net) == (worth >= 0)
