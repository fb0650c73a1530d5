"""YAML with places: a document as a tree of values that know the file, line and column they came from.

Only the plain part of YAML is understood: mappings, lists, text, whole and decimal numbers, true, false and null.
Dates stay text (the schema reads them), `yes` and `14:00` are text and not surprises, duplicate keys, custom tags and
runaway aliases are errors.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from scenarios.problems import Problem, ScenarioError, shown

BYTES_MAX = 1_000_000
VALUES_MAX = 20_000
DEPTH_MAX = 20


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def problem(self, path: str, found: str, expected: str, hint: str = "") -> Problem:
        """Return a problem that stands here."""
        return Problem(self.file, self.line, self.column, path, found, expected, hint)


@dataclass(frozen=True, slots=True)
class Located:
    """A value and its place: a scalar, a dict of Located (with the places of its keys) or a list of Located."""

    value: Any
    mark: Mark
    keys: dict[str, Mark] = field(default_factory=dict)

    def plain(self) -> Any:
        """Return the value without places; lists become tuples, which is what the frozen schema holds."""
        if isinstance(self.value, dict):
            return {key: item.plain() for key, item in self.value.items()}
        if isinstance(self.value, list):
            return tuple(item.plain() for item in self.value)
        return self.value

    def place(self, path: tuple[str | int, ...]) -> Mark:
        """Return the place of the value at `path`; of the nearest one above it when there is no such value."""
        here, mark = self, self.mark
        for part in path:
            if isinstance(here.value, dict) and part in here.value:
                mark, here = here.keys[str(part)], here.value[part]
            elif isinstance(here.value, list) and isinstance(part, int) and part < len(here.value):
                here = here.value[part]
                mark = here.mark
            else:
                break
        return mark


class _Loader(yaml.SafeLoader):
    """PyYAML's composer with the scalars of YAML 1.2's core schema."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  (PyYAML's own shape)


_NUMBER = "-+0123456789."
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:null|~|)$"), ["n", "~", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?\d+$"), list(_NUMBER))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^(?:[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"),
    list(_NUMBER),
)


def read(text: str, file: str) -> Located:
    """Return the document in `text`; raise ScenarioError with its syntax error or every odd value in it."""
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise ScenarioError((_syntax(error, file, text),)) from None
    except RecursionError:
        raise ScenarioError((_whole(file, "values nested without end", f"at most {DEPTH_MAX} levels"),)) from None
    if node is None:
        raise ScenarioError((_whole(file, "no scenario (the file is empty)", "a mapping with at least a `name`"),))
    reader = _Reader(file)
    tree = reader.convert(node, "", 0)
    if reader.problems:
        raise ScenarioError(tuple(reader.problems))
    if not isinstance(tree.value, dict):
        raise ScenarioError((tree.mark.problem("", shown(tree.value), "a mapping of keys and values"),))
    return tree


def _whole(file: str, found: str, expected: str, hint: str = "") -> Problem:
    return Problem(file, 0, 0, "", found, expected, hint)


def _syntax(error: yaml.YAMLError, file: str, text: str) -> Problem:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return _whole(file, str(error).splitlines()[0], "text without control characters")
    line = text.splitlines()[mark.line] if mark.line < len(text.splitlines()) else ""
    what = str(getattr(error, "problem", "") or error).replace("\\t", "a tab")
    hint = "indent with spaces, not with tabs" if "\t" in line else ""
    if "single document" in what or "another document" in what:
        hint = "one file holds one scenario: remove the second `---`"
    return Problem(file, mark.line + 1, mark.column + 1, "", f"broken YAML ({what})", "valid YAML", hint)


def placed(value: Any, file: str) -> Located:
    """Return plain values as a document whose places are those of a whole file."""
    mark = Mark(file, 0, 0)
    if isinstance(value, dict):
        return Located({key: placed(item, file) for key, item in value.items()}, mark, dict.fromkeys(value, mark))
    if isinstance(value, list | tuple):
        return Located([placed(item, file) for item in value], mark)
    return Located(value, mark)


class _Reader:
    """Turns PyYAML's nodes into Located values and collects what is wrong on the way."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.count = 0

    def mark(self, node: yaml.Node) -> Mark:
        start = node.start_mark
        return Mark(self.file, start.line + 1, start.column + 1)

    def convert(self, node: yaml.Node, path: str, depth: int) -> Located:
        """Return the value of a node. Aliases are followed, so their sizes count each time."""
        mark = self.mark(node)
        self.count += 1
        if self.count > VALUES_MAX or depth > DEPTH_MAX:
            limit = f"at most {DEPTH_MAX} levels" if depth > DEPTH_MAX else f"at most {VALUES_MAX:,} values"
            found = "a document too deep" if depth > DEPTH_MAX else "a document too large once its aliases are followed"
            raise ScenarioError((*self.problems, mark.problem(path, found, limit, "do without anchors and aliases")))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, mark, path, depth)
        if isinstance(node, yaml.SequenceNode):
            items = [self.convert(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(node.value)]
            return Located(items, mark)
        return Located(self._scalar(node, mark, path), mark)

    def _mapping(self, node: yaml.MappingNode, mark: Mark, path: str, depth: int) -> Located:
        values: dict[str, Located] = {}
        keys: dict[str, Mark] = {}
        for key_node, value_node in node.value:
            at = self.mark(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(at.problem(path, "a key that is no word", "a word before the colon"))
                continue
            key = str(key_node.value)
            inside = f"{path}.{key}" if path else key
            if key in values:
                first = keys[key].line
                self.problems.append(
                    at.problem(inside, "the same key again", f"it once (it is on line {first} already)")
                )
                continue
            keys[key], values[key] = at, self.convert(value_node, inside, depth + 1)
        return Located(values, mark, keys)

    def _scalar(self, node: yaml.Node, mark: Mark, path: str) -> Any:
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        text = str(node.value)
        if kind == "null":
            return None
        if kind == "bool":
            return text == "true"
        if kind == "int" and len(text) <= 20:
            return int(text)
        if kind == "float":
            number = float(text.replace(".inf", "inf").replace(".nan", "nan").replace(".NaN", "nan"))
            if math.isfinite(number):
                return number
        if kind == "str":
            return text
        number = kind in ("int", "float")
        expected = "a finite number of usual size" if number else "a plain value without a tag"
        self.problems.append(mark.problem(path, shown(text if number else node.tag), expected))
        return None
