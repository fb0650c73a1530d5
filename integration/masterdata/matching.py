"""Matching: are two identities one party? Same, different, or a question for a steward; always with reasons.

Identifiers decide first: a tax id is given to one party only, so equal ones mean the same party and different ones two
parties, whatever the names say. Without them, names and addresses are compared by distance (rapidfuzz) and weighed in
points out of a hundred. Two thresholds divide the points into different, ask and same. A wrong merge is worse than a
question and a question is worse than a duplicate only when it is asked too often, so the band between is a value.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import msgspec
from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler

from integration.masterdata.identity import Identity, Normal, normal

SAME, ASK, DIFFERENT = "same", "ask", "different"
_ORDER = {SAME: 0, ASK: 1, DIFFERENT: 2}


class MatchRules(msgspec.Struct, frozen=True, kw_only=True):
    """The thresholds and weights of matching; the weights add up to 100 points.

    From `same_points` on two identities are the same party, from `ask_points` on a steward is asked. `name_floor` is
    the likeness (0 to 100) of names under which no address makes a match, `name_doubt` the one under which even an
    equal identifier is doubted: somebody typed another company's number.
    """

    same_points: int = 92
    ask_points: int = 74
    name_weight: int = 60
    street_weight: int = 20
    place_weight: int = 20
    name_floor: int = 78
    name_doubt: int = 35
    generic_word_points: int = 4

    def __post_init__(self) -> None:
        if not 0 < self.ask_points <= self.same_points <= 100:
            raise ValueError(
                f"expected 0 < ask_points <= same_points <= 100, got {self.ask_points} and {self.same_points}"
            )
        if self.name_weight + self.street_weight + self.place_weight != 100:
            raise ValueError("name_weight, street_weight and place_weight must add up to 100")


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What was found about one candidate: the outcome, the points (100 for identifiers) and why."""

    candidate: str
    outcome: str
    points: int
    reasons: tuple[str, ...]


class Decision(msgspec.Struct, frozen=True):
    """What follows for an identity: its outcome, whom it is the same as, and the judgements worth showing."""

    outcome: str
    candidate: str
    judgements: tuple[Judgement, ...]


def judge(one: Identity, other: Identity, rules: MatchRules) -> Judgement:
    """Return whether two identities are one party, and why. It is symmetric."""
    mine, theirs = normal(one), normal(other)
    likeness = name_likeness(mine, theirs)
    for rule in (_other_books, _by_tax_id, _by_number_in_name, _by_duns, _by_domain):
        found = rule(one, other, mine, theirs, likeness, rules)
        if found is not None:
            outcome, reason = found
            points = {SAME: 100, ASK: rules.ask_points, DIFFERENT: 0}[outcome]
            return Judgement(candidate=other.id, outcome=outcome, points=points, reasons=(reason,))
    return _by_likeness(other.id, mine, theirs, likeness, rules)


Found = tuple[str, str] | None


def _other_books(one: Identity, other: Identity, _m: Normal, _t: Normal, _likeness: int, _rules: MatchRules) -> Found:
    for what, mine, theirs in (
        ("country", one.country, other.country),
        ("legal entity", one.entity, other.entity),
        ("currency", one.currency, other.currency),
    ):
        if mine and theirs and mine != theirs:
            return DIFFERENT, f"another {what}: {mine} and {theirs}; it needs a customer of its own there"
    return None


def _by_tax_id(_o: Identity, _p: Identity, mine: Normal, theirs: Normal, likeness: int, rules: MatchRules) -> Found:
    if not mine.tax_id or not theirs.tax_id:
        return None
    if mine.tax_id != theirs.tax_id:
        return DIFFERENT, "two tax ids are two parties"
    if likeness < rules.name_doubt:
        return ASK, f"the same tax id {mine.tax_id}, but the names are {likeness}/100 alike"
    return SAME, f"the same tax id {mine.tax_id}"


def _by_number_in_name(
    _o: Identity, _p: Identity, mine: Normal, theirs: Normal, _likeness: int, _rules: MatchRules
) -> Found:
    if mine.numbers != theirs.numbers:
        return DIFFERENT, "the numbers in the names differ"
    return None


def _by_duns(_o: Identity, _p: Identity, mine: Normal, theirs: Normal, likeness: int, rules: MatchRules) -> Found:
    if not mine.duns or mine.duns != theirs.duns:
        return None  # each location has a number of its own: another one proves nothing
    if likeness < rules.name_doubt:
        return ASK, f"the same D-U-N-S number, but the names are {likeness}/100 alike"
    return SAME, f"the same D-U-N-S number {mine.duns}"


def _by_domain(_o: Identity, _p: Identity, mine: Normal, theirs: Normal, likeness: int, rules: MatchRules) -> Found:
    if not mine.domain or mine.domain != theirs.domain:
        return None
    if likeness < rules.name_floor:
        return ASK, f"the same domain {mine.domain}, but the names are {likeness}/100 alike"
    return SAME, f"the same domain {mine.domain} and names {likeness}/100 alike"


def name_likeness(mine: Normal, theirs: Normal) -> int:
    """Return how alike two names are, 0 to 100: legal forms and the order of words do not count.

    >>> from integration.masterdata.identity import Identity, normal
    >>> one, other = Identity(id="1", name="Hill, Bach & Cox Ltd"), Identity(id="2", name="COX HILL BACH LIMITED")
    >>> name_likeness(normal(one), normal(other))
    100
    """
    if not mine.core or not theirs.core:
        return 0
    sorted_words = fuzz.token_sort_ratio(mine.core, theirs.core)
    winkler = 100 * JaroWinkler.normalized_similarity(" ".join(sorted(mine.core.split())), _sorted(theirs.core))
    return round((sorted_words + winkler) / 2)


def _sorted(text: str) -> str:
    return " ".join(sorted(text.split()))


def _by_likeness(candidate: str, mine: Normal, theirs: Normal, likeness: int, rules: MatchRules) -> Judgement:
    """Weigh name, street and place; what is not known on either side counts half."""
    street, street_reason = _likeness_of("street", mine.street, theirs.street)
    place = _place_likeness(mine, theirs)
    points = (rules.name_weight * likeness + rules.street_weight * street + rules.place_weight * place) // 100
    extra = len(mine.generic ^ theirs.generic)
    points = max(0, points - rules.generic_word_points * extra)
    reasons = [f"names {likeness}/100 alike", street_reason, f"places {place}/100 alike"]
    if extra:
        reasons.append(f"only one name says {', '.join(sorted(mine.generic ^ theirs.generic))}")
    if likeness < rules.name_floor:
        points = min(points, rules.ask_points - 1)
        reasons.append(f"names under {rules.name_floor} are never a match")
    outcome = SAME if points >= rules.same_points else ASK if points >= rules.ask_points else DIFFERENT
    return Judgement(candidate=candidate, outcome=outcome, points=points, reasons=tuple(reasons))


def _likeness_of(what: str, mine: str, theirs: str) -> tuple[int, str]:
    if not mine or not theirs:
        return 50, f"one {what} is not known"
    alike = round(fuzz.token_sort_ratio(mine, theirs))
    return alike, f"{what}s {alike}/100 alike"


def _place_likeness(mine: Normal, theirs: Normal) -> int:
    if mine.place[0] and mine.place[0] == theirs.place[0]:
        return 100
    if not any(mine.place) or not any(theirs.place):
        return 50
    return round(fuzz.ratio(mine.place[1], theirs.place[1])) // 2 if mine.place[0] and theirs.place[0] else 50


def decide(one: Identity, others: Iterable[Identity], rules: MatchRules, shown_max: int = 5) -> Decision:
    """Return what follows of all candidates, given the oldest first: a certain match, a question, or none.

    Several certain matches are one party entered more than once when each is a certain match of every other: the oldest
    of them stands for it. When they are not, nobody but a steward can tell which one is meant.
    """
    known = [other for other in others if other.id != one.id]
    found = [judge(one, other, rules) for other in known]
    ranked = sorted(found, key=lambda each: (_ORDER[each.outcome], -each.points))
    shown = tuple(ranked[:shown_max])
    certain = [other for other, each in zip(known, found, strict=True) if each.outcome == SAME]
    if certain and all(judge(mine, theirs, rules).outcome == SAME for mine, theirs in combinations(certain, 2)):
        first = next(each for each in found if each.candidate == certain[0].id)
        return Decision(SAME, certain[0].id, (first, *(each for each in shown if each is not first)))
    if certain or any(each.outcome == ASK for each in ranked):
        return Decision(ASK, "", shown)
    return Decision(DIFFERENT, "", shown)
