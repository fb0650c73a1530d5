"""The page about fuzzing says what there is, and its examples can be used."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from contracts.fuzzing.configured import suites_of
from contracts.fuzzing.refusals import SHAPES
from contracts.fuzzing.settings import OURS
from contracts.verification.configuration import Configuration, read

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docs/how-to/fuzz-an-api.md").read_text(encoding="utf-8")


def test_the_table_holds_every_check_of_ours_and_every_shape_of_a_refusal() -> None:
    assert set(re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE)) == set(OURS)
    assert all(name in TEXT for name in SHAPES)


def test_the_tables_of_the_page_make_suites(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TOKEN", "secret")
    blocks = re.findall(r"^```toml\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
    for block in blocks:
        (table,) = msgspec.convert(tomllib.loads(block)["verify"], Configuration).fuzz
        assert [suite.name for suite in suites_of(table, tmp_path)] == ["fuzzing openapi.json"]
    assert len(blocks) == 2


def test_this_project_fuzzes_every_document_it_has() -> None:
    tables = read(ROOT / "q2c.toml").fuzz
    documents = {f"contracts/openapi/{path.name}" for path in (ROOT / "contracts/openapi").glob("*.json")}
    assert {table.document for table in tables} == documents
    assert all(table.mock == Path(table.document).stem for table in tables)
