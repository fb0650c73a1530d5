"""The check of a target: step by step, what is missing and what to do."""

from __future__ import annotations

from simulator.replay.checking import Step, checked
from simulator.replay.target import Target
from tests.ports import free_port
from tests.simulator.replay.fakes import HEALTHY, Fake, garbage

DEAF = "crm, erp, billing, payment, fulfilment"


def target(address: str, **said: object) -> Target:
    return Target.model_validate({"name": "ours", "health": f"{address}/health", **said})


def steps(found: Target) -> dict[str, Step]:
    return {step.what: step for step in checked(found)}


def test_a_target_that_is_well_passes_with_what_is_to_be_looked_at() -> None:
    with Fake(HEALTHY).up() as fake:
        found = steps(target(fake.address, messages={"crm": f"{fake.address}/hooks"}))
    assert found["health"].status == found["messages.crm"].status == "good"
    assert "401" in found["messages.crm"].found
    assert DEAF.removeprefix("crm, ") in found["news"].found
    assert found["reset"].status == "note"


def test_one_that_is_down_is_asked_for_nothing_more() -> None:
    found = steps(target(f"http://127.0.0.1:{free_port()}", messages={"all": "http://127.0.0.1:1"}))
    assert list(found) == ["health"]
    assert found["health"].status == "bad"
    assert "refused" in found["health"].found
    assert "start the integration" in found["health"].advice


def test_one_that_wants_to_send_us_elsewhere_is_not_followed() -> None:
    answers = {("GET", "/health"): (302, {"location": "http://elsewhere.example/health"})}
    with Fake(answers).up() as fake:
        found = steps(target(fake.address))
    assert found["health"].status == "bad"
    assert "wants to send us to http://elsewhere.example/health" in found["health"].found


def test_one_that_speaks_no_http_is_told_so() -> None:
    with garbage() as address:
        found = steps(target(address))
    assert found["health"].status == "bad"
    assert "does not speak HTTP" in found["health"].found


def test_webhooks_must_have_somewhere_to_go() -> None:
    with Fake(HEALTHY).up() as fake:
        found = steps(target(fake.address, messages={"crm": f"{fake.address}/nothing", "erp": "http://127.0.0.1:1/"}))
    assert found["messages.crm"].status == "bad"
    assert "404" in found["messages.crm"].found
    assert found["messages.erp"].status == "bad"


def test_who_believes_an_unsigned_message_is_warned() -> None:
    with Fake({**HEALTHY, ("POST", "/webhooks/payment"): (200, {})}).up() as fake:
        found = steps(target(fake.address, messages={"all": fake.address}))
    assert found["messages.all"].status == "note"
    assert "nobody signed" in found["messages.all"].found


def test_a_test_clock_must_tell_the_time() -> None:
    with Fake({**HEALTHY, ("GET", "/clock"): (200, {})}).up() as fake:
        good = steps(target(fake.address, time={"test_clock": f"{fake.address}/clock"}))
        bad = steps(target(fake.address, time={"test_clock": f"{fake.address}/watch"}))
    assert good["time.test_clock"].status == "good"
    assert bad["time.test_clock"].status == "bad"


def test_one_that_only_polls_needs_no_address_for_messages() -> None:
    with Fake(HEALTHY).up() as fake:
        found = steps(target(fake.address, polls=tuple(DEAF.split(", "))))
    assert "news" not in found
    assert all(step.status != "bad" for step in found.values())
