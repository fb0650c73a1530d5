from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mocks.crm.literals import MalformedQuery, lift
from mocks.crm.soql import Comparison, Constant, Junction, Lifted, Membership, Negation, Ordering, Query, parse


def tree(statement: str) -> Query:
    return parse(lift(statement)[0])


def test_a_statement_becomes_a_tree() -> None:
    query = tree(
        "select Id, Account.Name, (SELECT Quantity FROM QuoteLineItems ORDER BY LineNumber) from Quote "
        "where Status = 'Accepted' and Version__c >= 2 order by SystemModstamp desc nulls last, Id limit 5 offset 10"
    )
    assert query.source == "Quote"
    assert query.fields[:2] == (("Id",), ("Account", "Name"))
    assert query.fields[2] == Query(
        fields=(("Quantity",),), source="QuoteLineItems", order=(Ordering(("LineNumber",)),)
    )
    assert query.where == Junction(
        "AND",
        (
            Comparison(("Status",), "=", Lifted(0, "string")),
            Comparison(("Version__c",), ">=", Constant(Decimal(2))),
        ),
    )
    assert query.order == (Ordering(("SystemModstamp",), descending=True, nulls_last=True), Ordering(("Id",)))
    assert (query.limit, query.offset) == (5, 10)


def test_not_in_and_parentheses_nest() -> None:
    query = tree(
        "SELECT Id FROM Quote WHERE NOT (Kind__c NOT IN ('new', null) OR Status LIKE 'A%') AND IsDeleted = FALSE"
    )
    assert isinstance(query.where, Junction)
    negation = query.where.conditions[0]
    assert negation == Negation(
        Junction(
            "OR",
            (
                Membership(("Kind__c",), (Lifted(0, "string"), Constant(None)), negated=True),
                Comparison(("Status",), "LIKE", Lifted(1, "string")),
            ),
        )
    )
    assert query.where.conditions[1] == Comparison(("IsDeleted",), "=", Constant(False))


def test_counting_selects_no_fields() -> None:
    assert tree("SELECT COUNT() FROM Quote").counts
    assert tree("SELECT Count FROM Quote").fields == (("Count",),)


def test_literals_keep_their_order_whatever_their_kind() -> None:
    skeleton, values = lift("a = 'x' AND b > 2026-12-10T01:00:00+01:00 AND c = 'y' AND d <= 2026-02-03")
    assert values == ("x", 1_796_860_800_000_000, "y", date(2026, 2, 3))
    assert skeleton == "a = \x00 AND b > \x01 AND c = \x00 AND d <= \x02"


def test_strings_know_escapes_and_dates_inside_them_are_text() -> None:
    assert lift(r"a = 'it\'s \\ \n 2026-01-01'")[1] == ("it's \\ \n 2026-01-01",)
    assert lift("a = '2026-01-01'")[1] == ("2026-01-01",)


@settings(max_examples=100)
@given(st.text(st.characters(exclude_characters="\x00\x01\x02"), max_size=30))
def test_any_text_survives_quoting(text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace("'", "\\'")
    skeleton, values = lift(f"SELECT Id FROM Quote WHERE Name = '{quoted}'")
    assert values == (text,)
    assert parse(skeleton) == tree("SELECT Id FROM Quote WHERE Name = 'x'")


@pytest.mark.parametrize(
    "statement",
    [
        "",
        "SELECT FROM Quote",
        "SELECT Id Quote",
        "SELECT Id FROM Quote WHERE",
        "SELECT Id FROM Quote WHERE Status",
        "SELECT Id FROM Quote WHERE Status = 'x",
        "SELECT Id FROM Quote WHERE Status = ",
        "SELECT Id FROM Quote WHERE A = 1 AND B = 2 OR C = 3",
        "SELECT Id FROM Quote WHERE (A = 1",
        "SELECT Id FROM Quote WHERE A IN ()",
        "SELECT Id FROM Quote LIMIT ten",
        "SELECT Id FROM Quote LIMIT -1",
        "SELECT Id FROM Quote; DROP",
        "SELECT Id FROM Quote WHERE A = 2026-13-01",
        "SELECT Id FROM Quote ORDER Status",
        "SELECT (SELECT (SELECT Id FROM X) FROM Y) FROM Quote",
        "SELECT Id FROM Quote WHERE " + "(" * 60 + "A = 1" + ")" * 60,
        "SELECT Id FROM Quote WHERE " + "NOT " * 60 + "A = 1",
        "SELECT Id FROM Quote WHERE A = \x00",
        "SELECT Status FROM Quote GROUP BY",
        "SELECT " + "Id, " * 30_000 + "Id FROM Quote",
    ],
)
def test_what_the_grammar_does_not_allow_is_malformed(statement: str) -> None:
    with pytest.raises(MalformedQuery):
        tree(statement)
