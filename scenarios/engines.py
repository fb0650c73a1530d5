"""What each engine understands of a scenario, so that nothing a file says is ignored in silence.

Every key that one engine alone understands is marked in the schema (`words.only`). A rehearsal refuses a scenario that
says such a key for the what-if engine; the what-if engine names what it leaves out beside its answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic.fields import FieldInfo

from scenarios.language import Scenario
from scenarios.words import ENGINES, Words


def unheard(scenario: Scenario, engine: str) -> tuple[str, ...]:
    """Return the keys a scenario says (other than by default) that the engine does not understand, as paths."""
    assert engine in ENGINES, f"there is no engine {engine!r}"
    return tuple(_unheard(scenario, engine, ""))


def heard_by(each: FieldInfo) -> tuple[str, ...]:
    """Return the engines that understand a key of the language."""
    extra = each.json_schema_extra
    said = extra.get("only") if isinstance(extra, dict) else None
    return (str(said),) if said else ENGINES


def _unheard(section: Words, engine: str, path: str) -> Iterator[str]:
    for name, each in type(section).model_fields.items():
        value, inside = getattr(section, name), f"{path}{each.alias or name}"
        if engine not in heard_by(each):
            if value != _usual(each):
                yield inside
        elif isinstance(value, Words):
            yield from _unheard(value, engine, f"{inside}.")
        elif isinstance(value, tuple):
            for index, item in enumerate(value):
                if isinstance(item, Words):
                    yield from _unheard(item, engine, f"{inside}[{index}].")


def _usual(each: FieldInfo) -> Any:
    return each.get_default(call_default_factory=True) if not each.is_required() else None
