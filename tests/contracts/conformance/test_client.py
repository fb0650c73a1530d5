from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.conformance.client import PROMISES, ClientTarget, read_client_target
from contracts.conformance.profiles import profile
from contracts.conformance.suite import of_client
from contracts.conformance.target import Unusable
from contracts.findings import Tally
from contracts.verification.mutants import faults
from tests.contracts.conformance import caller

PROGRAM = str(Path(caller.__file__))
FAULTS = faults("client")


def examined(folder: Path, fault: str = "", ids: Iterable[str] = (), **changed: Any) -> Tally:
    command = [sys.executable, "-S", "-E", PROGRAM, str(folder), "{unique}", *([fault] if fault else [])]
    described = {
        "trigger": {"command": command},
        "call": {"path": "^/v1/charges$"},
        "success": {"body": {"id": "ch_1"}},
        "patience_seconds": 15,
        **changed,
    }
    target = msgspec.convert(described, ClientTarget)
    return of_client(target, profile("stripe-v1"), "t", ids=tuple(ids)).run(lambda *_: None)


def broken(tally: Tally) -> set[str]:
    return {finding.rule for finding in tally.findings}


def test_a_caller_that_is_right_keeps_every_promise(tmp_path: Path) -> None:
    tally = examined(tmp_path)
    assert tally.findings == ()
    assert tally.checked == len(PROMISES.assertions)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_by_the_promise_meant_for_it(tmp_path: Path, fault: str) -> None:
    patience = {"patience_seconds": 4} if fault == "never_ends" else {}
    found = broken(examined(tmp_path, fault, ids=FAULTS[fault], **patience))
    assert found & FAULTS[fault]


def test_every_promise_finds_a_fault() -> None:
    assert {promise.id for promise in PROMISES.assertions} == set().union(*FAULTS.values())


def test_a_trigger_that_cannot_start_is_skipped_with_a_reason(tmp_path: Path) -> None:
    tally = examined(tmp_path, ids=["C01"], trigger={"command": ["/no/such/program"]})
    assert tally.outcome == "unknown"
    assert "/no/such/program" in tally.skipped[0][1]


def test_a_caller_that_never_calls_is_said(tmp_path: Path) -> None:
    tally = examined(tmp_path, ids=["C01"], trigger={"command": [sys.executable, "-c", "print('nothing to do')"]})
    assert "made no call: nothing to do" in tally.findings[0].message


def test_findings_show_the_attempts_with_their_pauses(tmp_path: Path) -> None:
    (finding,) = examined(tmp_path, "new_key_per_attempt", ids=["C02"]).findings
    assert len(finding.evidence) == 2
    assert finding.evidence[0].startswith("+0.00 s POST /v1/charges key ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("trigger: {}\ncall: {path: x}", "either a command or a url"),
        ("trigger: {command: [a], url: b}\ncall: {path: x}", "either a command or a url"),
        ("trigger: {command: [a]}", "call"),
        ("trigger: {command: [a]}\ncall: {path: x}\npatience: 3", "patience"),
        ("a: [", "not YAML"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "caller.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Unusable, match=r"caller\.yaml") as refused:
        read_client_target(path)
    assert said in str(refused.value)
