"""What holds for every test of a mock: a request that is refused has changed nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.mocks.unchanged import refusals_watched


@pytest.fixture(autouse=True, scope="module")
def refused_changes_nothing() -> Iterator[None]:
    """Watch every request."""
    with refusals_watched():
        yield
