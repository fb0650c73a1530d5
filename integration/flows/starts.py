"""The starts of flows about documents of others: the same whether a message, a sweep or another flow finds them."""

from __future__ import annotations

from integration.effects import Start


def start_quote(quote_id: str, reference: str, txn: str) -> Start:
    """Return the start of the flow of an accepted quote version."""
    return Start(
        flow_id=f"quote/{reference}",
        name="accepted_quote",
        arguments={"quote_id": quote_id, "reference": reference},
        txn=txn,
        entity_key=f"quote/{txn}",
    )


def start_invoice(invoice: str, txn: str) -> Start:
    """Return the start of the flow of an invoice."""
    return Start(flow_id=f"invoice/{invoice}", name="bill", arguments={"invoice": invoice}, txn=txn)


def start_credit(note: str, txn: str) -> Start:
    """Return the start of the flow of a credit note."""
    return Start(flow_id=f"credit/{note}", name="credit", arguments={"credit_note": note}, txn=txn)


def start_payout(payout: str, currency: str, at_us: int) -> Start:
    """Return the start of the flow of a payout."""
    arguments = {"payout": payout, "currency": currency, "at_us": at_us}
    return Start(flow_id=f"payout/{payout}", name="settle", arguments=arguments)


def start_credit_status(account: str, status: str, stamp: str) -> Start:
    """Return the start of the flow that shows sales a customer's credit status as of an instant (text that sorts)."""
    return Start(
        flow_id=f"credit-status/{account}/{stamp}/{status}",
        name="show_credit",
        arguments={"account": account, "status": status, "stamp": stamp},
        entity_key=f"credit-status/{account}",
        order_key=stamp,
    )


def start_chargeback(dispute: str) -> Start:
    """Return the start of the flow of a dispute."""
    return Start(flow_id=f"chargeback/{dispute}", name="chargeback", arguments={"dispute": dispute})
