"""The settings of a world as values that can be written down: seed, faults, limits and the quirks of its systems."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from domain.faults import Fault
from mocks.billing.quirks import LIVE as LIVE_BILLING
from mocks.billing.quirks import Quirks as BillingQuirks
from mocks.crm.quirks import OPEN as OPEN_CRM
from mocks.crm.quirks import Quirks as CrmQuirks
from mocks.doors.inputs import Begun
from mocks.erp.quirks import Quirks as ErpQuirks
from mocks.fulfilment.quirks import Quirks as FulfilmentQuirks
from mocks.kernel.journal import ENTRIES_MAX
from mocks.kernel.limits import LimitPolicy
from mocks.kernel.spilled import SpilledTables
from mocks.payment.quirks import Quirks as PaymentQuirks
from mocks.tax.quirks import Quirks as TaxQuirks
from mocks.world import World

QUIRKS: Mapping[str, type[Any]] = {
    "crm": CrmQuirks,
    "erp": ErpQuirks,
    "billing": BillingQuirks,
    "tax": TaxQuirks,
    "payment": PaymentQuirks,
    "fulfilment": FulfilmentQuirks,
}


UNLIMITED: Mapping[str, LimitPolicy] = dict.fromkeys(QUIRKS, LimitPolicy())
"""No limits for any system; `quirks_of` lifts the quotas that are quirks."""
_NO_QUOTA = {"crm": {"daily_requests": 10**12}}


OPEN_QUIRKS: Mapping[str, Any] = {
    "crm": OPEN_CRM,
    "billing": LIVE_BILLING,
    "erp": ErpQuirks(opens_periods=True),
    "tax": TaxQuirks(collects_at_first=True),
}
"""What a world for other integrations than ours starts with: in everyday use, and writable with its keys."""


def opened(switches: Mapping[str, Mapping[str, Any]], *, reference: bool = False) -> dict[str, dict[str, Any]]:
    """Return switches over those of an open world; one for the `reference` integration is set up as it asks for."""
    base = {name: _set(each) for name, each in OPEN_QUIRKS.items() if not reference or name == "crm"}
    return {name: {**base.get(name, {}), **switches.get(name, {})} for name in {**base, **switches}}


def quirks_of(switches: Mapping[str, Mapping[str, Any]], *, unlimited: bool = False) -> dict[str, Any]:
    """Return the quirks that some switches make; raise ValueError for a system or switch that there is not."""
    wanted = {name: dict(said) for name, said in switches.items()}
    for name, said in _NO_QUOTA.items() if unlimited else ():
        wanted[name] = {**said, **wanted.get(name, {})}
    found = {}
    for name, said in wanted.items():
        if name not in QUIRKS:
            raise ValueError(f"there is no system {name!r}; there are: {', '.join(QUIRKS)}")
        unknown = next((switch for switch in said if switch not in QUIRKS[name].__struct_fields__), None)
        if unknown is not None:
            raise ValueError(f"{name} has no switch {unknown!r}; it has: {', '.join(QUIRKS[name].__struct_fields__)}")
        found[name] = _quirks(name, said)
    return found


def begun(seed: int, faults: Sequence[Fault], limits: Mapping[str, LimitPolicy], quirks: Mapping[str, Any]) -> Begun:
    """Return settings as the first input of a world; only switches that differ from their default are kept."""
    return Begun(
        seed=seed,
        faults=tuple(faults),
        limits=dict(limits),
        switches={name: _set(each) for name, each in quirks.items()},
    )


def world_of(settings: Begun, record: Callable[[Any], None]) -> World:
    """Return a new world with these settings; raise ValueError when a switch is not understood."""
    quirks = quirks_of(settings.switches)
    return World(settings.seed, record, settings.faults, settings.limits, quirks, ENTRIES_MAX, tables=SpilledTables())


def _quirks(system: str, said: Mapping[str, Any]) -> Any:
    try:
        return msgspec.convert(said, QUIRKS[system])
    except msgspec.ValidationError as wrong:
        raise ValueError(f"a switch of {system} is not understood: {wrong}") from wrong


def _set(quirks: Any) -> dict[str, Any]:
    default = msgspec.to_builtins(type(quirks)())
    return {name: value for name, value in msgspec.to_builtins(quirks).items() if value != default[name]}
