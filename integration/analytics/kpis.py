"""Key figures from events alone: those of the domain specification (4.6) that canonical events can tell.

    K-03 K-04 K-05 K-06 K-07 K-08 K-09 K-10 K-11 K-12 K-13 K-16 K-18 K-19 K-21

Not from events: K-01 (declined and expired quotes never reach the integration), K-02 and K-17 (attempts of calls are in
the metrics), K-14 (needs whole contracts), K-15 and K-24 (need the documents themselves), K-20 and K-23 (need faults),
K-22 (`reconcile`). Durations are of instants as the integration learned them: an order counts as booked when the ERP's
approval was read, an invoice as posted when the ERP confirmed it. Percentiles are by nearest rank.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from datetime import date

import msgspec

from domain.calendar import DAY_US, HOUR_US, SECOND_US, local_date
from domain.errors import class_of
from integration.analytics.store import Store
from integration.settings import ZONES

_BUCKETS = (("0-4 h", 4), ("4-24 h", 24), ("1-3 d", 72), ("3-7 d", 168), ("> 7 d", 1 << 40))
_CLOSED = "('resolved', 'verified', 'auto_resolved')"
_FALLOUT = frozenset({"DATA_QUALITY", "VALIDATION"})
Values = list[tuple[str, float]]
Measured = tuple[Values, int]


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """What the figures are about: [from_us, until_us), and the first day after the period, local to each entity."""

    from_us: int
    until_us: int
    cutoff: date | None = None
    zones: Mapping[str, str] = msgspec.field(default_factory=lambda: ZONES)


class Kpi(msgspec.Struct, frozen=True, kw_only=True):
    """One key figure: labelled values in one unit (mixed: each label names its own), measured on `count` things."""

    kpi: str
    title: str
    unit: str
    values: tuple[tuple[str, float], ...]
    count: int


def kpis(store: Store, scope: Scope) -> tuple[Kpi, ...]:
    """Return every key figure that the tables can tell."""
    found = []
    for kpi, title, unit, measure in KPIS:
        values, count = measure(store, scope)
        found.append(Kpi(kpi=kpi, title=title, unit=unit, values=tuple(values), count=count))
    return tuple(found)


def scope_of(store: Store, cutoff: date | None = None, zones: Mapping[str, str] = ZONES) -> Scope:
    """Return a scope over everything that the tables hold."""
    first_us, last_us = store.span()
    return Scope(from_us=first_us, until_us=last_us + 1, cutoff=cutoff, zones=zones)


# --- arithmetic -----------------------------------------------------------------------------------------------------


def percent(part: int, whole: int) -> float:
    """Return a share in percent; 0 of nothing."""
    return 100.0 * part / whole if whole else 0.0


def quantile(sorted_us: list[int], share: int) -> float:
    """Return a percentile by nearest rank, in seconds; 0 of nothing."""
    if not sorted_us:
        return 0.0
    return sorted_us[max(1, -(-len(sorted_us) * share // 100)) - 1] / SECOND_US


def spread(ages_us: Iterable[int], *more: int) -> Values:
    """Return p50, p95, the maximum and further percentiles of some durations, in seconds."""
    ages = sorted(ages_us)
    named = [(f"p{share}", quantile(ages, share)) for share in (50, 95)]
    return [*named, ("max", quantile(ages, 100)), *((f"p{share}", quantile(ages, share)) for share in more)]


def _column(store: Store, query: str, *arguments: object) -> list[int]:
    return [value for (value,) in store.rows(query, *arguments)]


def _orders(store: Store, scope: Scope) -> int:
    """Return how many accepted quote versions there are: the denominator of most figures."""
    return _column(store, "SELECT count(*) FROM orders WHERE accepted_us < ?", scope.until_us)[0]


# --- the figures ----------------------------------------------------------------------------------------------------


def _fallout(store: Store, scope: Scope) -> Measured:
    classes = {
        txn: code for txn, code in store.rows("SELECT txn, code FROM cases WHERE opened_us < ?", scope.until_us)
        if class_of(code) in _FALLOUT
    }  # fmt: skip
    accepted = {txn for (txn,) in store.rows("SELECT txn FROM orders WHERE accepted_us IS NOT NULL")}
    count = _orders(store, scope)
    share = percent(len(classes.keys() & accepted), count)
    return [("fallout", share), ("first pass", 100.0 - share if count else 0.0)], count


def _milestones(store: Store) -> list[tuple[int, int | None, int | None, int | None]]:
    """Return (accepted, booked, first invoice posted, that invoice fully applied) of each new order."""
    return [(accepted, booked, posted, paid) for accepted, booked, posted, paid in store.rows("""
        WITH first AS (
            SELECT reference, id, posted_us, total_minor,
                   row_number() OVER (PARTITION BY reference ORDER BY generated_us, id) AS place
            FROM invoices WHERE posted_us IS NOT NULL AND reference <> ''
        ), settled AS (
            SELECT f.id, CASE WHEN coalesce(sum(a.amount_minor), 0)
                     + coalesce((SELECT sum(c.amount_minor) FROM credits c WHERE c.invoice = f.id), 0) >= f.total_minor
                   THEN max(a.applied_us) END AS paid_us
            FROM first f LEFT JOIN applications a ON a.invoice = f.id WHERE f.place = 1 GROUP BY f.id
        )
        SELECT o.accepted_us, o.booked_us, f.posted_us, s.paid_us
        FROM orders o LEFT JOIN first f ON f.reference = o.reference AND f.place = 1 LEFT JOIN settled s ON s.id = f.id
        WHERE o.kind <> 'amend' AND o.accepted_us IS NOT NULL ORDER BY o.reference
    """)]  # fmt: skip


def _booking_to_invoice(store: Store, _scope: Scope) -> Measured:
    ages = [posted - booked for _, booked, posted, _ in _milestones(store) if booked and posted]
    return spread(ages), len(ages)


def _posting_delay(store: Store, _scope: Scope) -> Measured:
    ages = _column(store, "SELECT posted_us - generated_us FROM invoices WHERE posted_us AND generated_us")
    return spread(ages), len(ages)


def _unbilled(store: Store, _scope: Scope) -> Measured:
    rows = store.rows(
        "SELECT currency, sum(net_minor), count(*) FROM invoices WHERE posted_us IS NULL AND written_off_day IS NULL"
        " AND generated_us IS NOT NULL GROUP BY currency ORDER BY currency"
    )  # fmt: skip
    return [(currency, float(total)) for currency, total, _ in rows], sum(count for _, _, count in rows)


def _payment_lag(store: Store, _scope: Scope) -> Measured:
    ages = _column(store, """
        SELECT min(s.shown_us) - p.received_us FROM payments p JOIN invoices i ON i.id = p.invoice
        JOIN shown s ON s.reference = i.reference AND s.shown_us >= p.received_us GROUP BY p.id
    """)  # fmt: skip
    return spread(ages, 99), len(ages)


def _ageing(store: Store, scope: Scope) -> Measured:
    ages = [scope.until_us - opened for opened in _column(
        store, f"SELECT opened_us FROM cases WHERE status NOT IN {_CLOSED} AND opened_us < ?", scope.until_us
    )]  # fmt: skip
    counts = [0] * len(_BUCKETS)
    for age in ages:
        counts[bisect_left([hours for _, hours in _BUCKETS], age / HOUR_US)] += 1
    named: Values = [(name, float(count)) for (name, _), count in zip(_BUCKETS, counts, strict=True)]
    return [*named, ("mean hours", sum(ages) / len(ages) / HOUR_US if ages else 0.0)], len(ages)


def _per_100(store: Store, scope: Scope) -> Measured:
    ((cases, alone),) = store.rows("SELECT count(*), coalesce(sum(status = 'auto_resolved'), 0) FROM cases")
    return [("per 100 orders", percent(cases, _orders(store, scope))), ("auto-resolved", percent(alone, cases))], cases


def _close_to_cash(store: Store, _scope: Scope) -> Measured:
    whole, parts = [], ([], [], [])  # type: tuple[list[int], tuple[list[int], list[int], list[int]]]
    for accepted, booked, posted, paid in _milestones(store):
        if booked and posted and paid:
            whole.append(paid - accepted)
            for part, age in zip(parts, (booked - accepted, posted - booked, paid - posted), strict=True):
                part.append(age)
    names = ("quote to order", "order to invoice", "invoice to cash")
    medians = [(name, quantile(sorted(part), 50)) for name, part in zip(names, parts, strict=True)]
    return [("close to cash", quantile(sorted(whole), 50)), *medians], len(whole)


def _dso(store: Store, scope: Scope) -> Measured:
    days = (scope.until_us - scope.from_us) / DAY_US
    rows = store.rows("""
        SELECT currency, sum(total_minor), sum(max(0, total_minor
            - coalesce((SELECT sum(amount_minor) FROM applications a WHERE a.invoice = i.id), 0)
            - coalesce((SELECT sum(amount_minor) FROM credits c WHERE c.invoice = i.id), 0))), count(*)
        FROM invoices i WHERE posted_us IS NOT NULL GROUP BY currency ORDER BY currency
    """)
    values = [(currency, open_minor / sold * days) for currency, sold, open_minor, _ in rows if sold]
    return values, sum(count for *_, count in rows)


def _touches(store: Store, scope: Scope) -> Measured:
    orders = _orders(store, scope)
    touched = dict(store.rows("SELECT txn, sum(touches) FROM cases WHERE touches > 0 GROUP BY txn"))
    accepted = {txn for (txn,) in store.rows("SELECT txn FROM orders WHERE accepted_us IS NOT NULL")}
    hands = len(touched.keys() & accepted)
    per_order = sum(touched.values()) / orders if orders else 0.0
    return [("per order", per_order), ("touchless percent", percent(orders - hands, orders))], orders


def _dispute_rate(store: Store, _scope: Scope) -> Measured:
    ((posted,),) = store.rows("SELECT count(*) FROM invoices WHERE posted_us IS NOT NULL")
    counts = dict(store.rows("SELECT kind, count(*) FROM disputes WHERE opened_us IS NOT NULL GROUP BY kind"))
    payments, commercial = counts.get("payment_dispute", 0), counts.get("dispute", 0)
    return [("share", percent(payments, posted)), ("of invoices", percent(commercial, posted))], posted


def _cut_off(store: Store, scope: Scope) -> Measured:
    if scope.cutoff is None:
        return [], 0
    count, late, late_minor = 0, 0, dict[str, int]()
    for accepted_us, booked_day, entity, total_minor, currency in store.rows(
        "SELECT accepted_us, booked_day, entity, total_minor, currency FROM orders "
        "WHERE accepted_us AND booked_day IS NOT NULL"
    ):
        if local_date(accepted_us, scope.zones.get(entity, "UTC")) < scope.cutoff:
            count += 1
            if date.fromisoformat(booked_day) >= scope.cutoff:
                late += 1
                late_minor[currency] = late_minor.get(currency, 0) + total_minor
    values = [("accuracy percent", 100.0 - percent(late, count)), ("late", float(late))]
    return [*values, *((f"late minor units {each}", float(late_minor[each])) for each in sorted(late_minor))], count


def _letters(store: Store, scope: Scope) -> Measured:
    rows = store.rows("SELECT flow, state, max(at_us) FROM letters GROUP BY flow ORDER BY flow")  # the latest state
    parked = [at_us for _, state, at_us in rows if state == "dead_lettered"]
    oldest = max((scope.until_us - at_us for at_us in parked), default=0) / HOUR_US
    driven = {flow for (flow,) in store.rows("SELECT flow FROM letters WHERE state = 'replayed'")}
    over = {flow for flow, state, _ in rows if state == "replayed"}  # and not parked again, or discarded, since
    success = percent(len(driven & over), len(driven))
    return [("parked", float(len(parked))), ("oldest hours", oldest), ("replay success", success)], len(rows)


_CLOCKS: Mapping[str, tuple[str, int]] = {
    "SLA-2 order creation": (
        "SELECT entity, accepted_us, booked_us FROM orders WHERE accepted_us AND gone_us IS NULL AND txn NOT IN"
        f" (SELECT txn FROM cases WHERE status NOT IN {_CLOSED})", 3600,
    ),
    "SLA-4 invoice posting": (
        "SELECT entity, generated_us, posted_us FROM invoices WHERE generated_us AND written_off_day IS NULL", 3600
    ),
    "SLA-5 payment posting": (
        "SELECT p.entity, p.received_us, min(a.applied_us) FROM payments p LEFT JOIN applications a"
        " ON a.payment = p.id WHERE p.received_us GROUP BY p.id", 900,
    ),
}  # fmt: skip


def _attainment(store: Store, scope: Scope) -> Measured:
    values: Values = []
    total = 0
    for title, (query, seconds) in _CLOCKS.items():
        found: dict[str, list[int]] = {}
        for entity, start_us, stop_us in store.rows(query):
            age = (scope.until_us if stop_us is None else stop_us) - start_us
            if stop_us is not None or age > seconds * SECOND_US:
                counts = found.setdefault(entity, [0, 0])
                counts[0] += stop_us is not None and age <= seconds * SECOND_US
                counts[1] += 1
        values += [(f"{title} {entity}", percent(good, count)) for entity, (good, count) in sorted(found.items())]
        total += sum(count for _, count in found.values())
    return values, total


def _skew(store: Store, scope: Scope) -> Measured:
    ((late,),) = store.rows(
        "SELECT count(*) FROM orders WHERE accepted_us < ? AND booked_us IS NULL AND gone_us IS NULL AND txn NOT IN"
        f" (SELECT txn FROM cases WHERE status NOT IN {_CLOSED})", scope.until_us - HOUR_US
    )  # fmt: skip
    return [("quotes", float(late))], _orders(store, scope)


KPIS: tuple[tuple[str, str, str, Callable[[Store, Scope], Measured]], ...] = (
    ("K-03", "order fallout", "percent", _fallout),
    ("K-04", "booking to first invoice", "seconds", _booking_to_invoice),
    ("K-05", "invoice posting delay", "seconds", _posting_delay),
    ("K-06", "unbilled value (without tax)", "minor units", _unbilled),
    ("K-07", "payment synchronisation lag", "seconds", _payment_lag),
    ("K-08", "exception ageing", "count", _ageing),
    ("K-09", "exceptions per 100 orders", "mixed", _per_100),
    ("K-10", "close-to-cash cycle time", "seconds", _close_to_cash),
    ("K-11", "days sales outstanding", "days", _dso),
    ("K-12", "touches per order", "mixed", _touches),
    ("K-13", "dispute rate", "percent", _dispute_rate),
    ("K-16", "cut-off accuracy", "mixed", _cut_off),
    ("K-18", "dead letters", "mixed", _letters),
    ("K-19", "attainment by SLA and entity", "percent", _attainment),
    ("K-21", "CRM truth skew", "count", _skew),
)
"""Every key figure: id, title, unit, and what measures it."""
