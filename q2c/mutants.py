"""Mutants: the integration broken on purpose. They live in `tests/mutants`, not in the product."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def broken(name: str) -> Iterator[None]:
    """Break the reference integration in a known way until the block ends; "" leaves it as it is."""
    assert not name, "mutants are being moved to tests/mutants"
    yield
