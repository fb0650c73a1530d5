"""Gathered: everything a report says about a run, worked out once from its history and its verdict."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from contracts.checks.coverage import Coverage, coverage_of
from contracts.checks.facts import Facts
from contracts.checks.kpi import KpiResult, kpi_results
from contracts.checks.reconciliation import Reconciliation, reconcile
from contracts.checks.sla import SlaResult, sla_results
from contracts.checks.verdict import Verdict
from domain.history import Context
from q2c.report.backlogs import Backlog, Drain, backlogs_of, drains
from q2c.report.cases import Cases, cases_of
from q2c.report.costs import Costs, costs_of
from q2c.report.cutoff import CutOff, cut_off_of
from q2c.report.journeys import Journeys, journeys_of
from q2c.report.owed import Home, Owed, Unordered, owed_of, unordered_of
from q2c.report.series import Calls, Load, calls_of, load_of
from q2c.report.stories import Told, stories_of
from q2c.report.windows import Window, windows
from q2c.run_folder import ReplayNote


@dataclass(frozen=True)
class Run:
    """What is known of a run besides its history: how its scenario describes itself, and its size."""

    title: str
    question: str
    expected: tuple[str, ...]
    digest: str
    records: int
    lifecycles: int
    replay: ReplayNote | None = None


@dataclass(frozen=True)
class Gathered:
    """The values of a report; each is worked out when first asked for."""

    run: Run
    facts: Facts
    verdict: Verdict

    @property
    def context(self) -> Context:
        """What the run was."""
        return self.facts.context

    @cached_property
    def windows(self) -> tuple[Window, ...]:
        """The outages, brownouts and maintenance of the plan."""
        return windows(self.context)

    @cached_property
    def load(self) -> Load:
        """What customers signed, and what was booked."""
        return load_of(self.facts)

    @cached_property
    def calls(self) -> tuple[Calls, ...]:
        """The calls to each system."""
        return calls_of(self.facts)

    @cached_property
    def journeys(self) -> Journeys:
        """How far each lifecycle got."""
        return journeys_of(self.facts)

    @cached_property
    def backlogs(self) -> tuple[Backlog, ...]:
        """What waited between the systems."""
        return backlogs_of(self.facts)

    @cached_property
    def drains(self) -> tuple[Drain, ...]:
        """What the windows did to the backlogs."""
        return drains(self.backlogs, self.windows, self.context.horizon_us)

    @cached_property
    def worst_drain(self) -> Drain | None:
        """The slowest drain after an outage, None when nothing was ever down; never drained is the slowest."""
        after = [drain for drain in self.drains if drain.window.is_outage]
        return max(after, key=lambda d: (d.took_us is None, d.took_us or 0, d.peak - d.before), default=None)

    @cached_property
    def cut_off(self) -> CutOff:
        """What was booked before the quarter ended."""
        return cut_off_of(self.facts, self.journeys)

    @cached_property
    def cases(self) -> Cases:
        """The exception cases."""
        return cases_of(self.facts)

    @cached_property
    def slas(self) -> tuple[SlaResult, ...]:
        """The service levels."""
        return sla_results(self.facts)

    @cached_property
    def kpis(self) -> tuple[KpiResult, ...]:
        """The key figures."""
        return kpi_results(self.facts)

    @cached_property
    def coverage(self) -> Coverage:
        """What the run exercised."""
        return coverage_of(self.facts)

    @cached_property
    def money(self) -> Reconciliation:
        """The money, system by system."""
        return self.facts.once(reconcile)

    @cached_property
    def owed(self) -> tuple[Owed, ...]:
        """What customers owe, and the documents that add up to it."""
        return owed_of(self.facts, self.money.rows)

    @cached_property
    def unordered(self) -> dict[Home, Unordered]:
        """The accepted quotes that no order stands for."""
        return unordered_of(self.facts, self.journeys)

    @cached_property
    def costs(self) -> Costs:
        """What the faults cost."""
        return costs_of(self.facts, self.calls)

    @cached_property
    def stories(self) -> tuple[Told, ...]:
        """The smallest story of each broken rule."""
        return stories_of(self.verdict, self.facts)
