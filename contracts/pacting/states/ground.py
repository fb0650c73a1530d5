"""The company on the stage: one product, one customer in California, and what the integration asks for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from contracts.pacting.scene import Values
from contracts.pacting.stage import TODAY, Stage
from domain.objects import Account, Line, Quote, TaxShare
from integration.systems.crm import Address

ACCOUNT, PLAN, NUMBER = "A-000001", "PLAT-STD", "Q-000001"
REFERENCE = f"{NUMBER}-v1"
CUSTOMER, METHOD = "cus_000001", "pm_000001"
TERM_ENDS = date(2027, 12, 1)
ADDRESS = Address("1 Main St", "San Francisco", "CA", "94105", "US")
BUYER = Account(id=ACCOUNT, name="Acme", entity="US", currency="USD", country="US", region="CA")
LINE = Line(
    id="1", sku=PLAN, kind="recurring", quantity=10, unit_minor=50_00, amount_minor=500_00, list_unit_minor=50_00,
    months=12, period_start=TODAY, period_end=TERM_ENDS,
)  # fmt: skip
QUOTE = Quote(
    id="0Q0", txn=NUMBER, number=NUMBER, version=1, account=ACCOUNT, entity="US", currency="USD", kind="new",
    status="accepted", lines=(LINE,), total_minor=500_00, term_start=TODAY, term_months=12,
)  # fmt: skip
SHARE = TaxShare("CA", 500_00, 36_25)


def nothing(stage: Stage) -> Values:
    """Set up nothing: what is asked for is not there."""
    return {}


def a_customer(stage: Stage) -> Values:
    """Set up the company and its customer where people do it: CRM, ERP items, prices, payment."""
    stage.act("crm", "create_product", sku=PLAN, name="Platform", kind="recurring")
    stage.act("erp", "create_item", sku=PLAN, item="1001", kind="recurring", revenue_rule="straight_line")
    stage.act(
        "billing", "create_item_price", sku=PLAN, currency="USD", months=12, kind="recurring", list_unit_minor=50_00
    )
    stage.act("erp", "open_periods", entity="US", first="2026-11", last="2027-12")
    stage.act("tax", "register_nexus", country="US", region="CA")
    _the_account(stage, ACCOUNT, CUSTOMER)
    _pays(stage, "card")
    return {"account": ACCOUNT, "payment_customer": CUSTOMER}


def _the_account(stage: Stage, account: str, customer: str) -> None:
    stage.act(
        "crm", "create_account", account=account, name="Acme", entity="US", currency="USD", country="US", region="CA",
        postal_code="94105", city="San Francisco", street="1 Main St", payment_customer=customer, tax_id="12-000001",
        duns="123456789", website="acme.example",
    )  # fmt: skip


def a_twin(stage: Stage) -> Values:
    """Set up a second account of the same party."""
    found = a_customer(stage)
    _the_account(stage, "A-000002", "cus_000002")
    return found


def _pays(stage: Stage, method: str, **behaviour: Any) -> None:
    stage.act(
        "payment", "create_customer", account=ACCOUNT, name="Acme", currency="USD", method=method,
        payment_customer=CUSTOMER, payment_method=METHOD, **behaviour,
    )  # fmt: skip


def a_customer_whose_card_is_declined(stage: Stage) -> Values:
    """Set up a customer of the payment service whose card is lost."""
    _pays(stage, "card", declines=99, hard=True, decline_code="lost_card")
    return {"payment_customer": CUSTOMER}


def a_customer_who_pays_by_debit(stage: Stage) -> Values:
    """Set up a customer of the payment service who pays from a bank account."""
    _pays(stage, "debit")
    return {"payment_customer": CUSTOMER}


def throttled(system: str) -> Callable[[Stage], Values]:
    """Return the state in which a system has had enough requests."""

    def state(stage: Stage) -> Values:
        found = a_customer(stage)
        stage.authorization(system)
        stage.fault("throttled", system, seconds=7.0)
        return found

    return state
