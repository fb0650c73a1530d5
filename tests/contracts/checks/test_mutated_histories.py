"""What no check sees: every document of a whole play is changed, left out and doubled, and the checks judge the rest.

Each amount is one more, each day forty days earlier and each reference another one, from the first appearance of the
document on. What breaks no check stands in `UNSEEN` with the reason why none can know; whoever adds a field or a
document has to add a check or a reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from contracts.checks.judge import judge
from domain.history import Changed, MemoryHistory, Record
from domain.objects import Delta
from tests.integration.flows.one_invoice import DAY, INVOICE, stage_of
from tests.stage import CORE

LABEL = "a label for people: nothing is reckoned from it"
DEAL = "the deal is written on it for people; it is joined to the others by the reference of what it follows"
OWN = "its own system sets it, and no other has a copy to compare"
MASTER = "a master record: what is made for a customer is judged, not the card it is written on"
GOODS = "what has to be delivered only the seller knows: a task that is there is judged (O11), none is missed"
AMOUNT_ONLY = "the amount beside it is compared with a document whose currency is judged"
SHOWN = "what sales is shown is judged by the last picture of a quote (L3, O4)"
SIGNED = "what was signed is where the rest is judged from: nothing is before it"
NAME_BACK = "how billing names money that went back is free; the sums of each deal are judged (M15)"
WON = "what is behind the dot of a dispute that was won is a name of one integration; its amount is judged (M13, M15)"
FEE = "a payout tells its fees in one sum, those of disputes among them (M6)"

UNSEEN: dict[tuple[str, str], dict[str, str]] = {
    ("billing", "cash"): {
        "business_date": OWN, "currency": AMOUNT_ONLY, "customer": MASTER, "entity": MASTER, "ref": WON, "txn": DEAL,
    },
    ("billing", "credit_memo"): {
        "balance_minor": "money back may use up a note as an invoice does, and does not say which",
        "business_date": OWN, "currency": AMOUNT_ONLY, "ref": LABEL, "txn": DEAL,
    },
    ("billing", "customer"): {"currency": MASTER, "entity": MASTER, "ref": MASTER, "gone": MASTER, "twice": MASTER},
    ("billing", "invoice"): {"bill_from": OWN, "business_date": OWN, "number": LABEL, "ref": LABEL, "txn": DEAL},
    ("billing", "refund"): {"currency": AMOUNT_ONLY, "payment": NAME_BACK},
    ("billing", "subscription"): {"currency": AMOUNT_ONLY, "ref": LABEL, "txn": DEAL},
    ("crm", "mirror"): {
        "gone": SHOWN, "invoice_balance_minor": SHOWN, "sequence": SHOWN, "twice": SHOWN, "txn": DEAL,
    },
    ("crm", "quote"): {
        "account": SIGNED, "number": SIGNED, "sequence": SIGNED, "term_start": SIGNED, "txn": DEAL,
        "valid_until": SIGNED, "version": SIGNED,
    },
    ("erp", "cash"): {"ref": WON, "txn": DEAL},
    ("erp", "credit_memo"): {"txn": DEAL},
    ("erp", "customer"): {"currency": MASTER, "entity": MASTER, "ref": MASTER, "gone": MASTER, "twice": MASTER},
    ("erp", "entry"): {
        "entity": "a payout may be settled in the books of any entity",
        "source": "the loss of a deal is judged by its sum, whatever names it (M17)",
    },
    ("erp", "invoice"): {"number": "the last number of a series is followed by none (O9)", "txn": DEAL},
    ("erp", "order"): {"txn": DEAL, "version": LABEL},
    ("erp", "revenue_schedule"): {"currency": AMOUNT_ONLY},
    ("erp", "task"): {"gone": GOODS, "ref": GOODS, "twice": GOODS, "txn": DEAL},
    ("fulfilment", "task"): {"account": GOODS, "gone": GOODS, "ref": GOODS, "twice": GOODS, "txn": DEAL},
    ("payment", "customer"): {"currency": MASTER, "ref": MASTER, "gone": MASTER, "twice": MASTER},
    ("payment", "dispute"): {"fee_minor": FEE, "payment": WON, "twice": OWN},
    ("payment", "payment"): {"customer": MASTER, "fee_minor": FEE, "txn": DEAL},
    ("payment", "refund"): {"currency": AMOUNT_ONLY},
    ("tax", "tax_document"): {"currency": AMOUNT_ONLY, "revision": OWN},
}  # fmt: skip
"""What breaks no check in at least one document, by kind of document: the field, or that it is gone or there twice."""
REFERENCES = frozenset(
    {"account", "code", "currency", "customer", "entity", "invoice", "number", "payment", "ref", "source"}
    | {"subscription", "txn"}
)  # fmt: skip
NOBODY_WRITES = frozenset({"account", "period"})
"""Kinds of documents that people keep, and no integration."""
Places = dict[tuple[str, str, str], list[int]]


def played() -> list[Record]:
    """Return a play with a refund, a loss, a refund that credits, a downsell and a dispute that was won."""
    stage = stage_of("card")
    stage.clerks = 0
    stage.act("integration", "refund", 1.6 * DAY, "Q-000001", percent=40, approved_by="bob")
    stage.act("integration", "write_off", 3 * DAY, "Q-000001", invoice=INVOICE, approved_by="cfo")
    stage.customer("debit", "A-000002")
    stage.signs("Q-000002", at=2.0, account="A-000002")
    stage.act("integration", "refund", 8 * DAY, "Q-000002", percent=30, adjust=True, approved_by="bob", request="R-9")
    stage.customer("card", "A-000003")
    stage.signs("Q-000003", at=3.0, account="A-000003")
    fewer = Delta(sku=CORE, quantity=5, unit_minor=50_00)
    stage.amends("Q-500001", "Q-000003", "downsell", date(2026, 12, 1), 20, fewer, account="A-000003")
    stage.customer("card", "A-000004")
    stage.signs("Q-000004", at=4.0, account="A-000004")
    stage.act("payment", "open_dispute", 0.7 * DAY, invoice="INV-0000004")
    stage.act("integration", "re_drive", 1.5 * DAY, code="PAYMENT.DISPUTE", decision="retry", actor="ann")
    stage.act("payment", "close_dispute", 6 * DAY, invoice="INV-0000004", won=True)
    return stage.play(days=12).records


def is_seen(records: list[Record]) -> bool:
    """Tell whether a check is broken."""
    return any(result.broken for result in judge(MemoryHistory(records)).results)


def other(field: str, value: Any) -> Any:
    """Return another value for a field, or None when it holds no amount, day or reference."""
    if isinstance(value, bool) or not value:
        return None
    if isinstance(value, int):
        return value + 1
    if isinstance(value, date):
        return value - timedelta(days=40)
    return f"{value}x" if field in REFERENCES and isinstance(value, str) else None


def places_of(records: list[Record]) -> Places:
    """Return where the changes of each document stand."""
    found: Places = {}
    for index, record in enumerate(records):
        if isinstance(record, Changed) and record.kind not in NOBODY_WRITES:
            found.setdefault((record.system, record.kind, record.id), []).append(index)
    return found


def mutated(records: list[Record], own: list[int]) -> Iterator[tuple[str, list[Record]]]:
    """Yield what is done to one document, and the records after that."""
    changes = {index: record for index in own if isinstance(record := records[index], Changed)}
    for field in changes[own[-1]].document.__struct_fields__:
        spoilt = {
            index: replace(change, document=replace(change.document, **{field: value}))
            for index, change in changes.items()
            if (value := other(field, getattr(change.document, field))) is not None
        }
        if spoilt:
            yield field, [spoilt.get(index, record) for index, record in enumerate(records)]
    yield "gone", [record for index, record in enumerate(records) if index not in changes]
    twice: list[Record] = []
    for index, record in enumerate(records):
        twice.append(record)
        if index in changes:
            key = f"{changes[index].id}9"
            twice.append(replace(changes[index], id=key, document=replace(changes[index].document, id=key)))
    yield "twice", twice


@pytest.fixture(scope="module")
def unseen() -> dict[tuple[str, str], set[str]]:
    """Return what breaks no check in at least one document, by kind of document."""
    records = played()
    assert not is_seen(records)
    found: dict[tuple[str, str], set[str]] = {}
    for (system, kind, _), own in places_of(records).items():
        missed = found.setdefault((system, kind), set())
        missed |= {what for what, spoilt in mutated(records, own) if what not in missed and not is_seen(spoilt)}
    return found


def test_each_change_of_a_document_breaks_a_check_or_has_its_reason(unseen: dict[tuple[str, str], set[str]]) -> None:
    news = {kind: sorted(missed - UNSEEN.get(kind, {}).keys()) for kind, missed in unseen.items()}
    assert {kind: missed for kind, missed in news.items() if missed} == {}


def test_what_is_said_to_be_unseen_is_unseen(unseen: dict[tuple[str, str], set[str]]) -> None:
    stale = {kind: sorted(reasons.keys() - unseen.get(kind, set())) for kind, reasons in UNSEEN.items()}
    assert {kind: fields for kind, fields in stale.items() if fields} == {}
