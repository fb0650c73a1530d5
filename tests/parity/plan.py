"""One plan for two worlds: a company, quotes of different customers and terms, and what happens to them in two days.

Each step is (hours since the start, system, action, transaction, arguments). Nothing names an id that a system gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from domain.acts import Act
from domain.calendar import add_months

HOUR_US = 3_600_000_000
TODAY = datetime.now(UTC).date()
DAY = TODAY + timedelta(days=7 - TODAY.weekday())
"""The next Monday: banks and clerks work on the days that follow, whichever day it is today."""
START_US = int(datetime.combine(DAY, time(14), UTC).timestamp()) * 1_000_000
END_US = START_US + 54 * HOUR_US
SKUS = {"PLAT-STD": ("1001", 5000), "MOB-STD": ("1012", 800)}
ACCOUNTS: dict[str, dict[str, Any]] = {
    "A-000001": {"method": "card"},
    "A-000002": {"method": "push", "pays_after_days": 1},
    "A-000003": {"method": "card", "declines": 1, "decline_code": "insufficient_funds"},
    "A-000004": {"method": "card"},
}
ORDERS = {
    # transaction: (account, hours, lines as (sku, quantity, discounted unit), term in months)
    "Q-000001": ("A-000001", 1.0, (("PLAT-STD", 10, 5000),), 12),
    "Q-000002": ("A-000002", 1.5, (("PLAT-STD", 3, 4600), ("MOB-STD", 7, 800)), 24),
    "Q-000003": ("A-000003", 2.0, (("MOB-STD", 25, 720),), 12),
    "Q-000004": ("A-000004", 3.0, (("PLAT-STD", 1, 5000),), 36),
}
AMENDMENTS = {
    # transaction: (subscription, kind, hours, deltas as (sku, new quantity, unit), sequence)
    "Q-500001": ("Q-000001", "upsell", 24.0, (("PLAT-STD", 14, 5000),), 1),
    "Q-500002": ("Q-000001", "add_product", 27.0, (("MOB-STD", 5, 800),), 2),
    "Q-500004": ("Q-000002", "downsell", 26.0, (("MOB-STD", 4, 800),), 1),
}
Step = tuple[float, str, str, str, dict[str, Any]]


def acts() -> list[Act]:
    """Return the plan as acts, in order of time."""
    steps = sorted([*_company(), *_orders(), *_amendments(), *_hold()], key=lambda step: step[0])
    return [
        Act(at_us=START_US + round(hours * HOUR_US), system=system, action=action, txn=txn, arguments=arguments)
        for hours, system, action, txn, arguments in steps
    ]


def transactions() -> list[str]:
    """Return the transactions of the plan."""
    return [*ORDERS, *AMENDMENTS]


def _company() -> Iterator[Step]:
    first, last = DAY - timedelta(days=62), DAY + timedelta(days=430)
    for sku, (item, unit) in SKUS.items():
        yield 0, "crm", "create_product", "", {"sku": sku, "name": sku, "kind": "recurring"}
        yield (
            0, "erp", "create_item", "",
            {"sku": sku, "item": item, "kind": "recurring", "revenue_rule": "straight_line"},
        )  # fmt: skip
        price = {"sku": sku, "currency": "USD", "months": 12, "kind": "recurring", "list_unit_minor": unit}
        yield 0, "billing", "create_item_price", "", price
    months = {"first": f"{first:%Y-%m}", "last": f"{last:%Y-%m}"}
    yield 0, "erp", "open_periods", "", {"entity": "US", **months}
    yield 0, "tax", "register_nexus", "", {"country": "US", "region": "CA"}
    place = {"country": "US", "region": "CA", "postal_code": "94105", "city": "San Francisco", "street": "1 Main"}
    for account, behaviour in ACCOUNTS.items():
        digits = account[2:]
        payer = {"account": account, "name": f"Customer {digits}", "currency": "USD"}
        known = {"payment_customer": f"cus_{digits}"}
        yield (
            0, "crm", "create_account", "", {**payer, **known, **place, "entity": "US", "tax_id": f"12-{digits}"},
        )  # fmt: skip
        method = {"payment_method": f"pm_{digits}", **behaviour}
        yield 0, "payment", "create_customer", "", {**payer, **known, **method}


def _orders() -> Iterator[Step]:
    for txn, (account, hours, lines, months) in ORDERS.items():
        said = {"kind": "new", "lines": [_line(*line) for line in lines], "term_start": f"{DAY}", "term_months": months}
        yield from _signed(txn, account, hours, said)
        yield hours, "fulfilment", "set_duration", txn, {"id": f"{txn}-v1", "seconds": 600}


def _amendments() -> Iterator[Step]:
    for txn, (subscription, kind, hours, deltas, sequence) in AMENDMENTS.items():
        account, _, _, months = ORDERS[subscription]
        said = {
            "kind": "amend", "amendment_kind": kind, "subscription": subscription, "sequence": sequence,
            "effective_date": f"{DAY + timedelta(days=1)}", "lines": [_line(*delta) for delta in deltas],
            "deltas": [
                {"sku": sku, "quantity": quantity, "unit_minor": unit, "months": 12} for sku, quantity, unit in deltas
            ],
            "term_start": f"{DAY}", "term_months": months,
        }  # fmt: skip
        yield from _signed(txn, account, hours, said)


def _signed(txn: str, account: str, hours: float, said: dict[str, Any]) -> Iterator[Step]:
    valid: date = add_months(DAY, 2)
    method = ACCOUNTS[account]["method"]
    quote = {
        "number": txn, "version": 1, "account": account, "entity": "US", "currency": "USD", "valid_until": f"{valid}",
        "payment_method": method, **said,
    }  # fmt: skip
    yield hours - 0.5, "crm", "create_quote", txn, quote
    yield hours - 0.4, "crm", "submit_quote", txn, {"number": txn, "version": 1}
    yield hours - 0.3, "crm", "approve_quote", txn, {"number": txn, "version": 1, "approver": "sales_manager"}
    yield hours, "crm", "accept_quote", txn, {"number": txn, "version": 1, "signer": "Buyer"}


def _hold() -> Iterator[Step]:
    """Yield a hard credit hold of the fourth customer, from before the signature until hours after it."""
    customer = {
        "account": "A-000004", "name": "Customer 000004", "entity": "US", "currency": "USD",
        "credit_limit_minor": 10_000_000, "terms_days": 30,
    }  # fmt: skip
    yield 0.1, "erp", "create_customer", "", customer
    yield 2.9, "erp", "place_hold", "Q-000004", {"account": "A-000004", "level": "hard"}
    yield 8.0, "erp", "release_hold", "Q-000004", {"account": "A-000004"}


def _line(sku: str, quantity: int, unit: int) -> dict[str, Any]:
    _, list_unit = SKUS[sku]
    return {
        "sku": sku, "kind": "recurring", "quantity": quantity, "unit_minor": unit, "list_unit_minor": list_unit,
        "months": 12,
    }  # fmt: skip
