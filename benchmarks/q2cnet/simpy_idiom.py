"""SimPy as its guide would write it: a process per lifecycle and per call, a Resource per service, conditions.

A caller whose patience ends while it waits leaves the queue; a call that runs is given up, and the service works on.
"""

from __future__ import annotations

import random
from collections.abc import Generator
from typing import Any

import simpy

from benchmarks.q2cnet import parameters as net


class Network:
    """One run of the network."""

    def __init__(self, seed: int, seconds: float, billing_slots: int) -> None:
        self.env = simpy.Environment()
        self.random = random.Random(seed)
        self.seconds = seconds
        slots = [each.slots for each in net.SERVICES]
        slots[net.BILLING] = billing_slots
        self.services = [simpy.Resource(self.env, capacity=count) for count in slots]
        self.clerks = simpy.Resource(self.env, capacity=net.CLERKS)
        self.tokens, self.filled_at = net.ERP_BURST, 0.0
        self.latencies: list[float] = []
        self.calls = 0

    def run(self) -> None:
        """Play until nothing is left to do."""
        self.env.process(self._arrivals())
        self.env.run()

    def _arrivals(self) -> Generator[Any, Any, None]:
        highest = net.BASE_RATE * net.PEAK
        while True:
            yield self.env.timeout(self.random.expovariate(highest))
            if self.env.now >= self.seconds:
                return
            if self.random.random() * net.PEAK < net.multiple(self.env.now, self.seconds):
                self.env.process(self._lifecycle())

    def _lifecycle(self) -> Generator[Any, Any, None]:
        started = self.env.now
        for service in net.STEPS:
            yield from self._step(service)
        self.latencies.append(self.env.now - started)

    def _step(self, service: int) -> Generator[Any, Any, None]:
        while True:
            for attempt in range(net.RETRIES + 1):
                if (yield from self._call(service)):
                    return
                if attempt < net.RETRIES:
                    ceiling = min(net.PAUSE_LONGEST, net.PAUSE * 2**attempt)
                    yield self.env.timeout(self.random.random() * ceiling)
            with self.clerks.request() as clerk:
                yield clerk
                yield self.env.timeout(self.random.lognormvariate(*net.TOUCH))

    def _call(self, service: int) -> Generator[Any, Any, bool]:
        self.calls += 1
        if service == net.ERP and not self._token():
            yield self.env.timeout(net.REFUSED)
            return False
        outage = net.OUTAGE_FROM * self.seconds
        if service == net.BILLING and outage <= self.env.now < outage + net.OUTAGE_LASTS:
            yield self.env.timeout(net.REJECTED)
            return False
        deadline = self.env.timeout(net.SERVICES[service].timeout)
        slot = self.services[service].request()
        happened = yield slot | deadline
        if slot not in happened:
            slot.cancel()
            return False
        work = self.env.process(self._work(service, slot))
        happened = yield work | deadline
        return work in happened

    def _work(self, service: int, slot: Any) -> Generator[Any, Any, None]:
        yield self.env.timeout(self.random.lognormvariate(*net.TIMES[service]))
        self.services[service].release(slot)

    def _token(self) -> bool:
        now = self.env.now
        self.tokens = min(net.ERP_BURST, self.tokens + (now - self.filled_at) * net.ERP_RATE)
        self.filled_at = now
        if self.tokens < 1.0:
            return False
        self.tokens -= 1.0
        return True


def play(seed: int, seconds: float, billing_slots: int = net.SERVICES[net.BILLING].slots) -> tuple[int, list[float]]:
    """Return the calls of one run, and how long each lifecycle took."""
    network = Network(seed, seconds, billing_slots)
    network.run()
    return network.calls, network.latencies


if __name__ == "__main__":
    net.tell("SimPy, idiomatic", play)
