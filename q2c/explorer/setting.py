"""Settings: what the page asks for, checked, and the command line that asks the same."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

import msgspec

from q2c.explorer.knobs import Knob
from scenarios.language import Scenario
from scenarios.paths import changed, resolved
from scenarios.problems import ScenarioError

MORE_CHARACTERS_MAX = 2_000


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one page asks for: the values of its knobs, and more in the words of `--with`.

    `page` tells pages apart and `number` rises with every question of one; `is_look` asks for a first look only.
    """

    page: str
    number: int
    values: dict[str, str]
    more: str = ""
    is_look: bool = False


def read(body: bytes) -> Asked:
    """Return what a request asks for; raise ValueError for what is no question."""
    try:
        return msgspec.json.decode(body, type=Asked)
    except msgspec.MsgspecError as why:
        raise ValueError(f"this is no question of the page: {why}") from None


def settings_of(asked: Asked, start: Scenario, knobs: Sequence[Knob]) -> dict[str, str]:
    """Return the parameters that differ from the start, by full name; raise ValueError or ScenarioError otherwise."""
    by_path = {knob.path: knob for knob in knobs}
    found: dict[str, str] = {}
    for path, text in asked.values.items():
        if path not in by_path:
            raise ValueError(f"found the parameter {path!r}, expected one that the page offers")
        if text != by_path[path].value:
            found[path] = text
    return found | _more(asked.more, start)


def _more(text: str, start: Scenario) -> dict[str, str]:
    """Return what is written as `PATH=VALUE PATH=VALUE`, quoted as in a shell."""
    if len(text) > MORE_CHARACTERS_MAX:
        raise ValueError(f"found {len(text):,} characters of parameters, expected at most {MORE_CHARACTERS_MAX:,}")
    try:
        words = shlex.split(text)
    except ValueError as why:
        raise ValueError(f"found {text!r}, expected PATH=VALUE with its quotes closed ({why})") from None
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise ValueError(f"found {word!r}, expected PATH=VALUE, for example erp.timeout=30s")
        found[resolved(start, name)] = value
    return found


def scenario_of(start: Scenario, settings: Mapping[str, str]) -> Scenario:
    """Return the scenario as it is set; ScenarioError says which value the language refuses and why."""
    return changed(start, settings)


def command_of(reference: str, given: Sequence[str], settings: Mapping[str, str], seed: int | None, count: int) -> str:
    """Return the command line that plays a setting again; what moved wins over what the start was given."""
    words = ["q2c", "whatif", reference]
    for text in (*given, *(f"{path}={value}" for path, value in settings.items())):
        words += ["--with", text]
    words += ["--seed", str(seed)] if seed is not None else []
    return shlex.join([*words, "--replications", str(count)])


def sentence_of(error: Exception) -> str:
    """Return in one line what was wrong with a setting."""
    if isinstance(error, ScenarioError):
        problems = error.problems
        return "; ".join(
            f"{each.path}: found {each.found}, expected {each.expected}" + (f" ({each.hint})" if each.hint else "")
            for each in problems
        )
    return str(error)
