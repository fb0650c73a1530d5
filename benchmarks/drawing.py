"""Scenarios that nobody thought of: worlds, habits and troubles drawn from a seed, each as extreme as it likes.

What is drawn is what the scenario language can say and a rehearsal can play; a scenario of this kind is small (some
hundred lifecycles at most), so that thousands can be played. What is said without a default of its own stays usual.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

import yaml

from domain.faults import CATALOGUE, FaultKind, Place
from mocks.drift import DRIFTS
from scenarios.language import Scenario
from scenarios.loader import parse
from scenarios.problems import ScenarioError
from scenarios.trouble import WEBHOOK_SENDERS

_SYSTEMS = ("crm", "erp", "billing", "tax", "payment", "fulfilment")
_ENTITIES = (
    {"id": "US", "currency": "USD", "zone": "America/New_York", "country": "US"},
    {"id": "UK", "currency": "GBP", "zone": "Europe/London", "country": "GB"},
    {"id": "DE", "currency": "EUR", "zone": "Europe/Berlin", "country": "DE"},
    {"id": "FR", "currency": "EUR", "zone": "Europe/Paris", "country": "FR"},
    {"id": "JP", "currency": "JPY", "zone": "Asia/Tokyo", "country": "JP"},
)
_QUARTERS = (("01-01", "03-31"), ("04-01", "06-30"), ("07-01", "09-30"), ("10-01", "12-31"))
_PATTERNS = ("linear", "mild", "severe", "extreme", "larkin")
_AMENDMENTS = (
    "upsell", "add_product", "downsell", "remove", "swap", "price_change", "co_term", "extend_term", "shorten_term",
    "billing_change", "pause", "cancel",
)  # fmt: skip
_SHARES: dict[str, dict[str, tuple[int, ...]]] = {
    "mix": {
        "expansion": (0, 54, 100), "channel": (0, 0, 20), "multi_entity": (0, 18, 50), "second_version": (0, 25, 80),
        "later_start": (0, 10, 40), "monthly": (0, 28, 100), "foreign_currency": (0, 5, 40), "backdated": (0, 12, 40),
        "future_dated": (0, 20, 40),
    },
    "contracts": {
        "refund_none": (0, 20, 50), "refund_full": (0, 10, 50), "ending": (0, 10, 60), "renewed": (0, 50, 88),
        "automatic": (0, 35, 100),
    },
    "failures": {
        "missing_mapping": (0, 5, 20), "price_skew": (0, 5, 20), "duplicate_customer": (0, 10),
        "lookalike_customer": (0, 10), "invoice_dispute": (0, 3, 40), "credit_hold": (0, 4, 30),
    },
    "payments": {
        "card_declined": (0, 9, 50), "hard_declines": (0, 35, 100), "debit_returned": (0, 1, 20),
        "returned_late": (0, 10), "chargeback": (0, 1, 30), "refunded": (0, 1, 50), "refund_adjusted": (0, 50, 100),
        "never": (0, 2, 20),
    },
    "people": {"gives_up": (0, 0, 0, 30)},
}  # fmt: skip
"""Percentages to draw from: none, usual, and much more than that."""


def drawn(seed: int) -> Scenario:
    """Return the scenario of a seed; what contradicts itself (a window longer than the run) is drawn anew."""
    luck = Random(seed)
    while True:
        try:
            return parse(text_of(seed, luck))
        except ScenarioError:
            continue


def text_of(seed: int, luck: Random) -> str:
    """Return the text of a scenario that may contradict itself."""
    days, entities = luck.choice((5, 8, 11, 20)), _entities(luck)
    first, last = luck.choice(_QUARTERS)
    year = luck.choice((2026, 2027, 2028))
    start, end = date.fromisoformat(f"{year}-{first}"), date.fromisoformat(f"{year}-{last}")
    said: dict[str, Any] = {
        "name": f"drawn_{seed}", "title": "A scenario that was drawn", "question": "Is the integration ever accused?",
        "world": {
            "quarter": {"start": start, "end": end, "pattern": luck.choice(_PATTERNS)},
            "orders_per_quarter": luck.choice((40, 80, 150)), "live_subscriptions": luck.choice((0, 3, 10)),
            "entities": entities,
        },
        "rehearse": {"from": end - timedelta(days=days - 1)},
        **{section: _shares(luck, shares) for section, shares in _SHARES.items()},
        "amendments": _parts(luck, _AMENDMENTS), "systems": _systems(luck), "policies": _policies(luck),
        "integration": {"sweep_every": luck.choice(("1h", "6h", "24h"))}, "run_on": luck.choice(("4d", "10d", "40d")),
        "settle": "2d", **_troubles(luck, days * 24),
    }  # fmt: skip
    if len(entities) == 1:
        said["mix"]["multi_entity"] = "0%"
    said["mix"]["amendments_per_contract_year"] = luck.choice((1, 10, 40))
    said["failures"]["disputed_within"] = luck.choice(("4d", "10d"))
    said["payments"] |= {**_parts(luck, ("debit", "push", "card")), "decided_within": luck.choice(("3d", "12d"))}
    said["people"]["clerks"] = luck.choice((1, 2, 6))
    return yaml.safe_dump(said, sort_keys=False)


def _entities(luck: Random) -> list[dict[str, str]]:
    chosen = luck.sample(_ENTITIES, luck.choice((1, 2, 2, 3)))
    books = ["erp", *(luck.choice(("erp", "erp", "erp2", "legacy_erp")) for _ in chosen[1:])]
    even = 100 // len(chosen)
    shares = [100 - even * (len(chosen) - 1), *[even] * (len(chosen) - 1)]
    return [
        {**each, "books": kept, "share": f"{share}%"}
        for each, kept, share in zip(chosen, books, shares, strict=True)
    ]  # fmt: skip


def _shares(luck: Random, shares: dict[str, tuple[int, ...]]) -> dict[str, Any]:
    return {name: f"{luck.choice(among)}%" for name, among in shares.items()}


def _parts(luck: Random, names: Sequence[str]) -> dict[str, str]:
    """Return shares that add up to a whole."""
    weights = [luck.choice((0, 1, 2, 5, 10)) for _ in names]
    weights[0] += not any(weights)
    shares = [100 * weight // sum(weights) for weight in weights]
    shares[weights.index(max(weights))] += 100 - sum(shares)
    return {name: f"{share}%" for name, share in zip(names, shares, strict=True)}


def _systems(luck: Random) -> dict[str, dict[str, int]]:
    paged = ("crm", "erp", "billing", "payment")
    found = {name: {"page_size": luck.choice((2, 3))} for name in paged if luck.random() < 0.7}
    if luck.random() < 0.3:
        found["erp"] = {**found.get("erp", {}), "slots": luck.choice((2, 5))}
    return found


def _policies(luck: Random) -> dict[str, str]:
    found = {"tax_rounding": luck.choice(("LINE", "LINE", "DOCUMENT"))}
    closing = ({}, {"close_months": "integration"}, {"close_receivables": "2d", "close_ledger": "4d"})
    return {**found, **luck.choice(closing)}


# --- trouble ----------------------------------------------------------------------------------------------------------


def _troubles(luck: Random, hours: int) -> dict[str, Any]:
    def begins() -> str:
        return f"quarter_end - {luck.randrange(2, hours - 12)}h"

    def window(*lengths: str) -> dict[str, str]:
        return {"from": begins(), "lasts": luck.choice(lengths)}

    found: dict[str, Any] = {"faults": list(_faults(luck, window))}
    if luck.random() < 0.5:
        kind = luck.choice(("refused", "black_hole"))
        found["outages"] = [{"system": luck.choice(_SYSTEMS), "kind": kind, **window("20m", "4h", "11h")}]
    if luck.random() < 0.3:
        factor = luck.choice((4, 8, 20))
        found["brownouts"] = [{"system": luck.choice(_SYSTEMS), "factor": factor, **window("3h")}]
    if luck.random() < 0.2:
        found["maintenance"] = [{"system": luck.choice(_SYSTEMS), **window("4h")}]
    if luck.random() < 0.2:
        found["drifts"] = [{"name": luck.choice(sorted(DRIFTS)), **window("6h", "20h")}]
    if luck.random() < 0.2:
        slots = luck.choice((1, 3))
        found["limit_changes"] = [{"system": luck.choice(_SYSTEMS[:3]), "slots": slots, **window("20h")}]
    if luck.random() < 0.2:
        found["price_rise"] = {"published": begins(), "amend": luck.choice(("25%", "100%")), "within": "5d"}
    return found


def _faults(luck: Random, window: Callable[..., dict[str, str]]) -> Iterator[dict[str, Any]]:
    for _ in range(luck.choice((0, 1, 2, 3, 5))):
        kind = luck.choice(tuple(CATALOGUE.values()))
        struck: dict[str, Any] = {"kind": kind.key, **_words(luck, kind)}
        if kind.place is not Place.PROCESS:
            struck["share"] = luck.choice(("2%", "10%", "40%"))
            struck |= {"system": luck.choice(_senders(kind))} if luck.random() < 0.7 else {}
        yield struck | (window("1h", "6h", "24h") if luck.random() < 0.5 else {})


def _senders(kind: FaultKind) -> Sequence[str]:
    return kind.reach.systems or (WEBHOOK_SENDERS if kind.place is Place.WEBHOOK else _SYSTEMS)


def _words(luck: Random, kind: FaultKind) -> dict[str, Any]:
    """Return what a fault says of itself: what a right integration bears, from the least to the most."""
    found: dict[str, Any] = {}
    for each in kind.parameters:
        value = luck.choice((each.low, each.usual, each.high))
        found[each.word] = f"{round(value * 1000)}ms" if each.word == "wait" else value if value % 1 else round(value)
    return found
