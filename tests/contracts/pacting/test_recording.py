"""The pacts are what the code sends and reads now."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from contracts.pacting import recording
from contracts.pacting.scenes import HEARD, SCENES
from contracts.pacting.stage import Stage
from contracts.pacting.state_service import Asked, StateService
from contracts.pacting.states import STATES
from integration.flows.catalogue import ROUTES


def test_the_pacts_are_fresh(tmp_path: Path) -> None:
    made = {path.name: path.read_text() for path in recording.written(tmp_path)}
    kept = {path.name: path.read_text() for path in recording.FOLDER.glob("*.json")}
    stale = [name for name in sorted({*made, *kept}) if made.get(name) != kept.get(name)]
    assert not stale, f"python -m contracts.pacting.recording, then look at what changed in {stale}"


def test_every_message_that_has_a_route_is_in_a_pact() -> None:
    assert {(each.system, each.topic) for each in HEARD} == {(route.source, route.topic) for route in ROUTES}


def test_every_scene_has_a_state_and_a_name_of_its_own() -> None:
    assert {scene.state for scene in SCENES} <= set(STATES)
    assert len({(scene.system, scene.name) for scene in SCENES}) == len(SCENES)


def test_errors_to_survive_are_in_the_pact_of_every_system() -> None:
    for system in {scene.system for scene in SCENES}:
        kinds = {scene.fails for scene in SCENES if scene.system == system}
        assert {"throttled", "rejected"} <= kinds, system


def test_a_scene_that_turns_out_otherwise_is_refused() -> None:
    scene = next(each for each in SCENES if each.name == "a task is read")
    with pytest.raises(ValueError, match="expected rejected"):
        recording.take(replace(scene, fails="rejected"), Stage())


def test_only_what_the_adapter_reads_is_in_a_pact() -> None:
    pact = json.loads((recording.FOLDER / "q2c-integration-fulfilment.json").read_text())
    (read,) = [each for each in pact["interactions"] if each["description"] == "a task is read"]
    assert read["response"]["body"]["content"] == {"id": "Q-000001-v1", "status": "requested"}


def test_no_credential_is_in_a_pact() -> None:
    text = "".join(path.read_text() for path in recording.FOLDER.glob("*.json"))
    assert "sk_test" not in text
    assert "q2c-secret" not in text


def _fails() -> dict[str, str]:
    raise KeyError("customer")


def test_the_cause_of_a_failed_state_is_kept() -> None:
    service = StateService({"ready": lambda: {"id": "7"}, "broken": _fails}, "")
    assert service.answer(Asked(state="ready")) == (200, {"id": "7"})
    assert service.answer(Asked(state="broken"))[0] == 422
    assert "KeyError: 'customer'" in service.causes["broken"]
    assert service.answer(Asked(state="other"))[0] == 422
    assert "known: broken, ready" in service.causes["other"]
    assert service.answer(Asked(state="other", action="teardown")) == (200, {})
