"""verdict.json says everything a machine needs, reads back as what it was, and refuses strangers."""

from __future__ import annotations

import json

import pytest

from q2c.report.document import VIOLATIONS_MAX, Cost, document_of, read, to_plain
from tests.contracts.checks.build import clean, of, without
from tests.q2c.report.examples import broken, cut_short, gathered, troubled


def test_a_document_reads_back_as_what_was_written() -> None:
    for known in (troubled(), broken(), gathered([])):
        document = document_of(known, "q2c rehearse x --seed 1", Cost(play_seconds=1.5, judge_seconds=0.5))
        assert read(json.dumps(to_plain(document)).encode()) == document


def test_a_document_names_its_format_its_run_and_its_verdict() -> None:
    known = broken()
    plain = to_plain(document_of(known, "q2c rehearse x --seed 1"))
    assert (plain["format"], plain["version"]) == ("q2c.verdict", 1)
    assert plain["digest"] == known.run.digest
    assert (plain["scenario"], plain["seed"], plain["code_version"]) == ("hand-made", 1, "0")
    assert (plain["status"], plain["exit_status"]) == ("broken", 1)


def test_a_violation_carries_the_records_that_prove_it() -> None:
    plain = to_plain(document_of(broken(), ""))
    check = next(check for check in plain["checks"] if check["id"] == "S1")
    assert check["rule"]
    assert check["broken"] == 1
    (violation,) = check["violations"]
    assert violation["txn"] == "Q-000123"
    records = [proof["record"] for proof in violation["evidence"] if proof["record"]]
    assert {record["type"] for record in records} == {"changed"}
    assert {record["id"] for record in records} == {"100", "101"}


def test_every_check_is_listed_and_few_violations_are_written() -> None:
    document = document_of(broken(), "")
    assert [check.id for check in document.checks] == [result.check for result in broken().verdict.results]
    assert all(len(check.violations) <= VIOLATIONS_MAX for check in document.checks)


def test_drains_and_money_are_numbers() -> None:
    plain = to_plain(document_of(troubled(), ""))
    drain = next(drain for drain in plain["drains"] if drain["backlog"] == "unsubscribed")
    assert (drain["system"], drain["before"], drain["peak"], drain["took_us"]) == ("billing", 0, 1, 60_000_000)
    assert plain["reconciliation"][0]["amounts"]["invoiced_minor"] == 18_700


def test_another_version_and_other_files_are_refused() -> None:
    plain = to_plain(document_of(gathered(clean()), ""))
    with pytest.raises(ValueError, match=r"version 2; expected q2c\.verdict version 1"):
        read(json.dumps({**plain, "version": 2}).encode())
    for content in (b"", b"{}", b"[1]"):
        with pytest.raises(ValueError, match="no verdict"):
            read(content)


def test_the_answer_tells_safety_from_liveness_and_from_nothing_proved() -> None:
    assert document_of(broken(), "").answer.startswith("Do not go live like this: over 1 lifecycle, ")
    late = gathered(without(clean(), of("mirror", "crm")))
    assert document_of(late, "").answer.startswith("Nothing was doubled, lost or misstated over 1 lifecycle, but work")
    left = document_of(cut_short(), "")
    assert (left.status, left.exit_status) == ("unknown", 4)
    assert left.answer == (
        "Nothing was broken over 1 lifecycle, but the run ended with 1 accepted quote, 1 document and 1 invoice status "
        "for sales still on the way, so this is no go yet: give it more time (settles_within), or less to do (a lower "
        "speed, fewer orders)."
    )
    assert "see what became of them, or raise quiet_for" in document_of(cut_short(came_to_rest=True), "").answer
    nothing = document_of(gathered([]), "")
    assert (nothing.status, nothing.exit_status) == ("unknown", 4)
    assert "not everything was proved" in nothing.answer
