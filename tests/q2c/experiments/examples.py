"""Experiments as they lie in their folders, one of each kind, with plain figures."""

from __future__ import annotations

import math
from typing import Any

from domain.calendar import DAY_US, HOUR_US
from domain.draws import Draws
from simulator.experiments import answers
from simulator.experiments.answers import Experiment
from simulator.experiments.bottlenecks import Aftermath, Resource
from simulator.experiments.comparison import Compared, compared
from simulator.experiments.conditions import Condition, judge, parsed
from simulator.experiments.fans import Fan, fan
from simulator.experiments.intervals import Interval, interval
from simulator.experiments.optimise import Optimum, Term, Trial
from simulator.experiments.ranges import parsed as values
from simulator.experiments.replications import Model, Rule, Sample
from simulator.experiments.search import Found, Tried
from simulator.experiments.sensitivity import Effect, Ranked
from simulator.experiments.sweeps import Axis
from simulator.whatif.model import Parameter

START_US = 1_797_897_600_000_000  # Tue 22 Dec 2026 00:00 UTC
CUT_OFF_US = START_US + 10 * DAY_US
HOSTILE = "<img src=x onerror='window.hit=1'><script>window.hit=1</script>\"'`${1}"
RULE = Rule()
COUNT = 20


def runs(mean: float, spread: float, key: str) -> list[float]:
    """Return an observation for each replication."""
    return [mean + spread * (Draws(3).unit(key, i) - 0.5) for i in range(COUNT)]


def known(mean: float, spread: float, key: str) -> Interval:
    """Return the interval of such observations."""
    return interval(runs(mean, spread, key))


def estimate(measure: str, mean: float, spread: float) -> answers.Estimate:
    """Return an estimate."""
    found = runs(mean, spread, measure)
    return answers.Estimate(measure=measure, interval=interval(found), lowest=min(found), highest=max(found))


def fan_of(quantity: str, of: str, top: float) -> Fan:
    """Return a fan with a bump on the last day, where `top` is its middle."""
    hours = [math.exp(-(((hour - 228) / 12) ** 2)) for hour in range(14 * 24)]
    lines = [[top * (0.6 + 0.8 * Draws(5).unit(of, i)) * each for each in hours] for i in range(COUNT)]
    return fan(quantity, of, START_US, HOUR_US, lines)


def pair(name: str, first: float, second: float, spread: float, own: float = 0.0) -> Compared:
    """Return a comparison of two samples that share their luck, but for their own."""
    shared = runs(0.0, spread, "shared")
    one = Sample(Model("1", b""), [{name: first + each} for each in shared])
    mine = runs(0.0, own, "own")
    other = Sample(Model("2", b""), [{name: second + each + more} for each, more in zip(shared, mine, strict=True)])
    return compared(one, other, [name], 0.95)[0]


def span(station: str, before: int, hours: int, kind: str) -> answers.Span:
    """Return a window that begins so many hours before the cut-off."""
    from_us = CUT_OFF_US - before * HOUR_US
    return answers.Span(station=station, from_us=from_us, until_us=from_us + hours * HOUR_US, kind=kind)


COMPARED = (
    pair("within SLA-2", 0.981, 0.99, 0.004, 0.0002),
    pair("p95 SLA-2", 41.0, 40.95, 4.0, 1.0),
    pair("late", 4.0, 9.0, 3.0, 1.0),
    pair("lost", 0.0, 0.0, 0.0),
    pair("queue_max erp", 40.0, 22.0, 9.0, 2.0),
    pair("late_amount", 4_000_000.0, 9_000_000.0, 200_000.0, 1000.0),
)
PARAMETERS = (
    Parameter(name="systems.erp.slots", value="15", source="published"),
    Parameter(name="systems.erp.p50", value="1.8s", source="estimate"),
    Parameter(name="people.clerks", value="6", source="yours"),
)


def resource(station: str, use: float, first: int = 0) -> Resource:
    """Return a resource."""
    return Resource(
        station=station, slots=use > 0, utilisation=known(use, use / 9, station),
        busiest=known(min(1.0, 2 * use), 0, "b"),
        busiest_us=CUT_OFF_US - 5 * HOUR_US, queue=known(30, 10, "q"), wait_seconds=known(2.4, 1, "w"),
        longest_wait_seconds=known(90, 20, "l"), calls=known(90_000, 900, "c"), refused=known(210, 40, "r"),
        saturated=first, saturated_us=CUT_OFF_US - 6 * HOUR_US, first=first,
    )  # fmt: skip


def happened(**more: Any) -> answers.Happened:
    """Return what one scenario came to."""
    late = parsed("late <= 0")
    found: dict[str, Any] = {
        "replications": COUNT, "currency": "USD", "unheard": ("faults[4] (forged)",),
        "estimates": (
            estimate("within SLA-2", 0.981, 0.006), estimate("p95 SLA-2", 41.0, 3.0), estimate("late", 4.0, 6.0),
            estimate("duplicates", 0.0, 0.0), estimate("drain billing", 410.0, 60.0),
            estimate("late_amount", 4_000_000.0, 900_000.0), estimate("dead_letters", 92.0, 20.0),
        ),
        "promises": (
            judge(parsed("within SLA-2 >= 95%"), runs(0.981, 0.006, "within"), 0.95),
            judge(late, [0.0] * 17 + [1.0] * 3, 0.95),
        ),
        "fans": (
            fan_of("waiting", "SLA-2", 40.0), fan_of("waiting", "SLA-3", 300.0), fan_of("waiting", "SLA-8", 20.0),
            fan_of("utilisation", "erp", 0.8), fan_of("queue", "erp", 12.0),
        ),
        "resources": (resource("erp", 0.45, first=18), resource("billing", 0.2), resource("tax", 0.0)),
        "aftermaths": (
            Aftermath(
                station="billing", from_us=CUT_OFF_US - 10 * HOUR_US, until_us=CUT_OFF_US - 6 * HOUR_US, kind="rejects",
                struck=known(325, 30, "s"), peak=known(320, 30, "p"), drain_seconds=known(410, 60, "d"), never=1,
                count=COUNT,
            ),
        ),
        "spans": (span("billing", 10, 4, "down"), span("tax", 36, 1, "slow")),
        "cut_offs": (("US", CUT_OFF_US),),
        "costs": (answers.FaultCost(trouble="billing is down for 4h, from quarter_end - 10h", compared=COMPARED),),
        "costless": ("tax is slow and fails for 1h, from quarter_end - 36h",),
    }  # fmt: skip
    return answers.Happened(**(found | more))


def differs(rows: tuple[Compared, ...] = COMPARED) -> answers.Differs:
    """Return a comparison."""
    sides = tuple(
        answers.Side(title=title, fans=(fan_of("waiting", "SLA-2", top),), unheard=())
        for title, top in (("as it is", 40.0), ("with fewer slots", 60.0))
    )
    return answers.Differs(
        replications=COUNT, compared=rows, sides=(sides[0], sides[1]), currency="USD",
        changes=(("systems.erp.slots", "15", "7"),),
    )  # fmt: skip


SLOTS = Axis("systems.erp.slots", values("5..15:5"))
PATTERN = Axis("world.quarter.pattern", values("mild,severe"))


def swept() -> answers.Swept:
    """Return a sweep of two axes; one point could not be played."""
    points = []
    for slots in ("5", "10", "15"):
        for pattern in ("mild", "severe"):
            if (slots, pattern) == ("5", "severe"):
                refused = "erp would be used to 120 %: 7.6 calls a second need 9.1 slots"
                points.append(answers.Point(values=(slots, pattern), replications=0, estimates=(), refused=refused))
                continue
            mean = 1 - 1 / int(slots) / (1 if pattern == "severe" else 4)
            found = (estimate("within SLA-2", mean, 0.004), estimate("p95 SLA-2", 200 / int(slots), 1.0))
            points.append(answers.Point(values=(slots, pattern), replications=COUNT, estimates=found))
    return answers.Swept(points=tuple(points), compared=(), now=("15", "severe"), currency="USD")


def tried(slots: int, mean: float) -> Tried:
    """Return a value that a search tried."""
    return Tried(index=slots - 1, value=str(slots), judged=judge(BOUND, runs(mean, 0.001, str(slots)), 0.95))


BOUND: Condition = parsed("within SLA-2 >= 99%")
FOUND = Found(
    value="7", neighbour="6", is_sharp=True, is_monotone=True,
    tried=(tried(5, 0.97), tried(6, 0.985), tried(7, 0.995), tried(8, 0.998)),
)  # fmt: skip


def trial(number: int, slots: int, mean: float) -> Trial:
    """Return a point that an optimisation tried."""
    judged = judge(BOUND, runs(mean, 0.001, str(number)), 0.95)
    return Trial(number=number, settings={"systems.erp.slots": str(slots)}, cost=12.0 * slots, judged=(judged,))


def experiment(answer: answers.Answer, **more: Any) -> Experiment:
    """Return an experiment with an answer, in the words of the product."""
    from q2c.experiments.says import said

    question = QUESTIONS[type(answer)]
    sentence = said(question, answer)
    found: dict[str, Any] = {
        "scenarios": (("Billing is down on the last day", "scenario.yaml"),), "asks": "Release manager: go or no-go?",
        "question": question, "repeat": "q2c whatif billing_outage_last_day", "code_version": "0.1.0",
        "parameters": (PARAMETERS,) * (2 if isinstance(answer, answers.Differs) else 1),
        "status": sentence.status, "word": sentence.word, "says": sentence.text, "answer": answer,
        "effort": answers.Effort(made=20, found=0, seconds=1.5, executor="2 threads", engine="the compiled kernel"),
    }  # fmt: skip
    return Experiment(**(found | more))


QUESTIONS: dict[type, answers.Question] = {
    answers.Happened: answers.WhatIf(seed=1, rule=RULE),
    answers.Differs: answers.Compare(seed=1, rule=RULE),
    answers.Swept: answers.Sweep(seed=1, rule=RULE, axes=(SLOTS, PATTERN)),
    answers.Broke: answers.Search(seed=1, rule=RULE, axis=Axis("systems.erp.slots", values("1..40")), condition=BOUND),
    answers.Optimised: answers.Optimise(
        seed=1, rule=RULE, axes=(SLOTS,), cost=(Term(12.0, "systems.erp.slots"),), cost_text="12*erp.slots",
        conditions=(BOUND,), trials=9,
    ),
    answers.Sensitive: answers.Sensitivity(seed=1, rule=RULE, axes=(SLOTS, PATTERN), method="morris", size=10),
}  # fmt: skip


def every_kind() -> list[Experiment]:
    """Return an experiment of each kind."""
    trials = (trial(0, 6, 0.985), trial(1, 7, 0.995), trial(2, 9, 0.999))
    effects = (
        Effect(path="systems.erp.slots", strength=0.012, half_width=0.003, spread=0.01, direction=0.011),
        Effect(path="people.clerks", strength=0.001, half_width=0.002, spread=0.001, direction=-0.001),
    )
    return [
        experiment(happened()),
        experiment(differs(), scenarios=(("As it is", "first.yaml"), ("With fewer slots", "second.yaml"))),
        experiment(swept()),
        experiment(answers.Broke(found=FOUND, now="15")),
        experiment(
            answers.Optimised(
                optimum=Optimum(best=trials[1], trials=trials, points=40, is_exhaustive=False),
                now={"systems.erp.slots": "15"}, cost_now=180.0,
            )
        ),
        experiment(
            answers.Sensitive(
                ranked=(Ranked(measure="within SLA-2", varies=True, effects=effects),
                        Ranked(measure="p95 SLA-2", varies=False, effects=())),
                points=30, replications=3, currency="USD",
            )
        ),
    ]  # fmt: skip
