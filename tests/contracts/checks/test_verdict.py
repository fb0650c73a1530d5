"""Verdicts are three-valued: the worst result wins, and nothing judged is not a pass."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from contracts.checks import registry
from contracts.checks.facts import Facts
from contracts.checks.judge import judge, result_of
from contracts.checks.verdict import Findings, Result, Verdict, compose
from domain.faults import Fault
from domain.history import Arrived, Ended, Fired, Record
from tests.contracts.checks import build
from tests.contracts.checks.build import amended, at, attempt, changed, check, clean, edited, history, of


def _result(key: str, status: str, counted: bool = True) -> Result:
    return Result(check=key, status=status, counted=counted)


@pytest.mark.parametrize(
    ("results", "status", "exit_status"),
    [
        ([_result("S1", "holds"), _result("L1", "holds")], "holds", 0),
        ([_result("S1", "broken"), _result("L1", "broken"), _result("A8", "unknown")], "broken", 1),
        ([_result("S1", "holds"), _result("L1", "broken"), _result("A8", "unknown")], "broken", 3),
        ([_result("S1", "holds"), _result("A8", "unknown")], "unknown", 4),
        ([_result("S1", "holds"), _result("A5", "unknown", counted=False)], "holds", 0),
        ([], "unknown", 4),
    ],
)
def test_the_worst_result_wins(results: list[Result], status: str, exit_status: int) -> None:
    verdict = compose(results)
    assert (verdict.status, verdict.exit_status) == (status, exit_status)


def test_a_clean_lifecycle_holds_in_every_check_that_has_something_to_judge() -> None:
    for records in (clean(), amended()):
        verdict = judge(history(records))
        assert verdict.status == "holds", [r for r in verdict.results if r.status == "broken" or r.counted is True][:3]
        assert verdict.exit_status == 0


def test_a_verdict_survives_json() -> None:
    spoilt = [*clean(), *build.walk(11, "erp", "order", replace(build.ORDER, id="102"), "submitted", "booked")]
    verdict = judge(history(spoilt), only=["S1"])
    again = msgspec.json.decode(msgspec.json.encode(verdict), type=Verdict)
    assert again.result("S1").violations[0].sentence == verdict.result("S1").violations[0].sentence


def test_an_empty_run_proves_nothing() -> None:
    verdict = judge(history([]))
    assert verdict.status == "unknown"
    assert {"S1", "S3", "S8"} <= set(verdict.unknown)


def test_a_check_that_fails_is_unknown_with_the_reason() -> None:
    def failing(facts: Facts) -> Findings:
        """This rule cannot be judged."""
        raise ZeroDivisionError("of nothing")

    row = registry.Check(id="S99", title="Fails", function=failing, needs=registry.ALWAYS)
    result = result_of(row, Facts(history(clean())))
    assert result.status == "unknown"
    assert result.counted
    assert "ZeroDivisionError: of nothing" in result.reason


def test_a_foreign_integration_is_spared_the_inside_checks() -> None:
    verdict = judge(history(clean(), inside=False, integration="acme"))
    assert verdict.status == "holds"
    skipped = [result for result in verdict.results if "skipped" in result.reason]
    assert {result.check for result in skipped} == {"S6", "O10", "L4", "L5", "A1", "A10", "P10", "P11", "L10", "L11"}


def test_two_digests_decide_whether_runs_repeat() -> None:
    records = history(clean())
    assert judge(records, only=["A5"]).exit_status == 0
    assert judge(records, digests=("a", "a"), only=["A5"]).result("A5").status == "holds"
    broken = judge(records, digests=("a", "b"), only=["A5"]).result("A5")
    assert broken.status == "broken"
    assert "a and b" in broken.violations[0].sentence


def test_an_unknown_check_is_named() -> None:
    with pytest.raises(KeyError, match="S77"):
        judge(history(clean()), only=["S77"])


def test_evidence_stays_small_when_everything_is_broken() -> None:
    wrong = [
        changed(40, "erp", "invoice", replace(build.POSTED, id=f"9{n}", ref=f"X{n}", total_minor=1)) for n in range(150)
    ]
    result = check("M2", [*clean(), *wrong])
    assert result.broken == 150
    assert len(result.violations) == 100


def test_an_interrupted_run_cannot_be_judged_on_liveness() -> None:
    records: list[Record] = [replace(r, complete=False) if isinstance(r, Ended) else r for r in clean()]
    verdict = judge(history(records))
    assert verdict.status == "unknown"
    assert {"L1", "L2", "L3"} <= set(verdict.unknown)


# --- A8 -------------------------------------------------------------------------------------------------------------


def test_a_planned_fault_that_never_fired_makes_the_verdict_unknown() -> None:
    calls = [attempt(100 + n, f"r9{n}", "erp", "put_order", f"Q-{n}") for n in range(4)]
    result = check("A8", [*clean(), *calls], faults=(Fault(kind="refused", system="erp"),))
    assert result.status == "unknown"
    assert "never fired" in result.reason


def test_a_planned_fault_that_fired_is_exercised() -> None:
    calls = [attempt(100 + n, f"r9{n}", "erp", "put_order", f"Q-{n}") for n in range(4)]
    fired = Fired(at_us=at(99), fault=0, kind="refused", system="erp", operation="put_order", txn="")
    assert check("A8", [*clean(), *calls, fired], faults=(Fault(kind="refused", system="erp"),)).status == "holds"


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="refused", system="crm"),
        Fault(kind="refused", system="erp", start_us=at(5000), end_us=at(5001)),
        Fault(kind="refused", system="erp", share_ppm=10_000),
        Fault(kind="lost_reply", system="erp"),
        Fault(kind="loss", system="payment"),
        Fault(kind="crash", count=1000),
    ],
)
def test_a_fault_that_could_hardly_strike_is_only_noted(fault: Fault) -> None:
    calls = [attempt(100 + n, f"r9{n}", "erp", "put_order", f"Q-{n}") for n in range(4)]
    result = check("A8", [*clean(), *calls], faults=(fault,))
    assert result.status == "holds"
    assert any("was not exercised" in note for note in result.notes)


def test_an_operation_that_never_succeeded_makes_the_verdict_unknown() -> None:
    bad = [attempt(100 + n, f"r9{n}", "tax", "commit_tax", "I", outcome="failed", status=503) for n in range(3)]
    result = check("A8", [*clean(), *bad])
    assert result.status == "unknown"
    assert "tax commit_tax was tried 3 times" in result.reason


def test_an_operation_whose_answers_are_all_lost_was_exercised() -> None:
    lost = [attempt(100 + n, f"r9{n}", "tax", "commit_tax", "I", outcome="unknown", status=0) for n in range(3)]
    done = Arrived(
        at_us=at(101), number="r91", system="tax", operation="commit_tax", key="I", fingerprint="f", txn="", status=201,
        effect="done",
    )  # fmt: skip
    assert check("A8", [*clean(), *lost]).status == "unknown"
    assert check("A8", [*clean(), *lost, done]).status == "holds"
    assert check("A8", [*clean(), *lost, replace(done, effect="refused")]).status == "unknown"


def test_a_verdict_with_unexercised_plan_exits_with_four() -> None:
    calls = [attempt(100 + n, f"r9{n}", "erp", "put_order", f"Q-{n}") for n in range(4)]
    verdict = judge(history([*clean(), *calls], faults=(Fault(kind="refused", system="erp"),)))
    assert (verdict.status, verdict.exit_status) == ("unknown", 4)


def test_every_check_has_a_rule_and_a_known_need() -> None:
    for row in registry.CHECKS:
        assert row.rule.endswith("."), row.id
        assert row.needs in registry.NEEDS, row.id
        assert row.severity in "SOMPLA"
    assert len({row.id for row in registry.CHECKS}) == len(registry.CHECKS)


def test_edits_do_not_touch_the_clean_history() -> None:
    assert edited(clean(), of("order", "erp"), total_minor=1) != clean()
    assert clean() == clean()
