"""A fact is the payload of a canonical event; an event type says who tells it, to whom and under which keys.

Every payload carries the transaction it belongs to, the legal entity, the local date of the books and the
version of the aggregate after the fact.
"""

from datetime import date
from typing import TypeAlias

import msgspec


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """The fields that every payload has; each event type adds its own."""

    txnid: str
    legal_entity: str
    business_date: date
    aggregate_version: int


PayloadClass: TypeAlias = type[Fact]


class EventType(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the registry.

    `type` is the CloudEvents type (`q2c.quote.approved.v1`), `name` the short form (`quote.approved`).
    `subject` and `partition_key` name payload fields; `idempotency_key` is a template over payload fields.
    `row` is the fact's number in the registry.
    """

    row: int
    name: str
    type: str
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    payload: PayloadClass
    subject: str
    partition_key: str
    idempotency_key: str
    minor: int = 0

    @property
    def dataschema(self) -> str:
        """The URI of the payload's schema, with the minor version."""
        return f"urn:{self.type.replace('.', ':')}.{self.minor}"

    def subject_of(self, fact: Fact) -> str:
        """Return the id of the aggregate that the fact is about."""
        return str(getattr(fact, self.subject))

    def partition_key_of(self, fact: Fact) -> str:
        """Return the key inside which the order of facts is kept."""
        return str(getattr(fact, self.partition_key))

    def idempotency_key_of(self, fact: Fact) -> str:
        """Return the business key under which a consumer takes the fact once."""
        return self.idempotency_key.replace("{", "{fact.").format(fact=fact)


def event_type(
    row: int,
    name: str,
    payload: PayloadClass,
    *,
    producers: str,
    consumers: str,
    subject: str,
    key: str,
    partition_key: str = "",
) -> EventType:
    """Build one row; several producers or consumers are separated by spaces, the partition key is the subject
    unless another field is named.
    """
    return EventType(
        row=row,
        name=name,
        type=f"q2c.{name}.v1",
        producers=tuple(producers.split()),
        consumers=tuple(consumers.split()),
        payload=payload,
        subject=subject,
        partition_key=partition_key or subject,
        idempotency_key=key,
    )
