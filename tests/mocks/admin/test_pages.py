"""The admin pages as a browser without programs sees them: forms work, texts are escaped, structure is right."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from domain.acts import Act
from mocks.admin.api import application
from mocks.doors.live import LiveWorld
from mocks.doors.serving import Running, running
from tests.mocks.doors.conftest import task_body
from tests.web.pages import Outline

HOSTILE = "<img src=x onerror=alert(1)>"
PAGES = ("", "journal", "documents", "deliveries", "faults", "limits", "drifts", "clock")


@pytest.fixture
def doors() -> Iterator[Running]:
    world, addresses = LiveWorld(), dict[str, str]()

    def seeds(scenario: str, count: int) -> list[Act]:
        if scenario != "known":
            raise ValueError(f"no scenario {scenario}")
        arguments = {"median_seconds": 60, "p95_seconds": 61}
        return [Act(at_us=0, system="fulfilment", action="set_duration", arguments=arguments)] * count

    with running(world, admin=application(world, addresses, seeds=seeds)) as found:
        addresses.update(found)
        yield found


@pytest.fixture
def page(doors: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=doors["admin"] + "/ui/", trust_env=False, timeout=10, follow_redirects=True) as found:
        yield found


def put(doors: Running, target: str = "/v1/tasks/Q-000001-v1") -> httpx.Response:
    headers = {"authorization": "Bearer t", "x-hostile": HOSTILE}
    return httpx.put(doors["fulfilment"] + target, content=task_body(), headers=headers, trust_env=False)


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_well_made(page: httpx.Client, doors: Running, name: str) -> None:
    put(doors)
    reply = page.get(name)
    outline = Outline(reply.text)
    assert reply.status_code == 200
    assert outline.unclosed == []
    assert outline.headings[0] == 1
    assert outline.headings.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in zip(outline.headings, outline.headings[1:], strict=False))
    assert len(outline.ids) == len(set(outline.ids))
    for landmark in ("header", "nav", "main", "footer"):
        assert outline.count(landmark) == 1
    assert sum(attributes.get("aria-current") == "page" for _, attributes in outline.tags) == 1
    assert all(not address.startswith(("http:", "https:", "//")) for address in outline.loaded)


@pytest.mark.parametrize("name", PAGES)
def test_every_field_has_a_label_and_every_button_a_name(page: httpx.Client, doors: Running, name: str) -> None:
    put(doors)
    outline = Outline(page.get(name).text)
    labels = {attributes["for"] for tag, attributes in outline.tags if tag == "label" and "for" in attributes}
    fields = [
        attributes
        for tag, attributes in outline.tags
        if tag in ("input", "select") and attributes.get("type") != "hidden" and attributes.get("id") != "follow"
    ]
    assert all(attributes["id"] in labels for attributes in fields)
    described = {part for _, each in outline.tags for part in each.get("aria-describedby", "").split()}
    assert described <= set(outline.ids)


def test_a_page_may_load_nothing_and_run_only_its_own_program(page: httpx.Client) -> None:
    policy = page.get("").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "script-src 'sha256-" in policy
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'none'" in policy


def test_a_hostile_text_is_shown_as_text(page: httpx.Client, doors: Running) -> None:
    put(doors, "/v1/tasks/%3Cimg%20src=x%3E")
    put(doors)
    httpx.post(doors["payment"] + "/v1/customers", data={"name": HOSTILE}, auth=("sk_test_1", ""), trust_env=False)
    key = httpx.get(doors["admin"] + "/documents/payment/customer", trust_env=False).json()["documents"][0]["id"]
    for path in (
        "journal", "journal/r1", "journal/r2", "journal/r3", f"documents/payment/customer/{key}",
        f"journal?path={HOSTILE}&text={HOSTILE}", f"faults?said={HOSTILE}", f"deliveries?system={HOSTILE}",
        f"documents/payment/{HOSTILE}",
    ):  # fmt: skip
        text = page.get(path).text
        assert "<img" not in text, path
        assert Outline(text).count("img") == 0
    assert HOSTILE in Outline(page.get("journal/r2").text).text


def test_the_overview_counts(page: httpx.Client, doors: Running) -> None:
    put(doors)
    text = Outline(page.get("").text).text
    assert doors["payment"] in text
    assert "runs as the wall clock does" in text


def test_the_journal_is_filtered_and_opened(page: httpx.Client, doors: Running) -> None:
    put(doors)
    assert "/ui/journal/r1" in page.get("journal", params={"system": "fulfilment", "status": "201"}).text
    assert "/ui/journal/r1" not in page.get("journal", params={"status": "500"}).text
    detail = Outline(page.get("journal/r1").text).text
    assert "(redacted)" in detail
    assert '"status": "requested"' in detail
    assert page.get("journal/r9").status_code == 404
    assert page.get("journal", params={"status": "many"}).status_code == 400


def test_a_document_is_found_and_opened(page: httpx.Client, doors: Running) -> None:
    put(doors)
    assert "/ui/documents/fulfilment/task" in page.get("documents").text
    assert "Q-000001-v1" in page.get("documents/fulfilment/task", params={"text": "SEAT"}).text
    text = page.get("documents/fulfilment/task/Q-000001-v1").text
    assert "requested (now)" in text
    assert "/ui/journal/r1" in text


def test_a_fault_is_put_on_and_taken_off(page: httpx.Client, doors: Running) -> None:
    form = {"kind": "throttled", "system": "fulfilment", "operation": "", "share_percent": "100", "nth": "1"}
    shown = page.post("faults/add", data={**form, "for_seconds": "600"})
    assert "throttled is on." in shown.text
    assert [put(doors).status_code for _ in range(2)] == [429, 201]
    assert "/ui/faults/0/remove" in page.get("faults").text
    assert "None: everything works." in page.post("faults/0/remove").text
    page.post("faults/add", data=form)
    assert "None: everything works." in page.post("faults/clear").text


@pytest.mark.parametrize(
    ("path", "form", "problem"),
    [
        ("faults/add", {"kind": "gremlin"}, "no fault"),
        ("faults/add", {"kind": "loss", "share_percent": "many"}, "percentage"),
        ("faults/add", {"kind": "loss", "nth": "x"}, "not understood"),
        ("faults/7/remove", {}, "no fault 7"),
        ("clock", {"advance_seconds": "-5"}, "forward only"),
        ("clock", {}, "say one of"),
        ("limits/nobody", {"requests": "1"}, "no system"),
        ("limits/payment", {"requests": "-1"}, "not negative"),
        ("drifts", {"names": "x"}, "no drift"),
        ("seed", {"scenario": "unknown"}, "no scenario unknown"),
        ("seed", {"scenario": "known", "subscriptions": "x"}, "whole number"),
        ("reset", {"seed": "x"}, "whole number"),
        ("deliveries/9/redeliver", {}, "no attempt 9"),
    ],
)
def test_what_cannot_be_done_is_said(page: httpx.Client, path: str, form: dict[str, str], problem: str) -> None:
    reply = page.post(path, data=form)
    assert reply.status_code in (400, 404)
    assert problem in Outline(reply.text).text
    assert "Nothing was changed." in reply.text


def test_limits_drifts_and_the_clock_are_changed(page: httpx.Client, doors: Running) -> None:
    page.post("limits/fulfilment", data={"requests": "1", "window_seconds": "60"})
    assert [put(doors).status_code for _ in range(2)] == [201, 429]
    assert "1 in 60 s" in page.get("").text
    assert "2 drifts are on." in page.post("drifts", data={"names": ["avatax-nexus-removed", "netsuite-tba-off"]}).text
    assert "No drift is on." in page.post("drifts").text
    assert "frozen" in page.post("clock", data={"freeze": "true"}).text
    before = httpx.get(doors["admin"] + "/clock", trust_env=False).json()["now_us"]
    page.post("clock", data={"advance_seconds": "3600"})
    assert httpx.get(doors["admin"] + "/clock", trust_env=False).json()["now_us"] - before == 3_600_000_000
    assert "runs 60 times as fast" in page.post("clock", data={"speed": "60"}).text


def test_a_world_is_filled_and_emptied(page: httpx.Client, doors: Running) -> None:
    put(doors)
    assert "3 acts filled the world." in page.post("seed", data={"scenario": "known", "subscriptions": "3"}).text
    assert "its seed is 5" in page.post("reset", data={"seed": "5"}).text
    assert put(doors).status_code == 201
    assert "1 requests are forgotten." in page.post("journal/clear").text


def test_a_delivery_is_made_again(page: httpx.Client, doors: Running) -> None:
    put(doors)
    page.post("clock", data={"advance_seconds": "86400"})
    assert "nobody listens" in page.get("deliveries", params={"system": "fulfilment"}).text
    assert "on its way again" in page.post("deliveries/1/redeliver").text
    page.post("clock", data={"advance_seconds": "1"})
    assert "asked for by a person" in page.get("deliveries").text


def test_the_root_leads_to_the_page(doors: Running) -> None:
    assert httpx.get(doors["admin"], trust_env=False).headers["location"] == "/ui/"
