"""Survivorship: which value of which record lives on when two customers become one, field by field.

The rule of a field follows from who owns it (`domain.ownership`): what sales owns is taken from the survivor's account
and filled from the loser's where it is empty; what finance owns is never made laxer by a merge.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from domain.ownership import ownership_of

Values = Mapping[str, Any]
Choice = tuple[Any, str, str]  # the value, whose it is (survivor, loser or both), and the rule
_CREDIT = ("clear", "warning", "soft_hold", "hard_hold")


class FieldRule(msgspec.Struct, frozen=True):
    """One row: a field, the group that owns it and how its value is chosen."""

    field: str
    group: str
    choose: Callable[[str, Values, Values], Choice]


def _keep_filled(field: str, survivor: Values, loser: Values) -> Choice:
    """Take the survivor's value, the loser's only where the survivor has none."""
    if survivor.get(field):
        return survivor[field], "survivor", "the survivor's own, where it has one"
    return loser.get(field, ""), "loser", "the survivor had none"


def _keep(field: str, survivor: Values, _loser: Values) -> Choice:
    return survivor.get(field, ""), "survivor", "the survivor's own, always"


def _stricter_credit(field: str, survivor: Values, loser: Values) -> Choice:
    """Take the worse of two credit standings: a merge is no way out of a hold."""
    own, other = survivor.get(field) or "clear", loser.get(field) or "clear"
    if _CREDIT.index(other) > _CREDIT.index(own):
        return other, "loser", "the stricter of the two"
    return own, "survivor", "the stricter of the two"


def _shorter_terms(field: str, survivor: Values, loser: Values) -> Choice:
    own, other = int(survivor.get(field) or 0), int(loser.get(field) or 0)
    if other < own:
        return other, "loser", "the shorter of the two"
    return own, "survivor", "the shorter of the two"


def _larger(field: str, survivor: Values, loser: Values) -> Choice:
    """Take the larger of two limits: limits of one party are not added up, that is for credit to decide."""
    own, other = int(survivor.get(field) or 0), int(loser.get(field) or 0)
    return (other, "loser", "the larger of the two") if other > own else (own, "survivor", "the larger of the two")


RULES = (
    FieldRule("name", "account", _keep),
    FieldRule("street", "account", _keep_filled),
    FieldRule("city", "account", _keep_filled),
    FieldRule("postal_code", "account", _keep_filled),
    FieldRule("region", "account", _keep_filled),
    FieldRule("country", "account", _keep),
    FieldRule("tax_id", "customer_finance", _keep_filled),
    FieldRule("duns", "account", _keep_filled),
    FieldRule("website", "account", _keep_filled),
    FieldRule("terms_days", "customer_finance", _shorter_terms),
    FieldRule("credit_limit_minor", "customer_finance", _larger),
    FieldRule("credit_status", "customer_finance", _stricter_credit),
)
"""The table, in the order in which a merge is explained."""

BY_FIELD: Mapping[str, FieldRule] = MappingProxyType({rule.field: rule for rule in RULES})
FIXED = ("entity", "currency", "country")
"""What two customers must have in common to become one: invoices of one currency and book cannot change over."""


def obstacles(survivor: Values, loser: Values) -> list[str]:
    """Return why two customers cannot become one; empty when they can."""
    return [
        f"the {field} is {survivor.get(field)!r} and {loser.get(field)!r}"
        for field in FIXED
        if survivor.get(field) and loser.get(field) and survivor.get(field) != loser.get(field)
    ]


def merged(survivor: Values, loser: Values) -> dict[str, dict[str, Any]]:
    """Return the golden record: field -> value, whose it is, the rule, and the system that owns it."""
    golden = {}
    for rule in RULES:
        if rule.field not in survivor and rule.field not in loser:
            continue  # neither system was asked for it
        value, source, why = rule.choose(rule.field, survivor, loser)
        owner = ownership_of(rule.group).owners[0]
        golden[rule.field] = {"value": value, "from": source, "rule": why, "owner": owner}
    return golden
