"""Mocks that tests share: a company is open, and messages go to one port, on which each test runs its own service."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from tests.live import Mocks, Shop
from tests.ports import free_port
from tests.postgres import postgres, postgres_server

__all__ = ["postgres", "postgres_server"]


@pytest.fixture(scope="module")
def port() -> int:
    """Return the port where the mocks expect the integration."""
    return free_port()


@pytest.fixture(scope="module")
def mocks(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Mocks]:
    """Serve mocks that send their messages to the port."""
    with Mocks.up(tmp_path_factory.mktemp("mocks"), "--webhooks", f"http://127.0.0.1:{port}") as found:
        yield found


@pytest.fixture(scope="module")
def shop(mocks: Mocks) -> Shop:
    """Open the company in these mocks."""
    shop = Shop(mocks)
    shop.opens()
    return shop


@pytest.fixture(scope="module")
def number(mocks: Mocks) -> Callable[[], str]:
    """Return a source of numbers for quotes that no test has used."""
    numbers = itertools.count(1)
    return lambda: f"Q-{next(numbers):06}"
