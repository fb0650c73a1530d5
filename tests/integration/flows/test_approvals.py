"""A posting whose period is closed goes into the next one; any other refusal is for people, and is not repeated."""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import date
from typing import Any

import pytest

from integration.effects import Call, Park
from integration.flow import Flow, FlowContext
from integration.flows.approvals import in_open_period
from integration.outcomes import Answer, Begun, Failed, Resumed
from integration.settings import Settings

CONTEXT = FlowContext("test/1", "test", "", Settings())
NOW_US = 1_796_047_200_000_000  # 2026-11-30T14:00Z


def posting(day: date) -> Call:
    return Call(system="erp", operation="upsert_payment", target="/p", method="PUT", key=str(day), write=True)


def posted(day: date) -> Coroutine[Any, Any, Answer]:
    return in_open_period(CONTEXT, "US", day, posting)


def begun(day: date) -> Flow:
    flow = Flow("test/1", posted(day))
    assert flow.resume(Begun("test/1", "test", {})) == posting(day)
    return flow


def refused(detail: str) -> Failed:
    return Failed("rejected", 400, "USER_ERROR", detail, at_us=NOW_US)


def test_a_posting_of_a_closed_month_is_made_on_the_day_it_is_found_out() -> None:
    assert begun(date(2026, 10, 31)).resume(refused("closed (tranDate)")) == posting(date(2026, 11, 30))


@pytest.mark.parametrize("detail", ["the invoice is paid", "closed (tranDate)"])
def test_what_is_refused_for_good_is_asked_of_people_before_it_is_sent_again(detail: str) -> None:
    flow = begun(date(2026, 11, 30))
    case = flow.resume(refused(detail))
    assert isinstance(case, Park)
    assert (case.context["operation"], detail in case.detail) == ("upsert_payment", True)
    assert flow.resume(Resumed("clerk")) == posting(date(2026, 11, 30))
    assert flow.resume(Answer(204)) is None
