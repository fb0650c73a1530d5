"""Grounds: the small scenarios on which mutants are hunted. Few, so that the correct integration is soon played on all.

Each is the demo's quarter-end made small, with more of the trouble in which some mistakes show. A run takes some tenths
of a CPU second.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from scenarios.contract_words import AmendmentKinds
from scenarios.language import Scenario
from scenarios.loader import dump, validated
from scenarios.located import placed
from scenarios.trouble import FaultPlan
from tests.demo import demo


@dataclass(frozen=True)
class Ground:
    """A scenario by name; `about` says what it has plenty of. `text` is the whole file, as trials carry it."""

    name: str
    about: str
    build: Callable[[], Scenario]

    @cached_property
    def text(self) -> str:
        """The scenario as a file that extends nothing."""
        return dump(self.build())


def struck(scenario: Scenario, *faults: dict[str, Any]) -> Scenario:
    """Return a scenario in which these faults strike, and no others."""
    return scenario.model_copy(update={"faults": tuple(FaultPlan.model_validate(each) for each in faults)})


def _lost_replies() -> Scenario:
    return struck(
        demo(8, 6, days=3, run_on_days=5),
        {"kind": "lost_reply", "share": "15%"},
    )


def _crossing() -> Scenario:
    return demo(4, 40, days=10, run_on_days=4, backdated="1/2", crashes=False)


LOST_REPLIES = Ground("lost_replies", "replies that never arrive although the work is done", _lost_replies)
CROSSING = Ground("crossing", "amendments of one contract that cross", _crossing)


# --- quiet grounds: nothing goes wrong but what people do ----------------------------------------------------------------

_EURO_AND_YEN = [
    {"id": "DE", "currency": "EUR", "zone": "Europe/Berlin", "country": "DE", "share": "50%"},
    {"id": "JP", "currency": "JPY", "zone": "Asia/Tokyo", "country": "JP", "share": "50%"},
]
_DOLLARS = [{"id": "US", "currency": "USD", "zone": "America/New_York", "country": "US", "share": "100%"}]
_CARDS = {"card": "100%", "debit": "0%", "push": "0%", "card_declined": "0%"}


def _only(**shares: str) -> dict[str, str]:
    """Return the kinds of amendments with these shares; the others do not occur."""
    return {**dict.fromkeys(AmendmentKinds.model_fields, "0%"), **shares}


def quiet(orders: int, subscriptions: int, days: int, run_on_days: int, **sections: Any) -> Scenario:
    """Return the last days of a linear quarter in which no system fails; `sections` are those of a scenario file."""
    given = dict(sections)
    first = date(2026, 12, 31) - timedelta(days=days - 1)
    world = {
        "quarter": {"start": "2026-10-01", "end": "2026-12-31", "pattern": "linear"},
        "orders_per_quarter": orders * 92 // days, "live_subscriptions": subscriptions, **given.pop("world", {}),
    }  # fmt: skip
    said = {
        "name": "quiet", "title": "quiet days", "question": "what does the integration do by itself?",
        "world": world, "rehearse": {"from": first.isoformat()}, "run_on": f"{run_on_days}d", "settle": "1d",
        "integration": {"sweep_every": "12h"}, **given,
    }  # fmt: skip
    return validated(placed(said, "quiet"))


CARDS = Ground(
    "cards", "orders of one currency, paid by card at once",
    lambda: quiet(10, 2, days=2, run_on_days=2, world={"entities": _DOLLARS}, payments=_CARDS),
)  # fmt: skip
YEN = Ground(
    "yen", "orders in euros and yen",
    lambda: quiet(6, 2, days=2, run_on_days=2, world={"entities": _EURO_AND_YEN}, payments=_CARDS),
)  # fmt: skip
FAMILIES = Ground(
    "families", "deals that two legal entities sell or deliver, in euros and yen",
    lambda: quiet(
        16, 0, days=2, run_on_days=2, world={"entities": _EURO_AND_YEN}, mix={"multi_entity": "100%"}, payments=_CARDS
    ),
)  # fmt: skip
NET = Ground(
    "net", "cancellations, pauses and other changes that give something back before it is paid",
    lambda: quiet(
        3, 12, days=4, run_on_days=12, mix={"amendments_per_contract_year": 50, "backdated": "50%"},
        amendments=_only(cancel="60%", downsell="40%"), payments={"card": "0%", "debit": "100%", "push": "0%"},
    ),
)  # fmt: skip
REFUNDS = Ground(
    "refunds", "payments of which a part is given back",
    lambda: quiet(
        8, 0, days=2, run_on_days=4, world={"entities": _DOLLARS},
        payments={**_CARDS, "refunded": "100%", "refund_adjusted": "0%"},
    ),
)  # fmt: skip
