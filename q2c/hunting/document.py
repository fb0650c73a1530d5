"""The document of a hunt, `hunt.json`: what was hunted, with what, what it covered, and what it caught.

The format is versioned: readers refuse a version they do not know.
"""

from __future__ import annotations

from importlib.metadata import version

import msgspec

from contracts.checks.coverage import Coverage
from contracts.checks.pairs import Pair, Pairs
from contracts.checks.verdict import BROKEN, HOLDS, LIVENESS, UNKNOWN
from q2c import exits
from q2c.hunting.campaign import Budget, Campaign, Reached
from q2c.hunting.trial import Broken, Found
from q2c.report import names
from scenarios.language import Scenario
from web.words import listed

FORMAT, VERSION = "q2c.hunt", 1
LATE = "late"
NAMED_MAX = 3
"""So many broken rules are named in a sentence."""
EXITS = {HOLDS: exits.HOLDS, BROKEN: exits.BROKEN, LATE: exits.LATE, UNKNOWN: exits.UNKNOWN}


class Caught(msgspec.Struct, frozen=True, kw_only=True):
    """A trial that broke rules: its number, what it broke, where it lies, and the command that plays it again.

    `shrunk` and `story` tell its smallest form, when it was made smaller. `advice` says what to do where no fault is to
    blame.
    """

    number: int
    seed: int
    broken: tuple[Broken, ...]
    folder: str
    repeat: str
    shrunk: str = ""
    story: str = ""
    advice: str = ""


class Stuck(msgspec.Struct, frozen=True):
    """A trial that could not be played to its end, and why."""

    number: int
    trouble: str


class Effort(msgspec.Struct, frozen=True, kw_only=True):
    """What a hunt took, and how fast it was. `status` counts the verdicts of its runs, `unknown` the rules unjudged."""

    runs: int
    lifecycles: int
    virtual_hours: float
    wall_seconds: float
    cpu_seconds: float
    runs_a_second: float
    virtual_hours_a_wall_minute: float
    executor: str
    statuses: dict[str, int]
    unknown: dict[str, int]


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A hunt as it lies in its folder.

    `pairs_hit` and `pairs_possible` count pairs of operation and fault, first tries and retries apart; `either_hit` and
    `either_possible` count them together. `missed` are the pairs that could have been hit and never were, `silent` the
    kinds of fault that were planned and never struck. `status` is holds, broken, late (only rules of liveness) or
    unknown. `printed` are the files of what the program of a target printed in runs that it broke or got stuck in.
    """

    format: str = FORMAT
    version: int = VERSION
    scenario: str
    title: str
    seed: int
    mutant: str
    kinds: tuple[str, ...]
    budget: Budget
    repeat: str
    code_version: str
    status: str
    says: str
    effort: Effort
    caught: tuple[Caught, ...]
    stuck: tuple[Stuck, ...]
    pairs_hit: int
    pairs_possible: int
    either_hit: int = 0
    either_possible: int = 0
    missed: tuple[Pair, ...]
    silent: tuple[str, ...]
    pairs: Pairs
    coverage: Coverage
    interrupted: bool = False
    printed: tuple[str, ...] = ()
    course: tuple[Reached, ...] = ()


def document_of(
    campaign: Campaign, scenario: Scenario, repeat: str, caught: tuple[Caught, ...], executor: str,
    seconds: float, interrupted: bool = False,
) -> Document:  # fmt: skip
    """Return a campaign that took so many seconds as a document."""
    quarry, pairs, coverage = campaign.quarry, campaign.pairs, campaign.coverage
    struck = {cell.fault for cell in coverage.cells}
    silent = tuple(sorted(kind for kind in campaign.planned if kind not in struck))
    status = _status(campaign)
    return Document(
        scenario=scenario.name, title=scenario.title, seed=quarry.seed, mutant=quarry.mutant, kinds=quarry.kinds,
        budget=campaign.budget, repeat=repeat, code_version=version("q2c-harness"), status=status,
        says=_sentence(campaign, status), effort=_effort(campaign, executor, seconds), caught=caught,
        stuck=tuple(Stuck(number, trouble) for number, trouble in campaign.stuck), pairs_hit=pairs.hit,
        pairs_possible=len(pairs.hits), either_hit=pairs.either[0], either_possible=pairs.either[1],
        missed=pairs.missed, silent=silent, pairs=pairs, coverage=coverage, interrupted=interrupted,
        course=tuple(campaign.course),
    )  # fmt: skip


def encode(document: Document) -> str:
    """Return a document as JSON."""
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


def decode(content: bytes) -> Document:
    """Return a document; raise ValueError when it is none, or of another version."""
    try:
        found = msgspec.json.decode(content, type=Document)
    except msgspec.MsgspecError as error:
        raise ValueError(f"this is no hunt of version {VERSION}: {error}") from None
    if (found.format, found.version) != (FORMAT, VERSION):
        raise ValueError(f"this is {found.format} version {found.version}; expected {FORMAT} version {VERSION}")
    return found


def status_of(found: Found) -> str:
    """Return what a trial came to: broken, late when only rules of liveness are, else its own status."""
    if found.broken and all(each.check[0] in LIVENESS for each in found.broken):
        return LATE
    return BROKEN if found.broken else found.status


def _status(campaign: Campaign) -> str:
    worst = {status_of(catch.found) for catch in campaign.catches}
    if worst:
        return BROKEN if BROKEN in worst else LATE
    return HOLDS if campaign.proved and not campaign.stuck else UNKNOWN


def _sentence(campaign: Campaign, status: str) -> str:
    runs = f"{campaign.runs:,} runs"
    if campaign.catches:
        first = campaign.catches[0]
        more = f"; {len(campaign.catches):,} of {runs} broke a rule" if len(campaign.catches) > 1 else ""
        return f"Run {first.number} broke {_named([each.check for each in first.found.broken])}{more}."
    if campaign.stuck:
        number, trouble = campaign.stuck[0]
        return f"Run {number} could not be played to its end ({trouble}); {runs} in all."
    if status == UNKNOWN:
        return f"No run with faults could be judged by every rule; {runs} in all."
    unjudged = campaign.statuses.get(UNKNOWN, 0)
    return f"No rule was broken in {runs}" + (f"; {unjudged:,} of them left some rule unjudged." if unjudged else ".")


def _named(checks: list[str]) -> str:
    """Return rules with their titles, the first few of many."""
    others = [f"{len(checks) - NAMED_MAX} more"] if len(checks) > NAMED_MAX else []
    return listed([*(names.rule(check) for check in checks[:NAMED_MAX]), *others])


def _effort(campaign: Campaign, executor: str, seconds: float) -> Effort:
    seconds = max(seconds, 1e-9)
    return Effort(
        runs=campaign.runs, lifecycles=campaign.lifecycles, virtual_hours=campaign.hours, wall_seconds=seconds,
        cpu_seconds=campaign.cpu_seconds, runs_a_second=campaign.runs / seconds,
        virtual_hours_a_wall_minute=campaign.hours * 60 / seconds, executor=executor,
        statuses=dict(sorted(campaign.statuses.items())), unknown=dict(sorted(campaign.unknown.items())),
    )  # fmt: skip
