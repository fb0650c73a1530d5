"""Values in queries: whatever a name is made of, each query language reads it as its client wrote it."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mocks.billing.listing.operators import OPERATORS
from mocks.crm.literals import lift, lift_encoded
from mocks.erp import filters as erp_filters
from mocks.erp import suiteql
from mocks.payment import search
from mocks.tax import filters as tax_filters

_SIGNS = "\"'\\,;:%_+&=?#()[]{}-*/ \n\N{EURO SIGN}\u00fc"
NAMES = st.text(st.sampled_from(_SIGNS) | st.characters(codec="utf-8", exclude_categories=("Cc",)), min_size=1)
"""Names of customers: many hold signs that mean something in some query language."""


def _backslashed(text: str, mark: str) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n" if mark == "'" else "\n")
    return f"{mark}{text.replace(mark, chr(92) + mark)}{mark}"


def _doubled(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _soql(name: str) -> bool:
    return lift(f"SELECT Id FROM Account WHERE Name = {_backslashed(name, chr(39))} LIMIT 5")[1] == (name,)


def _soql_on_the_wire(name: str) -> bool:
    statement = f"SELECT Id FROM Account WHERE Name = {_backslashed(name, chr(39))} LIMIT 5"
    return all(lift_encoded(escaped(statement)) == lift(statement) for escaped in (quote, quote_plus))


def _suiteql(name: str) -> bool:
    query = f"SELECT id /* ours */ FROM customer WHERE companyname = {_doubled(name)} -- and no other's"
    return suiteql.parse(query)[1] == (name,)


def _erp_filter(name: str) -> bool:
    condition = erp_filters.condition_of(f"companyName IS {_backslashed(name, chr(34))}", {"companyname": None})
    return condition(lambda _column: name) and not condition(lambda _column: f"{name}.")


def _search(name: str) -> bool:
    text = _backslashed(name, chr(34))
    clauses = search.parse(f"name:{text} AND metadata[{text}]:{text}", "customer").clauses
    return [(clause.key, clause.value) for clause in clauses] == [("", name), (name, name)]


def _lists(name: str) -> bool:
    test = OPERATORS["text"]["in"](json.dumps(["before", name, "after"]))
    return test(name) and test("after") and not test(f"{name}.")


def _tax_filter(name: str) -> bool:
    test = tax_filters.test_of(f"customerCode eq {_doubled(name)}", {"customercode": lambda row: row})
    return test(name) and not test(f"{name}.")


LANGUAGES = (_soql, _soql_on_the_wire, _suiteql, _erp_filter, _search, _lists, _tax_filter)


@pytest.mark.parametrize("reads", LANGUAGES, ids=lambda each: each.__name__[1:])
@given(name=NAMES)
@example(name="Acme -- Rockets")
@example(name="Acme, Inc. /* and others */")
@example(name="O'Neil \\")
@example(name='1"')
def test_a_name_of_any_signs_is_read_as_it_was_written(reads: Callable[[str], bool], name: str) -> None:
    assert reads(name)


@pytest.mark.parametrize("text", ["[a, b]", "['a','b']", '["a","b"]', "[ 'a' , b ]", "['a, b', a, b]"])
def test_lists_are_quoted_in_any_way(text: str) -> None:
    test = OPERATORS["text"]["in"](text)
    assert test("a")
    assert test("b")
    assert not test("'a'")
