"""The page about consumers says what there is, and its examples can be used."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec

from contracts.responses.mutants import MUTANTS
from contracts.responses.mutators import MUTATORS
from contracts.responses.pages import OWED
from contracts.responses.target import read_response_target
from contracts.verification.configuration import Configuration

PAGE = Path(__file__).resolve().parents[3] / "docs/how-to/test-consumers.md"
TEXT = PAGE.read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", TEXT, re.MULTILINE))


def blocks(language: str) -> list[str]:
    """Return the blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def test_the_tables_hold_every_mutator_and_every_course() -> None:
    assert ROWS.keys() == {mutator.name for mutator in MUTATORS} | OWED.keys()
    assert {mutator.name: mutator.does for mutator in MUTATORS}.items() <= ROWS.items()


def test_the_target_of_the_page_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "reader.yaml"
    path.write_text(blocks("yaml")[0])
    target = read_response_target(path)
    assert (target.listen, target.writes, target.twice) == (9001, True, True)


def test_the_tables_of_the_page_are_those_of_a_configuration() -> None:
    for block in blocks("toml"):
        found = msgspec.convert(tomllib.loads(block)["verify"], Configuration)
        assert len(found.responses) == 1


def test_the_page_counts_its_mutants() -> None:
    assert len(MUTANTS) == 30
    assert "Thirty readers" in TEXT
