"""The reference page says what the schema says."""

from __future__ import annotations

import re
from pathlib import Path

from scenarios import loader, timeline
from scenarios.reference import markdown

PAGES = Path(__file__).parents[2] / "docs" / "reference"


def test_the_reference_holds_the_tables_of_the_schema() -> None:
    page = (PAGES / "scenario-language.md").read_text(encoding="utf-8")
    assert page.endswith(markdown()), "rewrite the tables: docs/reference/scenario-language.md ends with markdown()"


def test_every_key_of_the_language_is_described() -> None:
    rows = [line.split(" | ") for line in markdown().splitlines() if line.startswith("| `")]
    assert len(rows) > 100
    assert all(len(row) >= 4 and row[3].strip(" |") not in ("", "None") for row in rows if len(row) == 4)
    assert not any("typing." in line or "<class" in line for line in markdown().splitlines())


def test_the_example_of_the_reference_loads() -> None:
    page = (PAGES / "scenario-language.md").read_text(encoding="utf-8")
    example = re.search(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert example is not None
    assert loader.parse(example.group(1)).faults[0].kind == "throttled"


def test_every_act_of_a_timeline_is_in_the_table_of_acts() -> None:
    page = (PAGES / "acts.md").read_text(encoding="utf-8")
    text = "name: a_scenario\ntitle: t\nquestion: q\nworld: {preset: small}\npolicies: {close_receivables: 3d}\n"
    rise = "price_rise: {published: quarter_end - 20d}\nmix: {lost: 60%}\nfailures: {credit_hold: 20%}\n"
    for act in timeline.build(loader.parse(text + rise)).acts:
        section = page.split(f"## `{act.system}`")[1].split("\n## ")[0]
        row = next((line for line in section.splitlines() if line.startswith(f"| `{act.action}`")), "")
        missing = [name for name in act.arguments if f"`{name}`" not in row]
        assert not missing, f"{act.system} {act.action}: {missing}"
