"""Says: the answer of an experiment in a sentence or two, and whether it holds."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from q2c import exits
from q2c.experiments import wording
from simulator.experiments.answers import (
    Answer,
    Broke,
    Differs,
    Happened,
    Optimise,
    Optimised,
    Question,
    Search,
    Sensitive,
    Status,
    Sweep,
    Swept,
)
from simulator.experiments.comparison import Compared
from simulator.experiments.conditions import Judged
from simulator.experiments.metrics import metric_of
from web.words import count, counted, duration, instant, listed

EXITS = {"holds": exits.HOLDS, "broken": exits.BROKEN, "late": exits.LATE, "unknown": exits.UNKNOWN}
_KEPT = {1: "The promise was", 2: "Both promises were"}
_SAFETY = ("late", "late_amount", "lost", "lost_amount", "duplicates", "doubled_amount")
_GRAVE = frozenset({"lost", "lost_amount", "duplicates", "doubled_amount", "late", "late_amount"})
_NAMED_MAX = 3
_BOTH = "BETTER AND WORSE"


class Said(msgspec.Struct, frozen=True):
    """An answer in words: a word for the whole ("GO", "NO WINNER"), a sentence, and its status."""

    word: str
    text: str
    status: Status


def said(question: Question, answer: Answer) -> Said:
    """Return what an answer says."""
    if isinstance(answer, Happened):
        return _go(answer) if answer.promises else _happened(answer)
    if isinstance(answer, Differs):
        return _differs(answer)
    if isinstance(answer, Swept):
        assert isinstance(question, Sweep)
        return _swept(question, answer)
    if isinstance(answer, Broke):
        assert isinstance(question, Search)
        return _broke(question, answer)
    if isinstance(answer, Optimised):
        assert isinstance(question, Optimise)
        return _optimised(question, answer)
    return _sensitive(answer)


def at_least_share(kept: int, of: int, confidence: float) -> float:
    """Return the share of all quarters in which something is kept at least, when it was in all of those played."""
    assert kept == of, "the bound is that of a series without a miss"
    return float((1 - confidence) ** (1 / of))


def _go(answer: Happened) -> Said:
    missed = [each for each in answer.promises if each.kept < each.count]
    broken = [each for each in missed if each.judgement == "broken"]
    quarters = counted(answer.replications, "quarter")
    if not missed:
        sure = at_least_share(answer.replications, answer.replications, 0.95)
        number = len(answer.promises)
        promises = _KEPT.get(number, f"All {number} promises were")
        return Said(
            "GO", f"{promises} kept in each of the {quarters} played (so in at least {wording.share(sure)} of all "
            "such quarters, with 95 % confidence).", "holds",
        )  # fmt: skip
    if not broken:
        return Said("AT RISK", f"On average every promise is kept, but {_missed(missed)}.", "unknown")
    is_unsafe = any(each.condition.measure.partition(" ")[0] in _SAFETY for each in broken)
    return Said("NO GO", f"Over {quarters}, {_missed(broken)}.", "broken" if is_unsafe else "late")


def _missed(judged: Sequence[Judged]) -> str:
    return listed([
        f"“{wording.bound(each.condition)}” was missed in {count(each.count - each.kept)} of {count(each.count)} "
        f"(mean {wording.value(each.condition.measure, each.interval.mean)})"
        for each in judged[:_NAMED_MAX]
    ])  # fmt: skip


def _happened(answer: Happened) -> Said:
    known = {each.measure: each.interval for each in answer.estimates}
    shown = [name for name in known if name.startswith("within ")][:1]
    parts = [f"{wording.label(name)} {wording.estimate(name, known[name])}" for name in shown]
    first = answer.resources[0] if answer.resources else None
    if first is not None and first.saturated:
        parts.append(
            f"{wording.resource(first.station)} saturates first (in {count(first.saturated)} of "
            f"{count(answer.replications)}, at {instant(first.saturated_us)})"
        )
    else:
        parts.append("nothing saturates")
    drained = [(each.drain_seconds.mean, each.station) for each in answer.aftermaths if each.drain_seconds is not None]
    if drained:
        seconds, station = max(drained)
        took = duration(round(seconds * 1_000_000))
        parts.append(f"{wording.resource(station)} has worked off what its outage struck in {took}")
    text = f"{listed(parts)}."
    if not shown:
        text += f" {wording.NO_LEVELS}"
    return Said("ANSWER", f"Over {counted(answer.replications, 'quarter')}: {text}", "holds")


def _differs(answer: Differs) -> Said:
    judged = [row for row in answer.compared if metric_of(row.measure).better]
    better = [row for row in judged if wording.tone(metric_of(row.measure), row) == "good"]
    worse = [row for row in judged if wording.tone(metric_of(row.measure), row) == "bad"]
    if not better and not worse:
        if all(row.verdict == "same" for row in answer.compared):
            return Said("THE SAME", "Both give the same in every single replication.", "holds")
        return Said("NO WINNER", _undecided(answer), "unknown")
    word, sides = _weighed(better, worse)
    first, *second = [f"{side} in {_named(rows, answer.currency)}." for side, rows in sides if rows]
    pairs = counted(answer.replications, "pair")
    sentences = [f"Over {pairs} of replications the second is {first}", *(f"It is {each}" for each in second)]
    if second and word != _BOTH:
        sentences.append("What was lost, doubled or late weighs more.")
    return Said(word, " ".join(sentences), "holds")


def _weighed(better: list[Compared], worse: list[Compared]) -> tuple[str, tuple[tuple[str, list[Compared]], ...]]:
    """Return the word of a comparison and its sides, the decisive one first.

    What was lost, doubled or late decides where it differs in one direction only: what is left is quicker when the slow
    half is lost.
    """
    grave_better, grave_worse = (any(_is_grave(row) for row in rows) for rows in (better, worse))
    ordered = [("better", _gravest_first(better)), ("worse", _gravest_first(worse))]
    if grave_worse and not grave_better:
        return "WORSE", (ordered[1], ordered[0])
    if (grave_better and not grave_worse) or not worse:
        return "BETTER", (ordered[0], ordered[1])
    return (_BOTH if better else "WORSE"), (ordered[0], ordered[1])


def _is_grave(row: Compared) -> bool:
    return metric_of(row.measure).name in _GRAVE


def _gravest_first(rows: list[Compared]) -> list[Compared]:
    return sorted(rows, key=lambda row: not _is_grave(row))


def _named(rows: Sequence[Compared], currency: str) -> str:
    """Return how many measures these are, and the gravest of them; a measure's own name may have commas in it."""
    named = [f"{wording.label(r.measure)} ({wording.change(r.measure, r.difference, currency)})" for r in rows]
    rest = len(named) - _NAMED_MAX
    shown = "; ".join([*named[:_NAMED_MAX], *([f"and {count(rest)} more"] if rest > 0 else [])])
    return f"{counted(len(named), 'measure')}: {shown}"


def _undecided(answer: Differs) -> str:
    open_rows = [row for row in answer.compared if row.verdict == "undecided" and metric_of(row.measure).better]
    settle = [row for row in open_rows if row.needed is not None]
    text = f"After {counted(answer.replications, 'pair')} of replications no measure differs surely"
    if not settle:
        return f"{text}."
    nearest = min(settle, key=lambda row: row.needed or 0)
    return f"{text}; about {count(nearest.needed or 0)} would settle {wording.label(nearest.measure)}."


def _swept(question: Sweep, answer: Swept) -> Said:
    played = [point for point in answer.points if point.estimates]
    refused = len(answer.points) - len(played)
    name = question.measures[0] if question.measures else played[0].estimates[0].measure
    at = {}
    for point in played:
        for each in point.estimates:
            if each.measure == name:
                at[point.values] = each.interval.mean
    if not at:
        return Said("SWEPT", f"{counted(len(played), 'point')} played.", "holds")
    low, high = min(at, key=lambda key: at[key]), max(at, key=lambda key: at[key])
    axes = [wording.short_path(axis.path) for axis in question.axes]
    text = (
        f"Over {counted(len(played), 'point')}, {wording.label(name)} goes from "
        f"{wording.value(name, at[low], answer.currency)} ({_at(axes, low)}) to "
        f"{wording.value(name, at[high], answer.currency)} ({_at(axes, high)})."
    )
    if refused:
        text += f" {counted(refused, 'point')} could not be played: the table says why."
    return Said("SWEPT", text, "holds")


def _at(axes: Sequence[str], values: Sequence[str]) -> str:
    return ", ".join(f"{axis} {value}" for axis, value in zip(axes, values, strict=True))


def _broke(question: Search, answer: Broke) -> Said:
    found, path = answer.found, wording.short_path(question.axis.path)
    which = "smallest" if question.smallest else "largest"
    bound = wording.bound(question.condition)
    if found.value is None:
        tried = found.tried[-1 if question.smallest else 0]
        mean = wording.estimate(question.condition.measure, tried.judged.interval)
        return Said("NO VALUE", f"No {path} surely gives {bound}; at {tried.value} it is {mean}.", "unknown")
    at = next(each for each in found.tried if each.value == found.value)
    text = f"{found.value} is the {which} {path} that surely gives {bound} ({_mean(question, at.judged)})"
    if found.neighbour is None:
        text += "; every value of the range does"
    else:
        beside = next(each for each in found.tried if each.value == found.neighbour)
        sure = "surely does not" if found.is_sharp else "may, too; more replications could tell"
        text += f"; {found.neighbour} {sure} ({_mean(question, beside.judged)})"
    if not found.is_monotone:
        text += ". But more was not always better among the values tried: sweep the range before you rely on this"
    return Said(found.value, f"{text}.", "holds" if found.is_monotone else "unknown")


def _mean(question: Search, judged: Judged) -> str:
    return wording.estimate(question.condition.measure, judged.interval)


def _optimised(question: Optimise, answer: Optimised) -> Said:
    found = answer.optimum
    tried = f"{counted(len(found.trials), 'point')} of {count(found.points)} tried"
    if found.best is None:
        return Said("NONE", f"No point surely keeps all conditions ({tried}).", "unknown")
    values = ", ".join(f"{wording.short_path(path)} {value}" for path, value in found.best.settings.items())
    now = f", now {answer.cost_now:,.6g}" if answer.cost_now is not None else ""
    best = "the cheapest there is" if found.is_exhaustive else f"the cheapest found, {tried}"
    return Said(
        "CHEAPEST", f"{values} costs {found.best.cost:,.6g}{now} and surely keeps all conditions ({best}).", "holds"
    )


def _sensitive(answer: Sensitive) -> Said:
    parts = []
    for ranked in answer.ranked[:_NAMED_MAX]:
        if not ranked.varies:
            parts.append(f"{wording.label(ranked.measure)} is moved by none of them")
            continue
        sure = [each for each in ranked.effects if each.strength > each.half_width]
        named = listed([wording.short_path(each.path) for each in sure[:2]]) or "none of them surely"
        parts.append(f"{wording.label(ranked.measure)} is moved most by {named}")
    return Said("RANKED", f"{'; '.join(parts)}.", "holds")
