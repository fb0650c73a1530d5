"""The loader: from a YAML file to a Scenario, or to an error that names every problem with its file and line."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from scenarios.consistency import inconsistencies
from scenarios.language import Scenario
from scenarios.located import BYTES_MAX, Located, placed, read
from scenarios.merge import OWN_WORDS, overlaid, resolve
from scenarios.problems import Problem, ScenarioError, shown

Model = TypeVar("Model", bound=BaseModel)
LIBRARY = Path(__file__).with_name("library")

EXPECTED = {
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "string_type": "text",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "model_type": "a mapping of keys and values",
    "dict_type": "a mapping of keys and values",
    "too_short": "a list with at least one entry",
}
"""Type of a pydantic error -> what was expected, in the words of the language."""
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
"""libyaml's emitter where PyYAML has it: it writes the same, in a quarter of the time."""
_NAMES_MAX = 12
"""So many choices are listed; of more, only the likely ones."""


def load(path: Path | str) -> Scenario:
    """Return the scenario in a file; raise ScenarioError with all its problems."""
    file = Path(path)
    return _scenario(read(_text(file), str(file)), str(file.resolve()), file.parent)


def parse(text: str | bytes, file: str = "scenario", folder: Path | None = None) -> Scenario:
    """Return the scenario in `text`; names it extends are looked up in `folder` and in the library."""
    decoded = _decoded(text, file) if isinstance(text, bytes) else text
    return _scenario(read(decoded, file), file, folder)


def library_names() -> tuple[str, ...]:
    """Return the names of the scenarios that come with the project, in alphabetical order."""
    return tuple(sorted(path.stem for path in LIBRARY.glob("*.yaml")))


def dump(scenario: Scenario) -> str:
    """Return a scenario as a file that loads to an equal one, with nothing left to defaults."""
    return str(yaml.dump(_plain(scenario), Dumper=_DUMPER, sort_keys=False, allow_unicode=True, width=110))


def reread(scenario: Scenario, file: str = "scenario") -> Scenario:
    """Return what `parse(dump(scenario))` would, in a tenth of the time; raise ScenarioError as that would.

    Variants are taken as they are: they were looked at when the scenario was read.
    """
    return validated(placed(_plain(scenario), file))


def _plain(scenario: Scenario) -> Any:
    return scenario.model_dump(by_alias=True, mode="json", exclude_none=True)


def _scenario(tree: Located, identity: str, folder: Path | None) -> Scenario:
    merged = resolve(tree, identity, lambda name, at: _open(name, at, folder))
    scenario = validated(merged)
    for name in scenario.variants:
        patch = merged.value["variants"].value[name]
        own = [patch.keys[key].problem(f"variants.{name}", f"`{key}`", "what a variant can change")
               for key in patch.value if key in OWN_WORDS]  # fmt: skip
        if own:
            raise ScenarioError(tuple(own))
        validated(overlaid(merged, patch))
    return scenario


def validated(merged: Located) -> Scenario:
    """Return the scenario that a document describes, with everything merged in; raise ScenarioError."""
    scenario = converted(merged, Scenario)
    found = inconsistencies(scenario)
    if found:
        raise ScenarioError(tuple(merged.place(each.path).problem(_dotted(each.path), *each.words) for each in found))
    return scenario


def converted(tree: Located, model: type[Model]) -> Model:
    """Return a document as a value of a schema; raise ScenarioError with every problem and its place."""
    try:
        return model.model_validate(tree.plain())
    except ValidationError as error:
        problems = [_problem(detail, tree, model) for detail in error.errors(include_url=False) if not _echo(detail)]
        raise ScenarioError(tuple(sorted(problems, key=lambda p: (p.file, p.line, p.column)))) from None


def _open(name: str, at: Located, folder: Path | None) -> tuple[str, Located]:
    shipped = LIBRARY / f"{name}.yaml"
    path = shipped if name.isidentifier() and shipped.is_file() else (folder or Path()) / name
    if path is not shipped and not name.endswith((".yaml", ".yml")):
        close = get_close_matches(name, library_names(), 1)
        hint = f"did you mean {close[0]!r}?" if close else f"the library has {', '.join(library_names())}"
        expected = "a scenario of the library or a file ending in .yaml"
        raise ScenarioError((at.mark.problem("extends", shown(name), expected, hint),))
    if not path.is_file():
        raise ScenarioError((at.mark.problem("extends", shown(name), "a file that exists"),))
    return str(path.resolve()), read(_text(path), str(path))


def _text(file: Path) -> str:
    def trouble(found: str, expected: str, hint: str = "") -> ScenarioError:
        return ScenarioError((Problem(str(file), 0, 0, "", found, expected, hint),))

    try:
        if file.is_dir():
            raise trouble("a folder", "a scenario file")
        if file.exists() and not file.is_file():
            raise trouble("something that is no regular file", "a scenario file")
        size = file.stat().st_size
        if size > BYTES_MAX:
            raise trouble(f"a file of {size:,} bytes", f"at most {BYTES_MAX:,} bytes")
        return _decoded(file.read_bytes(), str(file))
    except FileNotFoundError:
        raise trouble("no such file", "a scenario file", "`q2c scenarios` lists the library") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise trouble(f"a file that cannot be read ({reason})", "a readable scenario file") from None


def _decoded(content: bytes, file: str) -> str:
    if len(content) > BYTES_MAX:
        raise ScenarioError((Problem(file, 0, 0, "", f"{len(content):,} bytes", f"at most {BYTES_MAX:,} bytes"),))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        found = f"byte 0x{content[error.start]:02x}, which is not UTF-8"
        raise ScenarioError((Problem(file, line, column, "", found, "UTF-8 text"),)) from None


def _problem(detail: Any, tree: Located, model: type[BaseModel]) -> Problem:
    """Return pydantic's complaint as a problem at its place in the file."""
    path, words = _real(detail["loc"], tree), detail.get("ctx", {})
    mark = tree.place(path)
    kind = detail["type"]
    if kind == "extra_forbidden":
        known = _known_keys(path[:-1], model)
        close = get_close_matches(str(path[-1]), known, 1)
        hint = f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(known)}"
        return mark.problem(_dotted(path), f"the unknown key {str(path[-1])!r}", "a key of the language", hint)
    if kind == "missing":
        return mark.problem(_dotted(path[:-1]), f"no key {str(path[-1])!r}", f"`{path[-1]}`, which is required")
    expected = str(words.get("expected", "")) if kind in ("expected", "literal_error", "enum") else ""
    text = expected or EXPECTED.get(kind) or _lowered(str(detail["msg"]))
    hint = str(words.get("hint", ""))
    if kind == "literal_error":
        names = expected.replace("'", "").replace(" or ", ", ").split(", ")
        close = get_close_matches(str(detail["input"]), names, 1)
        text = f"one of {text}" if len(names) <= _NAMES_MAX else _like(detail, names)
        hint = f"did you mean {close[0]!r}?" if close else ""
    return mark.problem(_dotted(path), shown(detail["input"]), text, hint)


def _like(detail: Any, names: list[str]) -> str:
    """Return a few of many names, those most like what was found first; the reference lists them all."""
    near = get_close_matches(str(detail["input"]), names, 4, 0.4) or names[:4]
    return f"a name such as {', '.join(map(repr, near))} (all are in docs/reference/scenario-language.md)"


def _echo(detail: Any) -> bool:
    """Tell whether pydantic calls a list too short only because its entries, which it reports too, are wrong."""
    return bool(detail["type"] == "too_short" and detail["input"])


def _lowered(message: str) -> str:
    message = message.removeprefix("Input should be ").removeprefix("Value should be ")
    return f"a number {message}" if message.startswith(("greater", "less")) else message[:1].lower() + message[1:]


def _real(loc: tuple[str | int, ...], tree: Located) -> tuple[str | int, ...]:
    """Return the part of pydantic's location that is a path in the file (unions add a name in angle brackets)."""
    path: list[str | int] = []
    here: Any = tree
    for index, part in enumerate(loc):
        value = here.value if isinstance(here, Located) else None
        last = index == len(loc) - 1 and not str(part).startswith("<")
        if isinstance(value, dict) and (part in value or last):
            path.append(part)
            here = value.get(part)
        elif isinstance(value, list) and isinstance(part, int):
            path.append(part)
            here = value[part] if part < len(value) else None
    return tuple(path)


def _known_keys(path: tuple[str | int, ...], model: type[BaseModel]) -> list[str]:
    for part in path:
        for name, each in model.model_fields.items():
            if part in (name, each.alias):
                model = _model_in(each.annotation) or model
                break
    keys = [each.alias or name for name, each in model.model_fields.items()]
    return [*keys, "extends", "combine"] if model is Scenario else keys


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for each in get_args(annotation) if (model := _model_in(each))), None)


def _dotted(path: tuple[str | int, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")
