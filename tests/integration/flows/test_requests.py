"""What customers ask for themselves, without a quote: to cancel, to pause, to go on earlier."""

from __future__ import annotations

from datetime import date

import pytest

from integration.effects import Start
from integration.flows import requests
from tests.stage import CORE, LIVE, Played, Stage


def test_asking_twice_under_one_id_is_asking_once() -> None:
    day = date(2026, 12, 1)
    assert requests.cancel("C-1", LIVE, "US", day) == requests.cancel("C-1", LIVE, "US", day)
    assert requests.cancel("C-1", LIVE, "US", day).flow_id == "cancel/C-1"
    assert requests.resume("R-1", LIVE).flow_id == "resume/R-1"
    assert requests.amend("0Q0", "Q-500001-v1", "Q-500001") == requests.renew("0Q0", "Q-500001-v1", "Q-500001")


def test_requests_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="one of none, prorated, full"):
        requests.cancel("C-1", LIVE, "US", date(2026, 12, 1), "half")
    with pytest.raises(ValueError, match="cannot end on 2026-12-01"):
        requests.pause("P-1", LIVE, "US", date(2026, 12, 1), date(2026, 12, 1))


def test_a_customer_cancels_without_a_quote() -> None:
    played = asked((2.0, requests.cancel("C-1", LIVE, "US", date(2026, 11, 30), "none")))
    assert played.statuses("billing", "subscription") == ["cancelled"]
    assert played.documents("billing", "credit_memo") == []
    assert played.documents("erp", "order") == []
    assert "amendment.applied" in played.events()


def test_a_customer_pauses_and_goes_on_earlier_and_gets_back_the_days_in_between() -> None:
    played = asked(
        (2.0, requests.pause("P-1", LIVE, "US", date(2026, 11, 30), date(2026, 12, 20))),
        (75.0, requests.resume("R-1", LIVE)),
        days=6,
    )
    assert played.walk("billing", "subscription") == ["active", "suspended", "active"]
    (memo,) = played.documents("billing", "credit_memo")
    assert (memo.lines[0].period_start, memo.lines[0].period_end) == (date(2026, 11, 30), date(2026, 12, 3))
    assert memo.net_minor == 98_63  # three of 365 days of 12,000.00, half up
    noticed = played.changes("billing", "credit_memo")[0].at_us - played.changes("billing", "subscription")[-2].at_us
    assert noticed < 60 * 1_000_000, "the flow of the pause is told, and does not wait until it asks"
    assert [item.end for item in played.document("billing", "subscription").items] == [None]


def test_two_cancellations_are_two_flows_in_one_queue_and_the_second_changes_nothing() -> None:
    played = asked(
        (2.0, requests.cancel("C-1", LIVE, "US", date(2026, 11, 30), "prorated")),
        (3.0, requests.cancel("C-2", LIVE, "US", date(2026, 12, 1), "full")),
    )
    assert played.statuses("billing", "subscription") == ["cancelled"]
    assert len([memo for memo in played.documents("billing", "credit_memo") if memo.net_minor]) == 1
    (case,) = played.cases().values()
    assert (case[0].code, "C-2 came too late" in case[0].detail) == ("CONFLICT.STATE", True)


def asked(*starts: tuple[float, Start], days: float = 3.0) -> Played:
    """Play a live subscription whose customer starts flows so many hours after the opening."""
    stage = Stage()
    stage.subscribed((CORE, 10, 1200_00, 12))
    return stage.play(days=days, starts=starts)
