"""The official clients of Pact publish and ask unchanged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.matrix.broker import answer, serving
from contracts.matrix.store import Store, Verification
from contracts.pacting.of_mocks import handlers, served
from contracts.pacting.recording import FOLDER
from contracts.pacting.state_service import serving_states
from contracts.pacting.verification import run
from contracts.pacting.worker import Broker, Job

PACT = Path(sys.executable).parent / "pact"
FILE = FOLDER / "q2c-integration-fulfilment.json"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


@pytest.fixture
def address(store: Store) -> Iterator[str]:
    with serving(store) as found:
        yield found


def _pact(address: str, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PACT_DO_NOT_TRACK": "true"}
    command = [str(PACT), "broker", *words, "-b", address]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)


def _may(address: str, who: str, version: str) -> tuple[int, str]:
    where = ("--to-environment", "production")
    done = _pact(address, "can-i-deploy", "--pacticipant", who, "--version", version, *where)
    return done.returncode, done.stdout + done.stderr


def test_the_official_clients_publish_verify_deploy_and_ask(address: str, store: Store) -> None:
    published = _pact(address, "publish", str(FILE), "--consumer-app-version", "c1", "--branch", "main")
    assert published.returncode == 0, published.stdout + published.stderr
    with served() as (doors, stage), serving_states(handlers(doors, stage, "fulfilment")) as states:
        broker = Broker(url=address, publish_version="p1", work_in_progress_since="2026-01-01")
        job = Job(provider="fulfilment", url=doors["fulfilment"], states_url=states.address, broker=broker)
        told = run(job)
    assert (told.error, len(told.results["interactionResults"])) == ("", 9)
    assert [each.success for each in store.verifications()] == [True]
    assert _may(address, "q2c-integration", "c1")[0] == 1  # nothing is deployed there yet
    store.deploy("fulfilment", "p1", "production")
    status, said = _may(address, "q2c-integration", "c1")
    assert (status, "fulfilment" in said) == (0, True), said
    done = _pact(
        address, "record-deployment", "--pacticipant", "q2c-integration", "--version", "c1",
        "--environment", "production",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert _may(address, "fulfilment", "p1")[0] == 0
    assert _may(address, "fulfilment", "p2")[0] == 1


def test_a_stranger_makes_environments_deploys_takes_back_and_asks_who_is_there(address: str, store: Store) -> None:
    """Nothing of the store's own is needed: all of it by the official command."""
    where = ("--environment", "production")
    of = ("--pacticipant", "q2c-integration")
    steps: tuple[tuple[tuple[str, ...], str], ...] = (
        (("create-environment", "--name", "production", "--production"), "production"),
        (("list-environments",), "production"),
        (("publish", str(FILE), "--consumer-app-version", "c1", "--branch", "main", "--tag", "blue"), "fulfilment"),
        (("list-pacticipants",), "q2c-integration"),
        (("list-latest-pact-versions",), "fulfilment"),
        (("describe-version", *of), "c1"),
        (("record-deployment", *of, "--version", "c1", *where), "c1"),
        (("record-undeployment", *of, *where), "production"),
    )
    for words, said in steps:
        done = _pact(address, *words)
        assert (done.returncode, said in done.stdout) == (0, True), (words, done.stdout + done.stderr)
        assert "Warning" not in done.stdout
    assert [(each.name, each.deployed, each.is_production) for each in store.environments()] == [
        ("production", {}, True)
    ]  # fmt: skip


def test_what_fits_the_main_branches_may_be_merged(address: str, store: Store) -> None:
    pact = json.loads(FILE.read_text())
    content = store.publish(pact, "c2", "feature/x")
    ask = ("can-i-merge", "--pacticipant", "q2c-integration", "--version", "c2")
    store.note_version("fulfilment", "p1", "main")
    assert _pact(address, *ask).returncode == 1
    store.record(
        Verification(
            sha=content.sha, consumer="q2c-integration", provider="fulfilment", version="p1", success=True,
            branch="main", interactions=9,
        )
    )  # fmt: skip
    done = _pact(address, *ask)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("method", "target", "body", "status"),
    [
        ("POST", "/contracts/publish", b"{", 400),
        ("POST", "/contracts/publish", b'{"contracts": [{"content": "!"}]}', 400),
        ("POST", "/contracts/publish", b"[]", 400),
        ("GET", "/nowhere", b"", 404),
        ("GET", "/matrix?q[][pacticipant]=x", b"", 400),
        ("PUT", "/pacticipants/..%2F..%2Fx/branches/main/versions/1", b"", 400),
        ("GET", "/pacts/provider/a/consumer/b/pact-version/..%2Fx", b"", 404),
        ("POST", "/environments", b'{"name": "../x"}', 400),
        ("GET", "/pacticipants/nobody/latest-version", b"", 404),
        ("GET", "/environments/none/deployed-versions/currently-deployed", b"", 404),
        ("PATCH", "/pacticipants/a/versions/1/deployed-versions/environment/x", b'{"currentlyDeployed": false}', 400),
    ],
)
def test_what_makes_no_sense_is_refused(store: Store, method: str, target: str, body: bytes, status: int) -> None:
    assert answer(store, method, target, body, "http://127.0.0.1")[0] == status


def test_a_pact_of_a_branch_is_work_in_progress_until_it_held_once(store: Store) -> None:
    store.publish(json.loads(FILE.read_text()), "c2", "feature")
    wanted = {"consumerVersionSelectors": [{"mainBranch": True}], "includePendingStatus": True}
    target = "/pacts/provider/fulfilment/for-verification"
    offered = answer(store, "POST", target, json.dumps(wanted).encode(), "")[1]["_embedded"]["pacts"]
    assert offered == []
    wanted["includeWipPactsSince"] = "2026-01-01"
    (one,) = answer(store, "POST", target, json.dumps(wanted).encode(), "")[1]["_embedded"]["pacts"]
    assert (one["verificationProperties"]["wip"], one["verificationProperties"]["pending"]) == (True, True)
