"""Acts: what customers and their banks do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mocks.payment import customers, disputes, methods
from mocks.payment.bodies import CustomerBody
from mocks.payment.declines import HARD_CODES
from mocks.payment.model import Processor
from mocks.payment.records import Behaviour, Charge, Method
from mocks.payment.statuses import TYPES

_SHOWN_MAX = 10


def create_customer(model: Processor, given: dict[str, Any]) -> None:
    """A customer with a payment method: {account, name, currency, method, payment_customer, payment_method, ...}.

    The rest is how the method behaves: declines, decline_code, hard, returned, challenge, dispute, pays_after_days.
    """
    account = given["account"]
    key = given.get("payment_customer") or f"cus_{account.replace('-', '')}"
    method = given.get("payment_method") or f"pm_{account.replace('-', '')}"
    kind = TYPES[given.get("method", "card")]
    methods.keep(model, Method(id=method, created=model.now, type=kind, customer=key, behaviour=_behaviour(given)))
    body = CustomerBody(
        name=given.get("name", ""),
        payment_method=method,
        metadata={"account": account, "method": given.get("method", "card")},
    )
    customers.create(model, body, key, given.get("currency", ""), account)


def set_behaviour(model: Processor, given: dict[str, Any]) -> None:
    """Let a payment method behave otherwise from now on: {payment_method | account, ...behaviour}.

    Raise ValueError when there is no such method, or nobody is of the account.
    """
    method = given.get("payment_method") or _method_of(model, given["account"])
    if method not in model.methods:
        raise ValueError(f"there is no payment method {method!r}; there are: {_listed(list(model.methods))}")
    methods.behave(model, method, _behaviour(given))


def _method_of(model: Processor, account: str) -> str:
    """Return the default payment method of an account's customer; raise ValueError when nobody is of it."""
    known = []
    for row in model.customers.values():
        if row.metadata.get("account") == account:
            return row.method
        known.append(row.metadata.get("account", row.id))
    raise ValueError(f"no customer is of account {account!r}; there are: {_listed(known)}")


def _listed(known: Sequence[str]) -> str:
    more = f" and {len(known) - _SHOWN_MAX} more" if len(known) > _SHOWN_MAX else ""
    return ", ".join(known[:_SHOWN_MAX]) + more or "none"


def _behaviour(given: dict[str, Any]) -> Behaviour:
    code = given.get("decline_code") or ""
    return Behaviour(
        declines=given.get("declines") or 0,
        decline_code=code,
        hard=bool(given.get("hard")) or (code in HARD_CODES and not given.get("declines")),
        returned=bool(given.get("returned")),
        challenge=bool(given.get("challenge")),
        dispute=bool(given.get("dispute")),
        pays_after_days=given.get("pays_after_days"),
    )


def open_dispute(model: Processor, given: dict[str, Any]) -> None:
    """A customer disputes a charge: {invoice | payment | txn, amount?, reason?}. Nothing happens without a charge."""
    charge = _charge(model, given)
    if charge is not None:
        amount = given.get("amount") or charge.captured
        disputes.open_dispute(model, charge, amount, given.get("reason") or "general")


def close_dispute(model: Processor, given: dict[str, Any]) -> None:
    """The bank decides a dispute: {invoice | payment | txn, won}. Nothing happens when none is open."""
    charge = _charge(model, given)
    dispute = model.disputes.get(charge.dispute) if charge is not None else None
    if dispute is not None and dispute.status not in disputes.CLOSED:
        disputes.close(model, dispute, bool(given["won"]))


def return_debit(model: Processor, given: dict[str, Any]) -> None:
    """A bank sends a debit back that had succeeded: {invoice | payment | txn, code}. Nothing happens without one.

    The code is the vendor's: insufficient_funds (default), incorrect_account_details, bank_cannot_process,
    debit_not_authorized.
    """
    charge = _charge(model, given)
    if charge is not None:
        disputes.return_debit(model, charge, given.get("code") or "insufficient_funds")


def _charge(model: Processor, given: dict[str, Any]) -> Charge | None:
    """Return the latest successful charge of a payment, an invoice or a transaction, or None."""
    payment, invoice, txn = (given.get(name) or "" for name in ("payment", "invoice", "txn"))
    if payment in model.intents:
        intents = [model.intents[payment]]
    elif invoice:
        intents = [model.intents[key] for key in model.index.find("payment_intent", "invoice", invoice, model.intents)]
    else:
        intents = [intent for intent in model.intents.values() if txn and intent.txn == txn]
    paid = [intent for intent in intents if intent.status == "succeeded"]
    return model.charges[paid[-1].charge] if paid else None


ACTS = {
    "create_customer": create_customer,
    "set_behaviour": set_behaviour,
    "open_dispute": open_dispute,
    "close_dispute": close_dispute,
    "return_debit": return_debit,
}
