"""Grounds on which clerks often cancel a case instead of mending it, while vendors refuse now and then for good.

So orders, amendments and closings are given up however far they have come, also when an answer is missing that would
tell what was done.
"""

from __future__ import annotations

from typing import Any

from scenarios.contract_words import AmendmentKinds
from tests.mutants.grounds import Ground, quiet

_CLERKS = {
    "opens": "00:00", "closes": "23:59", "touch_median": "10m", "touch_p95": "40m", "wait_external": "0%",
    "gives_up": "60%",
}  # fmt: skip
_EURO_AND_DOLLAR = {
    "entities": [
        {"id": "US", "currency": "USD", "zone": "America/New_York", "country": "US", "share": "50%"},
        {"id": "DE", "currency": "EUR", "zone": "Europe/Berlin", "country": "DE", "share": "50%"},
    ]
}
_DEBITS = {"card": "0%", "debit": "100%", "push": "0%"}


def _refused(share: str, *operations: tuple[str, str], kind: str = "forbidden") -> list[dict[str, Any]]:
    return [
        {"kind": kind, "system": system, "operation": operation, "share": share} for system, operation in operations
    ]


GIVEN_UP_ORDERS = Ground(
    "given_up_orders", "orders and deals of two entities that clerks give up, before and after the booking",
    lambda: quiet(
        14, 0, days=4, run_on_days=3, world=_EURO_AND_DOLLAR, people=_CLERKS, payments=_DEBITS,
        mix={"multi_entity": "40%"},
        faults=[
            *_refused("25%", ("erp", "transform_order"), ("billing", "create_subscription")),
            *_refused("15%", ("erp", "upsert_order"), ("fulfilment", "cancel_task"), ("billing", "read_subscription")),
            *_refused("10%", ("crm", "query"), ("erp", "read_order"), ("erp", "update_order")),
            *_refused("15%", ("erp", "upsert_order"), ("billing", "create_subscription"), kind="lost_reply"),
        ],
    ),
)  # fmt: skip
GIVEN_UP_LATE = Ground(
    "given_up_late", "orders that clerks give up while a request for them is still on its way",
    lambda: quiet(
        14, 0, days=4, run_on_days=3, world=_EURO_AND_DOLLAR, people=_CLERKS, payments=_DEBITS,
        faults=[
            *[{**fault, "wait": "20m"} for fault in _refused("50%", ("erp", "upsert_order"), kind="late_arrival")],
            *_refused("50%", ("erp", "upsert_order"), ("erp", "read_order")),
        ],
    ),
)  # fmt: skip
GIVEN_UP_CHANGES = Ground(
    "given_up_changes", "amendments that clerks give up, before, while and after billing applies them",
    lambda: quiet(
        1, 6, days=20, run_on_days=5, world=_EURO_AND_DOLLAR, people=_CLERKS, payments=_DEBITS,
        contracts={"ending": "30%", "renewed": "50%", "noticed": "100%"},
        mix={"amendments_per_contract_year": 50, "backdated": "50%", "monthly": "40%"},
        amendments={
            **dict.fromkeys(AmendmentKinds.model_fields, "5%"), "co_term": "15%", "pause": "15%", "cancel": "25%",
        },
        faults=[
            *_refused("35%", ("billing", "read_subscription")),
            *_refused("25%", ("billing", "pause_subscription")),
            *_refused("15%", ("billing", "update_subscription"), ("billing", "change_term_end")),
            *_refused("10%", ("erp", "upsert_order"), ("erp", "update_order"), ("erp", "read_order")),
            *_refused(
                "50%", ("billing", "cancel_subscription"), ("billing", "update_subscription"),
                ("billing", "change_term_end"), ("billing", "pause_subscription"), kind="lost_reply",
            ),
        ],
    ),
)  # fmt: skip
GIVEN_UP_ENDS = Ground(
    "given_up_ends", "cancellations that clerks give up while nobody knows whether billing has carried them out",
    lambda: quiet(
        1, 16, days=6, run_on_days=4, world=_EURO_AND_DOLLAR, people=_CLERKS, payments=_DEBITS,
        contracts={"ending": "0%"}, mix={"amendments_per_contract_year": 50, "backdated": "50%"},
        amendments={**dict.fromkeys(AmendmentKinds.model_fields, "0%"), "upsell": "30%", "cancel": "70%"},
        faults=[
            *_refused("40%", ("billing", "read_subscription")),
            *_refused("60%", ("billing", "cancel_subscription"), kind="lost_reply"),
        ],
    ),
)  # fmt: skip
GIVEN_UP_CLOSINGS = Ground(
    "given_up_closings", "closings of a month that clerks give up half way",
    lambda: quiet(
        2, 0, days=35, run_on_days=2, world=_EURO_AND_DOLLAR, people=_CLERKS, payments=_DEBITS,
        policies={"close_months": "integration"},
        faults=[*_refused("30%", ("erp", "restlet_post")), *_refused("10%", ("erp", "restlet_get"))],
    ),
)  # fmt: skip
