"""The explorer without its browser: knobs, settings, answers, what is refused and in which words."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from q2c import exits
from q2c.cli import q2c
from q2c.experiments.running import Means
from q2c.explorer.explorer import Explorer, Superseded
from q2c.explorer.knobs import added, knobs
from q2c.explorer.server import BODY_BYTES_MAX, application
from q2c.explorer.setting import Asked, command_of, settings_of
from scenarios.language import Scenario
from scenarios.loader import parse
from scenarios.problems import ScenarioError

HOSTILE = "<img src=x onerror=window.hit=1>"
SMALL = f"""
name: small_quarter
title: A small quarter {HOSTILE}
question: "Release manager: does billing catch up?"
world: {{orders_per_quarter: 150, live_subscriptions: 0}}
rehearse: {{weeks: 1}}
outages: [{{system: billing, from: quarter_end - 30h, lasts: 4h}}]
run_on: 3d
"""
LASTS = "outages[0].lasts"


@pytest.fixture(scope="module")
def start() -> Scenario:
    return parse(SMALL, "small.yaml")


@pytest.fixture(scope="module")
def explorer(start: Scenario) -> Iterator[Explorer]:
    found = Explorer(
        "small.yaml", start, knobs(start), replications=5, means=Means(engine="simpy", workers=1)
    )  # fmt: skip
    yield found
    found.close()


def asked(number: int, page: str = "one", **more: Any) -> Asked:
    return Asked(page=page, number=number, values=more.pop("values", {}), **more)


def test_the_main_parameters_start_where_the_scenario_is_and_rise(start: Scenario) -> None:
    found = {knob.path: knob for knob in knobs(start)}
    assert found["world.orders_per_quarter"].value == "150"
    assert found[LASTS].value == "4h"
    assert found["world.quarter.pattern"].is_slider is False
    late = parse(SMALL.replace("- 30h", "- 10h").replace("run_on: 3d", "run_on: 36h"), "small.yaml")
    assert next(knob for knob in knobs(late) if knob.path == LASTS).texts[-1] == "16h"  # a day to settle is left
    assert found[LASTS].texts.index("30m") < found[LASTS].start < found[LASTS].texts.index("12h")


def test_any_parameter_gets_a_slider_and_what_it_is_now_is_one_of_its_positions(start: Scenario) -> None:
    knob = added(start, "erp.p50=1s..3s:500ms")
    assert (knob.path, knob.texts) == ("systems.erp.p50", ("1s", "1s500ms", "1s800ms", "2s", "2s500ms", "3s"))
    assert knob.value == "1s800ms"
    assert added(start, "integration.breaker=true,false").is_slider is False


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("erp.slots", "expected PATH=FROM..TO"),
        ("erp.slotz=1..5", "the nearest: systems.erp.slots"),
        ("erp.slots=5..1", "a range that rises"),
        ("world.orders_per_quarter=1..100000", "give a step"),
        ("erp.slots=-5..5", "systems.erp.slots"),
        ("erp.p50=1s..3s", "without a step"),
    ],
)
def test_a_slider_that_cannot_be_is_refused_before_anything_is_served(text: str, says: str) -> None:
    result = CliRunner().invoke(q2c, ["explore", "quarter_end", "--with-slider", text, "--port", "0"])
    assert result.exit_code == exits.USAGE
    assert says in result.stderr


def test_a_setting_is_what_differs_from_the_start(start: Scenario) -> None:
    values = {LASTS: "8h", "people.clerks": "6"}
    found = settings_of(asked(1, values=values, more="erp.timeout=30s"), start, knobs(start))
    assert found == {LASTS: "8h", "systems.erp.timeout": "30s"}
    assert shlex.split(command_of("small.yaml", ("clerks=3",), found, 7, 16)) == [
        "q2c", "whatif", "small.yaml", "--with", "clerks=3", "--with", f"{LASTS}=8h",
        "--with", "systems.erp.timeout=30s", "--seed", "7", "--replications", "16",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"values": {"seed": "4"}}, ValueError),
        ({"more": "erp.timeout"}, ValueError),
        ({"more": "'erp.timeout=1s"}, ValueError),
        ({"more": "erp.timeoutz=1s"}, ScenarioError),
        ({"more": "x" * 2_001}, ValueError),
    ],
)
def test_a_setting_that_means_nothing_is_refused(start: Scenario, wrong: dict[str, Any], error: type) -> None:
    with pytest.raises(error, match="expected"):
        settings_of(asked(1, **wrong), start, knobs(start))


def test_the_answer_is_that_of_the_command_it_shows(
    explorer: Explorer, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = explorer.play(asked(1, page="same", values={LASTS: "8h"}))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(SMALL, encoding="utf-8")
    _, *words = shlex.split(shown.command)
    result = CliRunner().invoke(q2c, [*words, "--no-faults", "--engine", "simpy", "--workers", "1"])
    percent = shown.says.partition("in time ")[2].partition(";")[0]
    assert result.exit_code == exits.HOLDS, result.output
    assert percent
    assert percent in " ".join(result.output.split())


def test_a_longer_outage_is_told_against_the_start_and_the_start_against_nothing(explorer: Explorer) -> None:
    first = explorer.play(asked(1, page="calm"))
    assert "Against" not in first.says
    longer = explorer.play(asked(2, page="calm", values={LASTS: "24h"}))
    assert "Against where you started: billed" in longer.says
    assert longer.tone == "bad"
    undone = explorer.play(asked(3, page="calm"))
    assert undone.says == first.says


def test_the_newest_question_of_a_page_wins_and_other_pages_do_not_matter(explorer: Explorer) -> None:
    explorer.play(asked(9, page="busy"))
    with pytest.raises(Superseded):
        explorer.play(asked(8, page="busy", values={LASTS: "1h"}))
    assert explorer.play(asked(1, page="other")).says


def test_the_server_says_what_is_wrong_and_escapes_what_it_shows(explorer: Explorer) -> None:
    question = {"page": "web", "number": 1, "values": {"people.clerks": "-1"}}
    again = question | {"number": 2, "values": {}}

    async def visit() -> None:
        transport = httpx.ASGITransport(application(explorer))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            page = await client.get("/")
            assert page.status_code == 200
            assert HOSTILE not in page.text
            assert "script-src 'self'" in page.headers["content-security-policy"]
            refused = await client.post("/play", json=question)
            assert refused.status_code == 422
            assert "people.clerks: found" in refused.json()["says"]
            assert (await client.post("/play", json={"page": "web"})).status_code == 422
            assert (
                await client.post("/play", content=b"{}", headers={"content-type": "text/plain"})
            ).status_code == 415
            assert (await client.post("/play", json={"more": "x" * BODY_BYTES_MAX})).status_code == 413
            assert (await client.get("/scripts/other.js")).status_code == 404
            assert (await client.get("/", headers={"host": "quarter.example"})).status_code == 400
            assert (await client.post("/play", json=again)).json()["says"].startswith("Over 5 quarters")

    asyncio.run(visit())
