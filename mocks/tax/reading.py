"""Reading: from bodies and queries on the wire to the models of the dialect, without regard to the case of names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, TypeVar, get_origin

import msgspec

from mocks.kernel.codec import Undecodable, decode_query
from mocks.kernel.operations import Refusal
from mocks.tax import bodies, directory_bodies
from mocks.tax.bodies import Input

T = TypeVar("T")
_PATH = re.compile(r"at `\$\.?([^`]*)`")
_MISSING = re.compile(r"missing required field `([^`]+)`")
_loose = msgspec.json.Decoder(float_hook=Decimal)
_MODELS: tuple[type[Input], ...] = tuple(
    kind
    for module in (bodies, directory_bodies)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, Input)
)


def _members() -> Iterator[tuple[str, Any]]:
    for model in _MODELS:
        for field in msgspec.structs.fields(model):
            yield field.encode_name, field.type


_NAMES = {name.lower(): name for name, _ in _members()}
_TEXTS = {name for name, kind in _members() if kind in (str, str | None)} - {
    name for name, kind in _members() if kind not in (str, str | None)
}
"""Members that are text in every model: the vendor takes a number for one as its digits."""


@cache
def _decoder(model: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(model)


def decode(body: bytes, model: Any, refuses_unknown: bool = False) -> Any:
    """Return a body as a model; exact names take the fast road, others are matched without regard to case.

    Raises Undecodable when it is not JSON, Refusal `value_required` or `validation` when it does not fit.
    """
    try:
        try:
            return _decoder(model).decode(body or b"{}")
        except msgspec.ValidationError:
            return _decode_loosely(body or b"{}", model, refuses_unknown)
    except msgspec.ValidationError as error:
        raise _refusal(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Undecodable(str(error)) from error
    except RecursionError:
        raise Undecodable("The body is nested too deeply.") from None
    except ArithmeticError:
        raise Refusal("range", "A number of the body is not one that can be counted with.") from None


def _decode_loosely(body: bytes, model: Any, refuses_unknown: bool) -> Any:
    given = _normal(_loose.decode(body), refuses_unknown)
    if isinstance(given, dict) and get_origin(model) is list:
        given = [given]  # where the vendor takes several it takes one without brackets too
    return msgspec.convert(given, model, strict=False)


def _normal(value: Any, refuses_unknown: bool) -> Any:
    """Return a value with known names in their own case, numbers for texts as digits, and nulls as not given."""
    if isinstance(value, list):
        return [_normal(entry, refuses_unknown) for entry in value]
    if not isinstance(value, dict):
        return value
    members: dict[str, Any] = {}
    for name, member in value.items():
        known = _NAMES.get(name.lower())
        if known is None and refuses_unknown:
            raise Refusal("validation", f"{name} is not a member of this model", field=name)
        if known is None or member is None:
            continue
        is_number = known in _TEXTS and isinstance(member, int | Decimal) and not isinstance(member, bool)
        members[known] = str(member) if is_number else _normal(member, refuses_unknown)
    return members


def _refusal(problem: str) -> Refusal:
    missing, path = _MISSING.search(problem), _PATH.search(problem)
    place = path.group(1) if path else ""
    if missing is not None:
        field = f"{place}.{missing.group(1)}" if place else missing.group(1)
        return Refusal("value_required", f"Field {field} is required.", field=field)
    return Refusal("validation", problem.partition(" - at ")[0], field=place)


# --- queries ---------------------------------------------------------------------------------------------------------


class Fetch(msgspec.Struct, frozen=True, rename={"include": "$include", "document_type": "documentType"}):
    """The query of a call that shows one transaction: what to include, and the type when several share a code."""

    include: str = ""
    document_type: str = ""


class Listing(
    msgspec.Struct, frozen=True,
    rename={"include": "$include", "filter": "$filter", "top": "$top", "skip": "$skip", "order_by": "$orderBy"},
):  # fmt: skip
    """The query of a list: which rows, in which order, and which page of them. Numbers are digits."""

    include: str = ""
    filter: str = ""
    top: str = ""
    skip: str = ""
    order_by: str = ""


class AddressQuery(msgspec.Struct, frozen=True, rename="camel"):
    """An address in the query of a call."""

    line1: str = ""
    line2: str = ""
    line3: str = ""
    city: str = ""
    region: str = ""
    country: str = ""
    postal_code: str = ""


def query(target: str, model: type[T]) -> T:
    """Return the query of a target as a model; names are matched without regard to case, unknown ones are ignored."""
    kind: Any = model
    found: T = _query("?" + target.partition("?")[2], kind)
    return found


@lru_cache(maxsize=1_024)
def _query(text: str, model: Any) -> Any:
    names = {field.encode_name.lower(): field.name for field in msgspec.structs.fields(model)}
    given = decode_query(text)
    return model(**{names[name.lower()]: value for name, value in given.items() if name.lower() in names})


def read_date(text: str | None, field: str) -> date:
    """Return an ISO date, with or without a time after it; raise Refusal when it is missing or none."""
    if not text:
        raise Refusal("value_required", f"Field {field} is required.", field=field)
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise Refusal("validation", f"{text[:40]!r} is not a date such as 2026-12-31", field=field) from None
