"""Switches as people write them: SYSTEM.NAME=VALUE, the value as JSON or as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec


def parsed(texts: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return switches by system and name; raise ValueError for a text that is none."""
    found: dict[str, dict[str, Any]] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        system, dot, switch = name.partition(".")
        if not (equals and dot):
            raise ValueError(f"{text}: expected SYSTEM.NAME=VALUE, e.g. payment.authentication=verify")
        found.setdefault(system.strip(), {})[switch.strip()] = _value(value.strip())
    return found


def _value(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
