"""The catalogue of faults: every number has its file, every file says it all, and the page says the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from domain.faults import ALL, CATALOGUE, Elsewhere, FaultKind, page
from domain.faults.kind import Parameter, Place, Reach

ROOT = Path(__file__).parents[3]
FILES = sorted((ROOT / "domain" / "faults").glob("f[0-9][0-9]_*.py"))


def test_every_file_holds_the_faults_of_its_number() -> None:
    numbers = {path.name[:3].upper() for path in FILES}
    assert {fault.number for fault in ALL} == numbers == {f"F{number:02d}" for number in range(1, 78)}
    assert len(FILES) == len(numbers), "two files with one number"


def test_a_file_is_small() -> None:
    assert [path.name for path in FILES if len(path.read_text(encoding="utf-8").splitlines()) > 100] == []


@pytest.mark.parametrize("fault", ALL, ids=lambda fault: f"{fault.number}-{getattr(fault, 'key', fault.number)}")
def test_a_fault_is_described_in_full(fault: FaultKind | Elsewhere) -> None:
    assert fault.summary
    assert not fault.summary.endswith(".")
    assert fault.wild.endswith(".")
    assert fault.right.endswith(".")
    assert fault.noticed_by
    if isinstance(fault, Elsewhere):
        assert fault.why.endswith(".")


def test_a_key_names_one_kind() -> None:
    kinds = [fault for fault in ALL if isinstance(fault, FaultKind)]
    assert len(kinds) == len(CATALOGUE)
    assert all(re.fullmatch(r"[a-z][a-z_]*", kind.key) for kind in kinds)


def test_usual_parameters_are_within_what_is_borne() -> None:
    for kind in CATALOGUE.values():
        for each in kind.parameters:
            assert each.low <= each.usual <= each.high, f"{kind.key}: {each.word}"
        assert kind.usual.kind == kind.key
    assert CATALOGUE["brownout"].usual.factor > 1
    assert CATALOGUE["late_arrival"].range_of("wait")[0] > 0 == CATALOGUE["late_arrival"].range_of("count")[1]


def test_reach_tells_which_calls_can_be_struck() -> None:
    assert Reach().covers("erp", "upsert_order", write=False, keyed=False)
    assert not Reach(calls="writes").covers("erp", "upsert_order", write=False, keyed=False)
    assert not Reach(calls="reads").covers("erp", "upsert_order", write=True, keyed=True)
    assert not Reach(calls="keyed").covers("erp", "upsert_order", write=True, keyed=False)
    assert Reach(systems=("erp",)).covers("erp", "upsert_order", write=True, keyed=False)
    assert not Reach(operations=("crm.query",)).covers("crm", "read_quote", write=False, keyed=False)


def test_an_injected_fault_and_one_that_is_not_are_both_on_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = (Parameter("wait", "how long", 1, 2, 1),)
    kind = FaultKind(
        number="F01", key="one", place=Place.BEFORE, summary="what", wild="Seen.", source="who", right="bears it.",
        noticed_by=("S1",), parameters=waits, reach=Reach(systems=("erp",), calls="writes"), not_live="no door.",
    )  # fmt: skip
    other = Elsewhere(
        number="F02", name="two", summary="that", wild="Once.", source="", right="knows.", noticed_by=("L1",),
        why="it cannot.", shown="tests/kills.py",
    )  # fmt: skip
    monkeypatch.setattr(page, "ALL", (kind, other))
    text = page.page()
    said = (
        "## F01 `one`",
        "**In the wild.** Seen. (who)",
        "`wait`: how long",
        "only writes of erp.",
        "replay:** no door.",
    )
    shown = ("## F02 two", "**Not injected:** it cannot.", "**Shown by** tests/kills.py")
    for part in (*said, *shown):
        assert part in text, part


def test_the_page_is_fresh() -> None:
    assert (ROOT / page.PATH).read_text(encoding="utf-8") == page.page(), "stale; run: python -m domain.faults.page"
