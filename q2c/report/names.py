"""Names: how the report calls systems, faults, stages and kinds of business."""

from __future__ import annotations

from types import MappingProxyType

from contracts.checks.registry import BY_ID
from contracts.checks.sla import SLAS, SlaResult
from domain.calendar import SECOND_US
from domain.faults import CATALOGUE, Fault, Place
from web.words import count, duration

SYSTEMS = MappingProxyType(
    {
        "crm": "CRM",
        "erp": "ERP",
        "billing": "billing",
        "tax": "tax",
        "payment": "payment",
        "fulfilment": "fulfilment",
        "integration": "integration",
    }
)
STAGES = MappingProxyType(
    {
        "paid": "paid and in the books",
        "applied": "amendment applied",
        "active": "active, nothing to collect",
        "awaiting_payment": "waits for the customer's money",
        "awaiting_start": "waits for its start date",
        "scheduled": "amendment waits for its date",
        "in_fulfilment": "being fulfilled",
        "on_credit_hold": "on credit hold",
        "in_exception": "with people, in exception",
        "cancelled": "cancelled",
        "returned_to_sales": "returned to sales",
        "accepted": "accepted, not booked",
        "submitted": "sent to the ERP, not booked",
        "booked": "booked, not in billing",
        "fulfilled": "fulfilled, not activated",
        "unposted": "invoiced, not posted",
        "uncollected": "posted, not collected",
        "unapplied": "paid, not in the books",
    }
)
KINDS = MappingProxyType({"new": "new business", "renew": "renewals", "amend": "amendments"})

_OF_PEOPLE = frozenset(sla.id for sla in SLAS if sla.of_people)


def system(name: str) -> str:
    """Return how people call a system; "every system" for the empty name."""
    return SYSTEMS.get(name, name) if name else "every system"


def struck_by(fault: Fault) -> str:
    """Return how people call what a fault strikes: a system, every system, or the integration's own process."""
    kind = CATALOGUE.get(fault.kind)
    return SYSTEMS["integration"] if kind is not None and kind.place is Place.PROCESS else system(fault.system)


def summary(fault: Fault) -> str:
    """Return what a fault does, with its own numbers in place of their names."""
    text = CATALOGUE[fault.kind].summary if fault.kind in CATALOGUE else fault.kind
    for word, number in (
        ("factor", f"{fault.factor:g}"),
        ("count", count(fault.count)),
        ("wait", duration(round(fault.seconds * SECOND_US))),
    ):
        text = text.replace(f"`{word}`", number)
    return text


def operation(name: str) -> str:
    """Return an operation's name as words."""
    return name.replace("_", " ")


def rule(check: str) -> str:
    """Return a rule as "S1 One order per quote"; its id alone when it is none of ours."""
    return f"{check} {BY_ID[check].title}" if check in BY_ID else check


def level(result: SlaResult) -> str:
    """Return a service level as "SLA-2 order creation", and say of which people are the makers, no program."""
    return f"{result.sla} {result.title}{' (people)' if result.sla in _OF_PEOPLE else ''}"
