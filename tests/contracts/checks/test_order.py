"""What comes first comes first: each rule about order and days (O) notices the one edit it is there for."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from domain.faults import Fault
from domain.history import Crashed, Emitted, Fired
from domain.objects import Customer, Dispute
from tests.contracts.checks import build
from tests.contracts.checks.build import amended, at, changed, check, clean, edited, of, period, without
from tests.contracts.checks.doctored import NONE, PARKED, Break, Records, named, notices, notices_alone


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


def _event(minutes: float, sequence: int, key: str = "", subject: str = "Q-000123") -> Emitted:
    return Emitted(
        at_us=at(minutes), type="q2c.order.booked.v1", subject=subject, txn="Q-000123", sequence=sequence,
        id=key or f"quote/Q-000123-v1/{sequence}",
    )  # fmt: skip


def _of_tomorrow() -> Records:
    return edited(clean(), of("invoice", "erp"), business_date=build.DAY_0 + timedelta(days=1))


def _of_yesterday() -> Records:
    return edited(clean(), of("order", "erp"), business_date=build.DAY_0 - timedelta(days=1))


def _number_left_out() -> Records:
    return edited(amended(), of("invoice", "erp", "201"), number="INV-US-3")


def _number_twice() -> Records:
    return edited(amended(), of("invoice", "erp", "201"), number="INV-US-1")


def _event_left_out() -> Records:
    return [*clean(), _event(6, 1), _event(7, 3)]


def _event_renumbered() -> Records:
    return [*clean(), _event(6, 1), _event(7, 2, "quote/Q-000123-v1/1")]


def _begun_before_delivery() -> Records:
    return [replace(r, at_us=at(26)) if of("task", "fulfilment", status="completed")(r) else r for r in clean()]


def _begun_before_its_day() -> Records:
    return edited(clean(), of("subscription", "billing"), start=build.START + timedelta(days=1))


def _charged_before_delivery() -> Records:
    return edited(clean(), of("subscription", "billing"), start=build.START - timedelta(days=1))


def _begun_for_another_term() -> Records:
    return edited(clean(), of("subscription", "billing"), term_end=build.END + timedelta(days=1))


def _payout_booked_the_day_before() -> Records:
    return edited(clean(), of("entry", "erp", "GL3"), business_date=build.DAY_0)


def _payout_booked_the_day_after() -> Records:
    later = build.PAID_OUT + timedelta(days=1)
    late = [replace(each, at_us=at(3_000)) if of("entry", "erp", "GL3")(each) else each for each in clean()]
    return edited(late, of("entry", "erp", "GL3"), business_date=later)


def _event_without_reason() -> Records:
    problem = "Object missing required field `reason`"
    return [*clean(), replace(_event(6, 1), type="q2c.order.cancelled.v1", problem=problem)]


def _hold(*told: str, ends: str = "clear") -> Records:
    """Return a customer who goes on hold in the first hour and comes off it in the second, and what is told of it."""
    customer = Customer(id="A-000001", ref="A-000001", name="Acme")
    steps = [(2, "clear", ""), (60, "soft_hold", "clear"), (120, ends, "soft_hold")]
    events = [
        replace(_event(61 + 60 * index, index + 1, f"hold/{index}", "A-000001"), type=f"q2c.credit_hold.{word}.v1")
        for index, word in enumerate(told)
    ]
    changes = [
        changed(minutes, "erp", "customer", replace(customer, credit_status=status), before, status, cause="act")
        for minutes, status, before in steps
    ]
    return [*clean(), *changes, *events]


def _release_untold() -> Records:
    return _hold("applied")


def _hold_untold() -> Records:
    return _hold(ends="hard_hold")


def _hold_told() -> Records:
    return _hold("applied", "released")


def _told_again() -> Records:
    return [*clean(), _event(6, 1), _event(7, 2), _event(8, 2), _event(9, 3)]


BREAKS: tuple[tuple[str, Break], ...] = (
    ("O1", _illegal_step),
    ("O2", _arrival_order),
    ("O3", _effect_first),
    ("O4", _older_picture),
    ("O4", _picture_with_a_hole),
    ("O4", _overwritten_price),
    ("O5", _gap),
    ("O5", _overlap),
    ("O10", _release_untold),
    ("O10", _hold_untold),
)


@pytest.mark.parametrize(("key", "spoil"), named(BREAKS))
def test_the_edit_breaks_the_check_and_the_clean_history_does_not(key: str, spoil: Break) -> None:
    notices(key, spoil)


_UNTOLD = frozenset({"L11"})
"""Histories in which little is told leave much untold."""
BREAKS_ALONE: tuple[tuple[str, Break, frozenset[str], dict[str, Any]], ...] = (
    ("O8", _of_tomorrow, frozenset({"M20"}), {}),
    ("O8", _of_yesterday, NONE, {}),
    ("O8", _payout_booked_the_day_before, NONE, {}),
    ("O8", _payout_booked_the_day_after, NONE, {}),
    ("O9", _number_left_out, NONE, {}),
    ("O9", _number_twice, NONE, {}),
    ("O10", _event_left_out, _UNTOLD, {}),
    ("O10", _event_renumbered, _UNTOLD, {}),
    ("O10", _event_without_reason, _UNTOLD, {}),
    ("O11", _begun_before_delivery, NONE, {}),
    ("O11", _begun_for_another_term, NONE, {}),
    ("O11", _begun_before_its_day, frozenset({"M10"}), {}),
    ("O11", _charged_before_delivery, NONE, {}),
)


@pytest.mark.parametrize(("key", "spoil", "besides", "context"), named(BREAKS_ALONE))
def test_the_history_breaks_the_rule_and_no_other(
    key: str, spoil: Break, besides: frozenset[str], context: dict[str, Any]
) -> None:
    notices_alone(key, spoil, besides, context)


def test_amendments_in_order_hold() -> None:
    assert check("O2", amended()).status == "holds"


def test_a_limit_overwritten_by_a_request_is_a_lost_update() -> None:
    customer = Customer(id="A-000001", ref="A-000001", name="Acme", credit_limit_minor=5)
    records: Records = [
        *clean(),
        changed(1, "erp", "customer", customer, status="clear", cause="act"),
        changed(9, "erp", "customer", replace(customer, credit_limit_minor=0), "clear", "clear"),
    ]
    assert check("O4", records).status == "broken"


def test_a_document_is_dated_later_once_its_period_is_closed() -> None:
    moved = edited(clean(), of("invoice", "erp"), business_date=date(2027, 1, 1))
    assert check("O8", moved).status == "broken"
    assert check("O8", [*moved, period(20, "soft_closed", "open", module="ar")]).status == "holds"


def test_what_a_won_dispute_gives_back_is_dated_by_the_day_it_was_won() -> None:
    won = Dispute(id="du_1", payment="pi_1", currency="USD", amount_minor=18_700, fee_minor=0, status="won")
    back = replace(build.CASH, id="CR9", ref="du_1.won", business_date=build.DAY_0 + timedelta(days=1))
    booked = changed(60 * 24 * 2 + 10, "erp", "cash", back)
    assert check("O8", [*clean(), changed(60 * 24 + 10, "payment", "dispute", won), booked]).status == "holds"
    assert check("O8", [*clean(), changed(60 * 24 * 2 + 5, "payment", "dispute", won), booked]).status == "broken"


def test_a_process_that_died_over_midnight_writes_the_day_it_had_decided() -> None:
    yesterday = edited(clean(), of("order", "erp"), business_date=build.DAY_0 - timedelta(days=1))
    crash = Crashed(at_us=at(-60 * 24), write=3, after=False, back_us=at(0))
    assert check("O8", yesterday).status == "broken"
    assert check("O8", [*yesterday, crash]).status == "holds"
    assert check("O8", [*yesterday, replace(crash, back_us=at(-120))]).status == "broken"


def test_a_process_whose_clock_is_behind_writes_the_day_that_it_knows() -> None:
    yesterday = edited(clean(), of("order", "erp"), business_date=build.DAY_0 - timedelta(days=1))

    def behind(hours: int, end_us: int) -> str:
        fault = Fault(kind="clock_back", seconds=hours * 3600.0, count=3, end_us=end_us)
        struck = Fired(at_us=at(-60 * 24), fault=0, kind="clock_back", system="", operation="", txn="")
        return check("O8", [*yesterday, struck], faults=(fault,)).status

    assert behind(24, at(60 * 24)) == "holds"
    assert behind(24, at(-60)) == "broken", "it was set right before"
    assert behind(0, at(60 * 24)) == "broken"


def test_an_event_that_is_told_again_is_in_order() -> None:
    assert check("O10", _told_again()).status == "holds"


def test_a_hold_whose_end_is_told_is_told_truly() -> None:
    result = check("O10", _hold_told())
    assert (result.status, result.examined) == ("holds", 3)
    parked = replace(PARKED, flow="credit-status/A-000001/x", name="show_credit", txn="")
    assert check("O10", [*_release_untold(), parked]).status == "holds", "people have it in hand"


def test_cash_of_a_debit_that_was_returned_later_is_dated_by_the_day_it_came() -> None:
    late: Records = [
        replace(record, at_us=record.at_us + build.DAY_US) if of("cash", "erp")(record) else record
        for record in clean()
    ]
    returned = replace(build.CAPTURED, status="returned", disputed_minor=18_700)
    assert check("O8", [*late, changed(9000, "payment", "payment", returned, "settled")]).status == "holds"
    assert check("O8", without(late, of("payment", "payment"))).status == "broken", "nobody knows why"
