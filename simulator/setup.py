"""What a timeline tells each part of a rehearsal: settings, limits, latencies, people, the vendors' quirks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from domain.calendar import SECOND_US
from domain.faults import Fault
from domain.history import Context, Limit
from integration.flows.sweeps import SWEEPS, Sweep
from integration.masterdata.products import one_to_one, row_key
from integration.settings import LIMITS, BudgetSettings, RetryPolicy, Settings, SystemLimits
from mocks.billing.quirks import Quirks as BillingQuirks
from mocks.crm.quirks import Quirks as CrmQuirks
from mocks.erp.quirks import Quirks as ErpQuirks
from mocks.fulfilment.quirks import Quirks as FulfilmentQuirks
from mocks.kernel.limits import LimitPolicy
from mocks.legacy_erp.quirks import Quirks as LegacyErpQuirks
from mocks.payment.quirks import Quirks as PaymentQuirks
from mocks.tax.quirks import Quirks as TaxQuirks
from mocks.world import World, quirk
from scenarios.catalogue import MAPPING, PRICE_LEVELS
from scenarios.orders import MARGIN_PERCENT
from scenarios.timeline import SystemPlan, Timeline
from simulator.clerks import Staff
from simulator.latency import Latency
from simulator.vendors import drifted, grants

CODE_VERSION = "0.1.0"
PASSIVE_AFTER_SECONDS = 11 * 86_400  # polls, of up to ten days, keep their coroutine; longer waits are replayed


def bounded(timeline: Timeline) -> tuple[Fault, ...]:
    """Return the fault plan with every fault ended at healing."""
    start_us, heal_us = timeline.start_us, timeline.heal_us
    return tuple(
        msgspec.structs.replace(
            fault, start_us=max(fault.start_us, start_us), end_us=min(fault.end_us or heal_us, heal_us)
        )
        for fault in timeline.faults
    )


def settings_of(timeline: Timeline) -> Settings:
    """Return the settings of the reference integration that a scenario asks for."""
    said = timeline.scenario.integration
    return Settings(
        zones={entity.id: entity.zone for entity in timeline.entities},
        settlement_entities=_bank_accounts(timeline),
        retry=RetryPolicy(said.attempts, said.backoff.total_seconds(), said.backoff_cap.total_seconds()),
        renewal_uplift_cap_percent=int(timeline.scenario.contracts.uplift_max * 100),
        limits={**LIMITS, **{name: _granted(policy) for name, policy in limits_of(timeline).items()}},
        budget=BudgetSettings(percent=round(said.retry_budget * 100)),
        passive_after_seconds=PASSIVE_AFTER_SECONDS,
        quarter_end=True,
        map_products=True,
        ledgers=timeline.ledgers,
        keep_finished_steps=False,  # the history tells what they did; a rehearsal must not grow with it
    )


def _bank_accounts(timeline: Timeline) -> dict[str, str]:
    """Return the entity that receives the payouts in each currency: the first one, where no other has it as its own."""
    own = {entity.currency: entity.id for entity in timeline.entities}
    return {currency: own.get(currency, timeline.entities[0].id) for currency in PRICE_LEVELS}


def product_rows(timeline: Timeline) -> list[list[Any]]:
    """Return the rows of the cross-reference with which the integration starts: what each ERP calls each product."""
    books = books_of(timeline)
    return [[row_key(each, sku), one_to_one(item)] for each in books for sku, item in timeline.mapping.items()]


def bundles_of(rows: list[list[Any]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the products that are several in the books of the ERP: (sku, the skus of their parts, each as often)."""
    skus = {item: sku for sku, item in MAPPING.items()}
    found = {}
    for key, value in rows:
        parts = [part for entry in value["entries"] for part in entry["items"]]
        items = [skus.get(part["item"], part["item"]) for part in parts for _ in range(part.get("quantity", 1))]
        if len(items) > 1:
            found[key.split("/")[1]] = tuple(items)
    return tuple(found.items())


def agreement_rows(timeline: Timeline) -> list[list[Any]]:
    """Return the rows of the cross-reference about partners: what was agreed with each of them."""
    return [[account, {"models": ["resale"], "margin_percent": MARGIN_PERCENT}] for account in timeline.partners]


def books_of(timeline: Timeline) -> tuple[str, ...]:
    """Return the systems that keep books in this run."""
    return ("erp", *extra_systems(timeline))


def extra_systems(timeline: Timeline) -> tuple[str, ...]:
    """Return the systems besides the usual ones that keep books in this run."""
    return tuple(sorted(set(timeline.ledgers.values())))


def _granted(policy: LimitPolicy) -> SystemLimits:
    """Return what the integration is told of a licence: the system's own rule, of which it uses a share."""
    return SystemLimits(
        requests=policy.requests, window_seconds=policy.window_seconds, concurrent=policy.concurrent
    )  # fmt: skip


def limits_of(timeline: Timeline) -> dict[str, LimitPolicy]:
    """Return what each system tolerates; a second account of the ERP has a licence like that of the first."""
    found = {
        plan.system: LimitPolicy(requests=plan.rps, window_seconds=1, concurrent=plan.slots)
        for plan in timeline.systems
        if plan.rps or plan.slots
    }
    return {**found, "erp2": found["erp"]} if "erp" in found and "erp2" in extra_systems(timeline) else found


def latencies(timeline: Timeline) -> dict[str, Latency]:
    """Return how fast each system reads and writes."""
    rows: dict[str, Latency] = {}
    for plan in timeline.systems:
        rows[f"{plan.system}.write"], rows[f"{plan.system}.read"] = _latencies(plan)
    for name in extra_systems(timeline):
        rows[f"{name}.write"], rows[f"{name}.read"] = rows["erp.write"], rows["erp.read"]
    return rows


def _latencies(plan: SystemPlan) -> tuple[Latency, Latency]:
    found = plan.latency
    write = Latency(found.p50_us / SECOND_US, found.p95_us / SECOND_US)
    return write, Latency(found.read_p50_us / SECOND_US, found.read_p95_us / SECOND_US)


def timeouts_of(timeline: Timeline) -> dict[str, int]:
    """Return how long the integration waits for an answer of each system, in microseconds."""
    patience = {plan.system: plan.timeout_us for plan in timeline.systems}
    return {**patience, **dict.fromkeys(extra_systems(timeline), patience["erp"])}


def sweeps_of(timeline: Timeline) -> tuple[Sweep, ...]:
    """Return the integration's sweeps at the scenario's interval; each keeps its own if that is longer."""
    every = round(timeline.scenario.integration.sweep_every.total_seconds())
    return tuple(msgspec.structs.replace(sweep, every_seconds=max(every, sweep.every_seconds)) for sweep in SWEEPS)


def quirks_of(timeline: Timeline) -> dict[str, Any]:
    """Return how the systems' vendors behave in this run."""
    zones = {entity.id: entity.zone for entity in timeline.entities}
    calls = next(plan.daily_calls for plan in timeline.systems if plan.system == "crm")
    document = timeline.scenario.policies.tax_rounding == "DOCUMENT"
    quirks = {
        "crm": CrmQuirks(zones=zones, daily_requests=calls, guards_mirror_sequence=True),
        "erp": ErpQuirks(),
        "billing": BillingQuirks(zones=zones),
        "tax": TaxQuirks(rounding_level="document" if document else "line"),
        "payment": PaymentQuirks(),
        "fulfilment": FulfilmentQuirks(),
    }
    for plan in timeline.systems:
        if plan.page_size is not None:
            quirks[plan.system] = quirk(quirks[plan.system], page_size=plan.page_size)
    return {**quirks, "erp2": quirks["erp"], "legacy_erp": _batches(timeline)}


def _batches(timeline: Timeline) -> LegacyErpQuirks:
    """Return when the legacy ERP works off its files; its day is that of the first entity whose books it keeps."""
    batch, zones = timeline.scenario.batch, {entity.id: entity.zone for entity in timeline.entities}
    kept = [zones[entity] for entity, system in timeline.ledgers.items() if system == "legacy_erp"]
    return LegacyErpQuirks(
        opens_hour=_minute_of_day(batch.opens) // 60,
        closes_hour=_minute_of_day(batch.closes) // 60,
        batch_minutes=batch.every // timedelta(minutes=1),
        zone=kept[0] if kept else timeline.entities[0].zone,
    )


def staff_of(timeline: Timeline) -> Staff:
    """Return the clerks of a scenario."""
    people = timeline.scenario.people
    minute = timedelta(minutes=1)
    return Staff(
        clerks=people.clerks,
        touch_median_minutes=people.touch_median / minute,
        touch_p95_minutes=people.touch_p95 / minute,
        wait_share=float(people.wait_external),
        wait_median_minutes=people.wait_median / minute,
        wait_p95_minutes=people.wait_p95 / minute,
        gives_up_share=float(people.gives_up),
        zone=timeline.entities[0].zone,
        from_minute=_minute_of_day(people.opens),
        to_minute=_minute_of_day(people.closes),
        overtime_minutes=round(people.overtime / minute),
        overtime_from=timeline.cutoff_date - timedelta(days=7),
        overtime_to=timeline.cutoff_date,
    )


def _minute_of_day(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def context_of(timeline: Timeline, settings: Settings, faults: tuple[Fault, ...], world: World, mutant: str) -> Context:
    """Return the first record of a rehearsal's history; `mutant` says how its integration was broken on purpose."""
    limits = tuple(
        Limit(
            system=name,
            requests=policy.requests,
            window_seconds=policy.window_seconds,
            concurrent=policy.concurrent,
        )
        for name, policy in world.limits().items()
        if policy.requests or policy.concurrent
    )
    return Context(
        at_us=timeline.start_us,
        scenario=timeline.scenario.name,
        seed=timeline.seed,
        code_version=CODE_VERSION,
        engine="rehearsal",
        integration="reference",
        mutant=mutant,
        cutoff_date=timeline.cutoff_date,
        heal_us=timeline.heal_us,
        horizon_us=timeline.horizon_us,
        settle_seconds=timeline.settle_seconds,
        entities=timeline.entities,
        limits=limits,
        grants=grants(timeline),
        drifted=drifted(timeline),
        faults=faults,
        attempts_max=settings.retry.attempts,
        retry_budget_percent=settings.budget.percent,
        uplift_cap_percent=settings.renewal_uplift_cap_percent,
        renewal_notice_days=settings.renewal_notice_days,
        twins=timeline.twins,
        intercompany_percent=settings.intercompany_percent,
        bundles=bundles_of(product_rows(timeline)),
        nets_changes=BillingQuirks().nets_changes,
    )
