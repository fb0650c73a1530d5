"""What stopped is with a person, and nothing is left behind: each rule (L5, A) notices its one edit."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from domain.history import Flow
from tests.contracts.checks import build
from tests.contracts.checks.build import at, changed, check, clean, edited, of, walk, without
from tests.contracts.checks.doctored import NONE, PARKED, Break, Records, case, named, notices, notices_alone, worked_on


def _trail_broken() -> Records:
    return [replace(r, intact=False, problem="entry 7") if hasattr(r, "intact") else r for r in clean()]


def _trail_short() -> Records:
    return [replace(r, entries=1) if hasattr(r, "intact") else r for r in clean()]


def _trail_of_questions_alone() -> Records:
    begun = Flow(at_us=at(1), flow="", name="accepted_quote", txn="Q-000123", status="started")
    return [*(replace(begun, flow=f"quote/Q-000123-v{version}") for version in range(1, 41)), *clean()]


def _left_behind() -> Records:
    closed = replace(build.ORDER, status="cancelled")
    return [*clean(), changed(60, "erp", "order", closed, "booked")]


def _parked_without_a_case() -> Records:
    return [*clean()[:-3], replace(PARKED, at_us=at(1511)), *clean()[-2:]]


def _case_of_nothing() -> Records:
    return [*clean(), case(20, "new", flow="quote/Q-000777-v1", txn="Q-000777")]


def _re_driven_for_nothing() -> Records:
    resumed = replace(PARKED, at_us=at(1512), status="resumed")
    return [*clean(), *worked_on("resolved", by="ann"), replace(PARKED, at_us=at(1511)), resumed]


def _closed_by_nobody() -> Records:
    return [*clean(), *worked_on("resolved", by=" ")]


BREAKS: tuple[tuple[str, Break], ...] = (
    ("A1", _trail_broken),
    ("A1", _trail_short),
    ("A1", _trail_of_questions_alone),
    ("A6", _left_behind),
)


@pytest.mark.parametrize(("key", "spoil"), named(BREAKS))
def test_the_edit_breaks_the_check_and_the_clean_history_does_not(key: str, spoil: Break) -> None:
    notices(key, spoil)


BREAKS_ALONE: tuple[tuple[str, Break, frozenset[str], dict[str, Any]], ...] = (
    ("L5", _parked_without_a_case, NONE, {}),
    ("L5", _case_of_nothing, NONE, {}),
    ("L5", _re_driven_for_nothing, NONE, {}),
    ("A10", _closed_by_nobody, NONE, {}),
)


@pytest.mark.parametrize(("key", "spoil", "besides", "context"), named(BREAKS_ALONE))
def test_the_history_breaks_the_rule_and_no_other(
    key: str, spoil: Break, besides: frozenset[str], context: dict[str, Any]
) -> None:
    notices_alone(key, spoil, besides, context)


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


def test_a_case_that_is_followed_by_a_later_one_of_its_flow_had_its_outcome() -> None:
    later: Records = [case(60, "new", case="C2"), replace(PARKED, at_us=at(60))]
    started = without(clean(), lambda r: isinstance(r, Flow) and r.status == "finished")
    assert check("A10", [*started, *worked_on("resolved", "verified", by="ann"), *later]).status == "holds"


def test_a_flow_that_was_re_driven_and_waits_for_another_deal_since_has_gone_on() -> None:
    verified = replace(case(1513, "verified", actor="ann"), flow=PARKED.flow)
    assert check("L5", [*_re_driven_for_nothing(), verified]).status == "holds"
    assert check("L5", [*_re_driven_for_nothing(), replace(verified, status="auto_resolved")]).status == "holds"
