"""Knobs: the parameters that the page offers, each with its values as the scenario language writes them.

A slider is a position in a list of texts, so every position is a value that the language understands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

import msgspec

from q2c.experiments import wording
from scenarios.language import Scenario
from scenarios.paths import changed, parameters, resolved, value_of
from scenarios.problems import ScenarioError
from scenarios.seasons import PATTERN_NAMES
from scenarios.values import duration
from simulator.experiments import ranges

POSITIONS_MAX = 400
"""With more positions than a slider has pixels, some could not be reached."""
_HOUR = timedelta(hours=1)
_LASTS = ("15m", "30m", "1h", "2h", "3h", "4h", "5h", "6h", "8h", "10h", "12h", "16h", "24h")
_BUDGETS = ("0%", "2%", "5%", "10%", "15%", "20%", "30%", "50%", "75%", "100%")
_ORDERS_PERCENT = (25, 50, 75, 100, 125, 150, 175, 200, 250, 300, 400)
_AS_STYLE = ("null", "as the style has it")
_COUNTED_MAX, _COUNTED_MIN, _TENTHS = 60, 10, 20


class Knob(msgspec.Struct, frozen=True, kw_only=True):
    """One parameter (by its full name) with its values as texts; `start` is the place of what the scenario says.

    A slider when the values have an order, else a choice; `names` say the values of a choice to people.
    """

    path: str
    label: str
    texts: tuple[str, ...]
    start: int
    is_slider: bool = True
    names: tuple[str, ...] = ()

    @property
    def value(self) -> str:
        """What the scenario says."""
        return self.texts[self.start]

    @property
    def options(self) -> tuple[tuple[str, str], ...]:
        """The values of a choice with how people call them."""
        return tuple(zip(self.texts, self.names or self.texts, strict=True))


def knobs(scenario: Scenario, more: Sequence[str] = ()) -> tuple[Knob, ...]:
    """Return the main parameters of a scenario, and those of `more` (`PATH=FROM..TO`, `PATH=A,B,C`).

    Raise ValueError or ScenarioError that says what is wrong with one of these.
    """
    own = [added(scenario, text) for text in more]
    paths = [knob.path for knob in own]
    if twice := next((path for path in paths if paths.count(path) > 1), ""):
        raise ValueError(f"--with-slider {twice}: found it twice, expected it once")
    return (*(knob for knob in _main(scenario) if knob.path not in paths), *own)


def added(scenario: Scenario, text: str) -> Knob:
    """Return the knob that a person asks for; its first and last value are tried on the scenario."""
    name, equals, said = text.partition("=")
    if not equals:
        raise ValueError(f"--with-slider {text}: expected PATH=FROM..TO, for example erp.slots=5..20")
    path = resolved(scenario, name.strip())
    try:
        values = ranges.parsed(said.strip())
    except ValueError as why:
        raise ValueError(f"--with-slider {text}: {why}") from None
    if values.count > POSITIONS_MAX:
        raise ValueError(
            f"--with-slider {text}: found {values.count:,} positions, expected at most {POSITIONS_MAX}; "
            "give a step after a colon, such as 0..1000:10"
        )
    texts = [values.text(place) for place in range(values.count)]
    for end in dict.fromkeys((texts[0], texts[-1])):
        changed(scenario, {path: end})
    return _knob(scenario, path, wording.short_path(path), texts)


def _main(scenario: Scenario) -> Iterator[Knob]:
    known = parameters(scenario)
    yield _choice(scenario, "world.quarter.pattern", "Pattern of the quarter", PATTERN_NAMES)
    orders = int(value_of(scenario, "world.orders_per_quarter"))
    texts = [str(max(1, orders * percent // 100)) for percent in _ORDERS_PERCENT]
    yield _knob(scenario, "world.orders_per_quarter", "Orders in the quarter", texts)
    for system in ("erp", "billing"):
        yield from _counted(scenario, f"systems.{system}.slots", f"{wording.resource(system)}: calls at once")
    for path in known:
        if path.startswith("outages[") and path.endswith("].lasts") and value_of(scenario, path) is not None:
            system = value_of(scenario, path.replace("].lasts", "].system"))
            yield _knob(scenario, path, f"{wording.resource(system)} is down for", _allowed(scenario, path, _LASTS))
    yield from _counted(scenario, "people.clerks", "Clerks")
    yield _choice(
        scenario, "integration.style", "Integration", ("reference", "naive"),
        ("reference: outbox, keys, dead letters", "naive: point to point"),
    )  # fmt: skip
    attempts = [str(number) for number in range(1, 13)]
    yield _knob(scenario, "integration.attempts", "Attempts of a call", attempts)
    yield _knob(scenario, "integration.retry_budget", "Retry budget", _BUDGETS)
    yield _choice(
        scenario, "integration.jitter", "Jitter between retries", (_AS_STYLE[0], "full", "none"),
        (_AS_STYLE[1], "full", "none"),
    )  # fmt: skip


def _allowed(scenario: Scenario, path: str, texts: Sequence[str]) -> Sequence[str]:
    """Return rising values up to the last one that the scenario takes: an outage ends within the rehearsed days."""
    for end in range(len(texts), 0, -1):
        try:
            changed(scenario, {path: texts[end - 1]})
        except ScenarioError:
            continue
        return texts[:end]
    return ()


def _counted(scenario: Scenario, path: str, label: str) -> Iterator[Knob]:
    """Yield a knob from one to twice the start, in steps that are not too many; none where there is no limit."""
    start = int(value_of(scenario, path))
    if start > 0:
        most = max(2 * start, _COUNTED_MIN)
        numbers = range(1, most + 1) if most <= _COUNTED_MAX else [most * part // _TENTHS for part in range(1, 21)]
        yield _knob(scenario, path, label, [str(number) for number in numbers])


def _choice(scenario: Scenario, path: str, label: str, texts: Sequence[str], names: Sequence[str] = ()) -> Knob:
    now = _text(value_of(scenario, path))
    return Knob(path=path, label=label, texts=tuple(texts), start=texts.index(now), is_slider=False, names=tuple(names))


def _knob(scenario: Scenario, path: str, label: str, texts: Sequence[str]) -> Knob:
    """Return a slider over values in their order, or a choice where they have none; what is now is one of them."""
    now = _text(value_of(scenario, path))
    found = [text for text in dict.fromkeys(texts) if _size(text) is None or _size(text) != _size(now)]
    values = [now, *(text for text in found if text != now)]
    is_slider = all(_size(text) is not None for text in values)
    if is_slider:
        values.sort(key=lambda text: _size(text) or 0.0)
    return Knob(path=path, label=label, texts=tuple(values), start=values.index(now), is_slider=is_slider)


def _size(text: str) -> float | None:
    """Return what a value is sorted by: numbers and percent as they are, durations in hours; None for words."""
    found = ranges.number_of(text)
    return found if found is not None else _attempted(lambda: duration(text) / _HOUR)


def _attempted(size: Callable[[], float]) -> float | None:
    try:
        return size()
    except (ValueError, AssertionError):
        return None


def _text(value: object) -> str:
    """Return a value as `--with` takes it."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
