"""A write may say as of when it knows the record, and a read what it has already."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest

from tests.mocks.crm.conftest import DATA, decoded


@pytest.fixture
def org(new_org: Any) -> Any:
    """Return an organisation with one contact, made a minute ago."""
    made = new_org(owns_accounts=False)
    made.contact = decoded(made.send("POST", f"{DATA}/sobjects/Contact", {"LastName": "Doe"}))["id"]
    made.now_us += 60_000_000
    return made


def asked(org: Any, method: str, header: str, seconds: int, body: Any = b"") -> int:
    """Return the status of a call that knows the contact as of some seconds from now."""
    when = format_datetime(datetime.fromtimestamp(org.now_us // 1_000_000 + seconds, UTC), usegmt=True)
    headers = {"authorization": f"Bearer {org.token}", header: when, "content-type": "application/json"}
    return int(org.send(method, f"{DATA}/sobjects/Contact/{org.contact}", body, headers).status)


@pytest.mark.parametrize(("method", "body"), [("PATCH", b'{"Title":"CFO"}'), ("DELETE", b"")])
def test_a_stale_write_changes_nothing(org: Any, method: str, body: bytes) -> None:
    assert asked(org, method, "if-unmodified-since", -61, body) == 412
    assert org.found("SELECT Title FROM Contact")[0]["Title"] is None
    assert asked(org, method, "if-unmodified-since", -60, body) == 204


def test_a_read_of_what_has_not_changed_is_304(org: Any) -> None:
    assert asked(org, "GET", "if-modified-since", -61) == 200
    assert asked(org, "GET", "if-modified-since", -60) == 304


def test_a_date_that_is_none_is_refused(org: Any) -> None:
    headers = {"authorization": f"Bearer {org.token}", "if-unmodified-since": "yesterday"}
    assert org.send("DELETE", f"{DATA}/sobjects/Contact/{org.contact}", b"", headers).status == 400


def test_the_organisation_says_that_it_is_a_sandbox(org: Any) -> None:
    found = org.found("SELECT Id, IsSandbox, Name FROM Organization LIMIT 1")[0]
    assert (found["Id"], found["IsSandbox"]) == ("00D000000000001EAA", True)
