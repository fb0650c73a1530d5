"""Grounds on which no system fails, or only one: what is done wrong there is done by the integration alone."""

from __future__ import annotations

from typing import Any

from scenarios.contract_words import AmendmentKinds
from tests.mutants.grounds import Ground, quiet

_EURO_AND_YEN: dict[str, Any] = {
    "entities": [
        {"id": "JP", "currency": "JPY", "zone": "Asia/Tokyo", "country": "JP", "share": "50%"},
        {"id": "DE", "currency": "EUR", "zone": "Europe/Berlin", "country": "DE", "share": "50%"},
    ]
}
_DOLLARS: dict[str, Any] = {
    "entities": [{"id": "US", "currency": "USD", "zone": "America/New_York", "country": "US", "share": "100%"}]
}
_CARDS = {"card": "100%", "debit": "0%", "push": "0%", "card_declined": "0%"}
_DEBITS = {"card": "0%", "debit": "100%", "push": "0%"}
_MANY_CHANGES = {"amendments_per_contract_year": 50, "backdated": "50%", "monthly": "50%"}


def _only(**shares: str) -> dict[str, str]:
    """Return the kinds of amendments with these shares; the others do not occur."""
    return {**dict.fromkeys(AmendmentKinds.model_fields, "0%"), **shares}


CARDS = Ground(
    "cards", "orders of one currency, paid by card at once",
    lambda: quiet(10, 2, days=2, run_on_days=2, world=_DOLLARS, payments=_CARDS),
)  # fmt: skip
YEN = Ground(
    "yen", "orders in euros and yen", lambda: quiet(6, 2, days=2, run_on_days=2, world=_EURO_AND_YEN, payments=_CARDS)
)
FAMILIES = Ground(
    "families", "deals that two legal entities sell or deliver, in euros and yen",
    lambda: quiet(
        14, 0, days=2, run_on_days=2, world=_EURO_AND_YEN, mix={"multi_entity": "100%"}, payments=_CARDS
    ),
)  # fmt: skip
CHANGES = Ground(
    "changes", "changes of monthly contracts that give something back, often before it is paid",
    lambda: quiet(
        1, 16, days=6, run_on_days=8, amendments=_only(cancel="60%", downsell="40%"), mix=_MANY_CHANGES,
        payments=_DEBITS, contracts={"ending": "0%"},
    ),
)  # fmt: skip
PAUSES = Ground(
    "pauses", "contracts that rest for a while",
    lambda: quiet(
        1, 6, days=6, run_on_days=30, amendments=_only(pause="100%"), mix=_MANY_CHANGES,
        payments=_CARDS, contracts={"ending": "0%"},
    ),
)  # fmt: skip
RENEWALS = Ground(
    "renewals", "contracts that renew themselves unless somebody gives notice, and some do",
    lambda: quiet(
        1, 16, days=6, run_on_days=10, world=_DOLLARS, mix={"amendments_per_contract_year": 1}, payments=_CARDS,
        contracts={"ending": "100%", "renewed": "50%", "automatic": "100%", "noticed": "100%"},
    ),
)  # fmt: skip
REFUNDS = Ground(
    "refunds", "payments of which a part is given back",
    lambda: quiet(
        16, 0, days=12, run_on_days=3, world=_DOLLARS, payments={**_CARDS, "refunded": "100%", "refund_adjusted": "0%"}
    ),
)  # fmt: skip
CREDITED_REFUNDS = Ground(
    "credited_refunds", "payments of which a part is given back, and invoices that are credited with it",
    lambda: quiet(
        16, 0, days=12, run_on_days=4, world=_EURO_AND_YEN,
        payments={**_CARDS, "refunded": "100%", "refund_adjusted": "100%"},
    ),
)  # fmt: skip
LOST = Ground(
    "lost", "monthly payments by card that are charged back for good after a part of them was credited",
    lambda: quiet(
        1, 30, days=20, run_on_days=12, amendments=_only(cancel="30%", downsell="70%"), world=_DOLLARS,
        mix={**_MANY_CHANGES, "monthly": "100%"},
        payments={**_CARDS, "chargeback_credited": "100%", "chargeback_won": "0%", "decided_within": "3d"},
        contracts={"ending": "0%"},
    ),
)  # fmt: skip
UPSELLS = Ground(
    "upsells", "monthly contracts that buy more, each time for the rest of a month that is invoiced",
    lambda: quiet(
        1, 12, days=24, run_on_days=3, amendments=_only(upsell="100%"), world=_DOLLARS,
        mix={**_MANY_CHANGES, "monthly": "100%"}, payments=_CARDS, contracts={"ending": "0%"},
    ),
)  # fmt: skip
UNPOSTED = Ground(
    "unposted", "changes that credit invoices which the ERP does not take for three days",
    lambda: quiet(
        1, 16, days=6, run_on_days=8, amendments=_only(cancel="60%", downsell="40%"), mix=_MANY_CHANGES,
        payments=_DEBITS, contracts={"ending": "0%"},
        faults=[{
            "kind": "error_before", "system": "erp", "operation": "upsert_invoice", "from": "quarter_end - 5d",
            "lasts": "3d",
        }],
    ),
)  # fmt: skip
OBJECTIONS = Ground(
    "objections", "invoices to which their customers object before they pay",
    lambda: quiet(
        6, 0, days=8, run_on_days=8, world=_DOLLARS, failures={"invoice_dispute": "100%"},
        payments={"card": "0%", "debit": "0%", "push": "100%"},
    ),
)  # fmt: skip
DECLINED = Ground(
    "declined", "cards that decline at first, and invoices to which their customers object meanwhile",
    lambda: quiet(
        12, 0, days=6, run_on_days=8, world=_DOLLARS, failures={"invoice_dispute": "100%", "disputed_within": "4d"},
        payments={**_CARDS, "card_declined": "100%", "hard_declines": "20%"},
    ),
)  # fmt: skip
DEBTORS = Ground(
    "debtors", "customers who never pay, and object to invoices of which they were reminded",
    lambda: quiet(
        12, 0, days=70, run_on_days=35, world=_DOLLARS,
        failures={"invoice_dispute": "100%", "disputed_within": "60d"},
        payments={"card": "0%", "debit": "0%", "push": "100%", "never": "100%"},
    ),
)  # fmt: skip
DOCUMENT_TAX = Ground(
    "document_tax", "invoices whose tax is rounded once, not line by line",
    lambda: quiet(8, 0, days=2, run_on_days=2, payments=_CARDS, policies={"tax_rounding": "DOCUMENT"}),
)  # fmt: skip
CLOSING = Ground(
    "closing", "invoices of the last day that cannot be posted before the books are closed",
    lambda: quiet(
        3, 0, days=1, run_on_days=2, world=_DOLLARS, payments=_CARDS, policies={"close_receivables": "1s"},
        faults=[{"kind": "error_before", "system": "erp", "operation": "upsert_invoice", "from": "quarter_end - 10h"}],
    ),
)  # fmt: skip
PAYOUTS = Ground(
    "payouts", "payouts of more than a page: one of the processor's holds two rows",
    lambda: quiet(
        5, 0, days=1, run_on_days=2, world=_DOLLARS, payments=_CARDS, systems={"payment": {"page_size": 2}}
    ),
)  # fmt: skip
SWEPT = Ground(
    "swept", "invoices that nobody announced, and a list of them that is throttled when it is asked for",
    lambda: quiet(
        10, 0, days=3, run_on_days=1, world=_DOLLARS, payments=_CARDS, integration={"sweep_every": "2d"},
        faults=[
            {"kind": "loss", "system": "billing", "from": "quarter_end - 3d", "lasts": "50h"},
            {
                "kind": "throttled", "system": "billing", "operation": "list_invoices", "wait": "5s",
                "from": "quarter_end - 26h", "lasts": "6h",
            },
        ],
    ),
)  # fmt: skip
HELD = Ground(
    "held", "customers who are put on credit hold when they buy",
    lambda: quiet(10, 0, days=2, run_on_days=3, failures={"credit_hold": "60%"}, payments=_CARDS),
)  # fmt: skip
NARROW = Ground(
    "narrow", "an ERP that takes two calls at once, and billing that takes two a second",
    lambda: quiet(
        12, 0, days=1, run_on_days=2, world=_DOLLARS, payments=_CARDS,
        systems={"erp": {"slots": 2, "p50": "20s", "p95": "40s"}, "billing": {"rps": 2}},
    ),
)  # fmt: skip
NIGHTS = Ground(
    "nights", "orders on both sides of the Pacific, whose days are never the same for long",
    lambda: quiet(
        8, 0, days=2, run_on_days=2, payments=_CARDS,
        world={
            "entities": [
                {"id": "US", "currency": "USD", "zone": "America/Los_Angeles", "country": "US", "share": "50%"},
                {"id": "JP", "currency": "JPY", "zone": "Asia/Tokyo", "country": "JP", "share": "50%"},
            ],
        },
    ),
)  # fmt: skip
