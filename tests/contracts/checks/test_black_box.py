"""What cannot be known of a black box is unknown: neither broken nor held."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.history import Changed, Record
from tests.contracts.checks.build import at, check, clean, edited, of, status_of, without

UNNAMED = edited(edited(clean(), of("invoice", "erp"), ref="January"), of("cash", "erp"), ref="")


def test_what_is_posted_without_a_name_is_neither_lost_nor_there() -> None:
    for rule in ("L1", "L2", "S9"):
        found = check(rule, UNNAMED, inside=False)
        assert (found.status, found.broken) == ("unknown", 0), rule
        assert "name nothing" in found.reason
    assert status_of("L1", UNNAMED) == "broken", "our own integration names what it posts"


def test_what_is_not_posted_at_all_is_lost_in_a_black_box_too() -> None:
    gone = [r for r in clean() if not any(rule(r) for rule in (of("invoice", "erp"), of("cash", "erp")))]
    assert status_of("L1", gone, inside=False) == "broken"
    assert status_of("S9", gone, inside=False) == "broken"


def _undelivered() -> list[Record]:
    started = without(clean(), of("task", "fulfilment", status="completed"))
    return [r for r in started if not (isinstance(r, Changed) and r.system in ("billing", "payment", "tax"))]


@pytest.mark.parametrize(("inside", "status"), [(True, "broken"), (False, "unknown")])
def test_a_black_box_may_subscribe_once_it_has_delivered(inside: bool, status: str) -> None:
    records = [
        record for record in _undelivered()
        if not any(rule(record) for rule in (of("invoice", "erp"), of("cash", "erp"), of("entry", "erp")))
    ]  # fmt: skip
    assert status_of("L1", records, inside=inside) == status


def test_a_black_box_that_has_delivered_and_not_subscribed_has_lost_the_rest() -> None:
    gone = [r for r in clean() if not (isinstance(r, Changed) and r.system in ("billing", "payment", "tax"))]
    assert status_of("L1", gone, inside=False) == "broken"


def test_sales_that_sees_the_truth_needs_not_be_told_again() -> None:
    shown = edited(clean(), of("mirror", "crm"), invoice_status="paid")
    early = [replace(r, at_us=at(6)) if of("mirror", "crm")(r) else r for r in shown]
    assert status_of("L3", early) == "broken", "our own integration stamps each picture with its fact"
    assert status_of("L3", early, inside=False) == "holds"
    wrong = edited(early, of("mirror", "crm"), invoice_balance_minor=1)
    assert status_of("L3", wrong, inside=False) == "broken"
