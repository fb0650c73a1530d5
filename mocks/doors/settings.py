"""The settings of a world as values that can be written down: seed, faults, limits and the quirks of its systems."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from domain.faults import Fault
from mocks.billing.quirks import Quirks as BillingQuirks
from mocks.crm.quirks import Quirks as CrmQuirks
from mocks.doors.inputs import Begun
from mocks.erp.quirks import Quirks as ErpQuirks
from mocks.fulfilment.quirks import Quirks as FulfilmentQuirks
from mocks.kernel.limits import LimitPolicy
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
    try:
        quirks = {name: msgspec.convert(said, QUIRKS[name]) for name, said in settings.switches.items()}
    except KeyError as unknown:
        raise ValueError(f"there is no system {unknown}; there are: {', '.join(QUIRKS)}") from unknown
    except msgspec.ValidationError as wrong:
        raise ValueError(f"a switch is not understood: {wrong}") from wrong
    return World(settings.seed, record, settings.faults, settings.limits, quirks)


def _set(quirks: Any) -> dict[str, Any]:
    default = msgspec.to_builtins(type(quirks)())
    return {name: value for name, value in msgspec.to_builtins(quirks).items() if value != default[name]}
