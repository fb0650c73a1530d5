"""Canonical flows: every kind of business that the integration knows, each as the smallest run that has it once.

A flow is a quiet scenario (no faults, nobody errs, everybody pays by card) with what its kind of business needs, of
which one lifecycle is played: the first one whose acts tell that it is of the kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from domain.acts import Act
from q2c.hunting.trial import Trial, timeline_of
from scenarios.language import Scenario
from scenarios.loader import dump
from scenarios.timeline import build

SEED = 1
Words = Mapping[str, Any]
_QUIET: dict[str, Any] = {
    "world": {
        "orders_per_quarter": 400,
        "live_subscriptions": 0,
        "entities": (
            {"id": "US", "currency": "USD", "zone": "America/New_York", "country": "US", "share": "60%"},
            {"id": "DE", "currency": "EUR", "zone": "Europe/Berlin", "country": "DE", "share": "40%"},
        ),
    },
    "rehearse": {"from": "2026-12-30"},
    "mix": dict.fromkeys(
        ("expansion", "second_version", "later_start", "lost", "monthly", "foreign_currency", "backdated"), "0%"
    )
    | {"future_dated": "0%", "amendments_per_contract_year": 0.0},
    "failures": dict.fromkeys(
        ("missing_mapping", "price_skew", "duplicate_customer", "lookalike_customer", "invoice_dispute", "credit_hold"),
        "0%",
    ),
    "payments": dict.fromkeys(
        (
            "debit",
            "push",
            "card_declined",
            "debit_returned",
            "returned_late",
            "chargeback",
            "refunded",
            "never",
            "late",
        ),
        "0%",
    )
    | {"card": "100%"},
    "contracts": {"ending": "0%"},
    "integration": {"sweep_every": "1d"},  # each sweep is played again at every point, and mostly finds nothing
    "settle": "1d",
    "run_on": "2d",
}
_LONG = {"rehearse": {"from": "2026-12-02"}}
_PUSH = {"card": "0%", "push": "100%"}


class Canonical(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of business: what its scenario says beyond the quiet one, and the act by which it is known.

    `action` is an act that a lifecycle of the kind has; `kind`, when given, is that of its quote or of its amendment.
    """

    name: str
    about: str
    words: Words
    action: str = "accept_quote"
    kind: str = ""


def _amending(kind: str, about: str, **more: Any) -> Canonical:
    kinds = ("upsell", "add_product", "downsell", "remove", "swap", "price_change", "co_term", "extend_term",
             "shorten_term", "billing_change", "pause", "cancel")  # fmt: skip
    shares = dict.fromkeys(kinds, "0%") | {"upsell": "10%", kind: "90%" if kind != "upsell" else "100%"}
    words: dict[str, Any] = {
        "world": {"live_subscriptions": 12}, "mix": {"amendments_per_contract_year": 50.0}, "amendments": shares, **more
    }  # fmt: skip
    name = f"amendment_{kind}" if kind != "pause" else "pause_and_resume"
    return Canonical(name=name, about=about, words=words, action="create_quote", kind=kind)


FLOWS: tuple[Canonical, ...] = (
    Canonical(name="new_business", about="a new customer signs, is provided, billed, taxed and pays", words={}),
    _amending("upsell", "a contract gets more of a product"),
    _amending("downsell", "a contract gets less of a product, with a credit"),
    _amending("swap", "one product for another, in one document"),
    _amending("price_change", "other prices for what there is"),
    _amending("co_term", "an end moved to the start of a quarter"),
    _amending("cancel", "a contract ends before its time, with a refund"),
    _amending("pause", "a contract rests and goes on", **_LONG),
    Canonical(
        name="renewal", about="a contract whose term ends is renewed by a signature",
        words={
            **_LONG, "world": {"live_subscriptions": 8},
            "contracts": {"ending": "100%", "renewed": "100%", "automatic": "0%"},
        },
        action="create_quote", kind="renew",
    ),
    Canonical(
        name="refund", about="a payment is given back in part", words={**_LONG, "payments": {"refunded": "100%"}},
        action="refund",
    ),
    Canonical(
        name="credit_hold_and_release", about="the buyer's account is put on hold and released",
        words={"failures": {"credit_hold": "100%"}}, action="place_hold",
    ),
    Canonical(
        name="dunning", about="an invoice is never paid and is dunned until the hold",
        words={"payments": {**_PUSH, "never": "100%"}, "rehearse": {"from": "2026-10-05"}},
    ),
    Canonical(
        name="chargeback", about="a card payment is charged back, and that is decided",
        words={**_LONG, "payments": {"chargeback": "100%"}}, action="close_dispute",
    ),
    Canonical(
        name="invoice_dispute", about="a customer says that an invoice is wrong",
        words={**_LONG, "failures": {"invoice_dispute": "100%"}, "payments": _PUSH}, action="dispute_invoice",
    ),
    Canonical(
        name="partner_deal", about="a reseller buys for its customer",
        words={"world": {"live_subscriptions": 12}, "mix": {"expansion": "100%", "channel": "100%"}},
    ),
    Canonical(
        name="multi_entity_deal", about="another legal entity sells or delivers a part",
        words={"mix": {"multi_entity": "100%"}},
    ),
    Canonical(
        name="period_close", about="an order in the days in which the month is closed",
        words={"policies": {"close_months": "integration"}},
    ),
)  # fmt: skip
"""The canonical flows, by kind of business."""


def named(name: str) -> Canonical:
    """Return a canonical flow; raise ValueError with the names there are."""
    for flow in FLOWS:
        if flow.name == name:
            return flow
    raise ValueError(f"no canonical flow is called {name!r}; there are {', '.join(flow.name for flow in FLOWS)}")


@lru_cache(len(FLOWS))
def trial_of(name: str) -> Trial:
    """Return the undisturbed run of a canonical flow: one lifecycle, no faults."""
    flow = named(name)
    head = {
        "name": flow.name,
        "title": flow.about,
        "question": "Does it survive whatever happens, wherever it happens?",
    }
    scenario = Scenario.model_validate({**head, **_merged(_QUIET, flow.words)})
    chosen = next(_of_kind(flow, scenario), None)
    assert chosen is not None, f"the scenario of {name} has no lifecycle of its kind"
    one = scenario.model_copy(update={"lifecycles": (chosen,)})
    return Trial(scenario=dump(one), seed=SEED, faults=())


def _of_kind(flow: Canonical, scenario: Scenario) -> Iterator[str]:
    """Yield the lifecycles that are of a flow's kind, in the order of their numbers."""
    timeline = build(scenario, SEED)
    names = timeline.acts.lifecycles()
    seen = {act.txn for act in timeline.acts if act.action == flow.action and _is(act, flow.kind)}
    yield from (name for name in names if name in seen)


def _is(act: Act, kind: str) -> bool:
    return not kind or kind in (act.arguments.get("kind"), act.arguments.get("amendment_kind"))


def _merged(base: Words, over: Words) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merged(merged[key], value) if both else value
    return merged


def lifecycle_of(trial: Trial) -> str:
    """Return the one lifecycle of a canonical flow's run."""
    (name,) = timeline_of(trial).acts.lifecycles()
    return name
