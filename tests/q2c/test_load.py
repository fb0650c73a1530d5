"""`q2c load`: what it refuses before any load, and what its exit status says."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner

if find_spec("locust") is None or find_spec("hdrh") is None:
    pytest.skip("q2c load needs the extra: pip install 'q2c-harness[load]'", allow_module_level=True)

from contracts.checks.verdict import Result, Verdict, compose
from loadtests.knee import Knee
from loadtests.outcome import Outcome
from loadtests.settings import Settings
from q2c import exits
from q2c.cli import q2c
from q2c.load_verdict import exit_status, markdown
from q2c.report.document import document_of
from simulator.replay.pacing import Kept
from tests.contracts.checks.build import clean
from tests.q2c.report.examples import broken, gathered

HERE = "name: ours\nhealth: http://127.0.0.1:9/health\n"


@pytest.mark.parametrize(
    ("target", "more", "status", "words"),
    [
        ("name: far\nhealth: http://example.com/health\n", (), exits.USAGE, "--allow-host example.com"),
        ("name: half\n", (), exits.USAGE, "health"),
        (HERE, ("--within", "soon"), exits.USAGE, "--within soon"),
        (HERE, ("--profile", "flood"), exits.USAGE, "flood"),
        (HERE, ("--first-rate", "9", "--highest-rate", "1"), exits.USAGE, "--first-rate 9 is higher"),
        (HERE, ("--profile", "invoices", "--subscriptions", "0"), exits.USAGE, "raise --subscriptions"),
        (HERE, ("--times", "0.01", "--within", "1s"), exits.COULD_NOT_RUN, "ours is not there"),
    ],
)
def test_what_cannot_be_played_is_told_before_any_load(
    tmp_path: Path, target: str, more: tuple[str, ...], status: int, words: str
) -> None:
    file = tmp_path / "target.yaml"
    file.write_text(target, encoding="utf-8")
    arguments = ["load", "quarter_end_spike", "--target", str(file), "--runs", str(tmp_path / "runs"), *more]
    done = CliRunner().invoke(q2c, arguments)
    assert words in done.output, done.output
    assert done.exit_code == status
    assert not list(tmp_path.glob("runs/*/load"))


KEPT = Kept(offered=10, late=0, p50_seconds=0, p99_seconds=0, worst_seconds=0, wall_seconds=5, asked_seconds=5)
AS_ASKED = Outcome(settings=Settings(), asked=10, kept=KEPT)
HUNT = Settings(profile="break")
HOLDS = compose([Result(check="S1", status="holds")])
BROKEN = compose([Result(check="S1", status="broken")])
LATE = compose([Result(check="L1", status="broken")])
LEFT_OVER = compose([Result(check="L2", status="unknown", under_way=3)])
UNPROVED = compose([*LEFT_OVER.results, Result(check="A8", status="unknown")])


def knee(status: str) -> Knee:
    return Knee(status=status, low=1, high=2, confidence=0.95, sentence="")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "load", "status"),
    [
        (HOLDS, AS_ASKED, exits.HOLDS),
        (LATE, AS_ASKED, exits.LATE),
        (LEFT_OVER, AS_ASKED, exits.UNKNOWN),
        (HOLDS, Outcome(settings=Settings(), asked=11, kept=KEPT), exits.UNKNOWN),
        (HOLDS, Outcome(settings=Settings(), asked=10, kept=KEPT, refused=1), exits.UNKNOWN),
        (BROKEN, Outcome(settings=Settings(), asked=11, kept=KEPT), exits.BROKEN),
        (HOLDS, Outcome(settings=Settings(), problem="no workers"), exits.COULD_NOT_RUN),
        (LATE, Outcome(settings=HUNT, asked=10, kept=KEPT, knee=knee("found")), exits.HOLDS),
        (LEFT_OVER, Outcome(settings=HUNT, asked=10, kept=KEPT, knee=knee("found")), exits.HOLDS),
        (UNPROVED, Outcome(settings=HUNT, asked=10, kept=KEPT, knee=knee("found")), exits.UNKNOWN),
        (HOLDS, Outcome(settings=HUNT, asked=10, kept=KEPT, knee=knee("unknown")), exits.UNKNOWN),
        (BROKEN, Outcome(settings=HUNT, asked=10, kept=KEPT, knee=knee("found")), exits.BROKEN),
    ],
)
def test_a_load_that_was_not_as_asked_proves_nothing_good(found: Verdict, load: Outcome, status: int) -> None:
    assert exit_status(found, load) == status


def test_a_summary_answers_first_and_gives_an_example_of_what_broke() -> None:
    told = markdown(document_of(gathered(clean()), ""), AS_ASKED)
    assert told.startswith("## q2c load peak\n\n**HOLDS, BUT**: 1 service level is missed: SLA-2 order creation. ")
    assert "The load: holds.\n\n10 of 10 acts in 5 s" in told
    said = markdown(document_of(broken(), ""), AS_ASKED)
    assert "**BROKEN**: Do not go live like this" in said
    assert "**S1** broken once: quote Q-000123-v1 became 2 orders" in said
