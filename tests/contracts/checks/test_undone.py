"""What people gave up is excused while they have it in hand; what was undone is judged like everything else."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from contracts.checks.facts import Facts
from contracts.checks.stages import endings
from domain.history import Case, Emitted, Flow, Record
from tests.contracts.checks import build
from tests.contracts.checks.build import at, attempt, changed, check, clean, history, of, walk
from tests.contracts.checks.doctored import Break, named, notices

Records = list[Record]
DAY = 60 * 24
CANCELLED = ("cancelling", "compensating", "cancelled")
SHOWN = replace(build.MIRROR, order_status="cancelled", sequence=9)


def _flow(minutes: float, name: str, flow: str, ending: Any = "given_up", txn: str = "Q-000123") -> Flow:
    return Flow(at_us=at(minutes), flow=flow, name=name, txn=txn, status="finished", ending=ending)


def _order_undone(mirror: Any = SHOWN) -> Records:
    """Return an order that was given up after the booking, and what the CRM shows of it in the end."""
    return [
        *[r for r in clean() if of("period", "erp")(r) or of("quote", "crm")(r)],
        *walk(10, "erp", "order", build.ORDER, "submitted", "booked", *CANCELLED),
        changed(12, "crm", "mirror", build.MIRROR, "", "shown"),
        _flow(20, "accepted_quote", "quote/Q-000123-v1", "cancelled"),
        _flow(21, "undo_order", "undo/Q-000123-v1", "cancelled"),
        changed(22, "crm", "mirror", mirror, "shown", "shown"),
    ]


def _closed(**task: Any) -> Records:
    """Return an order that was delivered, billed and paid before it was undone; nobody has credited its invoice."""
    over = replace(build.SUBSCRIPTION, status="cancelled")
    return [
        *clean(),
        changed(DAY, "fulfilment", "task", replace(build.TASK, status=task.get("status", "reversed")), "completed"),
        changed(DAY, "billing", "subscription", over, "active"),
        changed(DAY, "erp", "order", replace(build.ORDER, status="closed"), "billed"),
    ]


# --- who has it in hand ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("flow", "status"),
    [
        (_flow(30, "accepted_quote", "quote/Q-000123-v1"), "broken"),
        (_flow(30, "accepted_quote", "quote/Q-000123-v1", "done"), "broken"),
        (_flow(30 * DAY - 60, "accepted_quote", "quote/Q-000123-v1"), "holds"),
        (_flow(30 * DAY - 60, "undo_order", "undo/Q-000123-v1", "cancelled"), "holds"),
        (_flow(30, "undo_order", "undo/Q-000123-v1", "cancelled"), "broken"),
        (_flow(30, "undo_order", "undo/Q-000123-v1"), "holds"),
        (_flow(30, "collect", "collect/Q-000123-v1"), "holds"),
    ],
    ids=["undone", "done", "given_up_lately", "undone_lately", "undone_for_long", "by_hand", "nothing_undoes_it"],
)
def test_what_was_given_up_is_excused_until_its_undoing_has_had_time(flow: Flow, status: str) -> None:
    assert check("L2", [*clean()[:5], flow]).status == status


def test_a_flow_that_people_discarded_is_excused_for_good() -> None:
    discarded = replace(_flow(30, "accepted_quote", "quote/Q-000123-v1", ""), status="discarded")
    assert check("L2", [*clean()[:5], discarded]).status == "holds"


@pytest.mark.parametrize(("ship_complete", "status"), [(True, "holds"), (False, "broken")])
def test_people_who_have_a_part_of_a_deal_that_is_delivered_as_a_whole_have_all_of_it(
    ship_complete: bool, status: str
) -> None:
    lines = (build.SEATS, replace(build.SETUP, entity="DE"))
    deal = replace(build.QUOTE, lines=lines, ship_complete=ship_complete)
    booked = replace(build.ORDER, ref="Q-000123.US-v1", txn="Q-000123.US")
    case = Case(
        at_us=at(30), case="C1", flow="quote/Q-000123.DE-v1", txn="Q-000123.DE", status="new", code="AUTH.FORBIDDEN",
        owner="security", opened_us=at(30), due_us=at(50_000),
    )  # fmt: skip
    records = [
        *walk(0, "crm", "quote", deal, "draft", "submitted", "approved", "accepted", cause="act"),
        *walk(10, "erp", "order", booked, "submitted", "booked"),
        case,
    ]
    for key in ("L1", "L2"):
        assert check(key, records).status == status


@pytest.mark.parametrize(("subject", "status"), [("quote/Q-000123-v1", "holds"), ("invoice/INV-1", "broken")])
def test_people_who_have_a_quote_have_the_parts_that_it_is_to_be_split_in(subject: str, status: str) -> None:
    deal = replace(build.QUOTE, lines=(build.SEATS, replace(build.SETUP, entity="DE")))
    case = Case(
        at_us=at(30), case="C1", flow=subject, txn="Q-000123", status="new", code="DATA_QUALITY.PRICE_MISMATCH",
        owner="data steward", opened_us=at(30), due_us=at(50_000),
    )  # fmt: skip
    quote = walk(0, "crm", "quote", deal, "draft", "submitted", "approved", "accepted", cause="act")
    assert check("S9", [*quote, case]).status == check("L2", [*quote, case]).status == status


# --- what sales are shown, and what is told -------------------------------------------------------------------------


def test_sales_are_shown_that_an_order_was_undone() -> None:
    assert check("L3", _order_undone()).status == "holds"
    result = check("L3", _order_undone(build.MIRROR))
    assert result.violations[0].sentence == (
        "Q-000123-v1: the CRM shows the order as booked, in the ERP it is cancelled"
    )


def test_an_order_that_was_undone_before_sales_saw_it_need_not_be_named() -> None:
    unseen = replace(SHOWN, order_number="")
    assert check("L3", _order_undone(unseen)).status == "holds"
    assert check("L3", _order_undone(replace(SHOWN, order_number="SO7"))).status == "broken"


def test_an_order_that_was_closed_after_its_delivery_was_taken_back_is_shown_as_cancelled() -> None:
    shown = replace(build.SETTLED, order_status="cancelled", sequence=9)
    told = changed(DAY + 1, "crm", "mirror", shown, "shown", "shown")
    assert check("L3", _closed()).status == "broken"
    assert check("L3", [*_closed(), told]).status == "holds"
    assert check("L3", [*_closed(status="completed"), told]).status == "broken"


def test_an_undone_order_is_told_as_cancelled_and_perhaps_as_nothing_else() -> None:
    other = Emitted(at_us=at(9), type="q2c.quote.accepted.v1", subject="Q-000123", txn="Q-000123", sequence=1, id="e/1")
    over = replace(other, type="q2c.order.cancelled.v1", subject="Q-000123-v1", id="e/2")
    result = check("L11", [*_order_undone(), other])
    assert [each.sentence for each in result.violations] == [
        "erp order 100 is cancelled, and no q2c.order.cancelled.v1 of Q-000123-v1 was ever told"
    ]
    assert check("L11", [*_order_undone(), over]).status == "holds"


# --- what is left of it ---------------------------------------------------------------------------------------------


def _stays_invoiced() -> Records:
    return _closed()


BREAKS: tuple[tuple[str, Break], ...] = (("A6", _stays_invoiced),)


@pytest.mark.parametrize(("key", "spoil"), named(BREAKS))
def test_the_edit_breaks_the_check_and_the_clean_history_does_not(key: str, spoil: Break) -> None:
    notices(key, spoil)


def test_what_was_invoiced_and_paid_for_an_undone_order_is_credited() -> None:
    sentences = [each.sentence for each in check("A6", _closed()).violations]
    assert "order 100 was closed, but 187.00 USD stays invoiced for it" in sentences
    memo = replace(build.MEMO, txn="Q-000123", total_minor=18_700, balance_minor=0)
    credited = [*_closed(), changed(DAY + 1, "erp", "credit_memo", memo)]
    assert not [each for each in check("A6", credited).violations if "invoiced" in each.sentence]


@pytest.mark.parametrize(("task", "stage"), [("reversed", "cancelled"), ("completed", "paid")])
def test_an_order_that_is_closed_because_it_was_undone_ended_as_cancelled(task: str, stage: str) -> None:
    assert [ending.stage for ending in endings(Facts(history(_closed(status=task))))] == [stage]


def test_what_an_undone_order_billed_and_nobody_posted_is_still_to_be_done() -> None:
    unposted = [record for record in _closed() if not of("invoice", "erp")(record)]
    assert [ending.stage for ending in endings(Facts(history(unposted)))] == ["unposted"]


def test_an_order_that_is_closed_when_all_is_done_was_not_undone() -> None:
    assert not Facts(history(_closed(status="completed"))).undone
    assert check("A6", _closed(status="completed")).examined == 0


def test_a_renewal_is_undone_when_its_contract_is_and_nothing_was_to_be_delivered() -> None:
    renewed = [record for record in _closed() if not of("task", "fulfilment")(record)]
    assert list(Facts(history(renewed)).undone) == ["Q-000123"]


@pytest.mark.parametrize(("sent", "status"), [(11, "holds"), (13, "broken")])
def test_what_was_asked_for_before_the_order_ended_and_arrived_later_is_no_child_of_the_dead(
    sent: float, status: str
) -> None:
    late = replace(build.TASK, id="late")
    records = [
        *clean(),
        changed(12, "erp", "order", replace(build.ORDER, status="cancelled"), "booked"),
        attempt(sent, "r900", "fulfilment", "request_task"),
        changed(14, "fulfilment", "task", late, cause="r900"),
    ]
    assert check("S10", records).status == status
