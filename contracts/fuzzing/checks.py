"""Our checks, for Schemathesis: what business asks of an API besides its schema.

Schemathesis keeps checks by name for the whole process; what they need of a run they find by its schema.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import msgspec

from contracts.fuzzing.settings import OURS

_MONEY = re.compile(
    r"(^|_)(amount|total|subtotal|balance|price|fee|net|tax)(_minor|_due|_paid)?$|^(totalTax|amountRemaining)$"
)
_TRANSITION = re.compile(r"\{[^}/]+\}/[A-Za-z_!]+$")
_PLACES_MAX = 8  # unit prices and rates; a float that leaked has more
_STATES = ("status", "state", "Status")
_KEYED = ("POST",)


class Run(msgspec.Struct):
    """What the checks know of a run: the header of keys, a counter of changes, and the count before the last call."""

    key_header: str = ""
    changes: Callable[[], int] | None = None
    before: int = 0
    keys: Iterator[int] = msgspec.field(default_factory=lambda: itertools.count(1))


_RUNS: dict[int, Run] = {}


def enter(schema: Any, run: Run) -> None:
    """Remember a run by its schema, and let Schemathesis know the checks."""
    _RUNS[id(schema)] = run
    _register()


def leave(schema: Any) -> None:
    """Forget a run."""
    _RUNS.pop(id(schema), None)


def _run_of(case: Any) -> Run | None:
    return _RUNS.get(id(case.operation.schema))


_IS_KNOWN: list[bool] = []


def _register() -> None:
    import schemathesis

    if _IS_KNOWN:
        return
    _IS_KNOWN.append(True)
    for check in (idempotent_replay, money_exact, refusal_changes_nothing, transition_repeated):
        assert check.__name__ in OURS, f"{check.__name__} is not in the list of checks"
        schemathesis.check(check)
    schemathesis.hook(before_call)


def before_call(_context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Give every request that makes something a key of its own, and count what has changed before it."""
    run = _run_of(case)
    if run is None:
        return
    if run.key_header and case.method.upper() in _KEYED:
        case.headers[run.key_header] = f"q2c-fuzz-{next(run.keys)}"
    if run.changes is not None:
        run.before = run.changes()


def _again(context: Any, case: Any, **headers: str) -> Any:
    """Send a case once more, past the hook that would give it another key."""
    copy = case.derive(headers={**dict(case.headers), **headers}, keep_auth=True)
    run = _run_of(case)
    key = run.key_header if run else ""
    sent = copy.headers.get(key)
    call = copy.call if not sent else lambda **kwargs: _with_key(copy, key, sent, kwargs)
    return call(**(context.internals.transport_kwargs or {}))


def _with_key(copy: Any, name: str, key: str, kwargs: dict[str, Any]) -> Any:
    return copy.call(**{**kwargs, "headers": {**(kwargs.get("headers") or {}), name: key}})


def idempotent_replay(ctx: Any, response: Any, case: Any) -> None:
    """The same request under the same key answers the same and changes nothing more."""
    run = _run_of(case)
    if run is None or not run.key_header or case.method.upper() not in _KEYED or not _is_success(response):
        return
    key = _sent_key(response, run.key_header)
    if not key:
        return
    before = run.changes() if run.changes else 0
    again = _again(ctx, case, **{run.key_header: key})
    if again.status_code != response.status_code:
        raise AssertionError(f"the repetition under one key answers {again.status_code}, not {response.status_code}")
    if again.content != response.content and _tree(again) != _tree(response):
        raise AssertionError(f"the repetition under one key answers something else: {again.content[:160]!r}")
    if run.changes is not None and run.changes() != before:
        raise AssertionError(f"the repetition under one key changes {run.changes() - before} more things")


def _sent_key(response: Any, name: str) -> str:
    sent = getattr(response.request, "headers", {})
    return next((value for known, value in sent.items() if known.lower() == name.lower()), "")


def money_exact(ctx: Any, response: Any, case: Any) -> None:
    """Amounts are whole numbers, or decimals as they are written on paper: no exponents, no rest of a float."""
    try:
        tree = json.loads(response.content, parse_float=_Written, parse_int=_Written)
    except ValueError:
        return
    for name, text in _amounts(tree):
        if "e" in text.lower() or len(text.partition(".")[2]) > _PLACES_MAX:
            raise AssertionError(f"the amount {name} is {text}: no exact decimal")


class _Written(str):
    """A number as it was written."""


def _amounts(tree: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(tree, dict):
        for inner, value in tree.items():
            yield from _amounts(value, inner)
    elif isinstance(tree, list):
        for value in tree:
            yield from _amounts(value, name)
    elif isinstance(tree, _Written) and _MONEY.search(name):
        yield name, str(tree)


def refusal_changes_nothing(ctx: Any, response: Any, case: Any) -> None:
    """A request that is refused (4xx) has no effect."""
    run = _run_of(case)
    if run is None or run.changes is None or not 400 <= response.status_code < 500:
        return
    if changed := run.changes() - run.before:
        raise AssertionError(f"a request that is refused with {response.status_code} changes {changed} things")


def transition_repeated(ctx: Any, response: Any, case: Any) -> None:
    """What was cancelled, closed or voided and is so once more stays what it is, or is refused in order."""
    is_transition = case.method.upper() == "POST" and _TRANSITION.search(case.operation.path)
    if not is_transition or not _is_success(response):
        return
    run = _run_of(case)
    key = {run.key_header: f"q2c-fuzz-{next(run.keys)}"} if run and run.key_header else {}
    again = _again(ctx, case, **key)
    if again.status_code >= 500:
        raise AssertionError(f"the same transition once more answers {again.status_code}")
    if _is_success(again) and (was := _state(response)) != (now := _state(again)):
        raise AssertionError(f"the same transition once more leads from {was} to {now}")


def _state(response: Any) -> Any:
    tree = _tree(response)
    if not isinstance(tree, dict):
        return None
    whole = {name: tree[name] for name in _STATES if name in tree}
    return whole or {name: inner.get("status") for name, inner in tree.items() if isinstance(inner, dict)}


def _is_success(response: Any) -> bool:
    return bool(200 <= response.status_code < 300)


def _tree(response: Any) -> Any:
    try:
        return json.loads(response.content, parse_float=Decimal)
    except ValueError:
        return response.content
