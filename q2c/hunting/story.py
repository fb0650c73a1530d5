"""The story of a trial in business words: who, what, when, which fault, what the rule expected, what came out."""

from __future__ import annotations

import msgspec

from contracts.checks.facts import Facts
from contracts.checks.registry import BY_ID
from contracts.checks.story import Line, story_of
from domain.faults import CATALOGUE, Fault
from domain.history import Changed
from domain.money import said
from domain.objects import Quote
from q2c.hunting.seen import Seen
from q2c.report import names
from web.words import counted, instant

_TRIES = {1: "the first time", 2: "the second time", 3: "the third time"}
_KINDS = {"new": "a new order", "renew": "a renewal"}


class Tale(msgspec.Struct, frozen=True, kw_only=True):
    """A story: the rule, who is in it, what goes wrong around them, what happens then, and what came out."""

    check: str
    title: str
    rule: str
    who: tuple[str, ...]
    faults: tuple[str, ...]
    steps: tuple[Line, ...]
    outcome: str


def tale_of(seen: Seen) -> Tale:
    """Return the story of the smallest violation of a trial that breaks its rule."""
    assert seen.is_broken, "only a broken rule has a story"
    rule, smallest = BY_ID[seen.result.check], seen.violations[0]
    return Tale(
        check=rule.id, title=rule.title, rule=rule.rule, who=_who(seen.facts),
        faults=tuple(map(fault_in_words, seen.faults)), steps=story_of(smallest, seen.facts)[:-1],
        outcome=smallest.sentence,
    )  # fmt: skip


def text_of(tale: Tale) -> str:
    """Return a story as plain text, a paragraph for each part."""
    parts = [f"{tale.check} {tale.title}: {tale.rule}", "Who", *_items(tale.who)]
    parts += ["What goes wrong", *_items(tale.faults or ("Nothing: no fault is needed.",))]
    parts += ["What happens", *(f"  {instant(at_us, seconds=True)}  {sentence}" for at_us, sentence in tale.steps)]
    return "\n".join([*parts, "What came out", f"  {tale.outcome}"]) + "\n"


def _items(lines: tuple[str, ...]) -> list[str]:
    return [f"  {line}" for line in lines]


def _who(facts: Facts) -> tuple[str, ...]:
    """Return a line for each quote that was signed, in the order of the signatures."""
    signed: dict[str, str] = {}
    for change in facts.history.changes("quote", "crm"):
        if change.status == "accepted" and change.before != "accepted":
            signed[change.txn] = _signed(change)
    return tuple(signed.values()) or ("Nobody signs anything; contracts that are there already are billed.",)


def _signed(change: Changed) -> str:
    quote = change.document
    assert isinstance(quote, Quote), "the CRM's quotes are quotes"
    what = _KINDS.get(quote.kind) or f"an amendment ({names.operation(quote.amendment_kind)})"
    worth = said(quote.total_minor, quote.currency)
    when = instant(change.at_us)
    return f"{when}  customer {quote.account} of {quote.entity} signs {what}, {quote.number}, over {worth}"


def fault_in_words(fault: Fault) -> str:
    """Return a fault as people say it: its kind, and where and when it strikes."""
    kind = CATALOGUE[fault.kind]
    where = f"{names.system(fault.system)} {names.operation(fault.operation)}".strip()
    words = [f"{kind.number} {names.operation(fault.kind)}: {kind.summary}"]
    if fault.system or fault.operation:
        words.append(f"at {where}" + (f" of {fault.txn}" if fault.txn else ""))
    if fault.nth:
        words.append(_TRIES.get(fault.nth, f"time {fault.nth}"))
    if fault.count:
        words.append(f"count {fault.count}")
    if fault.seconds:
        words.append(f"{counted(round(fault.seconds), 'second')}")
    return ", ".join(words)
