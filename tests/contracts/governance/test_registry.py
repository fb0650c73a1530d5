"""The registry as files: read with lines, refused with a reason, drafted, and that of this project."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.governance import of_project
from contracts.governance.drafting import drafted
from contracts.governance.registry import Registry, Unusable, read
from contracts.governance.suite import Asked, Governance
from domain.events.registry import REGISTRY
from tests.contracts.governance.shop import Shop

CONTRACTS = of_project.CONTRACTS


def _registry(folder: Path, text: str) -> Path:
    path = folder / "registry.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("schema_version = 1\n[[contracts", "not TOML"),
        ("schema_version = 2\n", "this release reads 1"),
        ("[[events]]\n", "`type`"),
        ('schema_version = 1\n\n[[events]]\ntype = "a"\n\n[[events]]\ntype = "b"\nlifecycle = "gone"\n', "(line 6)"),
        ('schema_version = 1\n[[event]]\ntype = "a"\n', "Tables are"),
        ("schema_version = 1\nevents = [1]\n", "events"),
    ],
)
def test_a_registry_that_cannot_be_used_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(Unusable) as refusal:
        read(_registry(tmp_path, text))
    assert said in str(refusal.value)
    assert "registry.toml" in str(refusal.value)


def test_an_empty_folder_and_a_missing_file_could_not_run(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.toml"):
        tally = Governance(Asked(registry=path)).run(lambda _done, _of: None)
        assert (tally.outcome, tally.checked) == ("could not run", 0)


def test_the_files_of_a_folder_are_one_registry(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('schema_version = 1\n[[events]]\ntype = "a"\n')
    (tmp_path / "b.toml").write_text('schema_version = 1\n\n\n[[events]]\ntype = "b"\n')
    found = read(tmp_path)
    assert [(row.type, row.place.line) for row in found.events] == [("a", 2), ("b", 4)]


def test_a_draft_needs_nothing_but_owners(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.tally()
    documents = [tmp_path / "orders.json", tmp_path / "events.json"]
    pacts = [tmp_path / "shop-orders.json", tmp_path / "shop-messages.json"]
    path = _registry(tmp_path, drafted(tmp_path, documents, pacts))
    asked = Asked(registry=path, documents=tuple(documents), pacts=tuple(pacts))
    found = Governance(asked).run(lambda _done, _of: None)
    assert {each.rule for each in found.findings} <= {"govern.no-owner", "govern.registered-twice"}
    assert [row.type for row in read(path).events] == ["order.booked.v1"]


def test_the_registry_of_this_project_is_fresh() -> None:
    known = read(of_project.FOLDER)
    for name, text in of_project.texts(known).items():
        kept = (of_project.FOLDER / name).read_text(encoding="utf-8")
        assert text == kept, "python -m contracts.governance.of_project, then look at what changed"
    assert {row.type for row in known.events} >= set(REGISTRY)


def test_what_people_decided_survives_the_next_generation(tmp_path: Path) -> None:
    first = of_project.texts(Registry(tmp_path, ()))["events.toml"]
    changed = first.replace('owner = "tax"\n', 'owner = "tax desk"\n', 1)
    assert changed != first
    assert of_project.texts(read(_registry(tmp_path, changed)))["events.toml"] == changed


def test_this_project_keeps_its_registry() -> None:
    documents = (*CONTRACTS.glob("openapi/*.json"), *CONTRACTS.glob("asyncapi/*.json"))
    asked = Asked(registry=of_project.FOLDER, documents=documents, pacts=tuple(CONTRACTS.glob("pacts/*.json")))
    tally = Governance(asked).run(lambda _done, _of: None)
    assert (tally.outcome, tally.findings) == ("holds", ())
