"""Lives: documents of systems over time, from first change to last, and the parts that several sellers have."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import msgspec

from domain.history import Changed
from domain.objects import Invoice, Quote, Subscription


class Life:
    """One document of one system over time; `entered` maps each status to the instant it was first reached."""

    __slots__ = ("entered", "first", "last")

    def __init__(self, change: Changed) -> None:
        self.first = self.last = change
        self.entered = {change.status: change.at_us}

    @property
    def document(self) -> Any:
        """The document as it was last."""
        return self.last.document

    @property
    def first_document(self) -> Any:
        """The document as it was first."""
        return self.first.document

    @property
    def status(self) -> str:
        """The status it was in last."""
        return self.last.status

    @property
    def id(self) -> str:
        """The id in its own system."""
        return self.last.id

    @property
    def txn(self) -> str:
        """The business transaction, empty when the system cannot know it."""
        return self.last.txn or self.first.txn

    @property
    def created_us(self) -> int:
        """The instant of its first change."""
        return self.first.at_us

    @property
    def is_seeded(self) -> bool:
        """Whether it was there before the integration had anything to do with it."""
        return self.first.cause == "act"

    def since(self, statuses: Container[str]) -> int | None:
        """Return when the first of some statuses was reached, or None."""
        entered = self.entered
        if len(entered) == 1:
            return self.first.at_us if self.first.status in statuses else None
        return min([at_us for status, at_us in entered.items() if status in statuses], default=None)

    @property
    def name(self) -> str:
        """System, kind and id, as people say it."""
        return f"{self.last.system} {self.last.kind} {self.last.id}"


def document_of(change: Changed) -> Any:
    """Return the document of a change, whose type its kind tells."""
    return change.document


def quote_of(life: Life) -> Quote:
    """Return the quote of a life."""
    document = life.document
    assert isinstance(document, Quote), f"{life.name} is no quote"
    return document


def invoice_of(life: Life) -> Invoice:
    """Return the invoice of a life."""
    document = life.document
    assert isinstance(document, Invoice), f"{life.name} is no invoice"
    return document


def subscription_of(life: Life) -> Subscription:
    """Return the subscription of a life."""
    document = life.document
    assert isinstance(document, Subscription), f"{life.name} is no subscription"
    return document


def parts_of(life: Life) -> dict[str, Life]:
    """Return what each legal entity sells of a new quote, by its own reference; nothing when it is one entity's."""
    quote = quote_of(life)
    others = [line for line in quote.lines if line.delivered_by or line.entity not in ("", quote.entity)]
    if quote.kind != "new" or not others:
        return {}
    found = {}
    for entity in dict.fromkeys(line.entity or quote.entity for line in quote.lines):
        number = f"{quote.number}.{entity}"
        part = Life.__new__(Life)
        part.entered = life.entered
        part.first, part.last = _part(life.first, number, entity), _part(life.last, number, entity)
        found[part.id] = part
    return found


def _part(change: Changed, number: str, entity: str) -> Changed:
    quote = document_of(change)
    lines = tuple([line for line in quote.lines if (line.entity or quote.entity) == entity])
    own = msgspec.structs.replace(
        quote, number=number, txn=number, entity=entity, lines=lines,
        account=quote.account if entity == quote.entity else f"{quote.account}.{entity}",
        total_minor=sum([line.amount_minor for line in lines]),
    )  # fmt: skip
    return msgspec.structs.replace(change, id=f"{number}-v{quote.version}", txn=number, document=own)


def whole_of(reference: str) -> str:
    """Return the quote version that a part of it belongs to (`Q-000123.DE-v1` -> `Q-000123-v1`)."""
    number, dash, version = reference.partition("-v")
    return f"{number.partition('.')[0]}{dash}{version}"
