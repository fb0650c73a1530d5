"""Stewards: what people decide on master data who know what the scenario knows, and the integration does not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from simulator.clerks import Decision

DUPLICATE = "DATA_QUALITY.DUPLICATE_CUSTOMER"


def stewardship(twins: Iterable[tuple[str, str]]) -> Mapping[str, Decision]:
    """Return the table of decisions by code; `twins` pairs an account with the one of the same party before it."""
    first = dict(twins)
    return {DUPLICATE: lambda case: same_or_new(case.context, first)}


def same_or_new(asked: Mapping[str, Any], first: Mapping[str, str]) -> str:
    """Return what is true of the account that a case asks about: the same as a candidate, or new.

    >>> asked = {"account": "A-000007", "candidates": [{"candidate": "A-900001"}, {"candidate": "A-900002"}]}
    >>> same_or_new(asked, {"A-000007": "A-900002"}), same_or_new(asked, {})
    ('same as A-900002', 'new')
    """
    party = first.get(asked["account"], asked["account"])
    names = [candidate["candidate"] for candidate in asked["candidates"]]
    alike = [name for name in names if first.get(name, name) == party]
    return f"same as {min(alike, key=lambda name: name != party)}" if alike else "new"
