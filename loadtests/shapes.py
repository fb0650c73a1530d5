"""Shapes: how long Locust runs, and with how many drivers. The profile itself is a value (`loadtests.profiles`).

In an open load users do not stand for people who wait for each other: there is one driver a worker, and the rate is in
the instants of the arrivals. So one shape serves all five profiles; which of them is an argument, `--load-profile`.
"""

from __future__ import annotations

from typing import Any

from locust import LoadTestShape


class Campaign(LoadTestShape):
    """Keeps one driver on each worker until the campaign is over."""

    def tick(self) -> tuple[int, float] | None:
        """Return how many drivers there are to be, or None when the load is over."""
        assert self.runner is not None, "Locust gives a shape its runner"
        node: Any = self.runner.environment
        drivers: int = node.q2c.drivers()
        return (drivers, float(drivers)) if drivers else None
