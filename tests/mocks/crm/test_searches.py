"""Search: SOSL and its parameterized form."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_plus

import pytest

from tests.mocks.crm.conftest import DATA, decoded


@pytest.fixture
def full(new_org: Any) -> Any:
    org = new_org()
    org.account("A-000001", name="Acme Rockets", city="Boston")
    org.account("A-000002", name="Beta of Acme")
    org.account("A-000003", name="Gamma", city="Acmeville")
    org.send("POST", f"{DATA}/sobjects/Contact", {"LastName": "Acme", "Email": "x@beta.test"})
    return org


def _found(org: Any, statement: str) -> list[Any]:
    reply = org.send("GET", f"{DATA}/search/?q={quote_plus(statement)}")
    assert reply.status == 200, reply.body
    return list(decoded(reply)["searchRecords"])


def test_words_begin_words_of_any_text_field(full: Any) -> None:
    assert len(_found(full, "FIND {acme}")) == 4
    assert [row["Name"] for row in _found(full, "FIND {beta acme} RETURNING Account(Name)")] == ["Beta of Acme"]
    assert _found(full, "FIND {cme}") == []


def test_scopes_clauses_and_limits(full: Any) -> None:
    statement = "FIND {acme} IN NAME FIELDS RETURNING Account(Id, Name WHERE Name LIKE '%R%' ORDER BY Name LIMIT 1)"
    assert [row["Name"] for row in _found(full, statement)] == ["Acme Rockets"]
    assert len(_found(full, "FIND {beta} IN EMAIL FIELDS RETURNING Contact, Account")) == 1
    assert len(_found(full, "FIND {acme} RETURNING Account(Id), Contact(Id) LIMIT 2")) == 2


def test_a_text_may_hold_what_ends_a_clause(full: Any) -> None:
    full.account("A-000004", name="Acme) 'Labs\\")
    statement = r"FIND {acme} RETURNING Account(Name WHERE Name = 'Acme) \'Labs\\'), Contact(Id)"
    assert [row.get("Name") for row in _found(full, statement)] == ["Acme) 'Labs\\", None]


def test_parameters_instead_of_a_statement(full: Any) -> None:
    named = full.send("GET", f"{DATA}/parameterizedSearch?q=acme&sobject=Account&Account.fields=Id,Name")
    assert [row["Name"] for row in decoded(named)["searchRecords"]] == ["Acme Rockets", "Beta of Acme", "Gamma"]
    body = {"q": "acme", "sobjects": [{"name": "Account", "fields": ["Name"], "where": "Name = 'Gamma'", "limit": 5}]}
    told = decoded(full.send("POST", f"{DATA}/parameterizedSearch", body))
    assert [row["Name"] for row in told["searchRecords"]] == ["Gamma"]


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("", "MALFORMED_SEARCH"),
        ("FIND acme", "MALFORMED_SEARCH"),
        ("FIND {a}", "MALFORMED_SEARCH"),
        ("FIND {acme} NEAR", "MALFORMED_SEARCH"),
        ("FIND {acme} RETURNING", "MALFORMED_SEARCH"),
        ("FIND {acme} RETURNING Account(Id", "MALFORMED_SEARCH"),
        ("FIND {acme} RETURNING Account(Id) Contact", "MALFORMED_SEARCH"),
        ("FIND {acme} RETURNING Account(COUNT())", "MALFORMED_SEARCH"),
        ("FIND {acme} RETURNING Nope(Id)", "INVALID_TYPE"),
        ("FIND {acme} RETURNING Account(Nope)", "INVALID_FIELD"),
        ("FIND {" + "a" * 5000 + "}", "MALFORMED_SEARCH"),
    ],
)
def test_searches_that_are_refused(full: Any, error_of: Any, statement: str, code: str) -> None:
    assert error_of(full.send("GET", f"{DATA}/search?q={quote_plus(statement)}")) == (400, code)
