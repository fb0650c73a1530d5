"""Our checks, for Schemathesis: what business asks of an API besides its schema.

Schemathesis keeps checks by name for the whole process; what they need of a run they find by its schema.
"""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from zlib import crc32

import msgspec

from contracts.fuzzing.refusals import Shape, wrong
from contracts.fuzzing.settings import OURS
from contracts.fuzzing.states import Thing, kind_of, left, told

_MONEY = re.compile(
    r"(^|_)(amount|total|subtotal|balance|price|fee|net|tax)(_minor|_due|_paid)?$|^(totalTax|amountRemaining)$"
)
_TRANSITION = re.compile(r"\{[^}/]+\}/[A-Za-z_!]+$")
_PLACES_MAX = 8  # unit prices and rates; a float that leaked has more
_KEYED = ("POST",)


class Run(msgspec.Struct, kw_only=True):
    """What the checks know of a run: the header of keys, a counter of changes, and the count before the last call.

    `keyed` are the operations that take keys by their document (none: every POST does, the document is silent).
    `coverage_cases` thins out the cases that cover the schema, `states` are those that things were last seen in,
    `statuses` counts the answers by operation and status.
    """

    key_header: str = ""
    keyed: frozenset[str] = frozenset()
    changes: Callable[[], int] | None = None
    shape: Shape | None = None
    final_states: tuple[str, ...] = ()
    coverage_cases: int = 0
    seed: int = 1
    name: str = "1"
    before: int = 0
    keys: Iterator[int] = msgspec.field(default_factory=lambda: itertools.count(1))
    states: dict[Thing, str] = {}
    numbers: Counter[str] = msgspec.field(default_factory=Counter)
    statuses: Counter[int] = msgspec.field(default_factory=Counter)

    def key(self) -> str:
        """Return a key that nothing has used yet."""
        return f"q2c-fuzz-{self.name}-{next(self.keys)}"

    def is_keyed(self, case: Any) -> bool:
        """Tell whether a request takes a key."""
        if not self.key_header:
            return False
        return case.operation.label in self.keyed if self.keyed else case.method.upper() in _KEYED

    def takes(self, operation: str) -> bool:
        """Tell whether the next covering case of an operation is sent: the n-th with a chance of cases / n.

        The draw is keyed by seed, operation and number, so that the same seed takes the same ones.
        """
        self.numbers[operation] += 1
        number = self.numbers[operation]
        if not self.coverage_cases or number <= self.coverage_cases:
            return True
        drawn = crc32(f"{self.seed}/{operation}/{number}".encode()) / 2**32
        return drawn < self.coverage_cases / number


_RUNS: dict[int, Run] = {}


def enter(schema: Any, run: Run) -> None:
    """Remember a run by its schema, and let Schemathesis know the checks."""
    _RUNS[id(schema)] = run
    register()


def leave(schema: Any) -> None:
    """Forget a run."""
    _RUNS.pop(id(schema), None)


def _run_of(case: Any) -> Run | None:
    return _RUNS.get(id(case.operation.schema))


_IS_KNOWN: list[bool] = []


def register() -> None:
    """Let Schemathesis know the checks and hooks, once in a process."""
    import schemathesis

    if _IS_KNOWN:
        return
    _IS_KNOWN.append(True)
    for name in OURS:
        schemathesis.check(globals()[name])
    schemathesis.hook(before_call)
    schemathesis.hook(after_call)
    schemathesis.hook(filter_case)


def filter_case(_context: Any, case: Any) -> bool:
    """Leave out covering cases of operations that have many."""
    run = _run_of(case)
    if run is None or case.meta is None or case.meta.phase.name.value != "coverage":
        return True
    return run.takes(case.operation.label)


def before_call(_context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Give every request that makes something a key of its own, and count what has changed before it."""
    run = _run_of(case)
    if run is None:
        return
    named = next((name for name in case.headers if name.lower() == run.key_header.lower()), "")
    if run.is_keyed(case) and (named or not run.keyed):  # a case without the header it needs is one on purpose
        case.headers[named or run.key_header] = run.key()
    if run.changes is not None:
        run.before = run.changes()


def after_call(_context: Any, case: Any, response: Any) -> None:
    """Count the answer."""
    run = _run_of(case)
    if run is not None:
        run.statuses[response.status_code] += 1


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
    if run is None or not run.is_keyed(case) or not _is_success(response):
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


def refusal_shape(ctx: Any, response: Any, case: Any) -> None:
    """A refusal (4xx) is told in the shape of the service's dialect, and repeats its status rightly."""
    run = _run_of(case)
    if run is None or run.shape is None or not 400 <= response.status_code < 500 or case.method.upper() == "HEAD":
        return
    if _is_elsewhere(case, response.status_code):
        return
    media = next(iter(response.headers.get("content-type", [""])), "")
    if said := wrong(run.shape, response.status_code, media, response.content or b""):
        raise AssertionError(said)


def _is_elsewhere(case: Any, status: int) -> bool:
    """Tell whether the document gives an operation's refusals another shape: SOAP and OAuth have their own."""
    responses = case.operation.definition.raw.get("responses", {})
    found = responses.get(str(status), responses.get(f"{str(status)[0]}XX", responses.get("default", {})))
    schemas = [content.get("schema", {}) for content in found.get("content", {}).values()]
    return bool(schemas) and not any({"$ref", "properties", "items", "allOf"} & set(schema) for schema in schemas)


def _is_transition(case: Any) -> bool:
    return case.method.upper() == "POST" and bool(_TRANSITION.search(case.operation.path))


def transition_repeated(ctx: Any, response: Any, case: Any) -> None:
    """What was cancelled, closed or voided and is so once more stays what it is, or is refused in order."""
    if not _is_transition(case) or not _is_success(response):
        return
    run = _run_of(case)
    key = {run.key_header: run.key()} if run and run.key_header else {}
    again = _again(ctx, case, **key)
    if again.status_code >= 500:
        raise AssertionError(f"the same transition once more answers {again.status_code}")
    kind = kind_of(case.operation.path)
    was, now = dict(told(_tree(response), kind)), dict(told(_tree(again), kind))
    for thing in was.keys() & now.keys() if _is_success(again) else ():
        if was[thing] != now[thing]:
            raise AssertionError(f"the same transition once more leads from {was[thing]} to {now[thing]}")


def final_state_kept(ctx: Any, response: Any, case: Any) -> None:
    """What was void or cancelled stays so, whatever answer tells of it, and is asked of no other transition in vain."""
    run = _run_of(case)
    if run is None or not run.final_states or not _is_success(response):
        return
    kind = kind_of(case.operation.path)
    if said := left(run.states, _tree(response), kind, run.final_states):
        raise AssertionError(said)
    final = any(state in run.final_states for _, state in told(_tree(response), kind))
    if not _is_transition(case) or not final:
        return
    for operation in _siblings(case):
        answer = _asked(ctx, case, operation, run)
        said = left(run.states, _tree(answer), kind, run.final_states) if _is_success(answer) else ""
        if said or answer.status_code >= 500:
            raise AssertionError(f"{operation.label} after that answers {answer.status_code}: {said or 'it fails'}")


def _siblings(case: Any) -> Iterator[Any]:
    """Yield the other transitions of the same thing that need no body."""
    path = case.operation.path
    above = path.rpartition("/")[0] + "/"
    for found in case.operation.schema.get_all_operations():
        operation = found.ok()
        is_other = operation.path != path and operation.path.rpartition("/")[0] + "/" == above
        needs_body = any(body.is_required for body in operation.body)
        if is_other and operation.method.upper() == "POST" and _TRANSITION.search(operation.path) and not needs_body:
            yield operation


def _asked(context: Any, case: Any, operation: Any, run: Run) -> Any:
    other = operation.Case(path_parameters=dict(case.path_parameters), headers=dict(case.headers))
    if run.key_header:
        other.headers[run.key_header] = run.key()
    return other.call(**(context.internals.transport_kwargs or {}))


def _is_success(response: Any) -> bool:
    return bool(200 <= response.status_code < 300)


def _tree(response: Any) -> Any:
    try:
        return json.loads(response.content, parse_float=Decimal)
    except ValueError:
        return response.content
