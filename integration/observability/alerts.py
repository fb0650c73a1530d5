"""Alerts: when the error budget of an objective burns too fast, and what must never be.

    raised = alerts(Observed(clocks=figures.observed(now_us), peers=..., ...), now_us)

Burn rate is the share of bad clocks over the share that the objective allows. An alert needs the same burn in a long
window (it matters) and in a short one (it still goes on): the values of the Site Reliability Workbook, chapter 5. A
guard of decided clocks keeps one late order among three from waking somebody. Pure; the tower and tests call it alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from domain.calendar import SECOND_US
from integration.observability.rolling import SLOS, Clock, Slo

PAGE, TICKET = "page", "ticket"
MINUTE, HOUR, DAY = 60, 3600, 86_400


class BurnRule(msgspec.Struct, frozen=True):
    """An alert fires when the budget burns `burn` times too fast in both windows (seconds)."""

    burn: float
    long_seconds: int
    short_seconds: int
    severity: str


BURN_RULES = (
    BurnRule(14.4, HOUR, 5 * MINUTE, PAGE),
    BurnRule(6.0, 6 * HOUR, 30 * MINUTE, PAGE),
    BurnRule(3.0, DAY, 2 * HOUR, TICKET),
    BurnRule(1.0, 3 * DAY, 6 * HOUR, TICKET),
)
"""Multi-window, multi-burn-rate alerts; the first that fires for an objective is the one that is raised."""
DECIDED_MIN = 10
"""Clocks that the long window must have decided, of them BAD_MIN bad: volumes of quote-to-cash are low."""
BAD_MIN = 2
UNKNOWN_OLD_SECONDS = HOUR
PEER_OPEN_SECONDS = 5 * MINUTE
RELAY_LAG_SECONDS = 15 * MINUTE


class Burn(msgspec.Struct, frozen=True, kw_only=True):
    """The budget of one objective in one window."""

    decided: int
    bad: int
    rate: float


class PeerTrouble(msgspec.Struct, frozen=True):
    """A system whose breaker is not closed, and since when."""

    system: str
    since_us: int


class Observed(msgspec.Struct, frozen=True, kw_only=True):
    """What the alerts look at: clocks by objective, and what must never be.

    `unknown_since_us`: since when each unknown outcome is open. `differences`: (pair, currency, minor units) of the
    last reconciliation at the close of a day. `relay_lag_seconds`: age of the oldest event the broker lacks.
    `is_behind`: the log is still being folded, so there are no clocks yet and nothing can be said of the objectives.
    """

    clocks: Mapping[str, Sequence[Clock]] = {}
    peers: tuple[PeerTrouble, ...] = ()
    unknown_since_us: tuple[int, ...] = ()
    differences: tuple[tuple[str, str, int], ...] = ()
    relay_lag_seconds: float = 0.0
    is_audit_intact: bool = True
    is_behind: bool = False


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One alert: a name for machines, how urgent, what is wrong and what to do, and how fast the budget burns."""

    name: str
    severity: str
    sentence: str
    advice: str
    burn: float = 0.0
    window_seconds: int = 0


_ADVICE = {
    "order_booked": "look at the ERP and at flows that are parked; booking needs no other system than CRM and ERP",
    "first_invoice": "look at billing: webhooks that fail, invoices that stay pending",
    "invoice_posted": "look at tax and ERP; before a close also at the period's status",
    "payment_shown": "look at the CRM's limits and at the queue of mirrors",
    "touchless": "look at the cases by code: one cause usually makes most of them",
}


def alerts(observed: Observed, now_us: int) -> list[Alert]:
    """Return the alerts that hold now, pages first."""
    raised = [alert for slo in SLOS if (alert := burning(slo, observed.clocks.get(slo.name, ()), now_us)) is not None]
    raised += _never(observed, now_us)
    return sorted(raised, key=lambda alert: (alert.severity != PAGE, alert.name))


def burn_of(slo: Slo, clocks: Iterable[Clock], now_us: int, window_seconds: int) -> Burn:
    """Return how fast the budget of an objective burned in the window before an instant."""
    since_us = now_us - window_seconds * SECOND_US
    decided = bad = 0
    for clock in clocks:
        is_bad = clock.is_bad(slo, now_us)
        if clock.stop_us is None and not is_bad:
            continue
        if since_us < clock.decided_us(slo) <= now_us:
            decided += 1
            bad += is_bad
    allowed = (100.0 - slo.share) / 100.0
    return Burn(decided=decided, bad=bad, rate=bad / decided / allowed if decided else 0.0)


def burning(slo: Slo, clocks: Sequence[Clock], now_us: int) -> Alert | None:
    """Return the most urgent burn alert of an objective, None when all is well."""
    for rule in BURN_RULES:
        long = burn_of(slo, clocks, now_us, rule.long_seconds)
        if long.decided < DECIDED_MIN or long.bad < BAD_MIN or long.rate < rule.burn:
            continue
        if burn_of(slo, clocks, now_us, rule.short_seconds).rate < rule.burn:
            continue
        share = 100.0 * long.bad / long.decided
        sentence = (
            f"{slo.title}: {long.bad} of {long.decided} ({share:.1f} %) missed their time in the last "
            f"{_said(rule.long_seconds)}; the objective allows {100.0 - slo.share:g} %"
        )
        return Alert(
            name=slo.name, severity=rule.severity, sentence=sentence, advice=_ADVICE[slo.name], burn=long.rate,
            window_seconds=rule.long_seconds,
        )  # fmt: skip
    return None


def _never(observed: Observed, now_us: int) -> Iterable[Alert]:
    """Yield the alerts of what must never be, or not for long."""
    old = [at_us for at_us in observed.unknown_since_us if now_us - at_us > UNKNOWN_OLD_SECONDS * SECOND_US]
    if old:
        yield Alert(
            name="unknown_outcomes", severity=PAGE, sentence=f"{len(old)} outcomes are unknown for more than an hour",
            advice="look the documents up in the system by their keys; do not repeat the calls by hand",
        )  # fmt: skip
    if observed.differences:
        pair, currency, amount_minor = observed.differences[0]
        yield Alert(
            name="reconciliation", severity=PAGE,
            sentence=f"{len(observed.differences)} totals differ at the close of the day, first {pair}: "
            f"{amount_minor} {currency} (minor units)",
            advice="q2c analytics reconcile names each difference and its cause",
        )  # fmt: skip
    for peer in observed.peers:
        open_us = now_us - peer.since_us
        if open_us > PEER_OPEN_SECONDS * SECOND_US:
            yield Alert(
                name=f"peer_down:{peer.system}", severity=TICKET,
                sentence=f"{peer.system} has been unwell for {_said(open_us // SECOND_US)}; calls wait",
                advice="ask its operators; nothing is lost, all waiting calls go when it answers again",
            )  # fmt: skip
    if observed.relay_lag_seconds > RELAY_LAG_SECONDS:
        yield Alert(
            name="relay_lag", severity=TICKET,
            sentence=f"the broker lacks events that are {_said(int(observed.relay_lag_seconds))} old",
            advice="look at the broker; the log keeps everything, consumers are late",
        )  # fmt: skip
    if not observed.is_audit_intact:
        yield Alert(
            name="audit", severity=PAGE, sentence="the audit trail does not verify",
            advice="stop, keep a copy of the database, and find out who wrote to it: q2c audit verify",
        )  # fmt: skip


def _said(seconds: int) -> str:
    for unit, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if seconds >= unit:
            number = seconds // unit
            return f"{number} {name}{'s' if number != 1 else ''}"
    return f"{seconds} seconds"
