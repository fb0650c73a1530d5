"""The pacts are what the code sends and reads now."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import sys
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, get_type_hints

import pytest
from msgspec.structs import replace

from contracts.compatibility.pacts import read_pact
from contracts.governance.sightings import event_type
from contracts.pacting import recording
from contracts.pacting.scene import seen
from contracts.pacting.scenes import HEARD, SCENES
from contracts.pacting.stage import ADAPTERS, Stage
from contracts.pacting.state_service import Asked, StateService
from contracts.pacting.states import STATES
from domain.events.registry import REGISTRY
from integration import systems
from integration.effects import Call
from integration.flows.catalogue import ROUTES
from integration.outcomes import Answer


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


def _calls_and_pages() -> dict[CodeType, str]:
    """Return what builds a call of the integration, and what reads a page of a list, by its code."""
    found = {}
    for each in pkgutil.walk_packages(systems.__path__, f"{systems.__name__}."):
        module = importlib.import_module(each.name)
        for name, value in vars(module).items():
            if not inspect.isfunction(value) or value.__module__ != each.name or name.startswith("_"):
                continue
            hints = get_type_hints(value)
            if hints.get("return") is Call or name.endswith("_page"):
                found[value.__code__] = f"{each.name}.{name}"
    return found


def test_every_call_of_the_integration_and_every_list_is_in_a_scene() -> None:
    known, used = _calls_and_pages(), set[CodeType]()

    def profile(frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call":
            used.add(frame.f_code)

    stage = Stage()
    for scene in SCENES:
        if scene.system != "erp2":  # the same calls again
            stage.begins(scene.system)
            values = STATES[scene.state](stage)
            sys.setprofile(profile)
            try:
                call = scene.makes(values)
                outcome = ADAPTERS[scene.system].classify(call, stage.sent(call), 0)
                if isinstance(outcome, Answer) and not scene.fails:
                    seen(scene, call, outcome)
            finally:
                sys.setprofile(None)
    missing = sorted(name for code, name in known.items() if code not in used)
    assert not missing, f"write scenes for what is new (contracts/pacting/scenes): {missing}"


def test_the_second_erp_is_asked_all_that_the_first_is() -> None:
    of = {
        name: {(scene.name, scene.state) for scene in SCENES if scene.system == name} for name in ("erp", "erp2")
    }  # fmt: skip
    assert of["erp"] == of["erp2"]
    assert len(of["erp"]) > 40


def test_every_system_that_hands_out_tokens_is_signed_in_to() -> None:
    signed = {scene.system for scene in SCENES if scene.signs_in}
    assert signed == {system.name for system in ADAPTERS.values() if system.token is not None}


def test_every_canonical_event_and_no_other_is_published_in_a_pact() -> None:
    pact = read_pact(recording.FOLDER / "q2c-subscribers-q2c-integration-events.json")
    said = {event_type(each) for each in pact.document.tree["interactions"]}
    assert said == set(REGISTRY)


def test_ids_that_only_the_provider_knows_stand_in_no_query() -> None:
    """Another provider gives other ids; they come from the state."""
    pact = json.loads((recording.FOLDER / "q2c-integration-payment.json").read_text())
    (page,) = [each for each in pact["interactions"] if each["description"] == "the last page of payments is read"]
    generated = page["request"]["generators"]["query"]
    assert "${last}" in json.dumps(generated)


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
    assert "client_assertion=e30" not in text


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
