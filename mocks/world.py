"""A world: one service of each system, sharing a seed, a clock and a fault plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from domain.draws import Draws
from domain.faults import Fault
from mocks.billing import build as build_billing
from mocks.crm import build as build_crm
from mocks.erp import build as build_erp
from mocks.erp import build_second as build_second_erp
from mocks.fulfilment import build as build_fulfilment
from mocks.kernel.faults import FaultPlan
from mocks.kernel.journal import Journal
from mocks.kernel.limits import Limiter, LimitPolicy
from mocks.kernel.service import Service
from mocks.kernel.tables import IN_MEMORY, Tables
from mocks.legacy_erp import build as build_legacy_erp
from mocks.payment import build as build_payment
from mocks.tax import build as build_tax

_BUILDERS: Mapping[str, Callable[..., Service]] = {
    "crm": build_crm,
    "erp": build_erp,
    "billing": build_billing,
    "tax": build_tax,
    "payment": build_payment,
    "fulfilment": build_fulfilment,
}
SYSTEMS = tuple(_BUILDERS)
_MORE: Mapping[str, Callable[..., Service]] = {"erp2": build_second_erp, "legacy_erp": build_legacy_erp}
MORE_SYSTEMS = tuple(_MORE)
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
        self.services: dict[str, Service] = {}
        for name, build in {**_BUILDERS, **{name: _MORE[name] for name in more}}.items():
            chosen = {"quirks": quirks[name]} if quirks and name in quirks else {}
            self.services[name] = build(draws, record, self.plan, tables=tables, **chosen)
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
