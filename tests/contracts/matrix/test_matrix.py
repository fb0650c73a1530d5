"""Who can be deployed, from files in git."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from contracts.matrix.answer import can_i_deploy
from contracts.matrix.store import Store, Unusable, Verification, sha_of
from contracts.pacting.keeping import wanted
from contracts.pacting.verification import Provider, Verified
from q2c.commands.contracts import contracts

PACT: dict[str, Any] = {
    "consumer": {"name": "shop"}, "provider": {"name": "orders"},
    "interactions": [{"description": "a", "request": {"path": "/a"}}, {"description": "b", "request": {"path": "/b"}}],
    "metadata": {"tool": "1"},
}  # fmt: skip
SHA = sha_of(PACT)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    found = Store(tmp_path)
    found.publish(PACT, "1.0", "main")
    found.deploy("orders", "7", "production")
    return found


def _noted(**more: Any) -> Verification:
    said = {"sha": SHA, "consumer": "shop", "provider": "orders", "version": "7", "success": True, "branch": "main"}
    return Verification(**{**said, **more})


def test_a_pact_is_known_by_what_it_says() -> None:
    turned = {**PACT, "interactions": PACT["interactions"][::-1], "metadata": {"tool": "2"}}
    assert sha_of(turned) == SHA
    assert sha_of({**PACT, "interactions": PACT["interactions"][:1]}) != SHA


def test_unknown_is_no(store: Store) -> None:
    assert can_i_deploy(store, "shop", "1.0", "production").word == "unknown"
    assert can_i_deploy(store, "nobody", "1", "production").word == "unknown"


def test_a_verified_pact_may_go_and_an_unchanged_one_inherits(store: Store) -> None:
    store.record(_noted())
    assert can_i_deploy(store, "shop", "1.0", "production").word == "yes"
    store.publish(PACT, "1.1", "main")
    assert can_i_deploy(store, "shop", "1.1", "production").word == "yes"


def test_a_changed_pact_inherits_nothing(store: Store) -> None:
    store.record(_noted())
    store.publish({**PACT, "interactions": PACT["interactions"][:1]}, "1.2", "main")
    assert can_i_deploy(store, "shop", "1.2", "production").word == "unknown"


def test_what_fails_as_pending_is_told_apart_and_not_deployable(store: Store) -> None:
    store.record(_noted(pending_failed=("b",)))
    answer = can_i_deploy(store, "shop", "1.0", "production")
    assert (answer.word, answer.rows[0].failed, answer.rows[0].pending_failed) == ("no", (), ("b",))
    assert "b (pending)" in answer.reason


def test_a_provider_is_asked_about_the_consumers_that_are_there(store: Store) -> None:
    store.record(_noted())
    store.deploy("shop", "1.0", "production")
    assert can_i_deploy(store, "orders", "7", "production").word == "yes"
    assert can_i_deploy(store, "orders", "8", "production").word == "unknown"
    store.record(_noted(version="8", success=False, failed=("a",)))
    assert can_i_deploy(store, "orders", "8", "production").word == "no"


def test_nobody_is_deployed_where_nothing_is(store: Store) -> None:
    answer = can_i_deploy(store, "shop", "1.0", "staging")
    assert answer.word == "unknown"
    assert "no version of orders is deployed there" in answer.reason


@pytest.mark.parametrize("name", ["../x", "a/../../b", "", "x\ny", "-rf"])
def test_a_name_that_leaves_the_folder_is_refused(store: Store, name: str) -> None:
    with pytest.raises(Unusable):
        store.deploy("orders", name, "production")


def test_a_broken_file_is_named(store: Store) -> None:
    (store.folder / "environments" / "production.json").write_text("{")
    with pytest.raises(Unusable, match=r"production\.json"):
        can_i_deploy(store, "shop", "1.0", "production")


def _asked(store: Store, *words: str) -> Any:
    return CliRunner().invoke(contracts, [*words, "--store", str(store.folder)])


def test_the_command_answers_by_table_json_and_exit_status(store: Store) -> None:
    words = ("can-i-deploy", "shop", "1.0", "--to-environment", "production")
    assert _asked(store, *words).exit_code == 1
    store.record(_noted())
    found = _asked(store, *words)
    assert found.exit_code == 0
    assert "Yes: shop 1.0 to production" in found.output
    told = json.loads(_asked(store, *words, "--format", "json").output)
    assert (told["deployable"], told["rows"][0]["provider_version"]) == (True, "7")


def test_versions_and_deployments_are_noted_by_command(tmp_path: Path) -> None:
    path = tmp_path / "shop-orders.json"
    path.write_text(json.dumps(PACT))
    store = Store(tmp_path / "kept")
    assert _asked(store, "publish", str(path), "--version", "2.0").exit_code == 0
    assert _asked(store, "record-deployment", "orders", "7", "--environment", "production").exit_code == 0
    store.record(_noted())
    assert can_i_deploy(store, "shop", "2.0", "production").word == "yes"
    path.write_text("[]")
    assert _asked(store, "publish", str(path), "--version", "2.0").exit_code == 2


def test_a_provider_must_hold_what_is_current_deployed_or_newest_and_tries_what_is_in_progress(store: Store) -> None:
    def of(name: str) -> dict[str, Any]:
        return {**PACT, "interactions": [{"description": name, "request": {"path": f"/{name}"}}]}

    (store.folder / "pacts").mkdir()
    (store.folder / "pacts" / "shop-orders.json").write_text(json.dumps(of("now")))
    for number, branch in (("1.1", "main"), ("1.2", "main"), ("1.3", "blue"), ("1.4", "blue"), ("1.5", "red")):
        store.publish(of(number), number, branch)
    store.deploy("shop", "1.0", "production")
    store.deploy("shop", "1.5", "staging")
    found = {each.sha: each.wip for each in wanted(store, "orders")}
    assert found == {
        sha_of(of("now")): False, SHA: False, sha_of(of("1.2")): False, sha_of(of("1.4")): True,
        sha_of(of("1.5")): False,
    }  # fmt: skip
    assert all(each.path.exists() for each in wanted(store, "orders"))
    assert wanted(store, "stock") == []


def test_what_fails_in_progress_is_noted_and_does_not_break(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.publish({**PACT, "interactions": PACT["interactions"][:1]}, "1.1", "feature")

    def verify(asked: Provider, files: list[Path]) -> list[Verified]:
        held = sha_of(json.loads(files[0].read_text())) == SHA
        return [Verified(consumer="shop", provider=asked.name, description="a", held=held)]

    monkeypatch.setattr("contracts.pacting.keeping.verify", verify)
    monkeypatch.setenv("SANDBOX_KEY", "s3cret")
    words = ("record-verification", "orders", "7", "--url", "http://127.0.0.1:1", "--header", "X-Key=env:SANDBOX_KEY")
    said = _asked(store, *words)
    assert said.exit_code == 0, said.output
    assert "(work in progress)" in said.output
    assert "s3cret" not in said.output
    assert [(each.success, each.wip) for each in store.verifications()].count((False, True)) == 1
    assert can_i_deploy(store, "shop", "1.0", "production").word == "yes"
    assert can_i_deploy(store, "shop", "1.1", "production").word == "no"


@pytest.mark.parametrize(
    ("header", "said"), [("X-Key", "expected NAME=VALUE"), ("X=env:NOT_THERE_AT_ALL", "no variable")]
)
def test_a_header_that_cannot_be_sent_is_refused(store: Store, header: str, said: str) -> None:
    found = _asked(store, "record-verification", "orders", "7", "--url", "http://127.0.0.1:1", "--header", header)
    assert (found.exit_code, said in found.output) == (2, True)
