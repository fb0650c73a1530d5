"""salabim: a component per lifecycle, its resources with `fail_at`, a component of its own only for abandoned work."""

from __future__ import annotations

import random
from collections.abc import Generator
from typing import Any

import salabim

from benchmarks.q2cnet import parameters as net

salabim.yieldless(False)


class World:
    """What the components of one run share."""

    random: random.Random
    services: list[Any]
    clerks: Any
    latencies: list[float]
    seconds: float
    calls: int
    tokens: float
    filled_at: float


def _token(now: float) -> bool:
    World.tokens = min(net.ERP_BURST, World.tokens + (now - World.filled_at) * net.ERP_RATE)
    World.filled_at = now
    if World.tokens < 1.0:
        return False
    World.tokens -= 1.0
    return True


class Abandoned(salabim.Component):
    """Work that goes on although its caller gave it up."""

    def setup(self, service: Any, left: float) -> None:
        self.service, self.left = service, left

    def process(self) -> Generator[Any, Any, None]:
        yield self.request((self.service, 1, -1))
        yield self.hold(self.left)


class Lifecycle(salabim.Component):
    """One quote on its way."""

    def process(self) -> Generator[Any, Any, None]:
        started = self.env.now()
        for service in net.STEPS:
            attempt = 0
            while not (yield from self.call(service)):
                if attempt < net.RETRIES:
                    ceiling = min(net.PAUSE_LONGEST, net.PAUSE * 2**attempt)
                    yield self.hold(World.random.random() * ceiling)
                    attempt += 1
                    continue
                attempt = 0
                yield self.request(World.clerks)
                yield self.hold(World.random.lognormvariate(*net.TOUCH))
                self.release(World.clerks)
        World.latencies.append(self.env.now() - started)

    def call(self, service: int) -> Generator[Any, Any, bool]:
        World.calls += 1
        now, outage = self.env.now(), net.OUTAGE_FROM * World.seconds
        if service == net.ERP and not _token(now):
            yield self.hold(net.REFUSED)
            return False
        if service == net.BILLING and outage <= now < outage + net.OUTAGE_LASTS:
            yield self.hold(net.REJECTED)
            return False
        resource, deadline = World.services[service], now + net.SERVICES[service].timeout
        yield self.request(resource, fail_at=deadline)
        if self.failed():
            return False
        work, left = World.random.lognormvariate(*net.TIMES[service]), deadline - self.env.now()
        yield self.hold(min(work, left))
        if work > left:
            Abandoned(service=resource, left=work - left, name="abandoned.")
            yield self.hold(0)
        self.release(resource)
        return work <= left


class Arrivals(salabim.Component):
    """Lets quotes come."""

    def process(self) -> Generator[Any, Any, None]:
        while True:
            yield self.hold(World.random.expovariate(net.BASE_RATE * net.PEAK))
            if self.env.now() >= World.seconds:
                return
            if World.random.random() * net.PEAK < net.multiple(self.env.now(), World.seconds):
                Lifecycle(name="lifecycle.")


def play(seed: int, seconds: float) -> tuple[int, list[float]]:
    """Return the calls of one run, and how long each lifecycle took."""
    env = salabim.Environment(trace=False, random_seed=seed)
    World.random, World.latencies, World.seconds, World.calls = random.Random(seed), [], seconds, 0
    World.tokens, World.filled_at = net.ERP_BURST, 0.0
    World.services = [salabim.Resource(each.name, capacity=each.slots, monitor=False) for each in net.SERVICES]
    World.clerks = salabim.Resource("clerks", capacity=net.CLERKS, monitor=False)
    Arrivals()
    env.run()
    return World.calls, World.latencies


if __name__ == "__main__":
    net.tell("salabim", play)
