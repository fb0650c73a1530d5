"""What is wrong with a scenario file, said so that a person can mend it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, where it stands, what was found, what was expected and, if known, what to do.

    `line` and `column` count from 1; they are 0 when the problem is the file as a whole.
    """

    file: str
    line: int
    column: int
    path: str
    found: str
    expected: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        at = f" at {self.path}" if self.path else ""
        hint = f"; {self.hint}" if self.hint else ""
        return f"{place}:{at} found {self.found}, expected {self.expected}{hint}".replace("::", ":", 1)


class ScenarioError(Exception):
    """A scenario cannot be used; `problems` holds every reason that was found, in the order of the files' lines."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        assert problems, "an error needs at least one problem"
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def shown(value: object, limit: int = 60) -> str:
    """Return how a found value is shown in a message: short, on one line, quoted if it is text."""
    if isinstance(value, dict):
        keys = ", ".join(map(str, value))
        return f"a mapping of {keys if len(keys) <= limit else f'{len(value)} keys'}" if value else "an empty mapping"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}" if value else "an empty list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."
