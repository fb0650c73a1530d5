"""Summaries of a verdict: JUnit and Markdown, whatever a system put into its data."""

from __future__ import annotations

import io
from pathlib import Path
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace
from rich.console import Console

from q2c.report.document import VerdictDocument, document_of
from q2c.report.gathered import Gathered
from q2c.report.page import html_of
from q2c.report.summary import junit_of, markdown_of, put
from q2c.report.terminal import tell
from q2c.run_folder import ReplayNote
from simulator.replay.outcome import SHARES, Fit, Prediction, Replayed
from simulator.replay.pacing import Kept
from tests.contracts.checks.build import at, clean, of
from tests.q2c.report.examples import broken, cut_short, gathered, hostile, troubled

REPEAT = "q2c replay quarter_end --target target.yaml"


def note(late: int = 0, settled: bool = True) -> ReplayNote:
    kept = Kept(offered=200, late=late, p50_seconds=0.002, p99_seconds=0.02, worst_seconds=0.9, wall_seconds=60.0,
                asked_seconds=60.0)  # fmt: skip
    curve = tuple(float(place) for place in range(1, len(SHARES) + 1))
    prediction = Prediction(calibrated_by="small", fit=Fit(1.2, 5), orders=40, measured_seconds=curve,
                            predicted_seconds=tuple(1.1 * value for value in curve))  # fmt: skip
    replayed = Replayed(kept=kept, settled=settled, settled_seconds=7.0, unasked=0, deaths=1)
    return ReplayNote(REPEAT, 60.0, replayed, prediction)


def told(found: Gathered) -> VerdictDocument:
    return document_of(found, REPEAT)


def test_a_broken_rule_is_a_failure_with_its_evidence() -> None:
    document = told(broken())
    root = ElementTree.fromstring(junit_of(document).partition("\n")[2])
    failed = {case.get("name", "").split()[0] for case in root.iter("testcase") if case.find("failure") is not None}
    assert failed == {row.id for row in document.checks if row.counted and row.status != "holds"}
    assert "S1" in failed
    assert "Q-000123" in "".join(failure.text or "" for failure in root.iter("failure"))


def test_what_had_nothing_to_judge_is_skipped_with_its_reason() -> None:
    document = told(troubled())
    root = ElementTree.fromstring(junit_of(document).partition("\n")[2])
    skipped = [case for case in root.iter("testcase") if case.find("skipped") is not None]
    assert len(skipped) == sum(row.status == "unknown" and not row.counted for row in document.checks) > 0


def test_what_holds_and_misses_service_levels_says_so_first_everywhere() -> None:
    document, page = told(gathered(clean())), html_of(gathered(clean()))
    first = "1 service level is missed: SLA-2 order creation. "
    assert (document.status, document.exit_status, document.word) == ("holds", 0, "HOLDS, BUT")
    assert document.answer.startswith(first)
    assert document.answer.endswith(" rules kept over 1 lifecycle; nothing was lost, doubled or misstated.")
    assert f"HOLDS, BUT: {first}" in page
    assert markdown_of(document, None).startswith(f"## ✅ HOLDS, BUT: A quarter-end\n\n{document.answer}")
    assert " ".join(terminal_of(document).split()).startswith(f"HOLDS, BUT {first}")


def test_what_holds_and_was_quick_needs_no_but() -> None:
    quick = [replace(record, at_us=at(5)) if of("order", "erp")(record) else record for record in clean()]
    document = told(gathered(quick))
    assert document.word == "HOLDS"
    assert document.answer.endswith(" rules kept over 1 lifecycle; nothing was lost, doubled or misstated.")
    assert "missed" not in document.answer


def test_everybody_is_told_what_a_replay_left_on_its_way() -> None:
    document, page = told(cut_short()), html_of(cut_short())
    for text in (page, markdown_of(document, note(settled=False)), terminal_of(document)):
        assert "so this is no go yet" in " ".join(text.split())
    failures = ElementTree.fromstring(junit_of(document).partition("\n")[2]).iter("failure")
    assert any("1 still on the way when the run ended" in failure.get("message", "") for failure in failures)


def terminal_of(document: VerdictDocument) -> str:
    stream = io.StringIO()
    tell(document, Console(file=stream, width=100, highlight=False, color_system=None), "report.html")
    return stream.getvalue()


def test_the_summary_tells_verdict_load_prediction_and_how_to_repeat() -> None:
    text = markdown_of(told(broken()), note())
    assert text.startswith("## ❌ BROKEN")
    assert "200 acts at 60 times business time, as asked" in text
    assert "Predicted p50 and p95 off by 10.0% and 10.0%." in text
    assert f"`{REPEAT}`" in text
    assert "| ❌ | S1 " in text


@pytest.mark.parametrize(("found", "words"), [(note(late=9), "not as asked"), (note(settled=False), "not within")])
def test_a_load_that_was_not_kept_and_a_rest_that_never_came_are_told(found: ReplayNote, words: str) -> None:
    assert words in markdown_of(told(troubled()), found)


def test_a_hostile_name_is_no_markup() -> None:
    text = markdown_of(told(hostile("<img src=x>|`rm`\n# no\x00")), None)
    assert "<img" not in text.replace("\\<img", "")
    ElementTree.fromstring(junit_of(told(hostile("<a>\x00&"))).partition("\n")[2])


def test_files_are_written_where_they_are_wanted(tmp_path: Path) -> None:
    put(told(troubled()), note(), tmp_path / "out/junit.xml", tmp_path / "out/summary.md")
    assert (tmp_path / "out/junit.xml").read_text().startswith("<?xml")
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit):
        put(told(troubled()), None, tmp_path / "file/junit.xml", None)
