"""Faults as data: the catalogue, one small file per number, and the plan, a list that prints, compares and shrinks.

A file is named after its number (`f09_lost_reply.py`) and exports `FAULTS`: the kinds of that number which a rehearsal
can inject (`FaultKind`), or why none can be and where it is shown instead (`Elsewhere`). docs/reference/faults.md is
made of them by `python -m domain.faults.page`.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from domain.faults.kind import Elsewhere, FaultKind, Parameter, Place, Reach
from domain.faults.plan import Fault

__all__ = ["ALL", "CATALOGUE", "LIVE", "Elsewhere", "Fault", "FaultKind", "Parameter", "Place", "Reach"]


def _found() -> tuple[FaultKind | Elsewhere, ...]:
    names = sorted(module.name for module in iter_modules(__path__) if module.name[1:3].isdigit())
    return tuple(fault for name in names for fault in import_module(f"{__name__}.{name}").FAULTS)


ALL: tuple[FaultKind | Elsewhere, ...] = _found()
"""Every fault of the catalogue, in the order of the numbers."""

CATALOGUE: dict[str, FaultKind] = {fault.key: fault for fault in ALL if isinstance(fault, FaultKind)}
"""The kinds that a plan can name, by key."""

LIVE: dict[str, FaultKind] = {
    key: kind for key, kind in CATALOGUE.items() if kind.place is not Place.PROCESS and not kind.not_live
}
"""Those that systems of record on real connections can inject."""
