"""The manners of the vendors towards somebody's integration, and what that one is told of where they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from mocks.doors.settings import opened, quirks_of
from mocks.world import MORE_SYSTEMS
from scenarios.timeline import Timeline
from simulator.replay.target import Target
from simulator.setup import quirks_of as vendors_of

_LIVES_SECONDS = {"crm": "session_seconds", "erp": "token_seconds"}


def manners(timeline: Timeline, target: Target, speed: float) -> dict[str, Any]:
    """Return the vendors' manners: open to anybody's integration, the scenario's, and the target's own switches."""
    said: dict[str, dict[str, Any]] = {}
    for name, value in target.switches.items():
        system, _, switch = name.partition(".")
        said.setdefault(system, {})[switch] = value
    base = opened(said, reference=target.reference)
    found: dict[str, dict[str, Any]] = {}
    for name, quirks in vendors_of(timeline).items():
        if name not in MORE_SYSTEMS:
            found[name] = _differing(quirks)
    for name, switches in base.items():
        found[name] = {**found.get(name, {}), **switches}
    for name, field in _LIVES_SECONDS.items():
        default = getattr(quirks_of({name: {}})[name], field)
        found.setdefault(name, {}).setdefault(field, max(1, round(default * speed)))
    return quirks_of(found)


def _differing(quirks: Any) -> dict[str, Any]:
    usual, own = msgspec.to_builtins(type(quirks)()), msgspec.to_builtins(quirks)
    return {name: value for name, value in own.items() if value != usual[name]}


def settings_of(addresses: Mapping[str, str], texts: Mapping[str, str]) -> dict[str, str]:
    """Return texts with `{crm}` and `{crm_port}` replaced by where the mocks are; other braces stay."""
    found = {}
    for name, text in texts.items():
        for door, address in addresses.items():
            text = text.replace(f"{{{door}}}", address).replace(f"{{{door}_port}}", address.rpartition(":")[2])
        found[name] = text
    return found
