"""Alerts: each kind of trouble raises its own, and nothing else; quiet times and small numbers raise none."""

from __future__ import annotations

import pytest

from domain.calendar import SECOND_US
from integration.observability.alerts import (
    BURN_RULES,
    PAGE,
    TICKET,
    Observed,
    PeerTrouble,
    alerts,
    burn_of,
)
from integration.observability.rolling import BOOKED, POSTED, SHOWN, SLOS, TOUCHLESS, Clock, Slo

NOW_US = 1_790_000_000 * SECOND_US
HOUR, DAY = 3600, 86_400


def clocks(slo: Slo, good: int, bad: int, over_seconds: int) -> tuple[Clock, ...]:
    """Clocks that were decided evenly over a time until now: good ones at once, bad ones never stopped."""
    made = []
    for number in range(good + bad):
        decided_us = NOW_US - over_seconds * SECOND_US * number // (good + bad)
        is_bad = number * bad // (good + bad) != (number + 1) * bad // (good + bad)
        start_us = decided_us - slo.threshold_seconds * SECOND_US
        if slo.threshold_seconds == 0:
            made.append(Clock(str(number), decided_us, decided_us + is_bad * SECOND_US))
        elif is_bad:
            made.append(Clock(str(number), start_us - 1))
        else:
            made.append(Clock(str(number), start_us, decided_us - 1))
    return tuple(made)


def all_good() -> dict[str, tuple[Clock, ...]]:
    return {slo.name: clocks(slo, 400, 0, 3 * DAY) for slo in SLOS}


def names(observed: Observed) -> list[str]:
    return [alert.name for alert in alerts(observed, NOW_US)]


def test_quiet_times_raise_nothing() -> None:
    assert names(Observed()) == []
    assert names(Observed(clocks=all_good())) == []


@pytest.mark.parametrize("slo", SLOS, ids=lambda slo: slo.name)
def test_each_objective_raises_its_own_alert_and_only_that(slo: Slo) -> None:
    observed = Observed(clocks={**all_good(), slo.name: clocks(slo, 0, 40, HOUR)})
    (alert,) = alerts(observed, NOW_US)
    assert (alert.name, alert.severity, alert.window_seconds) == (slo.name, PAGE, HOUR)
    assert alert.burn == pytest.approx(100.0 / (100.0 - slo.share))
    assert slo.title in alert.sentence
    assert alert.advice


@pytest.mark.parametrize(
    ("observed", "name", "severity"),
    [
        (Observed(unknown_since_us=(NOW_US - 3601 * SECOND_US,)), "unknown_outcomes", PAGE),
        (Observed(differences=(("billing-erp", "USD", -100),)), "reconciliation", PAGE),
        (Observed(peers=(PeerTrouble("erp", NOW_US - 301 * SECOND_US),)), "peer_down:erp", TICKET),
        (Observed(relay_lag_seconds=901.0), "relay_lag", TICKET),
        (Observed(is_audit_intact=False), "audit", PAGE),
    ],
)
def test_what_must_never_be_raises_its_own_alert_and_only_that(observed: Observed, name: str, severity: str) -> None:
    assert [(alert.name, alert.severity) for alert in alerts(observed, NOW_US)] == [(name, severity)]


def test_what_is_young_raises_nothing_yet() -> None:
    young = Observed(
        unknown_since_us=(NOW_US - 3600 * SECOND_US,), peers=(PeerTrouble("erp", NOW_US - 300 * SECOND_US),),
        relay_lag_seconds=900.0,
    )  # fmt: skip
    assert names(young) == []


def test_slow_burns_are_tickets_and_fast_ones_pages() -> None:
    severities = {}
    for share_bad, over in ((20, HOUR), (8, 6 * HOUR), (4, DAY), (2, 3 * DAY)):
        observed = Observed(clocks={BOOKED.name: clocks(BOOKED, 1000 - 10 * share_bad, 10 * share_bad, over)})
        (alert,) = alerts(observed, NOW_US)
        severities[alert.window_seconds] = alert.severity
    assert severities == {HOUR: PAGE, 6 * HOUR: PAGE, DAY: TICKET, 3 * DAY: TICKET}


def test_trouble_that_is_over_stops_alerting_by_the_short_window() -> None:
    old = tuple(Clock(clock.key, clock.start_us - 600 * SECOND_US) for clock in clocks(BOOKED, 0, 40, HOUR // 2))
    assert burn_of(BOOKED, old, NOW_US, HOUR).bad == 40
    recent = clocks(BOOKED, 1000, 0, 300)
    raised = alerts(Observed(clocks={BOOKED.name: (*old, *recent)}), NOW_US)
    assert [(alert.severity, alert.window_seconds) for alert in raised] == [(TICKET, DAY)], "no page: it is over"


def test_small_numbers_wake_nobody() -> None:
    few = clocks(BOOKED, 0, 9, HOUR)
    one_late = (*clocks(BOOKED, 20, 0, HOUR), Clock("late", NOW_US - 2000 * SECOND_US))
    assert names(Observed(clocks={BOOKED.name: few})) == []
    assert names(Observed(clocks={BOOKED.name: one_late})) == []


def test_a_running_clock_counts_only_when_its_time_is_up() -> None:
    running = tuple(Clock(str(number), NOW_US - 899 * SECOND_US) for number in range(50))
    assert burn_of(BOOKED, running, NOW_US, HOUR).decided == 0
    assert burn_of(BOOKED, running, NOW_US + 2 * SECOND_US, HOUR).bad == 50


def test_the_windows_are_those_of_the_workbook() -> None:
    assert [(rule.burn, rule.long_seconds, rule.short_seconds, rule.severity) for rule in BURN_RULES] == [
        (14.4, 3600, 300, "page"), (6.0, 21_600, 1800, "page"), (3.0, 86_400, 7200, "ticket"),
        (1.0, 259_200, 21_600, "ticket"),
    ]  # fmt: skip


def test_pages_come_first() -> None:
    observed = Observed(
        clocks={POSTED.name: clocks(POSTED, 0, 40, HOUR), SHOWN.name: clocks(SHOWN, 0, 40, HOUR)},
        relay_lag_seconds=1e6, peers=(PeerTrouble("crm", 0),),
    )  # fmt: skip
    assert names(observed) == ["invoice_posted", "payment_shown", "peer_down:crm", "relay_lag"]
    assert TOUCHLESS.name not in names(observed)
