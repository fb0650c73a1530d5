"""The target: the operation to try, as a YAML file says it. Values in it may hold {unique}, {key} and {id}.

url: http://127.0.0.1:8000
headers: {Authorization: "Bearer ${TOKEN}"}          # ${NAME} comes from the environment
operation:
  method: POST
  path: /v1/orders
  body: {customer: C-1, reference: "{unique}", lines: [{sku: a, quantity: 1}]}
  change: {lines: [{sku: a, quantity: 2}]}           # another intent under the same key
  spoil: {lines: []}                                 # a request that is refused as invalid
  id: /id                                            # where the answer says what was made
count: {path: "/v1/orders?reference={unique}", pointer: /orders}   # how many effects there are
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec
import yaml

from contracts.compatibility.positions import yaml_position
from contracts.conformance.assertion import Skipped
from contracts.misfits import misfit

BYTES_MAX = 1_000_000
ENCODINGS = Literal["json", "form"]


class Unusable(Exception):
    """A target file cannot be used; the message names the file, what was wrong and what was expected."""


class Operation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The operation that makes something. `change` and `spoil` are merged into the body, member by member."""

    method: str = "POST"
    path: str
    body: dict[str, Any] = {}
    encoding: ENCODINGS = "json"
    change: dict[str, Any] = {}
    spoil: dict[str, Any] = {}
    id: str = "/id"
    headers: dict[str, str] = {}


class Count(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many effects there are: the length of a list, or a number, at a pointer in a reply."""

    path: str
    pointer: str = ""
    headers: dict[str, str] = {}


class Control(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request that makes something happen: a failure, a restart, a clock that moves."""

    method: str = "POST"
    url: str
    body: dict[str, Any] = {}
    headers: dict[str, str] = {}


class Target(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to try. `other` is a second operation that takes keys, `tenants` the headers of two callers.

    `fail_before` makes the next call fail before it has an effect, `fail_after` after; `restart` restarts the service,
    `advance` moves its clock beyond the time for which keys are remembered.
    """

    url: str
    operation: Operation
    count: Count | None = None
    headers: dict[str, str] = {}
    other: Operation | None = None
    tenants: tuple[dict[str, str], ...] = ()
    replace: Operation | None = None
    remove: Operation | None = None
    fail_before: Control | None = None
    fail_after: Control | None = None
    restart: Control | None = None
    advance: Control | None = None
    timeout_seconds: float = 10.0


def read_target(path: Path, url: str = "", words: Mapping[str, str] | None = None) -> Target:
    """Return the target that a file describes; `url` replaces the file's. Raise Unusable."""
    return read_as(path, Target, url, words)


T = TypeVar("T", bound=msgspec.Struct)


def read_as(path: Path, kind: type[T], url: str = "", words: Mapping[str, str] | None = None) -> T:
    """Return what a YAML file describes, as a value of a kind; `words` go before the environment. Raise Unusable."""
    try:
        if path.stat().st_size > BYTES_MAX:
            raise Unusable(f"{path}: has more than {BYTES_MAX:,} bytes; a target file is a page.")
        text = path.read_text(encoding="utf-8")
        tree = yaml.safe_load(text)
    except OSError as error:
        raise Unusable(f"{path}: cannot be read: {error.strerror}.") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise Unusable(f"{path}{where}: not YAML: {error.problem}.") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise Unusable(f"{path}: not YAML: {error}") from None
    if not isinstance(tree, dict):
        raise Unusable(f"{path}: expected a mapping; see docs/how-to/test-idempotency.md.")
    if url:
        tree["url"] = url
    try:
        return msgspec.convert(with_environment(tree, path, words), kind)
    except msgspec.ValidationError as error:
        names, said = misfit(error, kind)
        line, column = yaml_position(yaml.compose(text), names)
        raise Unusable(f"{path}:{line}:{column}: at {'.'.join(names) or 'the top'} {said}") from None


def with_environment(value: Any, path: Path, words: Mapping[str, str] | None = None) -> Any:
    """Return a value with environment variables in the place of ${NAME}: no secret stands in a file. Raise Unusable."""
    if isinstance(value, dict):
        return {name: with_environment(inner, path, words) for name, inner in value.items()}
    if isinstance(value, list):
        return [with_environment(inner, path, words) for inner in value]
    if not isinstance(value, str):
        return value
    known = {**os.environ, **(words or {})}

    def named(found: re.Match[str]) -> str:
        if not known.get(found[1]):  # a CI server hands on a secret that it does not have as an empty text
            raise Unusable(f"{path}: {found[0]} is not set in the environment, or empty.")
        return known[found[1]]

    return re.sub(r"\$\{(\w+)\}", named, value)


def merged(body: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """Return a body with a change: objects member by member, everything else replaced; null removes."""
    found = dict(body)
    for name, value in change.items():
        if value is None:
            found.pop(name, None)
        elif isinstance(value, dict) and isinstance(found.get(name), dict):
            found[name] = merged(found[name], value)
        else:
            found[name] = value
    return found


def filled(value: Any, words: dict[str, str]) -> Any:
    """Return a value with {unique}, {key} and {id} put in."""
    if isinstance(value, dict):
        return {name: filled(inner, words) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, words) for inner in value]
    if isinstance(value, str):
        return re.sub(r"\{(\w+)\}", lambda found: words.get(found[1], found[0]), value)
    return value


def headers_of(*parts: Mapping[str, str]) -> dict[str, str]:
    """Return headers of which later ones replace earlier ones, in whatever case their names are written."""
    found: dict[str, tuple[str, str]] = {}
    for part in parts:
        found |= {name.lower(): (name, value) for name, value in part.items()}
    return dict(found.values())


def counted(value: Any, where: str) -> int:
    """Return the number that was found where effects are counted: a number, or the length of a list; raise Skipped."""
    if isinstance(value, list | dict):
        return len(value)
    try:
        return int(value or 0)
    except (TypeError, ValueError):
        raise Skipped(f"effects cannot be counted: {where} has {str(value)[:40]!r}") from None


def at_pointer(value: Any, pointer: str) -> Any:
    """Return what a JSON Pointer leads to; None when there is nothing."""
    for name in pointer.split("/")[1:]:
        name = name.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value
