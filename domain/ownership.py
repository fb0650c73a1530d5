"""The system of record of every kind of field: who may write it, who may ask, who holds a copy."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

LIVES_IN: Mapping[str, str] = MappingProxyType({"cpq": "crm"})
"""Systems that are a part of another one here: the CRM hosts quoting, so it writes what CPQ owns."""


class Ownership(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table; a system outside `owners` that writes the group breaks the contract."""

    group: str
    about: str
    owners: tuple[str, ...]
    may_propose: tuple[str, ...] = ()
    read_copies: tuple[str, ...] = ()


def _row(group: str, about: str, owners: str, may_propose: str, read_copies: str) -> Ownership:
    return Ownership(
        group=group,
        about=about,
        owners=tuple(owners.split()),
        may_propose=tuple(may_propose.split()),
        read_copies=tuple(read_copies.split()),
    )


_ROWS = (
    _row("account", "account identity, hierarchy, contacts", "crm", "mdm", "erp billing payment"),
    _row(
        "customer_finance",
        "terms, credit limit and status, tax registration, dunning",
        "erp",
        "crm",
        "crm billing",
    ),
    _row("product", "commercial product catalogue", "crm cpq", "product_ops", "erp billing"),
    _row("price_book", "price books, discount rules", "cpq", "deal_desk", "billing erp"),
    _row("quote", "quotes and approvals", "cpq", "", "orchestrator"),
    _row("contract", "contract, subscription, schedule", "billing", "cpq", "crm erp"),
    _row("order", "sales order, booking", "erp", "orchestrator", "crm billing fulfilment"),
    _row("fulfilment", "fulfilment status", "fulfilment", "", "erp billing crm"),
    _row("tax", "tax determination", "tax", "erp", "billing erp"),
    _row("invoice", "invoice content", "billing", "", "erp crm"),
    _row("ledger", "AR balance, GL, period status", "erp", "billing", "crm analytics"),
    _row("payment", "payment state", "payment", "", "billing erp crm"),
    _row("revenue", "revenue schedule", "erp", "billing", "analytics"),
    _row("exception", "exception cases", "case", "*", "dashboards"),
)

OWNERSHIP: Mapping[str, Ownership] = MappingProxyType({row.group: row for row in _ROWS})
"""The table by field group."""


def ownership_of(field_group: str) -> Ownership:
    """Return the row of a field group, or raise KeyError that lists the groups."""
    row = OWNERSHIP.get(field_group)
    if row is None:
        raise KeyError(f"no field group {field_group!r}; expected one of: {', '.join(OWNERSHIP)}")
    return row


def may_write(system: str, field_group: str) -> bool:
    """Tell whether the system is the system of record of the group.

    >>> may_write("crm", "quote"), may_write("billing", "ledger")
    (True, False)
    """
    owners = ownership_of(field_group).owners
    return system in owners or any(LIVES_IN.get(owner) == system for owner in owners)


def may_propose(system: str, field_group: str) -> bool:
    """Tell whether the system may ask the owner for a change; everybody may report an exception."""
    asking = ownership_of(field_group).may_propose
    return system in asking or "*" in asking or any(LIVES_IN.get(name) == system for name in asking)
