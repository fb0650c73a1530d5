"""What a credit makes of an invoice is shown to sales by the work that books it (L3), whatever is shown later."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.history import Changed, Flow, Record
from tests.contracts.checks.build import CONTEXT, CREDIT_NOTE, at, changed, check, clean

NOTED = 40  # minutes
BOOKED = '{"credit_note":"CN-1","status":"posted"}'


def flow(minutes: float, name: str, status: str, result: str = "") -> Flow:
    """Return a state of a flow."""
    ending = "done" if status == "finished" else ""
    return Flow(
        at_us=at(minutes), flow=name, name=name.partition("/")[0], txn="Q-000123", status=status, result=result,
        ending=ending,  # type: ignore[arg-type]
    )  # fmt: skip


def credited(*shown: Flow, result: str = BOOKED) -> list[str]:
    """Return what is said of a credit whose flow runs for three minutes, with these mirrors."""
    found = check("L3", [*clean(), *_credit(result), *shown])
    return [each.sentence for each in found.violations if "credit note" in each.sentence]


def _credit(result: str) -> list[Record]:
    return [
        changed(NOTED, "billing", "credit_memo", replace(CREDIT_NOTE, txn="Q-000123")),
        flow(NOTED + 1, "credit/CN-1", "started"),
        flow(NOTED + 4, "credit/CN-1", "finished", result),
    ]


def mirror(minutes: float, invoice: str = "INV-1", waited: float = 0) -> Flow:
    """Return the start of what shows sales something of an invoice that was learned at an instant."""
    name = f"mirror/Q-000123-v1/{at(minutes) // 1000}/InvoiceBalance__c/{invoice}"
    return flow(minutes + waited, name, "started")


@pytest.mark.parametrize("minutes", [NOTED + 1, NOTED + 3, NOTED + 4])
@pytest.mark.parametrize("waited", [0, 600])
def test_a_credit_that_is_shown_as_it_was_while_it_was_booked_holds(minutes: float, waited: float) -> None:
    assert credited(mirror(minutes, waited=waited)) == []


@pytest.mark.parametrize("shown", [[], [mirror(NOTED)], [mirror(NOTED + 9)], [mirror(NOTED + 3, "INV-2")]])
def test_a_credit_that_only_later_news_shows_is_noticed(shown: list[Flow]) -> None:
    assert credited(*shown) == ["credit note CN-1 of INV-1 was booked, and nobody showed sales what it left"]


def test_a_note_that_is_not_booked_needs_not_be_shown() -> None:
    assert credited(result='{"credit_note":"CN-1","status":"ours"}') == []


def test_a_credit_whose_quote_waits_for_people_or_that_was_booked_just_before_the_end_is_not_judged() -> None:
    assert credited(flow(NOTED + 2, "mirror/Q-000123-v1/1/OrderStatus__c", "parked")) == []
    late = [replace(each, at_us=CONTEXT.horizon_us) if isinstance(each, Flow) else each for each in _credit(BOOKED)]
    assert not [each for each in check("L3", [*clean(), *late]).violations if "credit note" in each.sentence]


def test_a_credit_of_an_invoice_that_was_there_before_needs_not_be_shown() -> None:
    before = [
        replace(each, cause="act") if isinstance(each, Changed) and each.id == "INV-1" else each for each in clean()
    ]
    found = check("L3", [*before, *_credit(BOOKED)])
    assert not [each for each in found.violations if "credit note" in each.sentence]
