"""Regressions: a shrunk trial as a scenario file that plays by itself, with a test that fails until it is mended.

The scenario names its lifecycles, its seed and its point faults; nothing else is needed to play it, today or in a
year. The test plays it and asserts that no rule is broken, with the story as the message. Once the fault is mended it
passes, or is skipped and says that nothing is left of what it was about.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from contracts.checks.facts import Facts
from contracts.checks.judge import judge
from contracts.checks.verdict import BROKEN, HOLDS, Result
from domain.calendar import SECOND_US
from domain.faults import Fault
from domain.history import Fired, MemoryHistory
from q2c.hunting.seen import Seen
from q2c.hunting.story import fault_in_words, tale_of, text_of
from q2c.hunting.trial import Trial, play, timeline_of
from scenarios.language import Scenario
from scenarios.loader import dump, parse
from scenarios.timeline import Timeline
from scenarios.trouble import FaultPlan

SCENARIO, TEST = "regression.yaml", "test_regression.py"


def scenario_of(trial: Trial, story: str = "") -> Scenario:
    """Return the scenario that plays a shrunk trial by itself; `story` says what it is about.

    A window that is not whole seconds is widened to them, which is the grain of the language.
    """
    timeline = timeline_of(trial)
    plan = tuple(_words(fault, timeline) for fault in timeline.faults)
    changes = {"faults": plan, "seed": trial.seed, "lifecycles": _lifecycles(trial, timeline), "about": story}
    windows = dict.fromkeys(("outages", "brownouts", "maintenance"), ())  # the plan has them already
    return timeline.scenario.model_copy(update={**changes, **windows})


def trial_of(text: str, mutant: str = "", target: str = "") -> Trial:
    """Return the trial that a regression's scenario is."""
    return Trial(scenario=text, seed=parse(text).seed, mutant=mutant, target=target)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a regression: what is wrong, or why it proves nothing any more. Neither: it is mended.

    `idle` is no failure: whoever mends a fault may do so in a way that the plan of this run has nothing left to strike.
    """

    failure: str = ""
    idle: str = ""


def outcome_of(scenario: Path, check: str, mutant: str = "", target: str = "") -> Outcome:
    """Play a regression of one rule; whatever rule it breaks is a failure.

    `target` is the target file of the program under test; the reference integration when not given. Rules that cannot
    be judged in so small a run do not matter, unless it is the one that the regression is about.
    """
    trial = trial_of(scenario.read_text(encoding="utf-8"), mutant, target)
    history = MemoryHistory(play(trial))
    facts = Facts(history)
    verdict = judge(history, facts=facts)
    stories = [text_of(tale_of(Seen(trial, facts, each))) for each in verdict.results if each.status == BROKEN]
    return Outcome(failure="\n".join(stories)) if stories else Outcome(idle=_idle(facts, verdict.result(check)))


def _idle(facts: Facts, result: Result) -> str:
    """Return why a run that broke nothing proves nothing of a rule; empty when it does."""
    struck = {each.fault for each in facts.history.of(Fired)}
    silent = [fault_in_words(fault) for index, fault in enumerate(facts.context.faults) if index not in struck]
    if result.status == HOLDS and not silent:
        return ""
    what = f"{result.check} is not judged ({result.reason})" if result.status != HOLDS else f"{result.check} holds"
    why = f"; what was planned to go wrong meets nothing: {'; '.join(silent)}" if silent else ""
    return (
        f"{what}{why}. If that is what the mending meant, this test has done its work: delete it, or hunt for another"
    )


def pytest_text(trial: Trial, check: str, story: str) -> str:
    """Return the text of a pytest file that plays `regression.yaml` beside it."""
    said = f"The integration is broken on purpose: mutant {trial.mutant}.\n\n" if trial.mutant else ""
    chosen = {"mutant": trial.mutant, "target": trial.target}
    arguments = "".join(f", {name}={json.dumps(value)}" for name, value in chosen.items() if value)
    told = story.replace("\\", "\\\\").replace('"""', "'''").strip()
    return (
        f'"""A run that broke {check}, at its smallest. It fails as long as the integration does this, and is skipped\n'
        "when the run does not come to it any more.\n\n"
        f'{said}{told}\n"""\n\n'
        "from pathlib import Path\n\n"
        "import pytest\n\n"
        "from q2c.hunting.regression import outcome_of\n\n\n"
        f"def test_{check.lower()}_holds() -> None:\n"
        f'    outcome = outcome_of(Path(__file__).with_name("{SCENARIO}"), "{check}"{arguments})\n'
        "    assert not outcome.failure, outcome.failure\n"
        "    if outcome.idle:\n"
        "        pytest.skip(outcome.idle)\n"
    )


def write(folder: Path, trial: Trial, check: str, story: str) -> None:
    """Write the scenario and its test into a folder."""
    (folder / SCENARIO).write_text(dump(scenario_of(trial, story)), encoding="utf-8")
    (folder / TEST).write_text(pytest_text(trial, check, story), encoding="utf-8")


def _lifecycles(trial: Trial, timeline: Timeline) -> tuple[str, ...]:
    named = timeline.scenario.lifecycles
    return timeline.acts.lifecycles() if named is None or trial.without else named


def _words(fault: Fault, timeline: Timeline) -> FaultPlan:
    """Return a fault as a scenario says it; a window that is that of all faults is not said."""
    words: dict[str, Any] = {
        "kind": fault.kind, "share": Fraction(fault.share_ppm, 1_000_000), "nth": fault.nth, "count": fault.count,
        "factor": fault.factor,
    }  # fmt: skip
    words |= {name: said for name in ("system", "operation", "txn") if (said := getattr(fault, name))}
    if fault.seconds:
        words["wait"] = timedelta(seconds=fault.seconds)
    zone = timeline.entities[0].zone
    if fault.start_us > timeline.start_us:
        words["from"] = _local(fault.start_us // SECOND_US, zone)
    if 0 < fault.end_us < timeline.heal_us:
        words["to"] = _local(-(-fault.end_us // SECOND_US), zone)
    return FaultPlan(**words)


def _local(seconds: int, zone: str) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")
