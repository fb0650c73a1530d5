"""The legacy ERP as if it were a modern one: the same four calls about orders, done with files and batches.

    put an order       one file for one order, so that a bad row spoils nobody else's; the command is then accepted
    read an order      pending until the batch's result file is there; then sent and come back are reconciled
    record fulfilment  a file, and its result waited for
    close an order     the same

The vendor has no idempotency: an order that is sent twice is refused at best. So the cross-reference remembers what was
sent (`legacy`, reference), each round has a file name of its own, and only what did not come back is sent again. What
was neither taken nor refused was dropped in silence (F-26); it becomes a case of the data steward's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

import msgspec

from domain.currency import exponent
from domain.http import Reply
from integration.effects import Assign, Call, Lookup, Now, Park, Sleep
from integration.flow import FlowContext
from integration.outcomes import Answer, CallFailed, Failed, GivenUp
from integration.retry import call_with_retries
from integration.system import System, classifier
from integration.systems.wire import json_body, read_text

KIND = "legacy"
HEADER = "#ORDERS;1"
POLL_SECONDS = 900
WINDOW_SECONDS = 3600  # when the vendor does not say when files are taken again
Row = dict[str, Any]


class _Named(msgspec.Struct):
    id: str = ""
    external_id: str = msgspec.field(name="externalId", default="")
    ref_name: str = msgspec.field(name="refName", default="")


class _OrderLine(msgspec.Struct):
    line: int
    item: _Named
    quantity: int
    amount: Decimal
    custcol_kind: str = ""
    custcol_months: int = 0
    custcol_list_rate: Decimal = Decimal(0)


class _OrderLines(msgspec.Struct):
    items: list[_OrderLine]


class _Order(msgspec.Struct):
    entity: _Named
    subsidiary: _Named
    currency: _Named
    day: str = msgspec.field(name="tranDate")
    custbody_txn: str
    custbody_kind: str
    item: _OrderLines
    custbody_end_customer: str = ""


_order = msgspec.json.Decoder(_Order)


# --- files ----------------------------------------------------------------------------------------------------------


class Unwritable(ValueError):
    """A field holds what separates fields or rows: written as it is, it would be another row in the books."""


def order_rows(reference: str, body: bytes) -> list[str]:
    """Return an order as rows of a file: what it is, then its lines. Amounts are whole minor units.

    The format has no way to quote, so a field that holds a semicolon or a line break is Unwritable.
    """
    order = _order.decode(body)
    currency = order.currency.ref_name
    scale = 10 ** exponent(currency)
    head = (
        "O", reference, order.entity.external_id, order.subsidiary.id, currency, order.day, order.custbody_txn,
        order.custbody_kind, order.custbody_end_customer,
    )  # fmt: skip
    lines = (
        (
            "L", reference, str(each.line), each.item.external_id, str(each.quantity), str(int(each.amount * scale)),
            each.custcol_kind, str(each.custcol_months), str(int(each.custcol_list_rate * scale)),
        )
        for each in order.item.items
    )  # fmt: skip
    return [_joined(row) for row in (head, *lines)]


def _joined(row: tuple[str, ...]) -> str:
    for number, field in enumerate(row, 1):
        if ";" in field or len(f"{field}.".splitlines()) > 1:
            raise Unwritable(
                f"field {number} of a row {row[0]} is {field!r}: a file of the legacy ERP can hold neither a semicolon "
                "nor a line break; give what it names an id without them"
            )
    return ";".join(row)


def _put(name: str, rows: list[str], txn: str) -> Call:
    text = "\n".join((HEADER, *rows, ""))
    return Call(
        system="legacy_erp", operation="put_file", method="PUT", target=f"/inbox/{quote(name, safe='')}",
        headers={"content-type": "text/csv; charset=utf-8"}, body=text.encode(), key=name, write=True, txn=txn,
        timeout_seconds=60,
    )  # fmt: skip


def _ask_for(name: str, txn: str) -> Call:
    return Call(
        system="legacy_erp",
        operation="get_result",
        target=f"/outbox/{quote(name, safe='')}",
        txn=txn,
        timeout_seconds=60,
    )


async def _sent(context: FlowContext, name: str, rows: list[str], txn: str) -> Answer:
    """Put a file into the inbox, as soon as the vendor takes files; one that was worked off is there."""
    call = _put(name, rows, txn)
    while True:
        try:
            return await call_with_retries(context, call)
        except CallFailed as failure:
            if failure.code == "worked_off":  # by a batch that ran before we heard of our own attempt
                return Answer(202, b"", failure.at_us)
            if failure.code != "window_closed":
                raise
            seconds = failure.retry_after_seconds
            await Sleep(seconds if seconds > 0 else WINDOW_SECONDS)


async def _result(context: FlowContext, name: str, txn: str) -> Answer | None:
    """Return the result file of a file, or None while its batch has not run."""
    try:
        return await call_with_retries(context, _ask_for(name, txn))
    except CallFailed as failure:
        if failure.status != 404:
            raise
        return None


def _name(reference: str, round_: int) -> str:
    return f"{reference}.{round_}.csv"


# --- orders ---------------------------------------------------------------------------------------------------------


async def put_order(context: FlowContext, call: Call) -> Answer:
    """Take the command to book an order: its file lies in the inbox. It is booked after a batch."""
    row: Row = {"round": 1, "rows": await _rows(call.key, call.body), "number": "", "taken": []}
    standing = await Assign(kind=KIND, key=call.key, value=row)
    assert standing is not None, "what was assigned stands"
    answer = await _sent(context, _name(call.key, standing["round"]), standing["rows"], call.txn)
    return Answer(204, b"", answer.at_us)


async def _rows(reference: str, body: bytes) -> list[str]:
    """Return an order as rows; one that cannot be written is a case of the data steward's until it is given up."""
    while True:
        try:
            return order_rows(reference, body)
        except Unwritable as wrong:
            await _asked(reference, ("DATA_QUALITY.MAPPING_MISSING", str(wrong)))


async def read_order(context: FlowContext, call: Call) -> Answer:
    """Show an order as the modern ERP would: pending until all of it came back, and then under its number."""
    reference = call.target.partition("eid:")[2].partition("?")[0]
    while True:
        row = await _standing(reference)
        answer = await _result(context, _name(reference, row["round"]), call.txn)
        if answer is None:
            return _shown(reference, row, "pendingApproval", await Now())
        after, trouble = reconciled(row, read_text(answer))
        if not trouble:
            await Assign(kind=KIND, key=reference, value={**after, "done": True}, expected=row)
            return _shown(reference, after, "pendingFulfillment", answer.at_us)
        await _asked(reference, trouble)
        again = {**after, "round": row["round"] + 1, "rows": _rest(after)}
        await Assign(kind=KIND, key=reference, value=again, expected=row)
        await _sent(context, _name(reference, again["round"]), again["rows"], call.txn)


async def _standing(reference: str) -> Row:
    row = await Lookup(KIND, reference)
    if row is None:
        raise CallFailed(Failed("rejected", 404, "not_found", f"no order {reference} was sent"))
    return row


def reconciled(row: Row, result: str) -> tuple[Row, tuple[str, str] | None]:
    """Return what is known of an order after a result file, and (code, what is wrong) when not all of it came back.

    >>> sent = {"round": 1, "rows": ["O;Q-1", "L;Q-1;1;A", "L;Q-1;2;B"], "number": "", "taken": []}
    >>> after, trouble = reconciled(sent, "O;Q-1;TAKEN;L7\\nL;Q-1;1;TAKEN\\n")
    >>> after["number"], after["taken"], trouble[0]
    ('L7', ['1'], 'DATA_QUALITY.MAPPING_MISSING')
    """
    told = [line.split(";") for line in result.splitlines() if line]
    taken = [line[2] for line in told if line[0] == "L" and line[3] == "TAKEN"]
    number = next((line[3] for line in told if line[0] == "O" and line[2] == "TAKEN"), row["number"])
    after = {**row, "number": number, "taken": sorted({*row["taken"], *taken})}
    refused = [";".join(line) for line in told if "REJECTED" in line]
    if refused:
        return after, ("VALIDATION.BUSINESS_RULE", f"the legacy ERP refused: {'; '.join(refused)}")
    missing = _missing(after)
    if missing or not number:
        lost = ", ".join(f"line {line[2]} (item {line[3]})" for line in missing) or "the order"
        sent = sum(each.startswith("L;") for each in row["rows"])
        detail = f"{sent} lines were sent; {lost} came back neither taken nor refused"
        return after, ("DATA_QUALITY.MAPPING_MISSING", detail)
    return after, None


def _missing(row: Row) -> list[list[str]]:
    lines = [each.split(";") for each in row["rows"] if each.startswith("L;")]
    return [line for line in lines if line[2] not in row["taken"]]


def _rest(row: Row) -> list[str]:
    """Return the rows of the next round: what did not come back, with its order only when that did not either."""
    head = [each for each in row["rows"] if each.startswith("O;")] if not row["number"] else []
    return [*head, *(";".join(line) for line in _missing(row))]


async def _asked(reference: str, trouble: tuple[str, str]) -> None:
    code, detail = trouble
    resumed = await Park(code=code, detail=detail, context={"system": "legacy_erp", "order": reference})
    if resumed.action == "cancel":
        raise GivenUp(detail, code)


def _shown(reference: str, row: Row, status: str, at_us: int) -> Answer:
    body = {"id": row["number"] or reference, "tranId": row["number"], "status": {"id": status}, "total": 0}
    return Answer(200, json_body(body), at_us)


async def _step(context: FlowContext, call: Call, kind: str, reference: str, stem: str) -> Answer:
    """Have a batch record a step of an order; return when its result says that it did.

    What was refused is sent again, under the name of the next round, when somebody re-drives the flow: the vendor
    works a file of one name off once.
    """
    await _standing(reference)
    round_ = 0
    while True:
        round_ += 1
        name = _name(f"{stem}.{kind}", round_)
        await _sent(context, name, [_joined((kind, reference))], call.txn)
        while (answer := await _result(context, name, call.txn)) is None:
            await Sleep(POLL_SECONDS)
        told = read_text(answer)
        if f"{kind};{reference};TAKEN" in told.splitlines():
            return Answer(204, b"", answer.at_us)
        detail = f"{name} was sent; the result file says {told.strip() or 'nothing'}"
        await _asked(reference, ("CONFLICT.STATE", detail))


async def fulfil_order(context: FlowContext, call: Call) -> Answer:
    """Record the fulfilment of an order."""
    reference = call.target.partition("eid:")[2].partition("/")[0]
    return await _step(context, call, "F", reference, call.key)


async def close_order(context: FlowContext, call: Call) -> Answer:
    """Cancel an order."""
    reference = call.target.partition("eid:")[2]
    return await _step(context, call, "X", reference, reference)


Operation = Callable[[FlowContext, Call], Awaitable[Answer]]
OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "upsert_order": put_order,
        "read_salesOrder": read_order,
        "transform_order": fulfil_order,
        "update_order": close_order,
    }
)
"""The calls to the ERP that the legacy ERP answers by file; all others are asked of the ERP beside it."""


class _Trouble(msgspec.Struct):
    code: str = ""
    detail: str = ""


_trouble = msgspec.json.Decoder(_Trouble)


def _sharpened(failed: Failed) -> Failed:
    try:
        found = _trouble.decode(failed.body)
    except msgspec.MsgspecError:
        return failed
    return msgspec.structs.replace(failed, code=found.code, detail=found.detail)


def _is_denied(reply: Reply) -> bool:
    return reply.body.startswith(b"{")  # trouble is an object, and a file has rows


SYSTEM = System(
    name="legacy_erp",
    classify=classifier(_sharpened, _is_denied),
    headers={"x-account-key": "q2c-legacy"},
    ping=Call(system="legacy_erp", operation="limits", target="/outbox", timeout_seconds=10),
)
