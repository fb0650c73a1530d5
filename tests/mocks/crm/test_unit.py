"""Units of work: all of it or nothing, and indexes that never lie."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mocks.crm.schema import ID
from mocks.crm.store import Store
from mocks.kernel.operations import Refusal
from tests.mocks.crm.conftest import DATA, Org, decoded

STEP = st.tuples(
    st.sampled_from(["create", "change", "delete"]), st.integers(0, 4), st.sampled_from(["a", "B", None, "b"])
)


def _again(store: Store) -> Store:
    """Return a store with the same records, put in one by one."""
    fresh = Store(store.schema)
    for of in store.schema.objects:
        for row in store.tables[of.name].values():
            fresh.put(of, row)
    return fresh


def _play(org: Any, steps: list[Any], all_or_none: bool) -> None:
    """Create, change and delete contacts by the number of their external id."""
    parts = []
    for at, (kind, number, name) in enumerate(steps):
        url = f"{DATA}/sobjects/Contact/ExternalId__c/X-{number}"
        part: dict[str, Any] = {"url": url, "referenceId": f"r{at}"}
        part |= {"method": "DELETE"} if kind == "delete" else {"method": "PATCH", "body": {"LastName": name}}
        if kind == "change":
            part["url"] += "?updateOnly=true"
        parts.append(part)
    reply = org.send("POST", f"{DATA}/composite", {"compositeRequest": parts, "allOrNone": all_or_none})
    assert len(decoded(reply)["compositeResponse"]) == len(steps)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.lists(STEP, min_size=1, max_size=6), st.booleans()), max_size=4))
def test_whatever_is_done_and_taken_back_the_indexes_say_what_the_records_say(turns: list[Any]) -> None:
    org = Org(change_events=("*",))
    for steps, all_or_none in turns:
        _play(org, steps, all_or_none)
    store = org.service.model.store
    of = store.schema["Contact"]
    at, fresh = of.at("ExternalId__c"), _again(store)
    for number in range(5):
        wanted = [row[ID] for row in fresh.find(of, at, f"X-{number}")]
        assert [row[ID] for row in store.find(of, at, f"X-{number}")] == wanted
        assert len(wanted) <= 1


def test_an_error_of_our_own_leaves_nothing_half_done(new_org: Any) -> None:
    crm = new_org(owns_accounts=False).service.model
    account = crm.store.schema["Account"]

    def work() -> None:
        crm.records.create(account, {"Name": "x"})
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        crm.unit.attempt(work)
    assert crm.store.tables["Account"] == {}
    crm.records.create(account, {"Name": "y"})
    assert len(crm.desk.book.table("account")) == 1


def test_a_step_that_fails_takes_back_only_itself(new_org: Any) -> None:
    crm = new_org(owns_accounts=False).service.model
    account = crm.store.schema["Account"]

    def work() -> list[Any]:
        bodies = [{"Name": "A"}, {"Name": "B", "Nope": 1}, {"Name": "C"}]
        return [crm.unit.attempt(crm.records.create, account, body) for body in bodies]

    first, second, third = crm.unit.together(work)
    assert isinstance(second, Refusal)
    assert [row[ID] for row in crm.store.tables["Account"].values()] == [first, third]
    assert len(crm.desk.book.table("account")) == 2
