"""What the tests of trouble share: mocks, a company, and databases of both kinds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.service.conftest import mocks, number, port, postgres, postgres_server, shop

__all__ = ["mocks", "number", "port", "postgres", "postgres_server", "shop"]


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of each kind."""
    if request.param == "SQLite":
        return str(tmp_path / "journal.db")
    address: str = request.getfixturevalue("postgres")
    return address
