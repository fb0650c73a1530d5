"""The drifts of one world: which are on, and how they are laid around its services."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import msgspec

from mocks.drift import avatax, chargebee, netsuite, salesforce, stripe
from mocks.drift.row import Drift, drifted
from mocks.kernel.dialect import Dialect
from mocks.kernel.service import Service

_TABLES = (stripe.ROWS, salesforce.ROWS, netsuite.ROWS, avatax.ROWS, chargebee.ROWS)
DRIFTS: Mapping[str, Drift] = MappingProxyType({row.name: row for table in _TABLES for row in table})


def known(names: Iterable[str]) -> tuple[Drift, ...]:
    """Return the rows of some names; raise ValueError for a name that is none."""
    wanted = tuple(dict.fromkeys(names))
    unknown = next((name for name in wanted if name not in DRIFTS), None)
    if unknown is not None:
        raise ValueError(f"there is no drift {unknown!r}; there are: {', '.join(DRIFTS)}")
    return tuple(DRIFTS[name] for name in wanted)


class Drifts:
    """Puts drifts on the services of a world and takes them off again; `names` are those that are on."""

    def __init__(self, services: Mapping[str, Service], names: Iterable[str] = ()) -> None:
        self._services = services
        self._plain = {name: service.dialect for name, service in services.items()}
        self._version = services["payment"].model.quirks.api_version
        self.names: tuple[str, ...] = ()
        self.put(names)

    def put(self, names: Iterable[str]) -> None:
        """Let exactly these drifts be on; raise ValueError, and change nothing, when one of them is unknown."""
        rows = known(names)
        before = known(self.names)
        for system in {row.system for row in (*rows, *before)}:
            self._lay(system, tuple(row for row in rows if row.system == system))
        self.names = tuple(row.name for row in rows)

    def plain(self, system: str) -> Dialect:
        """Return the dialect of a system as it is without drifts."""
        return self._plain[system]

    def _lay(self, system: str, rows: tuple[Drift, ...]) -> None:
        service, plain = self._services[system], self._plain[system]
        service.dialect = drifted(plain, rows) if rows else plain
        if system == "crm":
            salesforce.install(service.model, plain, rows)
        elif system == "payment":
            version = max([self._version, *(row.version for row in rows)])
            service.model.quirks = msgspec.structs.replace(service.model.quirks, api_version=version)
