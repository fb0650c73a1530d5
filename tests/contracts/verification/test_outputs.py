from __future__ import annotations

import json
from xml.etree import ElementTree

from contracts.findings import Finding, Tally
from contracts.verification.baseline import Accepted, Sorted
from contracts.verification.outputs import document, github, junit, markdown, sarif
from tests.contracts.verification.examples import BROKEN, COMPATIBILITY, DOWN, EMPTY, GREEN, HOSTILE, REMARK, RULES
from tests.contracts.verification.test_baseline import ACCEPTED

ALL = Sorted(tallies=(COMPATIBILITY, DOWN, EMPTY, GREEN))


def test_junit_counts_what_it_lists() -> None:
    root = ElementTree.fromstring(junit.written(ALL.tallies))
    for suite in root:
        cases = suite.findall("testcase")
        assert int(suite.get("tests", "")) == len(cases)
        for kind, attribute in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert int(suite.get(attribute, "")) == sum(case.find(kind) is not None for case in cases), kind


def test_junit_shows_a_suite_that_could_not_run_or_checked_nothing_as_an_error() -> None:
    root = ElementTree.fromstring(junit.written((DOWN, EMPTY)))
    said = [error.get("message") for error in root.iter("error")]
    assert said == [DOWN.could_not_run, "nothing was checked"]


def test_junit_names_the_place_of_a_failure() -> None:
    root = ElementTree.fromstring(junit.written((COMPATIBILITY,)))
    (failure,) = root.iter("failure")
    assert "contracts/openapi/orders.json:12:3" in (failure.text or "")


def test_a_warning_is_no_failure_but_is_told() -> None:
    root = ElementTree.fromstring(junit.written((Tally(suite="x", checked=1, findings=(REMARK,)),)))
    assert not list(root.iter("failure"))
    (said,) = root.iter("system-out")
    assert "warning" in (said.text or "")


def test_every_sarif_result_has_a_file_a_line_and_a_fingerprint() -> None:
    log = json.loads(sarif.written(ALL, RULES, "q2c.toml", "0.1.0"))
    (run,) = log["runs"]
    assert len(run["results"]) == 2
    for result in run["results"]:
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"]
        assert place["region"]["startLine"] >= 1
        assert result["partialFingerprints"]["q2c/v1"]
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    assert run["invocations"][0]["executionSuccessful"] is False


def test_what_was_accepted_is_suppressed_in_sarif_not_left_out() -> None:
    found = Sorted(tallies=(GREEN,), accepted=((BROKEN, ACCEPTED),))
    (result,) = json.loads(sarif.written(found, RULES, "q2c.toml", "0.1.0"))["runs"][0]["results"]
    assert result["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "the partner moves in March"}
    ]


def test_annotations_are_one_line_each_whatever_the_message() -> None:
    lines = list(github.lines(ALL.tallies))
    assert len(lines) == 3
    assert all("\n" not in line for line in lines)
    assert lines[0].startswith("::error file=contracts/openapi/orders.json,line=12,title=D.REQ.01::")
    assert "%0Anext" in lines[1]


def test_annotations_stay_below_what_github_shows() -> None:
    many = tuple(Finding(rule="R", severity="note", message=str(n), subject="s") for n in range(80))
    lines = list(github.lines((Tally(suite="x", checked=80, findings=many),)))
    assert len(lines) == 51
    assert "30 more" in lines[-1]


def test_markdown_answers_first_and_lets_no_message_out_of_its_cell() -> None:
    text = markdown.written(ALL)
    assert text.splitlines()[2] == "**A contract is broken.**"
    rows = [line for line in text.splitlines() if line.startswith("| warning")]
    assert len(rows) == 1
    assert len(rows[0].replace("\\|", "").split("|")) == 7
    assert "<b>" not in text.replace("\\<b>", "")


def test_markdown_shows_a_path_as_it_is_and_a_hostile_one_in_its_cell() -> None:
    assert markdown.code("tests/order_api.yaml:12") == "`tests/order_api.yaml:12`"
    assert markdown.code("a`|\\|\nb") == "`a'¦\\¦ b`"


def test_markdown_tells_of_the_baseline() -> None:
    gone = Accepted(fingerprint="0", reason="old", until=ACCEPTED.until)
    found = Sorted(tallies=(GREEN,), accepted=((BROKEN, ACCEPTED),), expired=((REMARK, ACCEPTED),), stale=(gone,))
    text = markdown.written(found)
    assert "1 accepted findings" in text
    assert "No longer accepted since 2026-12-31" in text
    assert "no longer occur" in text


def test_the_document_says_what_the_exit_status_is() -> None:
    read = json.loads(document.written(ALL, "0.1.0"))
    assert (read["schema_version"], read["outcome"], read["exit_status"]) == (1, "broken", 1)
    assert read["suites"][0]["findings"][0]["fingerprint"] == BROKEN.fingerprint
    assert read["suites"][0]["findings"][1]["message"] == HOSTILE
