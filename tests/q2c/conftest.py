"""The command line under test: in this process, or as a process of its own that can be interrupted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from q2c.cli import q2c
from scenarios.loader import dump
from tests.demo import demo

Run = Callable[..., Result]


@pytest.fixture(scope="session")
def run() -> Run:
    """Run `q2c` with some arguments."""
    return lambda *arguments: CliRunner().invoke(q2c, [str(each) for each in arguments])


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scenario file: the last three days of the demo with a few dozen lifecycles."""
    file = tmp_path_factory.mktemp("scenarios") / "small.yaml"
    file.write_text(dump(demo(20, 20, days=3, run_on_days=2)), encoding="utf-8")
    return file
