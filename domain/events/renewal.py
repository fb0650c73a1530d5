"""Facts about renewals."""

from datetime import date
from decimal import Decimal

from domain.events.fact import Fact, event_type


class _RenewalChanged(Fact, frozen=True, kw_only=True):
    contract_id: str
    term: int | None = None
    due_on: date
    uplift_pct: Decimal


class RenewalDue(_RenewalChanged, frozen=True, kw_only=True):
    """The contract comes up for renewal; `term` counts the terms from 1, where they are counted."""


class RenewalQuoted(_RenewalChanged, frozen=True, kw_only=True):
    """A renewal quote is out."""


class RenewalBooked(_RenewalChanged, frozen=True, kw_only=True):
    """The next term is booked."""


class RenewalLost(_RenewalChanged, frozen=True, kw_only=True):
    """The customer does not renew."""


_STATES = (
    ("due", RenewalDue, "billing"),
    ("quoted", RenewalQuoted, "cpq"),
    ("booked", RenewalBooked, "billing"),
    ("lost", RenewalLost, "cpq"),
)

EVENT_TYPES = tuple(
    event_type(
        22,
        f"renewal.{state}",
        payload,
        producers=producer,
        consumers="crm",
        subject="contract_id",
        key=f"{{contract_id}}:{{term}}:{state}",
    )
    for state, payload, producer in _STATES
)
