"""Who owes is reminded at every stage (L10): each reminder that never came is noticed, and each excuse is taken."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace

from domain.history import Case, Changed, Emitted, Ending, Flow, Record
from domain.objects import Hold
from tests.contracts.checks.build import POSTED, at, changed, check, edited, of
from tests.contracts.checks.receivables import LATER, refunded

DAY = 1440  # minutes
DUE = date(2026, 12, 1)
NOTICES = (9, 19)  # days from the first until the account is in a stage (10 and 20 days after it was due), and reminded


def owing(*reminded: float) -> list[Record]:
    """Return a lifecycle in which a part is owed again after a refund, with reminders after so many days."""
    told = [
        Emitted(
            at_us=at(day * DAY), type="q2c.invoice.overdue.v1", subject="INV-1", txn="Q-000123", sequence=9, id=f"e{n}"
        )
        for n, day in enumerate(reminded)
    ]
    return [*edited(refunded(), of("invoice", "erp"), due_date=DUE), *told]


def _marked(*days: float) -> list[Changed]:
    """Return the books' invoice in dispute and out of it, by turns, after so many days."""
    row = next(
        row for row in owing() if isinstance(row, Changed) and of("invoice", "erp", status="partially_paid")(row)
    )
    marks = ["disputed", "partially_paid"] * len(days)
    return [
        replace(changed(day * DAY, "erp", "invoice", replace(row.document, status=mark)), before=before)  # type: ignore[call-overload]
        for day, mark, before in zip(days, marks, ["partially_paid", *marks], strict=False)
    ]


def flow(name: str, status: str, ending: Ending = "") -> Flow:
    kind = name.partition("/")[0]
    return Flow(at_us=at(8 * DAY), flow=name, name=kind, txn="", status=status, ending=ending)


def case(about: str) -> Case:
    return Case(
        at_us=at(8 * DAY), case="C1", flow=about, txn="", status="new", code="AUTH.FORBIDDEN", owner="security",
        opened_us=at(8 * DAY), due_us=at(9 * DAY),
    )  # fmt: skip


def test_who_is_reminded_at_every_stage_is_dunned() -> None:
    result = check("L10", owing(*NOTICES))
    assert (result.status, result.examined) == ("holds", 2)


@pytest.mark.parametrize(
    ("records", "missed"),
    [
        (owing(), 2),  # a debt that nobody ever took up
        (owing(1, 4), 2),  # reminded once, and never again
        (owing(NOTICES[0]), 1),
        ([*owing(NOTICES[0]), *_marked(10, 15)], 1),  # left in peace for an objection, and not taken up again
    ],
    ids=["never", "once", "until_the_next_stage", "until_an_objection"],
)
def test_a_reminder_that_never_came_is_noticed(records: list[Record], missed: int) -> None:
    result = check("L10", records)
    assert (result.status, len(result.violations)) == ("broken", missed)


OLDER = replace(POSTED, id="199", ref="INV-0", due_date=date(2026, 11, 20), status="posted", balance_minor=100)


@pytest.mark.parametrize(
    "excuse",
    [
        _marked(8),
        [flow("promise/A-000001/2026-12-24", "finished")],
        [flow("dunning/A-000001/1", "finished", "given_up")],
        [flow("dunning/A-000001/1", "discarded")],
        [case("dunning/A-000001/1")],
        [case("sweep_overdue/1")],
        [changed(LATER, "erp", "invoice", replace(OLDER, customer="A-000001"))],
    ],
    ids=["disputed", "promised", "given_up", "discarded", "in_hand", "sweep_in_hand", "an_older_debt"],
)
def test_who_is_left_in_peace_for_a_reason_is_not_missed(excuse: list[Record]) -> None:
    assert not [each for each in check("L10", [*owing(), *excuse]).violations if each.sentence.startswith("INV-1 ")]


@pytest.mark.parametrize("about", ["dunning/A-000002/1", "invoice/INV-1"])
def test_what_people_have_in_hand_elsewhere_is_no_excuse(about: str) -> None:
    assert check("L10", [*owing(), case(about)]).status == "broken"


LONG_DUE = date(2026, 11, 1)  # so that the account is to be held after ten days
HORIZON = {"heal_us": at(9 * DAY), "horizon_us": at(20 * DAY)}


def held(since: float, until: float) -> list[Record]:
    """Return a hold on the account from one day to another."""
    active = Hold(id="H1", customer="A-000001", account="A-000001", level="hard", status="active")
    return [
        changed(since * DAY, "erp", "hold", active),
        changed(until * DAY, "erp", "hold", replace(active, status="released"), "active"),
    ]


def _suspended(*more: Record) -> list[str]:
    records = [*edited(owing(9.5), of("invoice", "erp"), due_date=LONG_DUE), *more]
    return [each.sentence for each in check("L10", records, **HORIZON).violations if "on hold" in each.sentence]


def test_who_owes_for_long_and_is_not_put_on_hold_is_noticed() -> None:
    assert _suspended() == ["INV-1 of A-000001 was due on 2026-11-01, and nobody put A-000001 on hold"]
    assert _suspended(*held(15, 16)), "too late"


@pytest.mark.parametrize("span", [(9.5, 19), (1, 2)], ids=["in_time", "before_and_ended_by_a_person"])
def test_who_owes_for_long_and_was_put_on_hold_is_not_missed(span: tuple[float, float]) -> None:
    assert _suspended(*held(*span)) == []


def test_who_is_left_in_peace_is_not_held() -> None:
    assert _suspended(*_marked(8)) == []
