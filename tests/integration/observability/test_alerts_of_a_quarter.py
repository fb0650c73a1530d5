"""The rules on virtual time: a rehearsed quarter raises nothing; one that loses a leg raises the alert of that leg."""

from __future__ import annotations

import pytest

from domain.calendar import SECOND_US
from integration.journal.protocol import OutboxRow
from integration.observability.alerts import Observed, alerts
from integration.observability.rolling import Rolling
from tests.integration.rehearsed import quarter

HOUR_US = 3600 * SECOND_US


@pytest.fixture(scope="module")
def rows() -> list[OutboxRow]:
    found: list[OutboxRow] = []
    while page := quarter().reader.events(after=found[-1].number if found else 0, limit=1000):
        found += page
    return found


def raised(rows: list[OutboxRow]) -> set[str]:
    """Return the alerts that were raised at any full hour from the first event to the last."""
    figures, names, at_us, place = Rolling(), set[str](), rows[0].created_us, 0
    while at_us < rows[-1].created_us:
        at_us += HOUR_US
        while place < len(rows) and rows[place].created_us <= at_us:
            figures.take(rows[place])
            place += 1
        names |= {alert.name for alert in alerts(Observed(clocks=figures.observed(at_us)), at_us)}
    return names


def test_a_quarter_with_its_outages_raises_nothing_because_retries_ride_them_out(rows: list[OutboxRow]) -> None:
    assert raised(rows) == set()


@pytest.mark.parametrize(
    ("lost", "alert"),
    [
        ("q2c.order.booked.v1", "order_booked"),
        ("q2c.invoice.posted.v1", "invoice_posted"),
        ("q2c.quote.mirrored.v1", "payment_shown"),
    ],
)
def test_a_leg_that_comes_to_a_halt_raises_its_own_alert_and_only_that(
    lost: str, alert: str, rows: list[OutboxRow]
) -> None:
    halted = [row for row in rows if row.type != lost]
    assert len(halted) < len(rows)
    assert raised(halted) == {alert}
