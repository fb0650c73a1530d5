"""Every way of Pact that lets something through has a guard, and the guard a test that is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "explanation" / "pact-guards.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and "`test_" in line]


def test_every_guard_of_the_page_has_its_tests() -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "contracts").rglob("test_*.py"))
    named = {name for row in ROWS for name in re.findall(r"`(test_\w+)`", row)}
    missing = sorted(name for name in named if f"def {name}(" not in tests)
    assert not missing


def test_every_rule_that_the_page_names_exists() -> None:
    from contracts.pacting.lint import RULES

    assert set(re.findall(r"`(pact\.[\w-]+)`", PAGE)) <= set(RULES)
    assert len(ROWS) == 16
