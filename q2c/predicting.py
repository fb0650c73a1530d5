"""Predicting: what a replay is compared with, learned from an earlier replay of the same integration."""

from __future__ import annotations

from contracts.checks.facts import BOOKED, Facts
from q2c import exits
from q2c.extras import require
from q2c.rehearsing import Rehearsed, judged, reopened
from q2c.run_folder import RunFolder
from q2c.trouble import give_up
from scenarios.timeline import Timeline
from simulator.replay.deaths import Death, deaths_within
from simulator.replay.outcome import Fit, Prediction, Replayed
from simulator.replay.prediction import ORDERS_MIN, fitted, predicted
from web.words import counted


def require_enough(part: Timeline, whole: Timeline) -> None:
    """Refuse to compare a prediction with a part of a timeline in which too few lifecycles are signed."""
    signed = part.lifecycles
    if signed < ORDERS_MIN:
        wanted = -(-whole.lifecycles * ORDERS_MIN * 5 // (signed * 4)) if signed else 0  # with a quarter to spare
        more = f", or play more (--orders {wanted})" if wanted else ""
        give_up(
            f"--predict compares {ORDERS_MIN} orders and more, and this part has {counted(signed, 'lifecycle')}: make "
            f"it longer (--from, --to){more}."
        )


def learned(folder: RunFolder) -> Fit:
    """Return what a replay in its folder teaches about its integration; Trouble when it is no replay, or too short."""
    require("whatif")
    if not folder.replay.is_file() or not folder.history.is_file():
        give_up(f"{folder.path} is not the folder of a whole replay; --predict takes one of the same integration.")
    run = judged(reopened(folder))
    try:
        deaths = _deaths(run, folder.read_replay().replayed)
        return fitted(run.timeline, run.facts.context.speed, latencies_us(run.facts), deaths=deaths)
    except ValueError as error:
        give_up(f"{folder.path}: {error}", exits.COULD_NOT_RUN)


def compared(fit: Fit, run: Rehearsed, replayed: Replayed, calibrated_by: str) -> Prediction:
    """Return the prediction of a run that was played, and what was measured."""
    return predicted(
        run.timeline, run.facts.context.speed, fit, latencies_us(run.facts), calibrated_by,
        deaths=_deaths(run, replayed),
    )  # fmt: skip


def _deaths(run: Rehearsed, replayed: Replayed) -> list[Death]:
    """Return the deaths that were planned for the process, if it was ours to kill."""
    return deaths_within(run.timeline, run.facts.context.speed) if replayed.deaths else []


def latencies_us(facts: Facts) -> list[int]:
    """Return how long each order took from signed to booked, in microseconds of the wall."""
    found = []
    for reference, life in facts.accepted.items():
        booked = [at for order in facts.orders.get(reference, []) if (at := order.since(BOOKED)) is not None]
        if booked:
            found.append(round((min(booked) - life.entered["accepted"]) / facts.context.speed))
    return sorted(found)
