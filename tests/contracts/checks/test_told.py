"""Whatever the systems show to have happened has been told, or somebody has it in hand (L11)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from contracts.checks.told import FACTS
from domain.history import Case, Emitted, Record
from domain.objects import Invoice, Refund
from tests.contracts.checks.build import at, changed, check, clean, of

SUBJECTS = {
    "q2c.order.booked.v1": "Q-000123-v1",
    "q2c.subscription.created.v1": "Q-000123",
    "q2c.subscription.activated.v1": "Q-000123",
    "q2c.invoice.posted.v1": "INV-1",
    "q2c.payment.received.v1": "pi_1",
    "q2c.payment.applied.v1": "pi_1",
    "q2c.payout.settled.v1": "po_1",
}
ALL = frozenset(SUBJECTS)


def told(*types: str, more: tuple[tuple[str, str], ...] = ()) -> list[Record]:
    """Return the clean history with one event of each type."""
    news = [*[(each, SUBJECTS[each]) for each in sorted(types)], *more]
    events = [
        Emitted(at_us=at(2000 + place), type=kind, subject=subject, txn="Q-000123", sequence=1, id=f"e/{place}")
        for place, (kind, subject) in enumerate(news)
    ]
    return [*clean(), *events]


def test_a_history_of_which_all_is_told_holds() -> None:
    result = check("L11", told(*ALL))
    assert result.status == "holds"
    assert result.examined == len(ALL)


def test_a_site_that_tells_nobody_anything_is_not_judged() -> None:
    assert check("L11", clean()).examined == 0


@pytest.mark.parametrize("forgotten", sorted(ALL))
def test_what_was_never_told_is_noticed(forgotten: str) -> None:
    result = check("L11", told(*ALL - {forgotten}))
    assert result.status == "broken"
    assert forgotten in result.violations[0].sentence
    case = Case(
        at_us=at(20), case="C1", flow="invoice/INV-1", txn="Q-000123", status="new", code="AUTH.FORBIDDEN",
        owner="security", opened_us=at(20), due_us=at(50_000),
    )  # fmt: skip
    assert check("L11", [*told(*ALL - {forgotten}), case]).broken <= (forgotten == "q2c.payout.settled.v1")


def test_money_that_goes_back_or_will_not_come_is_told() -> None:
    refund = Refund(id="re_1", payment="pi_1", currency="USD", amount_minor=5_000, status="succeeded")
    (paid,) = [record for record in clean() if of("invoice", "erp", status="paid")(record)]
    assert isinstance(paid.document, Invoice)  # type: ignore[union-attr]
    lost = changed(3_000, "erp", "invoice", replace(paid.document, status="written_off"), "paid")  # type: ignore[union-attr]
    news = (("q2c.payment.refunded.v1", "re_1"), ("q2c.invoice.written_off.v1", "INV-1"))
    records = [changed(3_000, "payment", "refund", refund), lost]
    assert check("L11", [*told(*ALL, more=news), *records]).status == "holds"
    for each in news:
        result = check("L11", [*told(*ALL, more=(each,)), *records])
        assert result.broken == 1


def test_every_kind_of_news_has_an_event_of_its_own() -> None:
    assert len({fact.event for fact in FACTS}) == len(FACTS)
