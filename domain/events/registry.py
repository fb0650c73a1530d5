"""The registry of canonical events: every type with its producer, consumers, payload and keys.

A line of the source table that names several facts ("quote.rejected / recalled / ...") is one type per fact.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from domain.events import (
    amendment,
    billing,
    contract,
    credit,
    customer,
    dispute,
    dunning,
    exception,
    fulfilment,
    invoice,
    ledger,
    message,
    order,
    partner,
    payment,
    product,
    quote,
    renewal,
    revenue,
    subscription,
)
from domain.events.fact import EventType, Fact

_OBJECTS = (
    quote,
    customer,
    product,
    credit,
    order,
    fulfilment,
    subscription,
    amendment,
    renewal,
    billing,
    invoice,
    payment,
    dispute,
    dunning,
    revenue,
    ledger,
    partner,
    exception,
    message,
    contract,
)

_ALL: tuple[EventType, ...] = tuple(event for module in _OBJECTS for event in module.EVENT_TYPES)

REGISTRY: Mapping[str, EventType] = MappingProxyType({event.type: event for event in _ALL})
"""Every event type by its CloudEvents type (`q2c.quote.approved.v1`)."""

BY_NAME: Mapping[str, EventType] = MappingProxyType({event.name: event for event in _ALL})
"""Every event type by its short name (`quote.approved`)."""

BY_PAYLOAD: Mapping[type[Fact], EventType] = MappingProxyType({event.payload: event for event in _ALL})
"""Every event type by its payload class."""


def type_of(fact: Fact) -> EventType:
    """Return the row of a fact.

    >>> BY_NAME["order.booked"].partition_key
    'order_id'
    """
    return BY_PAYLOAD[type(fact)]


def schema_problem(event_type: str, payload: Mapping[str, Any]) -> str:
    """Return how a payload breaks the schema of its type; empty when it keeps to it."""
    kind = REGISTRY.get(event_type)
    if kind is None:
        return f"{event_type} is not in the registry"
    try:
        msgspec.convert(payload, kind.payload, strict=False)
    except (msgspec.ValidationError, ValueError) as wrong:
        return str(wrong)
    return ""
