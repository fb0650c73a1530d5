"""The reference page of the scenario language, made from the schema so that the two cannot disagree."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from domain.faults import CATALOGUE
from scenarios.assertions import METRICS
from scenarios.company import Entity, Pattern, Quarter
from scenarios.engines import heard_by
from scenarios.language import Scenario
from scenarios.peers import SystemSettings
from scenarios.values import Shape, duration_text, share_text
from scenarios.words import ENGINES

_INNER: tuple[tuple[str, type[BaseModel]], ...] = (
    ("world.quarter", Quarter),
    ("world.quarter.pattern", Pattern),
    ("world.entities[]", Entity),
    ("systems.<system>", SystemSettings),
)


def markdown() -> str:
    """Return the tables of every section, of the figures of assertions and of the kinds of faults, as Markdown."""
    parts = ["## The scenario", "", *_table(Scenario)]
    for name, each in Scenario.model_fields.items():
        model = _model(each.annotation)
        if model is not None:
            title = f"{name}[]" if get_origin(each.annotation) is tuple else name
            parts += ["", f"## `{title}`", "", _first_line(model), "", *_table(model)]
            for path, inner in _INNER:
                if path.startswith(f"{name}."):
                    parts += ["", f"### `{path}`", "", _first_line(inner), "", *_table(inner)]
    figures = ["", "### Figures", "", *_figures()]
    at = parts.index("## `play`") - 1
    parts[at:at] = figures
    return "\n".join([*parts, "", "## Kinds of faults", "", *_kinds(), ""])


def _figures() -> Iterator[str]:
    yield "| `metric` | Engine | Unit | `of` | Meaning |"
    yield "|---|---|---|---|---|"
    for name, (engine, unit, of, meaning) in METRICS.items():
        yield f"| `{name}` | {engine} | {unit} | {of or 'nothing'} | {meaning} |"


def _kinds() -> Iterator[str]:
    yield "| Kind | No. | Strikes | What happens | Its own words |"
    yield "|---|---|---|---|---|"
    for key, kind in CATALOGUE.items():
        words = ", ".join(f"`{word}`" for word in sorted(kind.words))
        yield f"| `{key}` | {kind.number} | {kind.place.value} | {kind.summary} | {words} |"


def _table(model: type[BaseModel]) -> Iterator[str]:
    yield "| Key | Value | Default | Meaning |"
    yield "|---|---|---|---|"
    for name, each in model.model_fields.items():
        yield f"| `{each.alias or name}` | {shape(each)} | {_default(each)} | {each.description}{_mark(each)} |"


def _mark(each: FieldInfo) -> str:
    engines = heard_by(each)
    return "" if engines == ENGINES else f" ({engines[0]} only)"


def _first_line(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().splitlines()[0]


def _model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := _model(each))), None)


def shape(each: FieldInfo) -> str:
    """Return the kind of value a key takes, in the words of the language."""
    said = next((item.text for item in each.metadata if isinstance(item, Shape)), None)
    return said or _shape_of(each.annotation)


def _shape_of(annotation: Any) -> str:
    metadata = getattr(annotation, "__metadata__", ())
    said = next((item.text for item in metadata if isinstance(item, Shape)), None)
    if said:
        return said
    if metadata:
        return _shape_of(get_args(annotation)[0])
    if get_origin(annotation) is Literal:
        return (
            " or ".join(f"`{option}`" for option in get_args(annotation)) if len(get_args(annotation)) < 8 else "name"
        )
    if get_origin(annotation) is tuple:
        return f"list of {_shape_of(get_args(annotation)[0])}"
    options = [option for option in get_args(annotation) if option is not type(None)]
    if options:
        return " or ".join(_shape_of(option) for option in options)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "section"
    return {bool: "true or false", int: "whole number", float: "number", str: "text"}.get(annotation, str(annotation))


def _default(each: FieldInfo) -> str:
    if each.is_required():
        return "required"
    if each.default_factory is not None:
        return "see below" if _model(each.annotation) else ""
    value = each.default
    if isinstance(value, timedelta):
        return f"`{duration_text(value)}`"
    if isinstance(value, Fraction):
        return f"`{share_text(value)}`"
    if value is None or value in ("", ()):
        return "none"
    if isinstance(value, tuple):
        return ", ".join(str(item.id) for item in value)
    return f"`{value}`"


def rewrite(page: Path) -> None:
    """Replace the tables at the end of the reference page; what people wrote above them stays."""
    written, _, _ = page.read_text(encoding="utf-8").partition("## The scenario\n")
    page.write_text(written + markdown(), encoding="utf-8")


if __name__ == "__main__":
    rewrite(Path("docs/reference/scenario-language.md"))
