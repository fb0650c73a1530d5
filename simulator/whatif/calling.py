"""How the integration calls the systems: timeouts, retries, tokens, the way of a vendor's message back.

A token is fetched by whoever finds none that is fresh; all calls of its system share it while it lives.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from domain.calendar import SECOND_US
from integration.flows.orders import TASK_POLLS_SECONDS
from integration.flows.sweeps import SWEEPS
from integration.retry import LATE_SECONDS
from integration.settings import Settings
from integration.systems import billing, payment
from integration.systems.crm.manners import SESSION_SECONDS
from mocks.erp.quirks import Quirks
from scenarios.values import MICROSECOND
from simulator.latency import DEFAULTS
from simulator.whatif.durations import Duration
from simulator.whatif.model import Known, Retry, Route, Step
from simulator.whatif.systems import LEGACY, Frame, latency_of

ORDERS, AMENDMENTS, INVOICES, MIRRORS = range(4)
"""Lanes, where calls have priorities."""
AGAIN_US = 900 * SECOND_US  # how often the reference integration tries a parked call again by itself
ONE_TICK = Duration.fixed(1)
_INSTANTS = 720
FOUND_WITHIN_US = {
    **{
        system: next(sweep.every_seconds for sweep in SWEEPS if sweep.name == name) * SECOND_US
        for system, name in {"crm": "sweep_quotes", "billing": "sweep_invoices", "payment": "sweep_messages"}.items()
    },
    "fulfilment": TASK_POLLS_SECONDS[-1] * SECOND_US,
}
"""How often somebody looks for what a message of a system would have told."""


def _token(system: str, lives_seconds: int) -> Known:
    """Return the token of a system; it is taken for dead a little before it is."""
    lasts_us = (lives_seconds - Settings().token_margin_seconds) * SECOND_US
    return Known(name=f"token of {system}", lasts_us=lasts_us, in_memory=True)


TOKENS = {"erp": _token("erp", Quirks().token_seconds), "crm": _token("crm", SESSION_SECONDS)}
"""What calls of a system need, and know once one of them has fetched it."""


_KEYS_LIVE = {"billing": billing.KEY_LIVES_SECONDS, "payment": payment.KEY_LIVES_SECONDS}
"""How long systems know a repeat by its key, where they forget it (seconds)."""


class Journeys(NamedTuple):
    """What the routes of a scenario are made from.

    `told` is the way of a message of each system; `worths` what lifecycles are worth by the route that begins them.
    """

    frame: Frame
    unmapped_share: float
    told: Mapping[str, tuple[Step, ...]]
    worths: Mapping[str, Duration]

    @property
    def is_naive(self) -> bool:
        """Whether the integration is point to point."""
        return self.frame.switches.style == "naive"

    def call(
        self, system: str, name: str, write: bool = True, lane: int = ORDERS, looks: bool = False, **more: Any
    ) -> Step:
        """Return a call of a system as the integration makes it: its timeout, its retries, what comes then.

        With `looks` the flow can see whether it was done (`integration.retry`); a point-to-point integration does not
        look.
        """
        switches = self.frame.switches
        settings = getattr(self.frame.scenario.systems, "erp" if system == LEGACY else system)
        more.setdefault("exhausted", "again" if switches.dead_letters else "lost")
        attempts = switches.attempts**switches.layers
        retry = Retry(
            attempts=attempts,
            base_us=switches.backoff // MICROSECOND,
            cap_us=switches.backoff_cap // MICROSECOND,
            jitter=switches.jitter or "full",
            restart_every=switches.attempts if switches.layers > 1 else 0,
        )
        return Step(
            name=name,
            station=system,
            service=None if system == LEGACY else latency_of(settings, write),
            timeout_us=0 if system == LEGACY else settings.timeout // MICROSECOND,
            retry=more.pop("retry", retry),
            lane=lane,
            idempotent=bool(switches.idempotent) or not write,
            looks=latency_of(settings, write=False) if looks and not self.is_naive else None,
            repeat_by_us=_repeat_by_us(system, settings.timeout // MICROSECOND) if looks else 0,
            again_us=AGAIN_US,
            **more,
        )


def _repeat_by_us(system: str, timeout_us: int) -> int:
    """Return how long after a call a repeat may still leave, so that it comes while its key is known (0: for ever)."""
    lives_us = _KEYS_LIVE.get(system, 0) * SECOND_US
    return max(1, lives_us - timeout_us - LATE_SECONDS * SECOND_US) if lives_us else 0


def webhook(
    name: str, loses: float, sweep_us: int, held: tuple[tuple[float, int], ...], heal_us: int
) -> Iterator[Step]:
    """Yield the way of a message: its own latency, what holds some back, the sweep that finds lost and late ones.

    From `heal_us` on none is held back or lost.
    """
    row = DEFAULTS["webhook"]
    yield Step(name=name, pause=Duration.lognormal(row.p50_seconds * SECOND_US, row.p95_seconds * SECOND_US))
    for place, (share, wait_us) in enumerate(held):
        pause = held_back(wait_us, sweep_us)
        yield Step(name=f"{name} held back {place + 1}", pause=pause, share=share, until_us=heal_us)
    if loses:
        yield Step(name=f"{name} missed", pause=Duration.uniform(0, sweep_us), share=loses, until_us=heal_us)


def held_back(wait_us: int, sweep_us: int) -> Duration:
    """Return how long nobody hears of a message: until it comes, or the next sweep if that is sooner."""
    if wait_us >= sweep_us:
        return Duration.uniform(0, sweep_us)
    return Duration.empirical(tuple(min(wait_us, place * sweep_us // _INSTANTS) for place in range(_INSTANTS)))


def token_step(system: str) -> str:
    """Return what the step is called that fetches a token of a system."""
    return f"fetch a token of {system}"


def with_tokens(journeys: Journeys, route: Route) -> Route:
    """Return a route in which whoever calls a system first, or after a pause, sees to it that there is a token."""
    steps, is_sure = list[Step](), set[str]()
    for step in route.steps:
        if step.pause not in (None, ONE_TICK):
            is_sure.clear()
        if step.station in TOKENS and step.station not in is_sure and step.mode != "outbox":
            is_sure.add(step.station)
            name, token = token_step(step.station), TOKENS[step.station]
            steps.append(journeys.call(step.station, name, write=False, lane=step.lane, finds=token))
        steps.append(step)
    return msgspec.structs.replace(route, steps=tuple(steps))
