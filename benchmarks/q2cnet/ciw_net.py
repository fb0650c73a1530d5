"""Ciw, as near as it comes: patience in a queue is its own; a late answer keeps the caller until the work is done."""

from __future__ import annotations

import random
from typing import Any

import ciw

from benchmarks.q2cnet import parameters as net

_PAUSE, _CLERKS = 7, 8  # nodes: 1 to 6 are the services, 7 waits, 8 are the clerks


class World:
    """What the parts of one run share."""

    random: random.Random
    latencies: list[float]
    seconds: float
    calls: int
    tokens: float
    filled_at: float


class Work(ciw.dists.Distribution):
    """The time of a service, which notes that an answer will be late."""

    def __init__(self, service: int) -> None:
        self.service = service

    def sample(self, t: float | None = None, ind: Any = None) -> float:
        work = World.random.lognormvariate(*net.TIMES[self.service])
        ind.is_late = (t or 0.0) + work - ind.called > net.SERVICES[self.service].timeout
        return work


class Pause(ciw.dists.Distribution):
    """The time until the next attempt."""

    def sample(self, t: float | None = None, ind: Any = None) -> float:
        return float(ind.pause)


class Touch(ciw.dists.Distribution):
    """The time of a clerk."""

    def sample(self, t: float | None = None, ind: Any = None) -> float:
        return World.random.lognormvariate(*net.TOUCH)


class Gaps(ciw.dists.Distribution):
    """The time between two quotes."""

    def sample(self, t: float | None = None, ind: Any = None) -> float:
        at = t or 0.0
        while True:
            at += World.random.expovariate(net.BASE_RATE * net.PEAK)
            if at >= World.seconds:
                return 1e12
            if World.random.random() * net.PEAK < net.multiple(at, World.seconds):
                return at - (t or 0.0)


class Routing(ciw.routing.NetworkRouting):
    """The way of a quote through the nodes."""

    def __init__(self) -> None:
        pass

    def initialise(self, simulation: Any) -> None:
        self.simulation = simulation

    def initialise_individual(self, ind: Any) -> None:
        ind.step = ind.attempt = 0
        ind.began = ind.called = self.simulation.current_time
        ind.is_late, ind.phase = False, "call"
        World.calls += 1

    def call(self, ind: Any) -> int:
        now, service = self.simulation.current_time, net.STEPS[ind.step]
        World.calls += 1
        ind.called, ind.phase = now, "refused"
        outage = net.OUTAGE_FROM * World.seconds
        if service == net.ERP:
            World.tokens = min(net.ERP_BURST, World.tokens + (now - World.filled_at) * net.ERP_RATE)
            World.filled_at = now
            if World.tokens < 1.0:
                ind.pause = net.REFUSED
                return _PAUSE
            World.tokens -= 1.0
        elif service == net.BILLING and outage <= now < outage + net.OUTAGE_LASTS:
            ind.pause = net.REJECTED
            return _PAUSE
        ind.phase = "call"
        return service + 1

    def fail(self, ind: Any) -> int:
        if ind.attempt >= net.RETRIES:
            ind.attempt, ind.phase = 0, "mended"
            return _CLERKS
        ind.pause = World.random.random() * min(net.PAUSE_LONGEST, net.PAUSE * 2**ind.attempt)
        ind.attempt, ind.phase = ind.attempt + 1, "waited"
        return _PAUSE

    def next_node(self, ind: Any, node_id: int) -> Any:
        if ind.phase == "refused" or (ind.phase == "call" and ind.is_late):
            number = self.fail(ind)
        elif ind.phase == "call":
            ind.step, ind.attempt = ind.step + 1, 0
            if ind.step == len(net.STEPS):
                World.latencies.append(self.simulation.current_time - ind.began)
                number = -1
            else:
                number = self.call(ind)
        else:
            number = self.call(ind)
        return self.simulation.nodes[number]

    def next_node_for_jockeying(self, ind: Any, node_id: int) -> Any:
        return self.simulation.nodes[self.fail(ind)]


def play(seed: int, seconds: float) -> tuple[int, list[float]]:
    """Return the calls of one run, and how long each lifecycle took."""
    World.random, World.latencies, World.seconds, World.calls = random.Random(seed), [], seconds, 0
    World.tokens, World.filled_at = net.ERP_BURST, 0.0
    ciw.seed(seed)
    count = len(net.SERVICES)
    network = ciw.create_network(
        arrival_distributions=[Gaps()] + [None] * (count + 1),
        service_distributions=[Work(service) for service in range(count)] + [Pause(), Touch()],
        number_of_servers=[each.slots for each in net.SERVICES] + [float("inf"), net.CLERKS],
        reneging_time_distributions=[ciw.dists.Deterministic(each.timeout) for each in net.SERVICES] + [None, None],
        routing=Routing(),
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time(seconds + 40_000)
    return World.calls, World.latencies


if __name__ == "__main__":
    net.tell("Ciw", play)
