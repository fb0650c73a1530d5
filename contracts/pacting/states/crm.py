"""States of the CRM: quotes on their way, accounts."""

from __future__ import annotations

from contracts.pacting.scene import Values
from contracts.pacting.stage import Stage
from contracts.pacting.states.ground import ACCOUNT, NUMBER, PLAN, REFERENCE, a_customer
from integration.systems import crm


def quoted(stage: Stage, **more: object) -> None:
    """Let sales write a quote and submit it."""
    line = {
        "sku": PLAN, "kind": "recurring", "quantity": 10, "unit_minor": 50_00, "months": 12, "list_unit_minor": 50_00
    }  # fmt: skip
    terms: dict[str, object] = {
        "number": NUMBER, "account": ACCOUNT, "entity": "US", "currency": "USD", "lines": [line],
        "term_start": "2026-12-01", "term_months": 12, "payment_method": "card", "valid_until": "2027-01-30",
    }  # fmt: skip
    said = {**terms, **more}
    stage.act("crm", "create_quote", str(said["number"]), **said)
    stage.act("crm", "submit_quote", str(said["number"]), number=said["number"])


def a_quote_that_waits(stage: Stage) -> Values:
    """Set up a quote that the customer has not answered yet."""
    found = a_customer(stage)
    quoted(stage)
    stage.act("crm", "approve_quote", NUMBER, number=NUMBER, approver="sales_manager")
    return {**found, "reference": REFERENCE}


def an_accepted_quote(stage: Stage) -> Values:
    """Set up a quote that the customer has accepted."""
    found = a_quote_that_waits(stage)
    stage.act("crm", "accept_quote", NUMBER, number=NUMBER, version=1, signer="A. Buyer")
    rows = stage.does(crm.accepted_since(0), crm.accepted_rows)
    return {**found, "quote": rows[0].Id}


def an_accepted_amendment(stage: Stage) -> Values:
    """Set up an accepted amendment of a live subscription: more seats from mid-December on."""
    found = a_customer(stage)
    delta = {"sku": PLAN, "quantity": 15, "unit_minor": 50_00, "months": 12}
    quoted(
        stage, kind="amend", amendment_kind="upsell", subscription="Q-900001", effective_date="2026-12-15", sequence=1,
        deltas=[delta],
    )  # fmt: skip
    stage.act("crm", "approve_quote", NUMBER, number=NUMBER, approver="")
    stage.act("crm", "accept_quote", NUMBER, number=NUMBER, version=1, signer="A. Buyer")
    rows = stage.does(crm.accepted_since(0), crm.accepted_rows)
    return {**found, "quote": rows[0].Id}
