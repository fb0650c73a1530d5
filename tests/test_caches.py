"""What rooms of long-lived processes remember for speed: it is full within the hour, so that memory does not grow."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

ROOMS = ("domain", "mocks", "integration")
MOST = 4_096
QUARTERS = "domain.calendar._date_of_quarter_hour"  # a judge walks through all quarters of an hour again and again


def caches(room: str) -> Iterator[tuple[str, int]]:
    """Yield the name and the size of each bounded cache of a room's functions."""
    for module in pkgutil.walk_packages(importlib.import_module(room).__path__, f"{room}."):
        for value in vars(importlib.import_module(module.name)).values():
            if hasattr(value, "cache_parameters") and value.__module__ == module.name:
                size = value.cache_parameters()["maxsize"]
                if size is not None:  # else its arguments come from the code, not from callers
                    yield f"{module.name}.{value.__qualname__}", size


@pytest.mark.parametrize("room", ROOMS)
def test_no_cache_takes_longer_than_a_warm_up_to_be_full(room: str) -> None:
    found = dict(caches(room))
    assert found
    assert {name: size for name, size in found.items() if size > MOST and name != QUARTERS} == {}
