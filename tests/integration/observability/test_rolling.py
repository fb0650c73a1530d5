"""The clocks of the service levels, folded from events."""

from __future__ import annotations

from typing import Any

from domain.calendar import SECOND_US
from integration.journal.protocol import OutboxRow
from integration.observability.rolling import BOOKED, POSTED, SHOWN, TOUCHLESS, Clock, Rolling, follow

T0 = 1_790_000_000 * SECOND_US


class Told:
    """Events, as a log gives them."""

    def __init__(self) -> None:
        self.figures = Rolling()
        self.number = 0

    def tell(self, name: str, subject: str, txn: str = "Q-1", at: int = 0, **body: Any) -> OutboxRow:
        self.number += 1
        row = OutboxRow(
            number=self.number, id=f"e{self.number}", type=f"q2c.{name}.v1", subject=subject, txn=txn, sequence=1,
            body=body, created_us=T0 + at * SECOND_US,
        )  # fmt: skip
        self.figures.take(row)
        return row

    def clocks(self, name: str, at: int = 100) -> list[tuple[str, int, int | None]]:
        """Return key, start and stop (seconds from the beginning) of the clocks of an objective."""
        found = self.figures.observed(T0 + at * SECOND_US)[name]
        return [(each.key, _seconds(each.start_us), None if each.stop_us is None else _seconds(each.stop_us)) for each in found]  # fmt: skip  # noqa: E501


def _seconds(at_us: int) -> int:
    return (at_us - T0) // SECOND_US


def test_a_booking_stops_the_clock_of_its_acceptance() -> None:
    told = Told()
    told.tell("quote.accepted", "Q-1", reference="Q-1-v1", accepted_at_us=T0)
    told.tell("quote.accepted", "Q-2", "Q-2", reference="Q-2-v1", accepted_at_us=T0 + SECOND_US)
    told.tell("order.booked", "Q-1-v1", booked_at_us=T0 + 7 * SECOND_US, at=9)
    assert told.clocks(BOOKED.name) == [("Q-1-v1", 0, 7), ("Q-2-v1", 1, None)]


def test_an_event_that_comes_twice_counts_once() -> None:
    told = Told()
    told.tell("quote.accepted", "Q-1", reference="Q-1-v1", accepted_at_us=T0)
    row = told.tell("order.booked", "Q-1-v1", booked_at_us=T0 + 7 * SECOND_US)
    told.figures.take(row)
    told.figures.take(OutboxRow(number=1, id="e1", type=row.type, subject="Q-1-v1", txn="", body={"booked_at_us": T0 + 99}, created_us=0))  # fmt: skip  # noqa: E501
    assert told.clocks(BOOKED.name) == [("Q-1-v1", 0, 7)]


def test_a_case_takes_the_order_off_the_clock_and_makes_it_touched() -> None:
    told = Told()
    told.tell("quote.accepted", "Q-1", reference="Q-1-v1", accepted_at_us=T0)
    told.tell("exception.opened", "case", at=3)
    told.tell("exception.opened", "case-2", "Q-2", at=4)
    told.tell("quote.accepted", "Q-2", "Q-2", reference="Q-2-v1", accepted_at_us=T0)
    told.tell("quote.accepted", "Q-3", "Q-3", reference="Q-3-v1", accepted_at_us=T0)
    assert told.clocks(BOOKED.name) == [("Q-2-v1", 0, None), ("Q-3-v1", 0, None)]
    bad = [each.key for each in told.figures.observed(T0)[TOUCHLESS.name] if each.is_bad(TOUCHLESS, T0)]
    assert bad == ["Q-1", "Q-2"]


def test_a_payment_runs_until_the_crm_shows_it() -> None:
    told = Told()
    told.tell("invoice.generated", "I-1", generated_at_us=T0, reference="Q-1-v1")
    told.tell("invoice.posted", "I-1", posted_at_us=T0 + 5 * SECOND_US)
    told.tell("payment.received", "P-1", received_at_us=T0 + 10 * SECOND_US, remittance=["I-1"])
    told.tell("quote.mirrored", "Q-1-v1", at=14)
    assert told.clocks(POSTED.name) == [("I-1", 0, 5)]
    assert told.clocks(SHOWN.name) == [("Q-1-v1", 10, 14)]


def test_old_clocks_are_forgotten_and_running_ones_are_not() -> None:
    told = Told()
    told.tell("quote.accepted", "Q-1", reference="Q-1-v1", accepted_at_us=T0)
    told.tell("quote.accepted", "Q-2", "Q-2", reference="Q-2-v1", accepted_at_us=T0)
    told.tell("order.booked", "Q-1-v1", booked_at_us=T0)
    assert told.clocks(BOOKED.name, at=5 * 86_400) == [("Q-2-v1", 0, None)]


def test_a_clock_is_decided_when_it_stops_or_its_time_is_up() -> None:
    assert Clock("x", T0).decided_us(BOOKED) == T0 + 900 * SECOND_US
    assert Clock("x", T0, T0 + SECOND_US).decided_us(BOOKED) == T0 + SECOND_US


def test_a_long_log_is_folded_a_part_at_a_time() -> None:
    source, figures = Told(), Rolling()
    rows = [source.tell("quote.accepted", f"Q-{number}", reference=f"Q-{number}-v1") for number in range(5)]
    asked: list[int] = []

    def page(after: int) -> list[OutboxRow]:
        asked.append(after)
        return rows[after : after + 2]

    assert [follow(figures, page, pages_max=2) for _ in range(3)] == [False, True, True]
    assert asked == [0, 2, 4, 5, 5]
