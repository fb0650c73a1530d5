"""The scenario language: what a scenario file may say, as strict pydantic models with the defaults of the world.

Marks in descriptions: [P] published figure, [E] estimate, [D] derived by arithmetic; the figures and their sources are
those of the project's calibration. Replace every [E] by your own before quoting a number from a run.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field

from scenarios.assertions import Assertion, Expectations
from scenarios.company import Failures, Mix, Payments, People, Rehearse, World
from scenarios.contract_words import AmendmentKinds, Contracts
from scenarios.integration_words import IntegrationSettings
from scenarios.loads import Batch, Incidents, InvoiceRun, RateMove, Replay
from scenarios.peers import Policies, Systems
from scenarios.trouble import Brownout, DriftPlan, FaultPlan, LimitChange, Maintenance, Outage, PriceRise
from scenarios.values import Duration, Shape
from scenarios.words import REHEARSAL, WHATIF, Name, Text, Words, only

QuoteNumber = Annotated[str, Field(pattern=r"^Q-\d{6}$"), Shape("quote number, such as Q-000123")]
Variants = Annotated[dict[Name, Annotated[dict[str, Any], Shape("sections")]], Shape("mapping of names to sections")]


class Scenario(Words):
    """One scenario: a world, what goes wrong in it, and the question it answers."""

    name: Name = Field(description="the name it is called by")
    title: Text = Field(description="one line for people")
    question: Text = Field(description="who asks what")
    about: str = Field(default="", description="what happens, in a few sentences")
    expected: tuple[Text, ...] = Field(default=(), description="what should come out, one line each")
    assertions: tuple[Assertion, ...] = Field(default=(), description="the same as figures, which a test compares")
    play: Expectations = Field(default_factory=Expectations, description="how such a test plays it")
    variants: Variants = Field(
        default_factory=dict, description="names of variants, each with the sections it changes; lists replace lists"
    )
    world: World = Field(default_factory=World, description="the company")
    rehearse: Rehearse = Field(default_factory=lambda: Rehearse(weeks=3), description="the part that is played")
    mix: Mix = Field(default_factory=Mix, description="what orders and amendments are made of")
    amendments: AmendmentKinds = Field(default_factory=AmendmentKinds, description="what amendments do")
    contracts: Contracts = Field(default_factory=Contracts, description="how contracts end and are renewed")
    failures: Failures = Field(default_factory=Failures, description="what people get wrong")
    payments: Payments = Field(default_factory=Payments, description="how customers pay")
    people: People = Field(default_factory=People, description="who works on exceptions")
    systems: Systems = Field(default_factory=Systems, description="how fast systems are and what they tolerate")
    outages: tuple[Outage, ...] = Field(default=(), description="systems that are down")
    brownouts: tuple[Brownout, ...] = Field(default=(), description="systems that are slow and partly failing")
    maintenance: tuple[Maintenance, ...] = Field(default=(), description="announced maintenance")
    faults: tuple[FaultPlan, ...] = Field(default=(), description="everything else that goes wrong")
    limit_changes: tuple[LimitChange, ...] = Field(default=(), description="limits that vendors change on the way")
    drifts: tuple[DriftPlan, ...] = Field(
        default=(), description="interfaces that vendors change on the way", json_schema_extra=only(REHEARSAL)
    )
    incidents: Incidents = Field(
        default_factory=Incidents, description="what drawn outages look like", json_schema_extra=only(WHATIF)
    )
    invoice_runs: tuple[InvoiceRun, ...] = Field(
        default=(), description="invoices that billing makes at once", json_schema_extra=only(WHATIF)
    )
    replays: tuple[Replay, ...] = Field(
        default=(), description="messages of the past, sent once more", json_schema_extra=only(WHATIF)
    )
    batch: Batch = Field(default_factory=Batch, description="when the legacy ERP works off its files")
    price_rise: PriceRise | None = Field(default=None, description="a price rise and its wave of amendments")
    rate_moves: tuple[RateMove, ...] = Field(
        default=(), description="exchange rates that move at once", json_schema_extra=only(REHEARSAL)
    )
    policies: Policies = Field(default_factory=Policies, description="rules of the trade")
    integration: IntegrationSettings = Field(
        default_factory=IntegrationSettings, description="switches of the reference integration"
    )
    settle: Duration = Field(
        default=timedelta(days=1), description="how long after the faults end the systems may take to agree"
    )
    run_on: Duration = Field(
        default=timedelta(days=7),
        description="how long the run goes on after the last rehearsed day; at least `settle`",
    )
    lifecycles: tuple[QuoteNumber, ...] | None = Field(
        default=None,
        description="the orders and amendments that are played, by their quote numbers; all when not given",
        json_schema_extra=only(REHEARSAL),
    )
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = Field(default=1, description="the seed used when none is given")

    @property
    def outlook(self) -> tuple[str, ...]:
        """Return what should come out, for people: the file's own lines, and what its assertions say."""
        return (*self.expected, *(each.says for each in self.assertions if each.says not in self.expected))
