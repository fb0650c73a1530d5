"""`q2c expect` and `q2c calibrate`: what they print and write, and the status they end with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from domain.draws import Draws
from scenarios.loader import load
from tests.q2c.conftest import Run

SCENARIO = """
name: tiny
title: t
question: q
world: {orders_per_quarter: 200, live_subscriptions: 0}
rehearse: {from: 2026-12-31}
run_on: 2d
play: {replications: 3, orders: 3, subscriptions: 0}
variants: {slow: {systems: {erp: {p50: 5s, p95: 9s}}}}
assertions:
  - {says: nothing is lost, metric: lost, is: at_most, value: 0}
  - {says: a slow ERP books later, metric: p50, of: SLA-2, variant: slow, against: base, is: more}
  - {says: nothing is ordered twice, metric: check, of: S1, is: at_most, value: 0}
"""


def test_assertions_are_played_and_told(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "tiny.yaml"
    file.write_text(SCENARIO)
    ended = run("expect", file)
    assert ended.exit_code == 0, ended.output
    assert ended.stdout.count("holds") == 3
    rows = json.loads(run("expect", file, "--json", "--engine", "whatif").stdout)
    assert [(row["status"], row["engine"], row["unit"]) for row in rows] == [
        ("holds", "whatif", "count"), ("holds", "whatif", "times"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("last", "status", "said"),
    [
        ("{says: x, metric: lost, is: at_least, value: 9}", 1, "broken"),
        ("{says: x, metric: drain, of: erp, is: at_most, value: 1h}", 4, "no run had a case of it"),
        ("{says: x, metric: check, of: S99, is: at_most, value: 0}", 4, "check 'S99' was not run"),
        ("{says: x, metric: check, of: S1, variant: naive, is: at_most, value: 0}", 4, "cannot play integration.style"),
    ],
)
def test_what_does_not_hold_is_told_with_its_figure_or_reason(
    run: Run, tmp_path: Path, last: str, status: int, said: str
) -> None:
    file = tmp_path / "tiny.yaml"
    head = SCENARIO.partition("assertions:")[0].replace(
        "variants: {", "variants: {naive: {integration: {style: naive}}, "
    )
    file.write_text(f"{head}assertions:\n  - {last}\n")
    ended = run("expect", file)
    assert ended.exit_code == status
    assert said in " ".join(ended.stdout.split())


def test_a_scenario_without_assertions_is_refused(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "tiny.yaml"
    file.write_text(SCENARIO.partition("assertions:")[0])
    ended = run("expect", file)
    assert (ended.exit_code, "has no assertions" in ended.stderr) == (2, True)


def test_a_rehearsal_refuses_what_it_cannot_play(run: Run, tmp_path: Path) -> None:
    ended = run("rehearse", "erp_concurrency_halved", "--runs", tmp_path)
    assert ended.exit_code == 2
    assert "invoice_runs" in ended.stderr
    assert "q2c whatif erp_concurrency_halved" in ended.stderr
    file = tmp_path / "drift.yaml"
    file.write_text(SCENARIO.partition("play:")[0] + "drifts: [{name: no-such-drift, from: quarter_end - 1h}]\n")
    assert "there is no drift 'no-such-drift'" in run("rehearse", file, "--runs", tmp_path).stderr


# --- calibrate ------------------------------------------------------------------------------------------------------


def calls(count: int = 120) -> str:
    draws, rows = Draws(1), ["case,service,start,duration_ms,status"]
    for number in range(count):
        took = round(draws.lognormal(1800, 6000, "took", number))
        rows.append(f"o{number},NetSuite,{1_796_000_000 + 60 * number},{took},200")
    return "\n".join(rows)


def test_a_log_becomes_a_scenario_and_a_page(run: Run, tmp_path: Path) -> None:
    log, target = tmp_path / "calls.csv", tmp_path / "Our quarter.yaml"
    log.write_text(calls())
    ended = run("calibrate", log, "--to", target, "--zone", "Europe/Berlin")
    assert ended.exit_code == 0, ended.output
    assert "erp: 120 calls, lognormal" in ended.stdout
    scenario = load(target)
    assert scenario.name == "our_quarter"
    assert 1.4 < scenario.systems.erp.p50.total_seconds() < 2.3
    page = target.with_suffix(".html").read_text(encoding="utf-8")
    assert "erp writes: measured against fitted" in page
    assert "default-src &#39;none&#39;" in page  # it asks nobody for anything
    assert "is there already" in run("calibrate", log, "--to", target).stderr
    assert run("calibrate", log, "--to", target, "--force").exit_code == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--name", "NetSuite=erpp"), "did you mean"),
        (("--name", "NetSuite"), "two names with an equals sign"),
        (("--column", "start=when"), "found no column 'when'"),
        (("--zone", "Mars/Base"), "is no time zone"),
        (("--quarter", "2026-10-01"), "expected two days"),
        (("--quarter", "2026-10-01..2026-10-31"), "has 31 days"),
    ],
)
def test_wrong_options_are_refused_in_a_sentence(run: Run, tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    log = tmp_path / "calls.csv"
    log.write_text(calls(20))
    ended = run("calibrate", log, "--to", tmp_path / "x.yaml", *options)
    assert (ended.exit_code, "Traceback" in ended.output) == (2, False)
    assert said in " ".join(ended.stderr.replace("│", " ").split())
    assert not (tmp_path / "x.yaml").exists()
