"""What queueing theory says: the oracles of the engines' tests, and the figures that show why a model cannot work.

Rates are per microsecond, times in microseconds. Sources: Erlang 1917; Pollaczek and Khinchine 1930-32; Little 1961.
"""

from __future__ import annotations

import math


def erlang_b(offered: float, servers: int) -> float:
    """Return the share of calls that find all servers busy when none waits; `offered` is rate times service time."""
    blocked = 1.0
    for server in range(1, servers + 1):
        blocked = offered * blocked / (server + offered * blocked)
    return blocked


def erlang_c(offered: float, servers: int) -> float:
    """Return the share of calls that wait in a queue of exponential servers; raise ValueError when it never settles."""
    if offered >= servers:
        raise ValueError(f"{offered:g} servers' worth of work for {servers}: the queue grows for ever")
    blocked = erlang_b(offered, servers)
    return blocked / (1.0 - offered / servers * (1.0 - blocked))


def mmc_wait_us(rate: float, service_us: float, servers: int) -> float:
    """Return the mean wait in an M/M/c queue."""
    offered = rate * service_us
    return erlang_c(offered, servers) * service_us / (servers - offered)


def mg1_wait_us(rate: float, service_us: float, variation: float) -> float:
    """Return the mean wait in an M/G/1 queue by the coefficient of variation of its service time."""
    load = rate * service_us
    if load >= 1.0:
        raise ValueError(f"{load:g} servers' worth of work for 1: the queue grows for ever")
    return load * service_us * (1.0 + variation * variation) / (2.0 * (1.0 - load))


def throughput(slots: int, service_us: float) -> float:
    """Return how many calls a microsecond a station with so many slots can do at most."""
    return slots / service_us


def drain_us(backlog: float, rate: float, slots: int, service_us: float) -> float:
    """Return how long a backlog takes to drain while calls keep coming; infinite when it never does."""
    spare = throughput(slots, service_us) - rate
    return backlog / spare if spare > 0 else math.inf


def little(rate: float, time_us: float) -> float:
    """Return how many are in a system in the long run, by the rate they come at and the time they stay."""
    return rate * time_us
