"""Composite, graph and batch: several requests in one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.mocks.crm.conftest import DATA, Org, decoded

ACCOUNTS, CONTACTS = f"{DATA}/sobjects/Account", f"{DATA}/sobjects/Contact"


@pytest.fixture
def open_org(new_org: Any) -> Any:
    return new_org(owns_quotes=False, owns_accounts=False, owns_products=False, change_events=("*",))


def _post(name: str, reference: str, url: str = ACCOUNTS, **more: Any) -> dict[str, Any]:
    return {"method": "POST", "url": url, "referenceId": reference, "body": {"Name": name, **more}}


def _answers(org: Any, *parts: Any, **more: Any) -> list[Any]:
    reply = org.send("POST", f"{DATA}/composite", {"compositeRequest": list(parts), **more})
    assert reply.status == 200, reply.body
    return list(decoded(reply)["compositeResponse"])


def _codes(answers: list[Any]) -> list[int]:
    return [each["httpStatusCode"] for each in answers]


def _names(org: Any) -> list[str]:
    return [row["Name"] for row in org.found("SELECT Name FROM Account ORDER BY Name")]


def test_later_parts_see_the_answers_of_earlier_ones(open_org: Any) -> None:
    contact = {"method": "POST", "url": CONTACTS, "referenceId": "c"}
    contact["body"] = {"LastName": "of @{a.id}", "AccountId": "@{a.id}"}  # type: ignore[assignment]
    query = f"{DATA}/query?q=SELECT+Id,LastName+FROM+Contact+WHERE+AccountId='@{{a.id}}'"
    show = {"method": "GET", "url": f"{CONTACTS}/@{{q.records[0].Id}}?fields=LastName", "referenceId": "s"}
    found = {"method": "GET", "url": query, "referenceId": "q"}
    answers = _answers(open_org, _post("Acme", "a"), contact, found, show)
    assert _codes(answers) == [201, 201, 200, 200]
    key = answers[0]["body"]["id"]
    assert answers[0]["httpHeaders"]["Location"] == f"{ACCOUNTS}/{key}"
    assert answers[3]["body"]["LastName"] == f"of {key}"


def test_a_reference_to_nothing_halts_its_part_only(open_org: Any) -> None:
    bad = {"method": "GET", "url": f"{ACCOUNTS}/@{{a.nope}}", "referenceId": "b"}
    answers = _answers(open_org, _post("Acme", "a"), bad, _post("Beta", "c"))
    assert _codes(answers) == [201, 400, 201]
    assert answers[1]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    assert _names(open_org) == ["Acme", "Beta"]


def test_all_or_none_takes_everything_back(open_org: Any) -> None:
    answers = _answers(open_org, _post("A", "a"), _post("B", "b", Nope=1), _post("C", "c"), allOrNone=True)
    assert _codes(answers) == [400, 400, 400]
    codes = [each["body"][0]["errorCode"] for each in answers]
    assert codes == ["PROCESSING_HALTED", "INVALID_FIELD", "PROCESSING_HALTED"]
    assert _names(open_org) == []
    assert open_org.changes("account") == []
    assert open_org.service.model.events.newest_id() == 0


def test_what_was_taken_back_may_be_done_again(open_org: Any) -> None:
    account = _post("A", "a", AccountNumber="A-1")
    _answers(open_org, account, _post("B", "b", Nope=1), allOrNone=True)
    assert _codes(_answers(open_org, account, allOrNone=True)) == [201]
    assert [each.document.name for each in open_org.changes("account")] == ["A"]


def test_a_quote_moves_within_a_composite_and_is_on_record_once_it_is_committed(open_org: Any) -> None:
    open_org.account()
    open_org.draft()
    url = f"{DATA}/sobjects/Quote/{open_org.quote_id()}"
    steps = ["In Review", "Approved", "Presented", "Accepted"]
    parts = [
        {"method": "PATCH", "url": url, "referenceId": f"p{at}", "body": {"Status": status}}
        for at, status in enumerate(steps)
    ]
    assert _codes(_answers(open_org, *parts, allOrNone=True)) == [204] * 4
    states = [each.status for each in open_org.changes("quote")]
    assert states == ["draft", "submitted", "approved", "presented", "accepted"]
    assert len(open_org.service.collect()) == 1


def test_an_illegal_step_takes_the_legal_ones_back(open_org: Any) -> None:
    open_org.account()
    open_org.draft()
    url = f"{DATA}/sobjects/Quote/{open_org.quote_id()}"
    parts = [
        {"method": "PATCH", "url": url, "referenceId": name, "body": {"Status": status}}
        for name, status in (("a", "In Review"), ("b", "Converted"))
    ]
    assert _codes(_answers(open_org, *parts, allOrNone=True)) == [400, 400]
    assert open_org.status() == "draft"
    assert open_org.found("SELECT Status FROM Quote")[0]["Status"] == "Draft"


@pytest.mark.parametrize(
    "body",
    [
        {"compositeRequest": []},
        {"compositeRequest": [_post("x", f"r{n}") for n in range(26)]},
        {"compositeRequest": [_post("x", "same"), _post("y", "same")]},
        {"compositeRequest": [_post("x", "1bad")]},
        {},
        {"compositeRequest": [{"url": "x"}]},
    ],
)
def test_a_composite_that_is_none_is_refused_whole(open_org: Any, body: Any) -> None:
    reply = open_org.send("POST", f"{DATA}/composite", body)
    assert reply.status == 400
    assert decoded(reply)[0]["errorCode"] in ("LIMIT_EXCEEDED", "INVALID_INPUT", "JSON_PARSER_ERROR")


def test_composites_do_not_nest(open_org: Any) -> None:
    inner = {"method": "POST", "url": f"{DATA}/composite", "referenceId": "i", "body": {"compositeRequest": []}}
    assert _codes(_answers(open_org, inner)) == [404]


def test_collections_may_stand_in_a_composite(open_org: Any) -> None:
    records = [{"attributes": {"type": "Account"}, "Name": name} for name in ("A", "B")]
    part = {"method": "POST", "url": f"{DATA}/composite/sobjects", "referenceId": "s", "body": {"records": records}}
    show = {"method": "GET", "url": f"{ACCOUNTS}/@{{s[1].id}}", "referenceId": "g"}
    answers = _answers(open_org, part, show)
    assert answers[1]["body"]["Name"] == "B"


def test_graphs_share_no_fate(open_org: Any) -> None:
    good = {"graphId": "1", "compositeRequest": [_post("Good", "a")]}
    bad = {"graphId": "2", "compositeRequest": [_post("Bad", "a"), _post("Worse", "b", Nope=1)]}
    graphs = decoded(open_org.send("POST", f"{DATA}/composite/graph", {"graphs": [good, bad]}))["graphs"]
    assert [(each["graphId"], each["isSuccessful"]) for each in graphs] == [("1", True), ("2", False)]
    assert _codes(graphs[1]["graphResponse"]["compositeResponse"]) == [400, 400]
    assert _names(open_org) == ["Good"]


def test_a_batch_goes_on_after_a_failure_unless_it_is_to_halt(open_org: Any) -> None:
    parts = [{"method": "GET", "url": "v62.0/limits"}, {"method": "GET", "url": "v62.0/sobjects/Nope"}]
    parts.append({"method": "POST", "url": "v62.0/sobjects/Account", "richInput": {"Name": "Acme"}})  # type: ignore[dict-item]
    for halts, last in ((False, 201), (True, 412)):
        body = {"batchRequests": parts, "haltOnError": halts}
        answer = decoded(open_org.send("POST", f"{DATA}/composite/batch", body))
        assert answer["hasErrors"] is True
        assert [each["statusCode"] for each in answer["results"]] == [200, 404, last]
    assert answer["results"][2]["result"][0]["errorCode"] == "BATCH_PROCESSING_HALTED"


@settings(max_examples=60, deadline=None)
@given(
    names=st.lists(st.sampled_from(["A-1", "A-2", "A-3", "nope"]), min_size=1, max_size=6),
    all_or_none=st.booleans(),
)
def test_a_composite_leaves_all_its_good_parts_or_none(names: list[str], all_or_none: bool) -> None:
    org = Org(owns_accounts=False)
    parts = [
        _post(name, f"r{at}", **({"Nope": 1} if name == "nope" else {"AccountNumber": name}))
        for at, name in enumerate(names)
    ]
    answers = _answers(org, *parts, allOrNone=all_or_none)
    wanted = sorted({name for name in names if name != "nope"})
    spoiled = "nope" in names or len(wanted) < len(names)
    assert _names(org) == ([] if all_or_none and spoiled else wanted)
    assert len(org.changes("account")) == len(_names(org))
    assert (400 in _codes(answers)) is spoiled
