"""The timeline: everything that people, the vendor and fate do in one run, as a value of scenario and seed.

The acts of a hundred thousand lifecycles would fill gigabytes, so a timeline keeps an integer per act (when, whose,
which step) and makes the act when it is asked for. Iterating again makes equal acts again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import lru_cache, partial
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from domain.acts import Act
from domain.faults import Fault
from domain.history import Entity, Limit
from scenarios import amendments, orders
from scenarios.accounts import account, likeness_of
from scenarios.arrivals import Arrival, arrivals
from scenarios.catalogue import MAPPING, UNMAPPED
from scenarios.ground import AMENDMENT_FIRST, Ground, ground
from scenarios.language import Scenario
from scenarios.moments import Moments
from scenarios.peers import SystemSettings
from scenarios.population import count_of_seeds, later, seeds
from scenarios.values import MICROSECOND
from scenarios.words import SYSTEMS

BYTES_PER_LIFECYCLE = 290_000  # measured: 932 MB for 3,168 lifecycles, history included (benchmarks/rehearsal.py)
BYTES_PER_SUBSCRIPTION = 8_000
BYTES_ALWAYS = 150_000_000
LIVES_KEPT = 4_096  # lifecycles whose shared facts are remembered between their acts
_NUMBER_BITS, _STEP_BITS = 20, 6
_encoder = msgspec.json.Encoder()


class Latency(NamedTuple):
    """How fast a system answers: lognormal by median and 95th percentile, in microseconds."""

    p50_us: int
    p95_us: int
    read_p50_us: int
    read_p95_us: int


class SystemPlan(NamedTuple):
    """One system in a run: its latency, its limits (0: none), the integration's timeout, rows a page (None: usual)."""

    system: str
    latency: Latency
    slots: int
    rps: int
    daily_calls: int
    timeout_us: int
    page_size: int | None


class Fallout(NamedTuple):
    """Ground truth of the scenario: this transaction will need a person, and why."""

    txn: str
    cause: str  # missing_mapping | price_skew | credit_hold | duplicate_customer


class Acts:
    """The acts of a timeline in order of time; iterate as often as you like. `len` counts them."""

    def __init__(self, ground: Ground, without: frozenset[str]) -> None:
        self._ground = ground
        chosen = ground.scenario.lifecycles
        self._chosen = None if chosen is None else frozenset(chosen)
        self._later = sorted(later(ground), key=lambda act: act.at_us)
        self.orders, self.amendments = 0, 0
        self.twins: list[tuple[str, str]] = []
        self.partners: dict[str, None] = {}
        self._keys = sorted(self._schedule(without))

    def _schedule(self, without: frozenset[str]) -> Iterator[int]:
        start_us = self._ground.moments.start_us
        for order in arrivals(self._ground):
            if self._is_played(order.number, without):
                self.orders += 1
                self._note_twin(order)
                if orders.is_resold(self._ground, order.number, order.site):
                    serial = orders.buyer_serial(self._ground, order.number, order.site)
                    self.partners[account(self._ground, serial, order.site).id] = None
                for at_us, step in orders.steps(self._ground, order):
                    yield _key(at_us - start_us, order.number, step)
        for each in amendments.amendments(self._ground):
            if self._is_played(each.number, without):
                self.amendments += 1
                for at_us, step in amendments.steps(self._ground, each):
                    yield _key(at_us - start_us, each.number, step)

    def _is_played(self, number: int, without: frozenset[str]) -> bool:
        name = orders.quote_number(number)
        return name not in without and (self._chosen is None or name in self._chosen)

    def _note_twin(self, order: Arrival) -> None:
        base, number, site = self._ground, order.number, order.site
        if likeness_of(base, number, site) and orders.new_customer(base, number, site):
            who = account(base, number, site)
            if who.twin:
                self.twins.append((who.id, who.twin))

    def lifecycles(self) -> tuple[str, ...]:
        """Return the quote numbers of the orders and amendments that are played, in the order of their numbers."""
        return tuple(orders.quote_number(number) for number in sorted({_parts(key)[1] for key in self._keys}))

    def __len__(self) -> int:
        return count_of_seeds(self._ground) + len(self._later) + len(self._keys)

    def __iter__(self) -> Iterator[Act]:
        yield from seeds(self._ground)
        waiting = list(reversed(self._later))
        order_life = lru_cache(LIVES_KEPT)(partial(orders.life, self._ground))
        amendment = lru_cache(LIVES_KEPT)(partial(amendments.by_number, self._ground))
        for key in self._keys:
            at_us, number, step = _parts(key)
            at_us += self._ground.moments.start_us
            while waiting and waiting[-1].at_us <= at_us:
                yield waiting.pop()
            if number >= AMENDMENT_FIRST:
                yield amendments.act(self._ground, amendment(number), step, at_us)
            else:
                yield orders.act(order_life(number), step, at_us)
        yield from reversed(waiting)

    def fallout(self) -> Iterator[Fallout]:
        """Yield what the scenario itself makes go wrong, by transaction."""
        accepts = (_parts(key) for key in self._keys)
        for _, number, step in accepts:
            if number < AMENDMENT_FIRST and step == orders.Step.ACCEPT:
                for cause in orders.causes(self._ground, number):
                    yield Fallout(orders.quote_number(number), cause)


def _key(offset_us: int, number: int, step: int) -> int:
    assert offset_us >= 0, f"step {step} of {number} lies before the start of the run"
    return (offset_us << _NUMBER_BITS | number) << _STEP_BITS | step


def _parts(key: int) -> tuple[int, int, int]:
    rest, step = key >> _STEP_BITS, key & ((1 << _STEP_BITS) - 1)
    return rest >> _NUMBER_BITS, rest & ((1 << _NUMBER_BITS) - 1), step


@dataclass(frozen=True)
class Timeline:
    """What happens in one run. Equal scenario, seed and `without` make equal timelines.

    `mapping` is what the integration is configured with (sku -> ERP item) and `mapping_missing` what it still lacks:
    the whole truth is `MAPPING` of the catalogue. `twins` tells which account repeats which,
    `partners` which accounts resell. Instants are
    microseconds since the Unix epoch (UTC).
    """

    scenario: Scenario
    seed: int
    without: frozenset[str]
    start_us: int
    heal_us: int
    horizon_us: int
    settle_seconds: int
    cutoff_date: date
    first_day: date
    last_day: date
    entities: tuple[Entity, ...]
    faults: tuple[Fault, ...]
    systems: tuple[SystemPlan, ...]
    limits: tuple[Limit, ...]
    mapping_missing: tuple[str, ...]
    lifecycles: int
    twins: tuple[tuple[str, str], ...]
    partners: tuple[str, ...]
    acts: Acts = field(compare=False, repr=False)

    @property
    def mapping(self) -> dict[str, str]:
        """Return the mapping the integration starts with: sku -> ERP item."""
        return {sku: item for sku, item in MAPPING.items() if sku not in self.mapping_missing}

    @property
    def ledgers(self) -> dict[str, str]:
        """Return the system that keeps the books of each legal entity, where that is not the ERP."""
        return {each.id: each.books for each in self.scenario.world.entities if each.books != "erp"}

    def fallout(self) -> tuple[Fallout, ...]:
        """Return what the scenario itself makes go wrong, by transaction."""
        return tuple(self.acts.fallout())

    def digest(self) -> str:
        """Return the digest that proves two timelines equal: BLAKE2b over its faults and all its acts."""
        digest = blake2b(digest_size=16)
        digest.update(_encoder.encode((self.start_us, self.heal_us, self.horizon_us, self.faults)))
        for act in self.acts:
            digest.update(_encoder.encode(act))
        return digest.hexdigest()


def build(scenario: Scenario, seed: int | None = None, without: frozenset[str] = frozenset()) -> Timeline:
    """Return the timeline of a scenario and a seed (its own by default), less the lifecycles of some transactions."""
    chosen = scenario.seed if seed is None else seed
    base = ground(scenario, chosen)
    acts, bounds = Acts(base, without), base.moments
    systems = tuple(_system(name, getattr(scenario.systems, name)) for name in SYSTEMS)
    return Timeline(
        scenario=scenario,
        seed=chosen,
        without=without,
        start_us=bounds.start_us,
        heal_us=bounds.heal_us,
        horizon_us=bounds.horizon_us,
        settle_seconds=int(scenario.settle.total_seconds()),
        cutoff_date=bounds.cutoff_date,
        first_day=bounds.first_day,
        last_day=bounds.last_day,
        entities=tuple(Entity(e.id, e.currency, e.zone, e.country) for e in scenario.world.entities),
        faults=faults(scenario, bounds),
        systems=systems,
        limits=tuple(_limit(each) for each in systems if each.slots or each.rps),
        mapping_missing=tuple(product.sku for product in UNMAPPED) if scenario.failures.missing_mapping else (),
        lifecycles=acts.orders + acts.amendments,
        twins=tuple(acts.twins),
        partners=tuple(acts.partners),
        acts=acts,
    )


def _system(name: str, said: SystemSettings) -> SystemPlan:
    read_p50, read_p95 = said.read_p50 or said.p50, said.read_p95 or said.p95
    latency = Latency(*(each // MICROSECOND for each in (said.p50, said.p95, read_p50, read_p95)))
    timeout_us = said.timeout // MICROSECOND
    return SystemPlan(name, latency, said.slots, said.rps, said.daily_calls, timeout_us, said.page_size)


def _limit(plan: SystemPlan) -> Limit:
    return Limit(system=plan.system, requests=plan.rps, window_seconds=1, concurrent=plan.slots)


def faults(scenario: Scenario, bounds: Moments) -> tuple[Fault, ...]:
    """Return the fault plan with absolute windows: outages, brownouts, maintenance, then single faults."""
    plan = []
    for outage in scenario.outages:
        start_us, end_us = bounds.window_us(outage.from_, outage.to, outage.lasts, outage.entity)
        plan.append(Fault(kind=outage.kind, system=outage.system, start_us=start_us, end_us=end_us))
    for slow in scenario.brownouts:
        start_us, end_us = bounds.window_us(slow.from_, slow.to, slow.lasts, slow.entity)
        share_ppm = _ppm(slow.errors)
        plan.append(
            Fault(
                kind="brownout",
                system=slow.system,
                start_us=start_us,
                end_us=end_us,
                share_ppm=share_ppm,
                factor=slow.factor,
            )
        )
    for window in scenario.maintenance:
        start_us, end_us = bounds.window_us(window.from_, window.to, window.lasts, window.entity)
        plan.append(Fault(kind="maintenance", system=window.system, start_us=start_us, end_us=end_us))
    for each in scenario.faults:
        start_us, end_us = bounds.window_us(each.from_, each.to, each.lasts, each.entity)
        plan.append(
            Fault(
                kind=each.kind,
                system=each.system or "",
                operation=each.operation or "",
                txn=each.txn or "",
                start_us=start_us,
                end_us=end_us,
                share_ppm=_ppm(each.share),
                nth=each.nth,
                seconds=each.wait.total_seconds() if each.wait else 0.0,
                count=each.count,
                factor=each.factor,
            )
        )
    return tuple(plan)


def _ppm(share: Fraction) -> int:
    return round(share * 1_000_000)


def expected_lifecycles(scenario: Scenario) -> float:
    """Return how many lifecycles a run is expected to have: orders of the rehearsed days and amendments."""
    base = ground(scenario.model_copy(update={"world": scenario.world.model_copy(update={"live_subscriptions": 0})}), 0)
    low, high = base.played
    bounds = base.moments
    years = ((bounds.last_day - bounds.first_day).days + 1) / 365
    a_contract = scenario.mix.amendments_per_contract_year * years
    if base.rise is not None:
        a_contract += base.rise.amend
    changes = 1.4 * a_contract + float(scenario.contracts.ending)
    return scenario.world.orders_per_quarter * (high - low) + changes * scenario.world.live_subscriptions


def estimate_memory(scenario: Scenario) -> int:
    """Return how many bytes a run will need, so that one that does not fit can be refused before it starts."""
    subscriptions = scenario.world.live_subscriptions
    return int(
        BYTES_ALWAYS + BYTES_PER_SUBSCRIPTION * subscriptions + BYTES_PER_LIFECYCLE * expected_lifecycles(scenario)
    )
