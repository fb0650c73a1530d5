"""The business state of a world: what is owed, owned, paid and delivered, without what chance and clocks put in.

Two runs of one plan, one of them full of deaths, or one in virtual time, must end in the same business state. Left out
are ids and numbers that systems draw, instants, business dates (a run may pass midnight) and payouts (a batch of the
day); kept is every document of every transaction with its status, amounts, lines, taxes and what is applied to what.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import to_builtins

from contracts.checks.facts import Facts

KINDS = {
    "crm": ("quote", "mirror"),
    "erp": ("order", "invoice", "credit_memo", "cash"),
    "billing": ("subscription", "invoice", "credit_memo"),
    "tax": ("tax_document",),
    "payment": ("payment", "refund", "dispute"),
    "fulfilment": ("task",),
}
LEFT_OUT = frozenset({
    "id", "ref", "number", "order_number", "sequence", "payout", "business_date", "due_date", "source", "reverses",
    "invoice", "payment", "customer", "subscription", "applied", "fee_minor", "revision", "code", "original", "rebills",
    "account", "type", "period_start", "period_end", "full_start", "full_end", "start", "end", "term_end", "bill_from",
})  # fmt: skip

Document = tuple[str, str, str, str]
"""Transaction, system, kind and the document's own text."""


def kept(value: Any) -> Any:
    """Return a value without what is left out; lists in the order of their text, as systems list in their own."""
    if isinstance(value, Mapping):
        found = {name: kept(inner) for name, inner in value.items() if name not in LEFT_OUT}
        if "applied" in value and value["applied"] and isinstance(value["applied"][0], list | tuple):
            found["applied_minor"] = sorted(amount for _, amount in value["applied"])
        return found
    if isinstance(value, list | tuple):
        return sorted(
            (kept(inner) for inner in value), key=lambda inner: json.dumps(inner, sort_keys=True, default=str)
        )
    return value


def document(txn: str, system: str, kind: str, value: Any) -> Document:
    """Return a document as part of a business state."""
    return txn, system, kind, json.dumps(kept(value), sort_keys=True, default=str)


def final_state(facts: Facts) -> Iterator[Document]:
    """Yield the business state in which a history ends."""
    for system, kinds in KINDS.items():
        for kind in kinds:
            for life in facts.lives(kind, system).values():
                yield document(life.txn, system, kind, {**to_builtins(life.document), "status": life.status})


def digest(state: Iterable[Document]) -> str:
    """Return a name that only equal states share."""
    text = "\n".join("\t".join(each) for each in sorted(state))
    return hashlib.sha256(text.encode()).hexdigest()


def difference(one: Iterable[Document], other: Iterable[Document]) -> str:
    """Return in what two states differ, for a person; empty when they are equal."""
    left, right = sorted(one), sorted(other)
    lines = [f"- {' '.join(each)}" for each in _without(left, right)]
    lines += [f"+ {' '.join(each)}" for each in _without(right, left)]
    return "\n".join(lines[:20])


def _without(some: list[Document], others: list[Document]) -> list[Document]:
    rest = list(others)
    found = []
    for each in some:
        if each in rest:
            rest.remove(each)
        else:
            found.append(each)
    return found
