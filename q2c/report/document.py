"""The verdict as a document: `verdict.json`, for machines, and what the terminal tells from.

The format is versioned: readers refuse a version they do not know. Instants are integer microseconds since the Unix
epoch (UTC), amounts are integer minor units of the currency beside them.
"""

from __future__ import annotations

from typing import Any

import msgspec

from contracts.checks.coverage import Coverage
from contracts.checks.kpi import KpiResult
from contracts.checks.reconciliation import Row, Settlement
from contracts.checks.registry import BY_ID
from contracts.checks.sla import SlaResult
from contracts.checks.verdict import Result, Verdict, Violation, instant_of
from domain.history import Record
from q2c.report.cases import Cases
from q2c.report.costs import Costs
from q2c.report.cutoff import EntityCutOff
from q2c.report.gathered import Gathered
from q2c.report.headline import answer, figures, word
from q2c.report.stories import Told
from web.blocks import Figure

FORMAT, VERSION = "q2c.verdict", 1
VIOLATIONS_MAX = 20
"""How many violations of one check are written with their evidence; all are counted."""


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of evidence: a record of the history, or what was true at an instant."""

    at_us: int
    text: str = ""
    record: Record | None = None


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """One violation."""

    txn: str
    sentence: str
    entities: tuple[str, ...]
    evidence: tuple[Proof, ...]


class CheckRow(msgspec.Struct, frozen=True, kw_only=True):
    """One check: its rule, what it said, and the first violations."""

    id: str
    title: str
    rule: str
    status: str
    counted: bool
    examined: int
    broken: int
    reason: str
    notes: tuple[str, ...]
    violations: tuple[Broken, ...]


class MoneyRow(msgspec.Struct, frozen=True, kw_only=True):
    """One legal entity and currency, with what neighbouring systems do not agree on."""

    amounts: Row
    differences: tuple[tuple[str, int], ...]


class DrainRow(msgspec.Struct, frozen=True, kw_only=True):
    """What one window did to one backlog. `before` is the highest level in the hour before the window, `took_us` counts
    from its end until the backlog was back to that; None: never.
    """

    window: str
    system: str
    start_us: int
    end_us: int
    is_outage: bool
    backlog: str
    before: int
    peak: int
    took_us: int | None


class JourneyRow(msgspec.Struct, frozen=True):
    """How many quotes of one kind reached a step or ended in a stage."""

    name: str
    kind: str
    count: int


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What the run itself cost in CPU seconds; zero when it was not measured."""

    play_seconds: float = 0.0
    judge_seconds: float = 0.0


class VerdictDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The machine-readable verdict of a run."""

    format: str = FORMAT
    version: int = VERSION
    scenario: str
    title: str
    seed: int
    engine: str
    integration: str
    mutant: str
    code_version: str
    digest: str
    records: int
    lifecycles: int
    start_us: int
    heal_us: int
    horizon_us: int
    repeat: str
    status: str
    exit_status: int
    word: str
    answer: str
    figures: tuple[Figure, ...]
    checks: tuple[CheckRow, ...]
    stories: tuple[Told, ...]
    cut_off: tuple[EntityCutOff, ...]
    reached: tuple[JourneyRow, ...]
    ended: tuple[JourneyRow, ...]
    slas: tuple[SlaResult, ...]
    kpis: tuple[KpiResult, ...]
    coverage: Coverage
    reconciliation: tuple[MoneyRow, ...]
    settlements: tuple[Settlement, ...]
    drains: tuple[DrainRow, ...]
    cases: Cases
    costs: Costs
    run: Cost


def document_of(gathered: Gathered, repeat: str, run: Cost | None = None) -> VerdictDocument:
    """Return the verdict of what was gathered; `repeat` is the command that plays the same run again."""
    context, verdict, journeys = gathered.context, gathered.verdict, gathered.journeys
    return VerdictDocument(
        scenario=context.scenario, title=gathered.run.title, seed=context.seed, engine=context.engine,
        integration=context.integration, mutant=context.mutant, code_version=context.code_version,
        digest=gathered.run.digest, records=gathered.run.records, lifecycles=gathered.run.lifecycles,
        start_us=context.at_us, heal_us=context.heal_us, horizon_us=context.horizon_us, repeat=repeat,
        status=verdict.status, exit_status=verdict.exit_status, word=word(gathered), answer=answer(gathered),
        figures=figures(gathered),
        checks=_checks(verdict), stories=gathered.stories, cut_off=gathered.cut_off.entities,
        reached=_journeys(journeys.reached), ended=_journeys(journeys.ended), slas=gathered.slas, kpis=gathered.kpis,
        coverage=gathered.coverage,
        reconciliation=tuple(MoneyRow(amounts=row, differences=row.differences) for row in gathered.money.rows),
        settlements=gathered.money.settlements, drains=_drains(gathered), cases=gathered.cases, costs=gathered.costs,
        run=run or Cost(),
    )  # fmt: skip


def to_plain(document: VerdictDocument) -> dict[str, Any]:
    """Return a document as plain JSON values, each record of the evidence with its type."""
    plain: dict[str, Any] = msgspec.to_builtins(document)
    return plain


def read(content: bytes) -> VerdictDocument:
    """Return the document that `to_plain` made; raise ValueError when it is none, or of another version."""
    try:
        found = msgspec.json.decode(content, type=VerdictDocument)
    except msgspec.MsgspecError as error:
        raise ValueError(f"this is no verdict of version {VERSION}: {error}") from None
    if (found.format, found.version) != (FORMAT, VERSION):
        raise ValueError(f"this is {found.format} version {found.version}; expected {FORMAT} version {VERSION}")
    return found


def _checks(verdict: Verdict) -> tuple[CheckRow, ...]:
    return tuple(_check(result) for result in verdict.results)


def _check(result: Result) -> CheckRow:
    check = BY_ID[result.check]
    return CheckRow(
        id=check.id, title=check.title, rule=check.rule, status=result.status, counted=result.counted,
        examined=result.examined, broken=result.broken, reason=result.reason, notes=result.notes,
        violations=tuple(_broken(violation) for violation in result.violations[:VIOLATIONS_MAX]),
    )  # fmt: skip


def _broken(violation: Violation) -> Broken:
    proofs = tuple(
        Proof(at_us=instant_of(each), text=each[1]) if isinstance(each, tuple) else Proof(at_us=each.at_us, record=each)
        for each in violation.evidence
    )
    return Broken(txn=violation.txn, sentence=violation.sentence, entities=violation.entities, evidence=proofs)


def _journeys(counts: dict[tuple[str, str], int]) -> tuple[JourneyRow, ...]:
    return tuple(JourneyRow(name, kind, number) for (name, kind), number in counts.items())


def _drains(gathered: Gathered) -> tuple[DrainRow, ...]:
    return tuple(
        DrainRow(
            window=drain.window.text, system=drain.window.system, start_us=drain.window.start_us,
            end_us=drain.window.end_us, is_outage=drain.window.is_outage, backlog=drain.backlog.id,
            before=drain.before, peak=drain.peak, took_us=drain.took_us,
        )
        for drain in gathered.drains
    )  # fmt: skip
