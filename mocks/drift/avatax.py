"""Drifts of the tax engine: totals change and the schema does not, or the other way round."""

from __future__ import annotations

from typing import Any

from mocks.drift.row import Drift, Plain, nodes
from mocks.kernel.operations import Call

GONE_STATE = "CA"
DEPRECATED = "S"  # the first letter of the codes of software and services
_GENERAL = "P0000000"
_CREATES = ("estimate_transaction", "create_transaction", "create_or_adjust_transaction", "adjust_transaction")
_READS = (*_CREATES, "get_transaction*")


def _transactions(body: Plain) -> list[Plain]:
    return [node for node in nodes(body) if isinstance(_of(node, "lines"), list)]


def _of(node: Plain, name: str) -> Any:
    """Return a member by its name in any case, as clients of this vendor spell them."""
    return next((value for key, value in node.items() if key.lower() == name.lower()), None)


def _deprecate(_call: Call, body: Plain) -> bool:
    lines = [line for each in _transactions(body) for line in _of(each, "lines") if isinstance(line, dict)]
    found = [line for line in lines if str(line.get("taxCode", "")).startswith(DEPRECATED)]
    for line in found:
        line["taxCode"] = _GENERAL
    return bool(found)


def _leave(_call: Call, body: Plain) -> bool:
    found = [each for each in _transactions(body) if _region(each) == GONE_STATE]
    for each in found:
        each["exemptionNo"] = "NO NEXUS"
    return bool(found)


def _region(transaction: Plain) -> str:
    addresses = _of(transaction, "addresses")
    if not isinstance(addresses, dict):
        return ""
    place = _of(addresses, "shipTo") or _of(addresses, "singleLocation")
    return str(_of(place, "region") or "").upper() if isinstance(place, dict) else ""


def _only_if_asked(call: Call, body: Any) -> None:
    if call.query.get("$include"):
        return
    for node in nodes(body):
        if "totalTax" in node:
            node.pop("summary", None)
        if "lineNumber" in node:
            node.pop("details", None)


def _new_value(_call: Call, body: Any) -> None:
    for node in nodes(body):
        if node.get("rateType") == "General":
            node["rateType"] = "TieredGeneral"


_MONTHLY = "any monthly release"
ROWS: tuple[Drift, ...] = (
    Drift(
        name="avatax-include-default", system="tax", since=_MONTHLY, source="the vendor's documentation",
        summary="details and summary come only when $include asks for them",
        breaks="code that books tax by jurisdiction", operations=_READS, tell=_only_if_asked,
    ),
    Drift(
        name="avatax-new-enum-value", system="tax", since=_MONTHLY, source="the vendor's documentation",
        summary="rateType has a value TieredGeneral where it was General", breaks="closed enumerations in parsers",
        operations=_READS, tell=_new_value,
    ),
    Drift(
        name="avatax-tax-code-deprecated", system="tax", since=_MONTHLY, source="the vendor's documentation",
        summary="tax codes of software and services are deprecated: their lines are taxed as general goods",
        breaks="totals change, the schema does not", operations=_CREATES, send=_deprecate,
    ),
    Drift(
        name="avatax-nexus-removed", system="tax", since="any day: an administrator",
        source="the vendor's documentation",
        summary=f"the company has no nexus in {GONE_STATE} any more: nothing shipped there is taxed",
        breaks="totals change, the schema does not", operations=_CREATES, send=_leave,
    ),
)  # fmt: skip
