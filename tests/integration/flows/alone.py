"""A flow by itself: no engine, no systems, only somebody who answers each of its effects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from integration.flow import Flow
from integration.outcomes import Begun


def result_of(program: Any, outcome_of: Callable[[Any], Any]) -> Any:
    """Play a program to its end and return its result."""
    flow = Flow("test/1", program)
    effect = flow.resume(Begun("test/1", "test", {}))
    while effect is not None:
        effect = flow.resume(outcome_of(effect))
    return flow.result
