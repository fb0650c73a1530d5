"""Bad input of every kind, to every operation of every dialect: refused in the vendor's shape, and nothing changes.

There are some 375,000 inputs. A test run tries an even sample of them; `Q2C_BAD_INPUTS=1000000` tries all, which takes
the better part of an hour.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.http import Request
from mocks.world import SYSTEMS
from tests.mocks.garbage import Grounds, Trial

TRIED = int(os.environ.get("Q2C_BAD_INPUTS", "200"))


@pytest.fixture(scope="module")
def grounds() -> Grounds:
    return Grounds()


def told(trial: Trial) -> str:
    """Return the problems as text, one line each."""
    lines = [f"{p.operation}: {p.what}: {p.kind} {p.where} ({p.request.method} {p.request.target[:80]})"
             for p in trial.problems]  # fmt: skip
    return "\n".join([f"{len(lines)} problems in {trial.count} inputs", *lines[:20]])


@pytest.mark.parametrize("system", SYSTEMS)
def test_bad_input_is_refused_and_changes_nothing(grounds: Grounds, system: str) -> None:
    there = sum(1 for _ in grounds.inputs(system))
    assert there > 5_000
    trial = Trial(grounds.services[system])
    for operation, what, request in islice(grounds.inputs(system), 0, None, max(1, there // TRIED)):
        trial.attempt(operation, what, request)
    assert trial.count >= min(TRIED, there)
    assert not trial.problems, told(trial)
    assert trial.statuses[4] > trial.count // 2


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_refusal_speaks_the_vendors_language(grounds: Grounds, system: str) -> None:
    service = grounds.services[system]
    for _, example in grounds.examples(system):
        reply = service.handle(msgspec.structs.replace(example, body=b'{"a": '), 1_950_000_000_000_000, "z0").reply
        if reply.status >= 400 and reply.body and "json" in reply.headers.get("content-type", ""):
            assert isinstance(msgspec.json.decode(reply.body), dict | list)


_plain: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def _spliced(draw: st.DrawFn, examples: dict[str, list[tuple[str, Request]]]) -> tuple[str, Request]:
    """Draw a system and one of its requests with a piece of its body or target replaced by anything."""
    system = draw(st.sampled_from(SYSTEMS))
    _, request = draw(st.sampled_from(examples[system]))
    if draw(st.booleans()):
        body = draw(st.binary(max_size=60) | _plain.map(_encoded))
        start = draw(st.integers(0, len(request.body)))
        end = draw(st.integers(start, len(request.body)))
        return system, msgspec.structs.replace(request, body=request.body[:start] + body + request.body[end:])
    start = draw(st.integers(0, len(request.target)))
    text = draw(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12))
    return system, msgspec.structs.replace(request, target=request.target[:start] + text + request.target[start + 3 :])


def _encoded(value: Any) -> bytes:
    try:
        return msgspec.json.encode(value)
    except (OverflowError, UnicodeEncodeError):
        return b"{}"


def test_anything_spliced_into_a_request_is_answered(grounds: Grounds) -> None:
    trials = {system: Trial(grounds.services[system]) for system in SYSTEMS}

    @given(_spliced({system: grounds.examples(system) for system in SYSTEMS}))
    @settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def answered(drawn: tuple[str, Request]) -> None:
        system, request = drawn
        trials[system].attempt("spliced", "", request)

    answered()
    problems: Iterator[str] = (told(trial) for trial in trials.values() if trial.problems)
    assert not (found := list(problems)), "\n".join(found)
