"""`q2c replay` and `q2c target check`: the reference by HTTP, and everything that is said before any load is sent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import Result

from domain.history import Ended
from q2c import exits
from simulator.recorder import StoredHistory
from tests.ports import free_port
from tests.q2c.conftest import Run
from tests.simulator.replay.fakes import HEALTHY, Answers, Fake, garbage

ROOT = Path(__file__).resolve().parents[2]
PART = ("quarter_end_spike", "--from", "quarter_end - 10h", "--to", "quarter_end - 8h", "--orders", "150")
RECORDING = """\
import sys
from pathlib import Path
from domain.history import Ended
from q2c.rehearsing import Recording
recording = Recording(Path(sys.argv[1]), live=True)
loaded = set(sys.modules)
for _ in range(500):
    recording.add(Ended(at_us=0, complete=True, lifecycles=0))
print(Path(sys.argv[1]).with_suffix(".partial").exists(), *set(sys.modules) - loaded)
"""
POLLS = "polls: [crm, erp, billing, payment, fulfilment]\n"
DYING = """\
import http.server, os, sys, threading, time
class Well(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
threading.Timer(float(sys.argv[2]), lambda: (print("out of memory, as it were", flush=True), os._exit(9))).start()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Well).serve_forever()
"""


def put(folder: Path, text: str) -> Path:
    file = folder / "target.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def fake_target(folder: Path, address: str, more: str = POLLS) -> Path:
    return put(folder, f"name: ours\nhealth: {address}/health\n{more}")


def refused(run: Run, folder: Path, file: Path, *more: str) -> str:
    """Return what is said when a replay could not begin; check that no load was sent."""
    runs = folder / "runs"
    ended: Result = run("replay", *PART, "--target", file, "--within", "2s", "--runs", runs, *more)
    assert ended.exit_code in (exits.COULD_NOT_RUN, exits.USAGE), ended.output
    assert not list(runs.glob("*/history*")) if runs.exists() else True
    assert "Traceback" not in ended.output
    return ended.stderr


@pytest.fixture(scope="module")
def replayed(run: Run, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """A replay of the reference integration: its folder, and how the command ended."""
    folder = tmp_path_factory.mktemp("replay")
    text = (ROOT / "examples/reference/target.yaml").read_text(encoding="utf-8").replace("9300", str(free_port()))
    text = text.replace("settles_within: 90s", "settles_within: 60s")
    file = put(folder, text.replace("start:\n", f"start:\n  folder: {ROOT / 'examples/reference'}\n", 1))
    ended = run(
        "replay", *PART, "--subscriptions", 2, "--target", file, "--within", "6s", "--runs", folder / "runs",
        "--junit", folder / "out/junit.xml", "--markdown", folder / "out/summary.md",
    )  # fmt: skip
    return folder, ended


def only(folder: Path) -> Path:
    (found,) = (folder / "runs").iterdir()
    return found


def test_the_reference_keeps_every_rule_over_http(replayed: tuple[Path, Result]) -> None:
    folder, ended = replayed
    verdict = json.loads((only(folder) / "verdict.json").read_text())
    told = [(row["id"], row["reason"]) for row in verdict["checks"] if row["status"] == "broken"]
    assert not told, ended.output
    assert (verdict["engine"], verdict["integration"]) == ("replay", "reference integration")
    assert verdict["lifecycles"] > 0
    assert sum(row["examined"] for row in verdict["checks"] if row["id"] == "S1") > 0


def test_what_only_the_inside_knows_is_unknown_and_not_held(replayed: tuple[Path, Result]) -> None:
    verdict = json.loads((only(replayed[0]) / "verdict.json").read_text())
    inside = {row["id"]: row["status"] for row in verdict["checks"] if row["id"] in ("S6", "P10", "P11", "L4", "A1")}
    assert set(inside.values()) == {"unknown"}


def test_the_history_is_in_order_and_ends(replayed: tuple[Path, Result]) -> None:
    history = StoredHistory(only(replayed[0]) / "history.parquet")
    assert [record.complete for record in history.of(Ended)] == [True]
    assert history.context.speed == 1200.0


def test_a_recording_loads_all_it_needs_before_anybody_waits_for_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", RECORDING, str(tmp_path / "history.parquet")]
    assert subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.split() == ["True"]


def test_the_report_tells_the_load_and_is_made_anew(replayed: tuple[Path, Result], run: Run) -> None:
    folder = only(replayed[0])
    page = (folder / "report.html").read_text()
    assert "Offered and achieved" in page
    assert "What a black box does not tell" in page
    assert "business time" in page
    ended = run("report", folder)
    assert ended.exit_code == replayed[1].exit_code
    assert (folder / "report.html").read_text() == page


def test_ci_servers_get_a_case_a_rule_and_pull_requests_a_summary(replayed: tuple[Path, Result]) -> None:
    folder, ended = replayed
    verdict = json.loads((only(folder) / "verdict.json").read_text())
    root = ElementTree.parse(folder / "out/junit.xml").getroot()
    assert root.get("name") == "q2c replay"
    assert len(root.findall(".//testcase")) == len(verdict["checks"])
    failures = sum(row["counted"] and row["status"] != "holds" for row in verdict["checks"])
    assert len(root.findall(".//failure")) == failures
    assert bool(failures) == (ended.exit_code != 0)
    summary = (folder / "out/summary.md").read_text()
    assert summary.startswith("## ")
    assert "at 1200 times business time" in summary


def test_what_will_be_played_and_for_how_long_is_said_before_it_is(replayed: tuple[Path, Result]) -> None:
    folder, ended = replayed
    verdict = json.loads((only(folder) / "verdict.json").read_text())
    first, second, *_ = ended.stderr.splitlines()
    offered = json.loads((only(folder) / "replay.json").read_text())["replayed"]["kept"]["offered"]
    assert first == (
        f"  plays     {offered} acts of {verdict['lifecycles']} lifecycles in 6.0 s (2 h of business time, 1200 times "
        "as fast); then waits 1 min at most for all to come to rest"
    )
    assert second.endswith("signed before or after, or for people to decide; --orders counts them too")
    assert 100 < int(second.split()[1]) + verdict["lifecycles"] < 200, "--orders 150 is about the whole timeline"


def test_ours_ends_with_the_run(replayed: tuple[Path, Result]) -> None:
    assert "ready; Ctrl-C ends it" in (only(replayed[0]) / "target.log").read_text()


# --- what is said before any load ------------------------------------------------------------------------------------


def test_a_target_that_is_down(run: Run, tmp_path: Path) -> None:
    said = refused(run, tmp_path, fake_target(tmp_path, f"http://127.0.0.1:{free_port()}"))
    assert "ours is not there" in said
    assert "Connection refused" in said
    assert "Start it, or let the harness do so" in said


@pytest.mark.parametrize(
    ("answers", "more", "words"),
    [
        ({("GET", "/health"): (503, {})}, POLLS, "it answered 503"),
        ({("GET", "/health"): (307, {"location": "https://far.example/"})}, POLLS, "send us to https://far.example/"),
        (HEALTHY, "messages: {all: ADDRESS}\n", "answers 404 to a POST; name the address that takes webhooks"),
        (HEALTHY, POLLS + "time: {test_clock: 'ADDRESS/clock'}\n", "time.test_clock"),
        (HEALTHY, POLLS + "reset: {url: 'ADDRESS/reset'}\n", "could not be reset; no load was sent"),
        (HEALTHY, POLLS + "reset: {command: [python, -c, 'raise SystemExit(3)']}\n", "python ended with status 3"),
        (HEALTHY, POLLS + "reset: {command: [no-such-program]}\n", "no-such-program"),
    ],
    ids=["unhealthy", "elsewhere", "deaf", "no clock", "reset refused", "reset fails", "no reset program"],
)
def test_a_target_that_is_half_configured(run: Run, tmp_path: Path, answers: Answers, more: str, words: str) -> None:
    with Fake(answers).up() as fake:
        said = refused(run, tmp_path, fake_target(tmp_path, fake.address, more.replace("ADDRESS", fake.address)))
    assert words in said


def test_a_target_that_answers_garbage(run: Run, tmp_path: Path) -> None:
    with garbage() as address:
        assert "does not speak HTTP" in refused(run, tmp_path, fake_target(tmp_path, address))


def test_an_address_elsewhere_needs_leave(run: Run, tmp_path: Path) -> None:
    said = refused(run, tmp_path, fake_target(tmp_path, "http://staging.example.com"))
    assert "--allow-host staging.example.com" in said
    assert "target.yaml:2" in said


def test_a_port_that_is_taken(run: Run, tmp_path: Path) -> None:
    with Fake(HEALTHY).up() as fake:
        port = fake.address.rpartition(":")[2]
        said = refused(run, tmp_path, fake_target(tmp_path, fake.address, f"{POLLS}ports: {{erp: {port}}}\n"))
    assert f"port {port} for erp" in said
    assert "Name other ports" in said


def test_somebody_who_answers_where_ours_is_to_be_started(run: Run, tmp_path: Path) -> None:
    with Fake(HEALTHY).up() as fake:
        said = refused(run, tmp_path, fake_target(tmp_path, fake.address, POLLS + "start: {command: [python, -V]}\n"))
    assert "something answers" in said
    assert "another port" in said


def test_a_program_that_is_not_there_or_ends_at_once(run: Run, tmp_path: Path) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    start = "start: {command: [no-such-program], within: 20s}\n"
    assert "cannot start no-such-program" in refused(run, tmp_path, fake_target(tmp_path, address, POLLS + start))
    start = "start: {command: [python, -c, 'raise SystemExit(\"no settings\")'], within: 20s}\n"
    said = refused(run, tmp_path, fake_target(tmp_path, address, POLLS + start))
    assert "ended with status 1; it said: no settings" in said


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--to", "quarter_end - 30h"), "must lie within"),
        (("--from", "yesterday"), "expected a local instant"),
        (("--within", "0s"), "expected some time"),
        (("--within", "90d"), "name a shorter part"),
        (("--predict", "nowhere"), "--predict compares 20 orders and more, and this part has 1"),
        (("--predict", "nowhere", "--orders", "900"), "is not the folder of a whole replay"),
    ],
)
def test_a_part_that_cannot_be_played(run: Run, tmp_path: Path, more: tuple[str, ...], words: str) -> None:
    assert words in refused(run, tmp_path, fake_target(tmp_path, "http://127.0.0.1:1"), *more)


# --- runs that do not come to their end ------------------------------------------------------------------------------


def test_a_target_that_ends_by_itself_ends_the_run(run: Run, tmp_path: Path) -> None:
    (tmp_path / "dying.py").write_text(DYING)
    port = free_port()
    start = f'start: {{command: [python, dying.py, "{port}", "6"], within: 60s}}\n'
    file = fake_target(tmp_path, f"http://127.0.0.1:{port}", POLLS + start)
    ended = run("replay", *PART, "--target", file, "--within", "600s", "--runs", tmp_path / "runs")
    assert ended.exit_code == exits.COULD_NOT_RUN, ended.output
    assert "ended with status 9" in ended.stderr
    assert "out of memory, as it were" in ended.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_is_stopped_keeps_the_history(run: Run, tmp_path: Path, number: signal.Signals) -> None:
    with Fake(HEALTHY).up() as fake:
        file = fake_target(tmp_path, fake.address)
        stopping = threading.Thread(target=stop, args=(fake, number))
        stopping.start()
        ended = run("replay", *PART, "--target", file, "--within", "600s", "--runs", tmp_path / "runs")
        stopping.join()
    assert ended.exit_code == exits.INTERRUPTED, ended.output
    assert "the faults are healed" in ended.stderr
    folder = only(tmp_path)
    assert (folder / "history.incomplete.parquet").is_file()
    assert "stopped by a person" in (folder / "INCOMPLETE").read_text()


def stop(fake: Fake, number: signal.Signals) -> None:
    """Send this process a signal once the replay has looked at the target for the second time: then load begins."""
    ends = time.monotonic() + 60
    while len(fake.asked) < 2 and time.monotonic() < ends:
        time.sleep(0.02)
    os.kill(os.getpid(), number)


# --- the check on its own --------------------------------------------------------------------------------------------


def test_the_check_tells_step_by_step(run: Run, tmp_path: Path) -> None:
    with Fake(HEALTHY).up() as fake:
        file = fake_target(
            tmp_path, fake.address, "messages: {crm: 'ADDRESS/hooks'}\n".replace("ADDRESS", fake.address)
        )
        good, as_json = run("target", "check", file), run("target", "check", file, "--json")
    assert good.exit_code == 0
    assert "can be played against" in good.stdout
    assert [step["what"] for step in json.loads(as_json.stdout)["steps"]] == ["health", "messages.crm", "news", "reset"]
    bad = run("target", "check", file)
    assert bad.exit_code == exits.COULD_NOT_RUN
    assert "is not ready" in bad.stdout
