from __future__ import annotations

from pathlib import Path

from contracts.verification.page import page, rules

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "rules.md"


def test_the_page_is_what_the_tables_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m contracts.verification.page"


def test_every_rule_has_an_anchor_of_its_own() -> None:
    text = page()
    anchors = [rule.page.partition("#")[2] for rule in rules().values()]
    assert len(anchors) == len(set(anchors)) > 150
    assert [anchor for anchor in anchors if f'<a id="{anchor}"></a>' not in text] == []
