"""Between legal entities: what one sells and another delivers is in both books, once, and cancels out (M19)."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import msgspec

from contracts.checks.causes import INTERCOMPANY
from contracts.checks.facts import Facts, base_of
from contracts.checks.lives import Life, document_of, quote_of
from contracts.checks.verdict import Findings, Tally
from domain.history import Changed
from domain.money import said
from domain.objects import Entry
from domain.rounding import Rounding, round_ratio

BETWEEN, REVENUE, COST = "2900", "4900", "5900"
Key = tuple[str, str]
"""A document of billing, and the entity that delivers what it charges."""


class Pair(msgspec.Struct):
    """The entries of one document and one deliverer."""

    entries: list[Changed] = []

    def of(self, account: str, entity: str = "") -> int:
        """Return what the entries post to an account, of one entity or of all, in the document's currency."""
        return sum(
            [
                row.amount_minor
                for change in self.entries
                for row in document_of(change).postings
                if row.account == account and entity in ("", document_of(change).entity)
            ]
        )


def entities_are_square(facts: Facts) -> Findings:
    """What one entity sells and another delivers is settled in both books: one share, both sides, nothing left over."""
    tally = Tally("M19")
    wanted, pairs = _wanted(facts), _pairs(facts)
    for key, pair in pairs.items():
        tally.examined += 1
        problem = _problem(pair) or _place(key, pair, wanted)
        if problem:
            entities = tuple(f"erp entry {change.id}" for change in pair.entries)
            sentence = f"between entities, {key[0]} delivered by {key[1]}: {problem}"
            tally.violation(pair.entries[0].txn, sentence, *pair.entries, entities=entities)
    for key, (life, share_minor) in wanted.items():
        tally.examined += 1
        given_minor = pairs[key].of(BETWEEN, key[1]) if key in pairs else 0
        if given_minor == share_minor or not facts.is_due(life.last.at_us) or life.txn in facts.excused:
            continue
        currency = life.document.currency
        sentence = (
            f"{key[1]} delivers what {life.name} is for and is owed {said(share_minor, currency)}, "
            f"its books have {said(given_minor, currency)}"
        )
        tally.violation(life.txn, sentence, life.first, entities=(life.name,))
    return tally.findings()


def _problem(pair: Pair) -> str:
    sides = {document_of(change).entity for change in pair.entries}
    if len(pair.entries) != len(sides):
        return f"it is posted {len(pair.entries)} times in the books of {len(sides)}"
    for what, left_minor in (
        ("claims and debts", pair.of(BETWEEN)), ("revenue and cost", pair.of(REVENUE) + pair.of(COST))
    ):  # fmt: skip
        if left_minor:
            return f"{what} do not cancel out: {said(left_minor, document_of(pair.entries[0]).currency)} are left"
    return "" if len(sides) == 2 else f"only {', '.join(sorted(sides))} has it in its books"


def _place(key: Key, pair: Pair, wanted: Mapping[Key, tuple[Life, int]]) -> str:
    """Return what is wrong with whose books it is in: those of who sells and of who delivers, and no others."""
    if key not in wanted:
        return "nobody else delivers any of it"
    homes = {key[1], wanted[key][0].document.entity}
    sides = {document_of(change).entity for change in pair.entries}
    if sides == homes:
        return ""
    return f"it is in the books of {', '.join(sorted(sides))} and belongs to {', '.join(sorted(homes))}"


def _pairs(facts: Facts) -> dict[Key, Pair]:
    found: dict[Key, Pair] = {}
    for change in facts.history.changes("entry", "erp"):
        entry: Entry = document_of(change)
        if not change.before and entry.source.startswith(INTERCOMPANY):
            parts = base_of(entry.source.removeprefix(INTERCOMPANY)).rsplit("-", 2)
            document, deliverer = parts[0], parts[1] if len(parts) == 3 else ""
            found.setdefault((document, deliverer), Pair()).entries.append(change)
    return found


def _wanted(facts: Facts) -> dict[Key, tuple[Life, int]]:
    """Return what each deliverer is owed of each posted document: the agreed share of the net it delivers."""
    delivered = {
        quote.number: {line.sku: line.delivered_by for line in quote.lines if line.delivered_by}
        for quote in map(quote_of, facts.accepted.values())
        if any(line.delivered_by for line in quote.lines)
    }
    if not delivered:
        return {}
    found: dict[Key, tuple[Life, int]] = {}
    for kind, table, sign in (("invoice", facts.posted, 1), ("credit_memo", facts.memos, -1)):
        for key, life in facts.lives(kind, "billing").items():
            by = delivered.get(_subscription(facts, life), {})
            nets: dict[str, int] = {}
            for line in life.document.lines if by and key in table else ():
                if line.sku in by and line.kind != "tax":
                    nets[by[line.sku]] = nets.get(by[line.sku], 0) + sign * line.amount_minor
            nets.pop(life.document.entity, None)  # nobody owes anything to themselves
            for deliverer, net_minor in nets.items():
                share = Fraction(net_minor * facts.context.intercompany_percent, 100)
                found[key, deliverer] = (life, round_ratio(share, Rounding.HALF_UP))
    return found


def _subscription(facts: Facts, life: Life) -> str:
    if life.last.kind == "invoice":
        return str(life.document.subscription)
    invoice = facts.lives("invoice", "billing").get(life.document.invoice)
    return "" if invoice is None else str(invoice.document.subscription)
