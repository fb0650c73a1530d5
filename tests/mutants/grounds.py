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

from scenarios.language import Scenario
from scenarios.loader import dump, validated
from scenarios.located import placed
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


# --- grounds on which something goes wrong --------------------------------------------------------------------------


def _crossing() -> Scenario:
    return demo(4, 40, days=10, run_on_days=4, backdated="1/2", crashes=False)


def troubled(*faults: dict[str, Any], orders: int = 5, days: int = 1, **sections: Any) -> Scenario:
    """Return the last days of a quarter, and what comes of them in three more, on which these faults strike."""
    return quiet(orders, orders // 3, days=days, run_on_days=3, faults=list(faults), **sections)


def _of_operations(kind: str, *operations: tuple[str, str], **words: Any) -> list[dict[str, Any]]:
    return [{"kind": kind, "system": system, "operation": operation, **words} for system, operation in operations]


_ORDER_STEPS = (("erp", "upsert_order"), ("billing", "create_subscription"), ("payment", "create_payment_intent"))
CROSSING = Ground("crossing", "amendments of one contract that cross", _crossing)
BURST = Ground(
    "burst", "changes of few contracts that wait for billing, and come together when it is back",
    lambda: quiet(
        1, 10, days=20, run_on_days=3, mix={"amendments_per_contract_year": 50, "backdated": "50%"},
        outages=[{"system": "billing", "from": "quarter_end - 16d", "lasts": "15d"}],
    ),
)  # fmt: skip
LOST_REPLIES = Ground(
    "lost_replies", "replies that never arrive although the work is done",
    lambda: troubled({"kind": "lost_reply", "share": "15%"}),
)  # fmt: skip
NEVER_THERE = Ground(
    "never_there", "requests that break on their way, so that nothing is done",
    lambda: troubled({"kind": "reset_before", "share": "15%"}, orders=10, days=2),
)  # fmt: skip
REPEATED = Ground(
    "repeated", "requests that a proxy sends twice", lambda: troubled({"kind": "repeated", "share": "30%"})
)
ERRORS_AFTER = Ground(
    "errors_after",
    "errors of a server that has done the work",
    lambda: troubled({"kind": "error_after", "share": "10%"}),
)
ERRORS_BEFORE = Ground(
    "errors_before",
    "errors of a server that has done nothing",
    lambda: troubled({"kind": "error_before", "share": "10%"}),
)
KEYS_FORGOTTEN = Ground(
    "keys_forgotten", "replies that are lost, and keys that are forgotten before the next attempt",
    lambda: troubled({"kind": "key_forgotten", "share": "20%"}),
)  # fmt: skip
OUTAGE = Ground(
    "outage", "some hours in which billing closes no invoice and creates no subscription",
    lambda: troubled(*_of_operations(
        "error_before", ("billing", "close_invoice"), ("billing", "create_subscription"),
        **{"from": "quarter_end - 16h", "lasts": "8h"},
    )),
)  # fmt: skip
THROTTLED = Ground(
    "throttled",
    "peers that ask for a pause",
    lambda: troubled({"kind": "throttled", "system": "erp", "share": "5%", "wait": "20s"}),
)
REFUSALS = Ground(
    "refusals",
    "orders that cannot be booked as they are",
    lambda: troubled(failures={"missing_mapping": "30%"}, orders=10, days=2),
)
MISPRICED = Ground(
    "mispriced", "orders that were priced from an outdated book", lambda: troubled(failures={"price_skew": "40%"})
)
MESSAGES = Ground(
    "messages", "messages that come twice, late, and before the answer they are about",
    lambda: troubled(
        {"kind": "duplicate", "share": "30%", "count": 1}, {"kind": "webhook_first", "share": "30%"},
        {"kind": "reorder", "share": "20%", "wait": "2m"},
    ),
)  # fmt: skip
MESSAGES_LOST = Ground(
    "messages_lost",
    "messages of the CRM and of billing that never come",
    lambda: troubled(*({"kind": "loss", "system": system, "share": "40%"} for system in ("crm", "billing"))),
)
FORGERIES = Ground(
    "forgeries", "messages that are forged, or were recorded an hour ago",
    lambda: troubled({"kind": "forged", "share": "20%"}, {"kind": "forged", "share": "20%", "count": 1}),
)  # fmt: skip
_DEATHS: tuple[dict[str, Any], ...] = tuple(
    {"kind": "crash", "count": count, "wait": "30s"} for count in range(40, 1400, 60)
)
CRASHES = Ground(
    "crashes", "a process that dies again and again", lambda: troubled(*_DEATHS, orders=10, days=2)
)  # fmt: skip
CRASHES_AND_CARDS = Ground(
    "crashes_and_cards", "the same, and customers pay by card: two payments show at once, not when a bank decides",
    lambda: troubled(
        *_DEATHS, orders=10, days=2, payments={"card": "100%", "debit": "0%", "push": "0%", "card_declined": "0%"}
    ),
)  # fmt: skip
TOKENS = Ground("tokens", "tokens that end early", lambda: troubled({"kind": "token_expired", "share": "5%"}))
GRANTS_REFUSED = Ground(
    "grants_refused", "tokens that are not granted",
    lambda: troubled({"kind": "token_expired", "share": "5%"}, {"kind": "grant_refused", "share": "20%"}),
)  # fmt: skip
FORBIDDEN = Ground(
    "forbidden", "some hours in which orders may not be written to the ERP",
    lambda: troubled(*_of_operations(
        "forbidden", ("erp", "upsert_order"), **{"from": "quarter_end - 14h", "lasts": "4h"}
    )),
)  # fmt: skip


DEBITS = Ground(
    "debits", "payments that take days, and some that come back",
    lambda: quiet(8, 0, days=2, run_on_days=12, payments={"card": "0%", "debit": "100%", "push": "0%"}),
)  # fmt: skip
HOLDS = Ground(
    "holds", "customers who are put on credit hold while they buy, and messages of it that come late",
    lambda: troubled({"kind": "reorder", "share": "50%", "wait": "8h"}, failures={"credit_hold": "50%"}),
)  # fmt: skip
