"""What all tests share: how Hypothesis runs, and the end of what live tests started."""

from __future__ import annotations

from hypothesis import settings

from tests.warm import warm

# A slow or busy machine is no failure: speed is measured in benchmarks/, never judged by a test.
settings.register_profile("q2c", deadline=None)
settings.load_profile("q2c")


def pytest_unconfigure() -> None:
    """End the process that forks, when a test has needed it."""
    if warm.cache_info().currsize:
        warm().close()
