"""How a caller names things: external ids, business transactions, versions."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from domain.objects import Cash, CreditMemo, Invoice
from mocks.erp.bodies import Ref, TransactionBody
from mocks.kernel.desk import Desk

FIRST_TRANSACTION = 1_000_000

_QUOTE = re.compile(r"Q-\d{6}(?:\.[A-Z][A-Z0-9]{1,7})?")
_VERSION = re.compile(r"Q-\d{6}(?:\.[A-Z][A-Z0-9]{1,7})?-v(\d{1,6})")


def txn_of(body: TransactionBody, external_id: str, hint: str) -> str:
    """Return the quote number found in the caller's reference fields, else the hint (what the wire showed)."""
    if hint and body.custbody_txn == hint:
        return hint
    for text in (body.custbody_txn, external_id, body.otherRefNum, body.memo):
        found = _QUOTE.search(text) if text else None
        if found is not None:
            return found.group()
    return hint


def version_of(external_id: str, memo: str) -> int:
    """Return the quote version in a reference such as Q-000123-v2, else 1."""
    found = _VERSION.search(external_id) or _VERSION.search(memo)
    return int(found.group(1)) if found else 1


Paper = TypeVar("Paper", Invoice, CreditMemo, Cash)


def named(paper: Paper, *remarks: str) -> Paper:
    """Return a document under the reference that its caller gave: the external id, else the first remark.

    Who posts without an external id writes the other system's number where people look for it.
    """
    remark = "" if paper.ref else next(filter(None, remarks), "")
    return msgspec.structs.replace(paper, ref=remark) if remark else paper


def key_of(ref: Ref) -> str:
    """Return a reference as a path would write it: `eid:...` or an internal id; empty when it names nothing."""
    if ref.externalId is not None:
        return f"eid:{ref.externalId}"
    return str(ref.id) if ref.id is not None else ""


def transaction_id(desk: Desk) -> str:
    """Return the next internal id of a transaction; all types share one series, apart from those of master records."""
    return str(FIRST_TRANSACTION + desk.next("transaction"))
