"""A mutant takes effect in its block only, wherever the integration refers to what it replaces, and leaves no trace."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from domain.history import Context
from integration import retry
from integration.flows import catalogue as flows
from integration.flows import steps
from integration.lanes import Lane
from integration.systems import crm
from q2c import mutants as loading
from q2c.hunting.trial import Trial, attempt, play
from tests.mutants.catalogue import MUTANTS, named
from tests.mutants.grounds import LOST_REPLIES
from tests.mutants.mutant import Mutant, Patch, applied

ROOT = Path(__file__).resolve().parents[2]


def _something(*_arguments: object) -> None:
    """Stand in for whatever is replaced."""


_other: Any = _something
_importer: Any = steps


def test_a_function_is_replaced_wherever_it_was_imported() -> None:
    real = retry.call_with_retries
    assert _importer.call_with_retries is real
    with applied([Patch(retry, "call_with_retries", _other)]):
        assert retry.call_with_retries is _importer.call_with_retries is _other
    assert retry.call_with_retries is _importer.call_with_retries is real


def test_rows_of_tables_structs_and_classes_are_replaced_and_put_back() -> None:
    table = MappingProxyType({"a": 1})
    classify, put, bill = crm.SYSTEM.classify, Lane.put, flows.PROGRAMS["bill"]
    patches = [
        Patch(table, "a", 2), Patch(crm.SYSTEM, "classify", _other), Patch(Lane, "put", _other),
        Patch(flows.PROGRAMS, "bill", _other),
    ]  # fmt: skip
    with applied(patches):
        assert (table["a"], crm.SYSTEM.classify, Lane.put, flows.PROGRAMS["bill"]) == (2, _other, _other, _other)
    assert (table["a"], crm.SYSTEM.classify, Lane.put, flows.PROGRAMS["bill"]) == (1, classify, put, bill)


def test_a_target_that_is_gone_is_reported_and_nothing_stays_replaced() -> None:
    real = retry.pause_seconds
    with (
        pytest.raises(AssertionError, match="retry has no 'gone' any more"),
        applied([Patch(retry, "pause_seconds", _other), Patch(retry, "gone", _other)]),
    ):
        pass
    assert retry.pause_seconds is real


def test_a_function_in_a_tuple_is_refused_and_nothing_stays_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    real = retry.code_of
    monkeypatch.setattr(steps, "A_TUPLE", (real,), raising=False)
    with pytest.raises(AssertionError, match="stand in a tuple"), applied([Patch(retry, "code_of", _other)]):
        pass
    assert retry.code_of is real


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_mutant_can_be_applied_within_itself_and_puts_everything_back(mutant: Mutant) -> None:
    before = [(patch.owner, patch.name, _now(patch)) for patch in mutant.patches()]
    with applied(mutant.patches()):
        during = [_now(Patch(owner, name, None)) for owner, name, _ in before]
        with applied(mutant.patches()):
            pass
        assert [_now(Patch(owner, name, None)) for owner, name, _ in before] == during
    assert [_now(Patch(owner, name, None)) for owner, name, _ in before] == [value for _, _, value in before]


def _now(patch: Patch) -> object:
    return patch.owner[patch.name] if hasattr(patch.owner, "keys") else getattr(patch.owner, patch.name)


def test_a_mutant_leaves_no_trace_in_the_runs_after_it() -> None:
    trial = Trial(scenario=LOST_REPLIES.text, seed=1)
    before = attempt(trial)
    broken = attempt(Trial(scenario=LOST_REPLIES.text, seed=1, mutant="timeout_is_failure"))
    assert broken.digest != before.digest
    assert attempt(trial).digest == before.digest


def test_the_history_names_the_mutant_of_a_trial_or_of_its_scenario() -> None:
    told = [
        Trial(scenario=LOST_REPLIES.text, seed=1, mutant="fresh_key_per_retry"),
        Trial(scenario=LOST_REPLIES.text.replace("mutant: none", "mutant: fresh_key_per_retry"), seed=1),
    ]
    first = [play(trial)[0] for trial in told]
    assert [each.mutant for each in first if isinstance(each, Context)] == ["fresh_key_per_retry"] * 2


def test_an_unknown_mutant_is_no_mutant() -> None:
    with pytest.raises(ValueError, match="no mutant is called 'timeout_is_failur'; did you mean"):
        named("timeout_is_failur")
    with pytest.raises(ValueError, match="'xyzzy'; all are named by: q2c mutants --list"):
        named("xyzzy")


def test_without_the_source_tree_a_plain_sentence_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(loading, "_SOURCE", tmp_path)
    with pytest.raises(SystemExit) as ended, loading.broken("timeout_is_failure"):
        pass
    assert ended.value.code == 5
    assert "mutants come with the source tree" in capsys.readouterr().err


def test_the_service_loads_no_mutant() -> None:
    said = (
        "import sys, q2c.commands.integration, integration.service.node, integration.service.configuration;"
        "print([name for name in sys.modules if name.startswith('tests') or name == 'q2c.mutants'])"
    )
    ended = subprocess.run([sys.executable, "-c", said], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"
