"""Search across objects: SOSL, and the parameterized form of it.

FIND {words} [IN ALL|NAME|EMAIL|PHONE FIELDS] [RETURNING Object(fields WHERE ... ORDER BY ... LIMIT n), ...] [LIMIT n].
A record is found when each word begins a word of one of its text fields. Source: the vendor's public documentation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from mocks.crm.literals import lift
from mocks.crm.model import Crm
from mocks.crm.plans import select
from mocks.crm.schema import IS_DELETED, TEXT_TYPES, Row, SObject
from mocks.crm.shapes import render
from mocks.kernel.operations import Refusal
from mocks.kernel.tables import glancing

_FIND = re.compile(r"\s*FIND\s*\{(?P<words>(?:[^{}\\]|\\.)*)\}(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_IN = re.compile(r"\s*IN\s+(ALL|NAME|EMAIL|PHONE|SIDEBAR)\s+FIELDS", re.IGNORECASE)
_RETURNING = re.compile(r"\s*RETURNING\s+", re.IGNORECASE)
_OBJECT = re.compile(r"\s*(\w+)\s*", re.ASCII)
_LIMIT = re.compile(r"\s*LIMIT\s+(\d{1,6})\s*$", re.IGNORECASE)
_CLAUSE = re.compile(r"\b(WHERE|ORDER\s+BY|LIMIT|OFFSET)\b", re.IGNORECASE)
_TEXT_OR_SIGN = re.compile(r"'(?:[^'\\]|\\.)*'|[()]", re.DOTALL)
_WORDS_MAX = 4_000
_NAMES = {"NAME": ("name",), "EMAIL": ("email",), "PHONE": ("phone",)}


class Wish(msgspec.Struct, frozen=True):
    """One object to be searched: a statement without words, or none for its ids only."""

    of: str
    fields: str = "Id"
    clauses: str = ""


def search(crm: Crm, statement: str, base: str) -> dict[str, Any]:
    """Return what a SOSL statement finds; raise Refusal for one the grammar does not allow."""
    if len(statement) > _WORDS_MAX:
        raise Refusal("bad_search", f"the search is longer than {_WORDS_MAX} characters")
    found = _FIND.fullmatch(statement)
    if found is None:
        raise Refusal("bad_search", "expecting FIND {words}")
    words, rest = words_of(found["words"]), found["rest"]
    scope = "ALL"
    if match := _IN.match(rest):
        scope, rest = match[1].upper(), rest[match.end() :]
    most = 2_000
    if (match := _LIMIT.search(rest)) and rest.count("(") == rest[: match.start()].count(")"):
        most, rest = int(match[1]), rest[: match.start()]
    wishes: Sequence[Wish] = [Wish(of.name) for of in crm.store.schema.objects if not of.is_event]
    if match := _RETURNING.match(rest):
        wishes = _wishes(rest[match.end() :])
    elif rest.strip():
        raise Refusal("bad_search", f"unexpected: {rest.strip()[:40]}")
    return {"searchRecords": found_by(crm, words, wishes, scope, base)[:most]}


def words_of(text: str) -> list[str]:
    """Return the words of a search; raise Refusal when they are too short."""
    words = [word.strip('*"?').lower() for word in re.sub(r"\\(.)", r"\1", text).split()]
    words = [word for word in words if word]
    if not words or max(map(len, words)) < 2:
        raise Refusal("bad_search", "search term must be longer than one character")
    return words


def _wishes(text: str) -> list[Wish]:
    wishes: list[Wish] = []
    at = 0
    while True:
        match = _OBJECT.match(text, at)
        if match is None:
            raise Refusal("bad_search", "expecting the name of an object after RETURNING")
        at = match.end()
        inside = ""
        if text[at : at + 1] == "(":
            end = _closing(text, at)
            inside, at = text[at + 1 : end], end + 1
        clause = _CLAUSE.search(inside)
        cut = clause.start() if clause else len(inside)
        wishes.append(Wish(match[1], inside[:cut].strip() or "Id", inside[cut:]))
        rest = text[at:].lstrip()
        if not rest:
            return wishes
        if rest[0] != ",":
            raise Refusal("bad_search", f"unexpected: {rest[:40]}")
        at = len(text) - len(rest) + 1


def _closing(text: str, start: int) -> int:
    depth = 0
    for found in _TEXT_OR_SIGN.finditer(text, start):
        depth += {"(": 1, ")": -1}.get(found[0], 0)
        if depth == 0:
            return found.start()
    raise Refusal("bad_search", "a parenthesis is not closed")


def found_by(crm: Crm, words: Sequence[str], wishes: Sequence[Wish], scope: str, base: str) -> list[Any]:
    """Return the records of these objects that hold all words, each with the fields that were wished for."""
    records: list[Any] = []
    for wish in wishes:
        plan, literals = crm.queries.planned(f"SELECT {wish.fields} FROM {wish.of} {wish.clauses}", lift)
        if plan.counts or plan.groups is not None or plan.shape.children:
            raise Refusal("bad_search", "a search returns plain fields")
        positions = _positions(plan.of, scope)
        uncut = msgspec.structs.replace(plan, limit=None, offset=0)
        look = glancing(crm.store.tables[plan.of.name])
        rows = [row for row in map(look, select(crm.store, uncut, literals)) if _holds(row, positions, words)]
        rows = rows[plan.offset :][: plan.limit]
        records += [render(crm.store, plan.of, plan.shape, row, f"{base}sobjects/", literals) for row in rows]
    return records


def _positions(of: SObject, scope: str) -> list[int]:
    kinds = TEXT_TYPES - {"id", "reference", "picklist"}
    found = [at for at, field in enumerate(of.fields) if field.type in kinds]
    wanted = _NAMES.get(scope)
    return found if wanted is None else [at for at in found if any(n in of.fields[at].name.lower() for n in wanted)]


def _holds(row: Row, positions: Sequence[int], words: Sequence[str]) -> bool:
    if row[IS_DELETED]:
        return False
    held = " ".join([str(row[at]).lower() for at in positions if row[at] is not None])
    return all(re.search(rf"(?<!\w){re.escape(word)}", held) for word in words)
