"""Who can be deployed, from files in git."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from contracts.matrix.answer import can_i_deploy
from contracts.matrix.store import Store, Unusable, Verification, sha_of
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
