"""A world: one service of each system, sharing a seed, a clock and a fault plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from domain.draws import Draws
from domain.faults import Fault
from mocks import billing, crm, erp, fulfilment, legacy_erp, payment, tax
from mocks.kernel.faults import FaultPlan
from mocks.kernel.journal import Journal
from mocks.kernel.limits import Limiter, LimitPolicy
from mocks.kernel.service import Service
from mocks.kernel.tables import IN_MEMORY, Tables
from mocks.kernel.vendor import build

_USUAL = (crm.VENDOR, erp.VENDOR, billing.VENDOR, tax.VENDOR, payment.VENDOR, fulfilment.VENDOR)
_MORE = (erp.SECOND, legacy_erp.VENDOR)
VENDORS = {vendor.name: vendor for vendor in (*_USUAL, *_MORE)}
SYSTEMS = tuple(vendor.name for vendor in _USUAL)
MORE_SYSTEMS = tuple(vendor.name for vendor in _MORE)
"""Systems that a world has only when it is asked for them: other books for some of the legal entities."""


class World:
    """The systems of record around an integration, by name."""

    def __init__(
        self,
        seed: int,
        record: Callable[[Any], None],
        faults: Sequence[Fault] = (),
        limits: Mapping[str, LimitPolicy] | None = None,
        quirks: Mapping[str, Any] | None = None,
        journal_entries: int = 0,
        more: Sequence[str] = (),
        tables: Tables = IN_MEMORY,
    ) -> None:
        """Build all services, and those of MORE_SYSTEMS that `more` names.

        With `journal_entries`, each remembers so many of the requests it answered. `tables` makes the tables of all.
        """
        draws = Draws(seed)
        self.plan = FaultPlan(faults, seed, record)
        self.tables = tables
        self.services: dict[str, Service] = {}
        for name in (*SYSTEMS, *more):
            chosen = (quirks or {}).get(name)
            self.services[name] = build(VENDORS[name], draws, record, self.plan, chosen, tables)
        for name, policy in (limits or {}).items():
            self.services[name].limiter = Limiter(policy)
        for service in self.services.values():
            service.journal = Journal(journal_entries) if journal_entries else None

    def __getitem__(self, name: str) -> Service:
        return self.services[name]

    def limits(self) -> dict[str, LimitPolicy]:
        """Return what each system tolerates."""
        return {name: service.limiter.policy for name, service in self.services.items()}


def quirk(base: Any, **switches: Any) -> Any:
    """Return quirks with some switches changed; an unknown switch is a TypeError that names it."""
    return msgspec.structs.replace(base, **switches)
