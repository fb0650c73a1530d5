"""What is asked of the ERP about money given back, written off or disputed, and about its periods.

NetSuite's REST interface has no write for accounting periods, and the integration's role may not touch credit. Both go
through RESTlets that the finance team deploys; each does one thing, and doing it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from integration.effects import Call
from integration.outcomes import Answer
from integration.systems.erp.calls import BASE, COMMAND_TIMEOUT_SECONDS, SUITEQL
from integration.systems.wire import JSON, json_body, major, minor, quoted, read

RESTLET = "/app/site/hosting/restlet.nl"
WRITE_OFF_ITEM = "BAD-DEBT"
PAGE = 1000


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """Whose a document is and where it is posted."""

    id: str
    customer: str
    entity: str
    currency: str
    txn: str
    day: date


def _put(kind: str, paper: Paper, body: dict[str, Any], operation: str) -> Call:
    head = {
        "subsidiary": {"id": paper.entity}, "currency": {"refName": paper.currency}, "tranDate": paper.day,
        "custbody_txn": paper.txn,
    }  # fmt: skip
    return Call(
        system="erp", operation=operation, method="PUT", target=f"{BASE}/{kind}/eid:{paper.id}", headers=JSON,
        body=json_body({**head, **body}), key=paper.id, write=True, txn=paper.txn,
        timeout_seconds=COMMAND_TIMEOUT_SECONDS,
    )  # fmt: skip


def put_refund(paper: Paper, source: str, amount_minor: int, method: str) -> Call:
    """Record that money of a payment or a credit memo went back; the invoices of a payment are open again."""
    body = {
        "customer": {"externalId": paper.customer},
        "custbody_method": method,
        "apply": {"items": [{"doc": {"externalId": source}, "amount": major(amount_minor, paper.currency)}]},
    }
    return _put("customerRefund", paper, body, "upsert_refund")


def put_recovery(paper: Paper, invoice: str, amount_minor: int, applied_minor: int, method: str) -> Call:
    """Record money that came back after it had been taken (a dispute that was won), on the invoice it had paid."""
    rows = [{"doc": {"externalId": invoice}, "amount": major(applied_minor, paper.currency)}] if applied_minor else []
    body = {
        "customer": {"externalId": paper.customer},
        "payment": major(amount_minor, paper.currency),
        "custbody_method": method,
        "apply": {"items": rows},
    }
    return _put("customerPayment", paper, body, "upsert_payment")


def put_write_off(paper: Paper, invoice: str, amount_minor: int, memo: str) -> Call:
    """Give up an amount of an invoice: a credit memo whose one item is an expense."""
    amount = major(amount_minor, paper.currency)
    row = {"line": 1, "item": {"externalId": WRITE_OFF_ITEM}, "quantity": 1, "rate": amount, "amount": amount}
    body = {
        "entity": {"externalId": paper.customer},
        "createdFrom": {"externalId": invoice},
        "memo": memo,
        "item": {"items": [row]},
    }
    return _put("creditMemo", paper, body, "upsert_credit_memo")


def apply_memo(memo: str, invoice: str, amount_minor: int, currency: str, txn: str) -> Call:
    """Apply a credit memo to an invoice; the amount is all that it is applied with, then."""
    row = {"doc": {"externalId": invoice}, "apply": True, "amount": major(amount_minor, currency)}
    return Call(
        system="erp", operation="update_credit_memo", method="PATCH", target=f"{BASE}/creditMemo/eid:{memo}",
        headers=JSON, body=json_body({"apply": {"items": [row]}}), key=f"{memo}/applied/{amount_minor}", write=True,
        txn=txn, timeout_seconds=COMMAND_TIMEOUT_SECONDS,
    )  # fmt: skip


def mark_dispute(invoice: str, reason: str, txn: str) -> Call:
    """Note on an invoice why its customer disputes it; without a reason the dispute is over."""
    return Call(
        system="erp", operation="update_invoice", method="PATCH", target=f"{BASE}/invoice/eid:{invoice}", headers=JSON,
        body=json_body({"custbody_dispute": reason}), key=f"{invoice}/dispute/{'open' if reason else 'over'}",
        write=True, txn=txn, timeout_seconds=COMMAND_TIMEOUT_SECONDS,
    )  # fmt: skip


def read_invoice(invoice: str, txn: str) -> Call:
    """Ask for a posted invoice."""
    return Call(system="erp", operation="read_invoice", target=f"{BASE}/invoice/eid:{invoice}", txn=txn)


def read_cash(payment: str, txn: str) -> Call:
    """Ask for a customer payment by the processor's id of it."""
    return Call(system="erp", operation="read_payment", target=f"{BASE}/customerPayment/eid:{payment}", txn=txn)


def read_memo(note: str, txn: str) -> Call:
    """Ask for a posted credit memo."""
    return Call(system="erp", operation="read_credit_memo", target=f"{BASE}/creditMemo/eid:{note}", txn=txn)


def read_applied_memo(note: str, txn: str) -> Call:
    """Ask for a posted credit memo with the invoices that it is applied to."""
    call = read_memo(note, txn)
    return msgspec.structs.replace(call, target=f"{call.target}?expandSubResources=true")


# --- queries --------------------------------------------------------------------------------------------------------


_OFFSET = "&offset="


def _query(query: str, txn: str = "") -> Call:
    return Call(
        system="erp", operation="suiteql", method="POST", target=f"{SUITEQL}?limit={PAGE}{_OFFSET}0",
        headers={**JSON, "prefer": "transient"}, body=json_body({"q": query}), txn=txn, timeout_seconds=30,
    )  # fmt: skip


_OPEN = (
    "SELECT t.externalid, t.duedate, t.foreignamountunpaid, t.currency, t.subsidiary, t.custbody_dispute, "
    "t.custbody_txn, c.externalid AS account FROM invoice t JOIN customer c ON c.id = t.entity "
    "WHERE t.foreignamountunpaid > 0"
)


def overdue(before: date) -> Call:
    """Ask for the open invoices due before a day, a page of a thousand."""
    return _query(f"{_OPEN} AND t.duedate < '{before.isoformat()}' ORDER BY t.id")


def open_of(account: str, txn: str) -> Call:
    """Ask for the open invoices of an account, a page of a thousand."""
    return _query(f"{_OPEN} AND c.externalid = '{_literal(account)}' ORDER BY t.id", txn)


def posted_since(entity: str, first: date, table: str = "invoice") -> Call:
    """Ask which invoices (or credit memos: `creditmemo`) of an entity are posted since a day, a page of a thousand."""
    where = f"subsidiary = '{_literal(entity)}' AND trandate >= '{first.isoformat()}'"
    return _query(f"SELECT externalid, foreigntotal, currency FROM {table} WHERE {where} ORDER BY id")


def _following(call: Call, rows: Sequence[object], more: bool) -> Call | None:
    """Return the call for the page behind some rows; a page may be shorter than was asked for."""
    path, _, offset = call.target.partition(_OFFSET)
    following = msgspec.structs.replace(call, target=f"{path}{_OFFSET}{int(offset) + len(rows)}")
    return following if more and rows else None


def _literal(text: str) -> str:
    return text.replace("'", "''")


# --- scripts --------------------------------------------------------------------------------------------------------


def _script(name: str, method: str, fields: dict[str, str], key: str, txn: str = "") -> Call:
    target = f"{RESTLET}?script=customscript_q2c_{name}&deploy=1"
    if method == "GET":
        target += "".join([f"&{field}={quoted(value)}" for field, value in fields.items()])
    is_write = method == "POST"
    return Call(
        system="erp", operation=f"restlet_{method.lower()}", method=method, target=target, headers=JSON,
        body=json_body(fields) if is_write else b"", key=key, write=is_write, txn=txn,
        timeout_seconds=COMMAND_TIMEOUT_SECONDS,
    )  # fmt: skip


def period_standing(entity: str, period: str) -> Call:
    """Ask how far a period of a legal entity is closed in each module."""
    return _script("period", "GET", {"entity": entity, "period": period}, "")


def move_period(entity: str, module: str, period: str, status: str, key: str) -> Call:
    """Take a period of a legal entity and module to a status (open, soft_closed, closed)."""
    fields = {"entity": entity, "module": module, "period": period, "status": status}
    return _script("period", "POST", fields, key)


def close_checklist(entity: str, period: str) -> Call:
    """Ask for the figures that must agree before a period is closed, all as of one moment."""
    return _script("close_checklist", "GET", {"entity": entity, "period": period}, "")


def recognise_revenue(entity: str, period: str, key: str) -> Call:
    """Have the ERP recognise the revenue that is due through a period."""
    return _script("recognise", "POST", {"entity": entity, "period": period}, key)


def hold_credit(account: str, level: str, reason: str, key: str, txn: str) -> Call:
    """Hold the credit of an account for a reason (soft, hard), or end the hold of that reason (none)."""
    return _script("credit_hold", "POST", {"account": account, "level": level, "reason": reason}, key, txn)


# --- answers --------------------------------------------------------------------------------------------------------


class OpenInvoice(msgspec.Struct, frozen=True):
    """A row of `overdue` or `open_of`; SuiteQL gives every value as text."""

    externalid: str
    duedate: str
    foreignamountunpaid: Decimal
    currency: str
    account: str
    subsidiary: str = ""
    custbody_dispute: str | None = None
    custbody_txn: str | None = None

    @property
    def due(self) -> date:
        """The day on which it is due."""
        return date.fromisoformat(self.duedate)

    @property
    def open_minor(self) -> int:
        """What is open of it, in minor units of its currency."""
        return minor(self.foreignamountunpaid, self.currency)


class PostedRow(msgspec.Struct, frozen=True):
    """A row of `posted_since`."""

    externalid: str | None = None


class PostedInvoice(msgspec.Struct, frozen=True):
    """A posted invoice as the ERP shows it."""

    id: str
    total: Decimal
    amountRemaining: Decimal
    custbody_dispute: str = ""


class _Document(msgspec.Struct, frozen=True):
    externalId: str | None = None


class Application(msgspec.Struct, frozen=True):
    """An invoice that a credit memo is applied to, and how much of it."""

    doc: _Document
    amount: Decimal


class Applications(msgspec.Struct, frozen=True):
    """The invoices that a credit memo is applied to; none are shown unless they are asked for."""

    items: list[Application] = []


class PostedMemo(msgspec.Struct, frozen=True):
    """A posted credit memo as the ERP shows it."""

    id: str
    total: Decimal
    amountRemaining: Decimal
    apply: Applications = Applications()

    def applied_to(self, invoice: str) -> Decimal:
        """Return how much of it an invoice has, of a memo that was read with its applications."""
        return sum([row.amount for row in self.apply.items if row.doc.externalId == invoice], Decimal(0))


class PeriodStanding(msgspec.Struct, frozen=True):
    """How far a period is closed in each module."""

    ar: str
    gl: str


class CurrencyFigures(msgspec.Struct, frozen=True):
    """Sub-ledger and control account of one currency, in minor units."""

    currency: str
    receivable_minor: int
    receivable_control_minor: int
    unapplied_minor: int
    unapplied_control_minor: int

    @property
    def agree(self) -> bool:
        """Tell whether the sub-ledger is its control account."""
        return (
            self.receivable_minor == self.receivable_control_minor
            and self.unapplied_minor == self.unapplied_control_minor
        )


class Checklist(msgspec.Struct, frozen=True):
    """The figures of a closing, as of one moment."""

    currencies: list[CurrencyFigures]
    unrecognised_minor: int = 0


class CreditStanding(msgspec.Struct, frozen=True):
    """What the script that holds credit answers: the status, and the reason it holds for (empty: it does not)."""

    account: str
    status: str
    reason: str = ""


class _OpenInvoices(msgspec.Struct):
    items: list[OpenInvoice]
    hasMore: bool = False


class _PostedRows(msgspec.Struct):
    items: list[PostedRow]
    hasMore: bool = False


_open_invoices = msgspec.json.Decoder(_OpenInvoices, strict=False)
_posted_rows = msgspec.json.Decoder(_PostedRows)
_invoice = msgspec.json.Decoder(PostedInvoice)
_memo = msgspec.json.Decoder(PostedMemo)
_standing = msgspec.json.Decoder(PeriodStanding)
_checklist = msgspec.json.Decoder(Checklist)
_credit = msgspec.json.Decoder(CreditStanding)


def open_invoices(answer: Answer) -> tuple[list[OpenInvoice], bool]:
    """Return the rows of `overdue` or `open_of`, and whether there are more."""
    found = read(answer, _open_invoices)
    return found.items, found.hasMore


def open_page(call: Call, answer: Answer) -> tuple[list[OpenInvoice], Call | None]:
    """Return the rows of a page of `overdue` or `open_of`, and the call for the next one."""
    rows, more = open_invoices(answer)
    return rows, _following(call, rows, more)


def posted_page(call: Call, answer: Answer) -> tuple[list[PostedRow], Call | None]:
    """Return the rows of a page of `posted_since`, and the call for the next one."""
    rows, more = posted_rows(answer)
    return rows, _following(call, rows, more)


def posted_rows(answer: Answer) -> tuple[list[PostedRow], bool]:
    """Return the rows of `posted_since`, and whether there are more."""
    found = read(answer, _posted_rows)
    return found.items, found.hasMore


def posted_invoice(answer: Answer) -> PostedInvoice:
    """Return the invoice of an answer."""
    return read(answer, _invoice)


def posted_memo(answer: Answer) -> PostedMemo:
    """Return the credit memo of an answer."""
    return read(answer, _memo)


def period_of(answer: Answer) -> PeriodStanding:
    """Return the standing of a period."""
    return read(answer, _standing)


def checklist_of(answer: Answer) -> Checklist:
    """Return the figures of a closing."""
    return read(answer, _checklist)


def credit_of(answer: Answer) -> CreditStanding:
    """Return what the script that holds credit answered."""
    return read(answer, _credit)
