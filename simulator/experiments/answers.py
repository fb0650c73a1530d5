"""Answers: what experiments ask and what came of them, as values that a report, a table or a program reads.

A question holds everything its answer is a function of, the scenarios apart: those lie beside it as files. The format
is versioned: readers refuse a version they do not know.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from simulator.experiments.bottlenecks import Aftermath, Resource
from simulator.experiments.comparison import Compared
from simulator.experiments.conditions import Condition, Judged
from simulator.experiments.fans import Fan
from simulator.experiments.intervals import Interval
from simulator.experiments.optimise import Optimum, Term
from simulator.experiments.replications import Rule
from simulator.experiments.search import Found
from simulator.experiments.sensitivity import Method, Ranked
from simulator.experiments.sweeps import Axis
from simulator.whatif.model import Parameter

FORMAT, VERSION = "q2c.experiment", 1


class _Question(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind"):
    """What every question says: the seed, how many replications, and which measures are shown."""

    seed: int
    rule: Rule
    measures: tuple[str, ...] = ()


class WhatIf(_Question, frozen=True, kw_only=True, tag="whatif"):
    """What happens in a scenario, whether it keeps what was promised, and (`faults`) what each trouble costs."""

    promises: tuple[Condition, ...] = ()
    faults: bool = True


class Compare(_Question, frozen=True, kw_only=True, tag="compare"):
    """What a second scenario changes."""


class Sweep(_Question, frozen=True, kw_only=True, tag="sweep"):
    """What every combination of some values comes to."""

    axes: tuple[Axis, ...]


class Search(_Question, frozen=True, kw_only=True, tag="search"):
    """The smallest or largest value of a parameter that keeps a condition."""

    axis: Axis
    condition: Condition
    smallest: bool = True


class Optimise(_Question, frozen=True, kw_only=True, tag="optimise"):
    """The cheapest values that keep all conditions."""

    axes: tuple[Axis, ...]
    cost: tuple[Term, ...]
    cost_text: str
    conditions: tuple[Condition, ...]
    trials: int


class Sensitivity(_Question, frozen=True, kw_only=True, tag="sensitivity"):
    """Which parameters move the measures."""

    axes: tuple[Axis, ...]
    method: Method
    size: int


Question = WhatIf | Compare | Sweep | Search | Optimise | Sensitivity


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """One measure of one model: its mean over replications, and the lowest and highest of them."""

    measure: str
    interval: Interval
    lowest: float
    highest: float


class FaultCost(msgspec.Struct, frozen=True, kw_only=True):
    """What one trouble costs: each measure with it compared with the same seeds without it (with minus without)."""

    trouble: str
    compared: tuple[Compared, ...]


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """A window of trouble that the model plans: whose, when (UTC), and of which kind."""

    station: str
    from_us: int
    until_us: int
    kind: str


class Happened(msgspec.Struct, frozen=True, kw_only=True, tag="happened", tag_field="kind"):
    """The answer to WhatIf.

    `cut_offs` are (entity, instant), `costless` the troubles that move nothing; `unheard` names what the scenario says
    and this engine does not play.
    """

    replications: int
    estimates: tuple[Estimate, ...]
    promises: tuple[Judged, ...]
    fans: tuple[Fan, ...]
    resources: tuple[Resource, ...]
    aftermaths: tuple[Aftermath, ...]
    spans: tuple[Span, ...]
    cut_offs: tuple[tuple[str, int], ...]
    costs: tuple[FaultCost, ...]
    costless: tuple[str, ...]
    unheard: tuple[str, ...]
    currency: str


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One side of a comparison: its title, what waits over time, and what of it this engine does not play."""

    title: str
    fans: tuple[Fan, ...]
    unheard: tuple[str, ...]


class Differs(msgspec.Struct, frozen=True, kw_only=True, tag="differs", tag_field="kind"):
    """The answer to Compare; `changes` are the parameters that differ: (name, first, second)."""

    replications: int
    compared: tuple[Compared, ...]
    sides: tuple[Side, Side]
    changes: tuple[tuple[str, str, str], ...]
    currency: str


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One combination of values: its estimates; `refused` says why it could not be played."""

    values: tuple[str, ...]
    replications: int
    estimates: tuple[Estimate, ...]
    refused: str = ""


class Swept(msgspec.Struct, frozen=True, kw_only=True, tag="swept", tag_field="kind"):
    """The answer to Sweep, in the order of the grid; `compared` holds each point against the first one that played."""

    points: tuple[Point, ...]
    compared: tuple[tuple[Compared, ...], ...]
    now: tuple[str, ...]
    currency: str


class Broke(msgspec.Struct, frozen=True, kw_only=True, tag="broke", tag_field="kind"):
    """The answer to Search; `now` is what the scenario says."""

    found: Found
    now: str


class Optimised(msgspec.Struct, frozen=True, kw_only=True, tag="optimised", tag_field="kind"):
    """The answer to Optimise; `now` are the values the scenario says, with their cost when they are numbers."""

    optimum: Optimum
    now: dict[str, str]
    cost_now: float | None


class Sensitive(msgspec.Struct, frozen=True, kw_only=True, tag="sensitive", tag_field="kind"):
    """The answer to Sensitivity."""

    ranked: tuple[Ranked, ...]
    points: int
    replications: int
    currency: str


Answer = Happened | Differs | Swept | Broke | Optimised | Sensitive
Status = Literal["holds", "broken", "late", "unknown"]


class Effort(msgspec.Struct, frozen=True, kw_only=True):
    """What an experiment took: replications made and found in the run folder, seconds, by whom, with which engine."""

    made: int
    found: int
    seconds: float
    executor: str
    engine: str


class Experiment(msgspec.Struct, frozen=True, kw_only=True):
    """An experiment as it lies in its folder: what was asked, of which scenarios (title, file), and the answer.

    `parameters` are those of each scenario with their sources, taken when it was asked: the file beside it has
    everything written out, and no longer knows what somebody said and what was a default.
    """

    format: str = FORMAT
    version: int = VERSION
    scenarios: tuple[tuple[str, str], ...]
    asks: str
    question: Question
    repeat: str
    code_version: str
    parameters: tuple[tuple[Parameter, ...], ...]
    status: Status = "unknown"
    word: str = ""
    says: str = ""
    answer: Answer | None = None
    effort: Effort | None = None


def encode(experiment: Experiment) -> bytes:
    """Return an experiment as JSON; infinite half-widths become null."""
    return msgspec.json.format(msgspec.json.encode(experiment), indent=1) + b"\n"


def decode(content: bytes) -> Experiment:
    """Return an experiment; raise ValueError when it is none, or of another version."""
    try:
        found = msgspec.json.decode(content, type=Experiment)
    except msgspec.MsgspecError as error:
        raise ValueError(f"this is no experiment of version {VERSION}: {error}") from None
    if (found.format, found.version) != (FORMAT, VERSION):
        raise ValueError(f"this is {found.format} version {found.version}; expected {FORMAT} version {VERSION}")
    return found
