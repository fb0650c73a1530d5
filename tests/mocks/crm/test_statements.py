"""Statements that sum up, look at the clock, join and name all fields at once."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mocks.crm.date_ranges import days_of
from mocks.crm.literals import MalformedQuery, lift, lift_encoded
from mocks.crm.soql import parse
from tests.mocks.crm.conftest import START_US

DAY_US = 86_400_000_000


@pytest.fixture
def sold(org: Any) -> Any:
    """Three quotes of two accounts: 28500, 28500 and 100 minor units."""
    org.account("A-000001", name="Acme")
    org.account("A-000002", name="beta")
    org.draft("Q-000001")
    org.draft("Q-000002")
    line = {"sku": "SETUP", "kind": "one_time", "quantity": 1, "unit_minor": 100, "months": 0}
    org.draft("Q-000003", account="A-000002", lines=[line], discount_percent="0")
    org.step("submit", number="Q-000003")
    return org


def test_sums_of_all_records(sold: Any) -> None:
    (row,) = sold.found("SELECT COUNT(Id), SUM(TotalPrice) total, MIN(TotalPrice), MAX(Status) FROM Quote")
    assert row["attributes"] == {"type": "AggregateResult"}
    assert (row["expr0"], row["total"], row["expr1"], row["expr2"]) == (3, 571.0, 1.0, "In Review")


def test_groups_with_names_order_and_limit(sold: Any) -> None:
    rows = sold.found(
        "SELECT Account.Name who, COUNT(Id) n, AVG(TotalPrice) FROM Quote GROUP BY Account.Name "
        "ORDER BY COUNT(Id) DESC LIMIT 1"
    )
    assert [(row["who"], row["n"], row["expr0"]) for row in rows] == [("Acme", 2, 285)]
    rows = sold.found("SELECT Status, COUNT_DISTINCT(AccountId) n FROM Quote GROUP BY Status ORDER BY Status")
    assert [(row["Status"], row["n"]) for row in rows] == [("Draft", 1), ("In Review", 1)]


def test_sums_of_nothing(sold: Any) -> None:
    (row,) = sold.found("SELECT COUNT(Id) n, SUM(TotalPrice) total FROM Quote WHERE Status = 'Accepted'")
    assert (row["n"], row["total"]) == (0, None)
    assert sold.found("SELECT Status FROM Quote WHERE Status = 'Accepted' GROUP BY Status") == []


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("SELECT Status, TotalPrice FROM Quote GROUP BY Status", "MALFORMED_QUERY"),
        ("SELECT SUM(Status) FROM Quote", "INVALID_FIELD"),
        ("SELECT NOPE(Id) FROM Quote", "MALFORMED_QUERY"),
        ("SELECT SUM() FROM Quote", "MALFORMED_QUERY"),
        ("SELECT Id FROM Quote ORDER BY COUNT(Id)", "MALFORMED_QUERY"),
        ("SELECT Status FROM Quote GROUP BY Status ORDER BY TotalPrice", "MALFORMED_QUERY"),
        ("SELECT COUNT(Id), (SELECT Id FROM QuoteLineItems) FROM Quote", "MALFORMED_QUERY"),
        ("SELECT FIELDS(ALL) FROM Quote", "MALFORMED_QUERY"),
        ("SELECT FIELDS(SOME) FROM Quote", "MALFORMED_QUERY"),
        ("SELECT Id FROM Quote WHERE Status = TODAY", "INVALID_FIELD"),
        ("SELECT Id FROM Quote WHERE CreatedDate IN (TODAY)", "MALFORMED_QUERY"),
        ("SELECT Id FROM Quote WHERE CreatedDate LIKE TODAY", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Quote WHERE CreatedDate = LAST_N_DAYS:99999", "MALFORMED_QUERY"),
        ("SELECT Id FROM Quote WHERE Status IN (SELECT Id FROM Account)", "INVALID_FIELD"),
        ("SELECT Id FROM Quote WHERE AccountId IN (SELECT Name FROM Account)", "MALFORMED_QUERY"),
        ("SELECT Id FROM Quote WHERE AccountId IN (SELECT Id, Name FROM Account)", "MALFORMED_QUERY"),
        ("SELECT Id FROM Order WHERE Description LIKE 'x%'", "INVALID_FIELD"),
    ],
)
def test_what_statements_may_not_say(org: Any, error_of: Any, statement: str, code: str) -> None:
    assert error_of(org.query(statement)) == (400, code)


def test_all_fields_of_a_scope(sold: Any) -> None:
    (row,) = sold.found("SELECT FIELDS(ALL) FROM Account WHERE Name = 'Acme' LIMIT 200")
    assert {"Id", "Name", "Entity__c", "SystemModstamp"} < set(row)
    (row,) = sold.found("SELECT FIELDS(CUSTOM) FROM Account WHERE Name = 'Acme' LIMIT 1")
    assert {"Entity__c"} < set(row)
    assert "Name" not in row
    assert "Entity__c" not in sold.found("SELECT FIELDS(STANDARD) FROM Account")[0]


def test_semi_joins(sold: Any) -> None:
    inside = "(SELECT AccountId FROM Quote WHERE Status = 'Draft' AND TotalPrice > 1)"
    assert [row["Name"] for row in sold.found(f"SELECT Name FROM Account WHERE Id IN {inside}")] == ["Acme"]
    assert [row["Name"] for row in sold.found(f"SELECT Name FROM Account WHERE Id NOT IN {inside}")] == ["beta"]


def test_date_literals_follow_the_clock_of_the_world(sold: Any) -> None:
    today = "SELECT COUNT() FROM Quote WHERE CreatedDate = TODAY"
    assert sold.query(today).body.startswith(b'{"totalSize":3')
    sold.now_us += 2 * DAY_US
    sold.login()
    for literal, operator, count in (
        ("TODAY", "=", 0),
        ("TODAY", "<", 3),
        ("LAST_N_DAYS:2", "=", 3),
        ("LAST_N_DAYS:1", ">=", 0),
        ("YESTERDAY", "!=", 3),
        ("THIS_YEAR", "<=", 3),
        ("LAST_MONTH", "=", 3),
    ):
        statement = f"SELECT COUNT() FROM Quote WHERE CreatedDate {operator} {literal}"
        assert sold.query(statement).body.startswith(f'{{"totalSize":{count},'.encode()), statement
    assert len(sold.found("SELECT Id FROM Quote WHERE TermStart__c = NEXT_MONTH OR TermStart__c = NEXT_N_DAYS:60")) == 3


@pytest.mark.parametrize(
    ("name", "count", "first", "after"),
    [  # 30 November 2026 is a Monday
        ("TODAY", 0, date(2026, 11, 30), date(2026, 12, 1)),
        ("TOMORROW", 0, date(2026, 12, 1), date(2026, 12, 2)),
        ("LAST_N_DAYS", 3, date(2026, 11, 27), date(2026, 12, 1)),
        ("NEXT_N_DAYS", 3, date(2026, 12, 1), date(2026, 12, 4)),
        ("N_DAYS_AGO", 1, date(2026, 11, 29), date(2026, 11, 30)),
        ("THIS_WEEK", 0, date(2026, 11, 29), date(2026, 12, 6)),
        ("LAST_N_WEEKS", 2, date(2026, 11, 15), date(2026, 11, 29)),
        ("NEXT_WEEK", 0, date(2026, 12, 6), date(2026, 12, 13)),
        ("NEXT_MONTH", 0, date(2026, 12, 1), date(2027, 1, 1)),
        ("LAST_N_MONTHS", 2, date(2026, 9, 1), date(2026, 11, 1)),
        ("THIS_QUARTER", 0, date(2026, 10, 1), date(2027, 1, 1)),
        ("NEXT_QUARTER", 0, date(2027, 1, 1), date(2027, 4, 1)),
        ("LAST_YEAR", 0, date(2025, 1, 1), date(2026, 1, 1)),
        ("NEXT_N_YEARS", 2, date(2027, 1, 1), date(2029, 1, 1)),
    ],
)
def test_which_days_a_date_literal_means(name: str, count: int, first: date, after: date) -> None:
    assert days_of(name, count, START_US) == (first, after)


def test_a_query_that_looks_at_too_much_times_out(new_org: Any, error_of: Any) -> None:
    org = new_org(query_rows_max=1)
    for number in (1, 2):
        org.account(f"A-00000{number}")
    assert error_of(org.query("SELECT Id FROM Account")) == (400, "QUERY_TIMEOUT")
    assert len(org.found("SELECT Id FROM Account WHERE AccountNumber = 'A-000001'")) == 1


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="SELECTFROMWHEREidcount()'\\,.=<>:% \n+-019_TODAY{}", max_size=80))
def test_any_text_is_parsed_or_malformed(text: str) -> None:
    try:
        skeleton, _ = lift(text)
        parse(skeleton)
    except MalformedQuery:
        pass


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=12).filter(lambda text: "\x00" not in text), max_size=3))
def test_an_encoded_statement_is_lifted_as_the_plain_one(texts: list[str]) -> None:
    escaped = [text.replace("\\", "\\\\").replace("'", "\\'").encode("utf-8", "replace").decode() for text in texts]
    statement = " AND ".join([f"a = '{text}' AND b > 2026-01-01" for text in escaped]) or "a = 1"
    if any(sign in statement for sign in "\x00\x01\x02"):
        return
    for encode in (quote, quote_plus):
        assert lift_encoded(encode(statement)) == lift(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT a.Name, a.Owner.Name FROM Account a WHERE a.Name = 'Acme' ORDER BY a.Name",
        "SELECT A.Name FROM Account a WHERE a.Name LIKE 'Ac%' AND a.CreatedDate > 2020-01-01T00:00:00Z",
        "SELECT a.Name, (SELECT q.Id FROM a.Quotes q WHERE q.Status = 'none') FROM Account a",
        "SELECT Name FROM Account a WHERE Id NOT IN (SELECT q.AccountId FROM Quote q)",
    ],
)
def test_an_object_may_have_an_alias(org: Any, statement: str) -> None:
    org.account(name="Acme")
    assert [each["Name"] for each in org.found(statement)] == ["Acme"]
