from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.compatibility import bidirectional
from contracts.compatibility.documents import Document, Unusable
from contracts.compatibility.pacts import Pact, read_pact
from contracts.compatibility.suite import BiDirectional, Compatibility, diff
from tests.contracts.compatibility.corpus import BASE, BREAKING, NEW, Edits, edited

OLD = Document("old.json", json.dumps(BASE, indent=1))


def interaction(**changed: Any) -> dict[str, Any]:
    request = {
        "method": "POST",
        "path": "/v1/orders",
        "headers": {"Idempotency-Key": ["q/1"], "Content-Type": ["application/json"]},
        "body": {"contentType": "application/json", "content": {
            "customer": "C-1", "lines": [{"sku": "a", "quantity": 2}], "channel": "web",
        }},
    }  # fmt: skip
    response = {
        "status": 201,
        "headers": {"Content-Type": ["application/json"]},
        "body": {"contentType": "application/json", "content": {"id": "O-1", "status": "open", "total": "20.00"}},
        "matchingRules": {"body": {"$.status": {"matchers": [{"match": "regex", "regex": "^(open|booked|closed)$"}]}}},
    }
    return {
        "type": "Synchronous/HTTP",
        "description": "an order is made",
        "request": {**request, **changed.pop("request", {})},
        "response": {**response, **changed.pop("response", {})},
        **changed,
    }


@pytest.fixture
def pact(tmp_path: Path) -> Any:
    def made(*interactions: dict[str, Any], consumer: str = "shop") -> Pact:
        path = tmp_path / f"{consumer}.json"
        tree = {"consumer": {"name": consumer}, "provider": {"name": "orders"}, "interactions": list(interactions)}
        path.write_text(json.dumps(tree, indent=1), encoding="utf-8")
        return read_pact(path)

    return made


def breaks(edits: Edits, *pacts: Pact) -> set[tuple[str, tuple[str, ...]]]:
    new = Document("new.json", json.dumps(edited(edits), indent=1))
    return {(impact.change.rule, impact.consumers) for impact in diff(OLD, new, pacts).breaking}


@pytest.mark.parametrize(
    ("name", "touches"),
    [
        ("an operation is removed", True),
        ("a path is removed", False),
        ("a required property of a reply is removed", True),
        ("a value of a reply may be null", True),
        ("a reply may be longer", True),
        ("a reply may have no items", False),
        ("a reply has another branch", False),
        ("a property of a request becomes required", True),
        ("a required property is added to a request", True),
        ("a property of a closed request is removed", True),
        ("a request may have fewer items", True),
        ("a default of a request is another one", False),
        ("a format of a request is another one", False),
        ("a number of a request becomes an integer", False),
        ("a required parameter is added", False),
        ("a parameter takes less", False),
        ("success has another status", True),
        ("a media type of a reply is removed", False),
        ("a header of a reply is removed", False),
        ("more scopes are asked for", True),
    ],
)
def test_a_change_breaks_only_who_uses_what_changes(pact: Any, name: str, touches: bool) -> None:
    edits, _ = BREAKING[name]
    found = breaks(edits, pact(interaction()))
    assert bool(found) == touches, found


def test_a_removed_value_breaks_who_sends_it(pact: Any) -> None:
    edits: Edits = [(f"{NEW}/properties/channel/enum", ["phone"])]
    assert breaks(edits, pact(interaction())) == {("request.enum.value-removed", ("shop",))}
    assert breaks([(f"{NEW}/properties/channel/enum", ["web"])], pact(interaction())) == set()


def test_a_consumer_that_already_sends_what_becomes_required_is_not_broken(pact: Any) -> None:
    sends_it = interaction(request={"body": {"content": {"customer": "C", "lines": [], "due": "2026-12-31"}}})
    assert breaks([(f"{NEW}/required", ["customer", "lines", "due"])], pact(sends_it)) == set()


def test_each_consumer_is_named(pact: Any) -> None:
    reads_less = interaction(response={"body": {"content": {"id": "O-1"}}})
    found = breaks(BREAKING["a value of a reply may be null"][0], pact(interaction()), pact(reads_less, consumer="bi"))
    assert found == {("response.null.allowed", ("shop",))}


def test_who_lives_with_unknown_values_is_not_warned_of_them(pact: Any) -> None:
    edits: Edits = [("/components/schemas/Status/enum", ["open", "booked", "closed", "held"])]
    new = Document("new.json", json.dumps(edited(edits)))
    tolerant = interaction(comments={"tolerates_unknown_values": ["/status"]})
    for made, expected in ((interaction(), ("shop",)), (tolerant, ())):
        found = [each for each in diff(OLD, new, [pact(made)]).impacts if each.change.rule.endswith("value-added")]
        assert expected in {each.consumers for each in found if each.change.operation == "POST /v1/orders"}


def test_the_version_must_say_what_the_changes_do() -> None:
    edits = BREAKING["a request may have fewer items"][0]
    small = diff(OLD, Document("new.json", json.dumps(edited([*edits, ("/info/version", "1.5.0")]))))
    large = diff(OLD, Document("new.json", json.dumps(edited([*edits, ("/info/version", "2.0.0")]))))
    assert (small.step, small.next_version) == ("major", "2.0.0")
    assert [finding.rule for finding in small.findings if finding.rule == "version.too-small"] == ["version.too-small"]
    assert not [finding for finding in large.findings if finding.rule == "version.too-small"]


# --- bi-directional


def problems(pact_made: Pact, edits: Edits | None = None) -> list[str]:
    document = Document("orders.json", json.dumps(edited(edits or []), indent=1))
    return [finding.rule for finding in bidirectional.compare(pact_made, document)]


def test_a_pact_that_is_possible_has_no_problem(pact: Any) -> None:
    assert problems(pact(interaction())) == []


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"request": {"path": "/v2/orders"}}, "pact.operation.unknown"),
        ({"request": {"method": "PUT"}}, "pact.operation.unknown"),
        ({"request": {"headers": {}}}, "pact.parameter.missing"),
        ({"request": {"query": {"dry": ["true"]}}}, "pact.parameter.unknown"),
        ({"request": {"body": None}}, "pact.request.body-missing"),
        ({"request": {"body": {"content": "a,b", "contentType": "text/csv"}}}, "pact.request.media-type"),
        ({"request": {"body": {"content": {"customer": "C"}}}}, "pact.request.body"),
        ({"request": {"body": {"content": {"customer": "C", "lines": [], "vip": True}}}}, "pact.request.body"),
        ({"response": {"status": 202}}, "pact.response.status"),
        ({"response": {"status": 409, "body": {"content": {"error": "x"}}}}, "pact.response.undocumented"),
        ({"response": {"body": {"content": {"total": 20.0}}}}, "pact.response.body"),
        ({"response": {"body": {"content": {"id": "O-1", "lines": "none"}}}}, "pact.response.body"),
        ({"response": {"body": {"content": {"note": "x"}}}}, "pact.response.not-promised"),
        ({"response": {"body": {"content": {"parent": {"id": "O-0"}}}}}, "pact.response.not-promised"),
    ],
)
def test_what_is_not_possible_is_found(pact: Any, changed: dict[str, Any], rule: str) -> None:
    assert rule in problems(pact(interaction(**changed)))


@pytest.mark.parametrize(
    ("described", "known"),
    [
        (
            {"name": "any", "style": "form", "schema": {"type": "object", "additionalProperties": {"type": "string"}}},
            True,
        ),
        ({"name": "dry", "style": "deepObject", "schema": {"type": "object"}}, False),
        ({"name": "any", "explode": False, "schema": {"type": "object"}}, False),
        ({"name": "any", "schema": {"type": "object", "additionalProperties": False}}, False),
        ({"name": "any", "schema": {"type": "string"}}, False),
    ],
)
def test_a_mapping_whose_members_are_sent_one_by_one_stands_for_parameters_of_any_name(
    pact: Any, described: dict[str, Any], known: bool
) -> None:
    asked = pact(interaction(request={"query": {"period": ["2026-12"]}}))
    edits: Edits = [("/paths/~1v1~1orders/post/parameters/1", {"in": "query", **described})]
    assert ("pact.parameter.unknown" not in problems(asked, edits)) is known


def test_a_member_of_an_object_in_brackets_is_documented_with_the_object(pact: Any) -> None:
    asked = pact(interaction(request={"query": {"created[gte]": ["1"]}}))
    created = {"in": "query", "name": "created", "style": "deepObject", "schema": {"type": "object"}}
    assert "pact.parameter.unknown" in problems(asked)
    assert "pact.parameter.unknown" not in problems(asked, [("/paths/~1v1~1orders/post/parameters/1", created)])


def test_a_value_that_the_matcher_refuses_is_found_before_it_comes(pact: Any) -> None:
    edits: Edits = [("/components/schemas/Status/enum", ["open", "booked", "closed", "held"])]
    assert problems(pact(interaction()), edits) == ["pact.response.value-not-taken"]


def test_a_pending_interaction_only_warns(pact: Any) -> None:
    found = bidirectional.compare(pact(interaction(request={"path": "/v2"}, pending=True)), OLD)
    assert [finding.severity for finding in found] == ["warning"]


def test_a_finding_points_into_the_pact(pact: Any) -> None:
    made = pact(interaction(request={"path": "/v2/orders"}))
    (finding,) = bidirectional.compare(made, OLD)
    assert finding.place is not None
    assert '"request"' in made.document.text.splitlines()[finding.place.line - 1]


def test_parameters_are_compared_as_what_their_text_stands_for(pact: Any) -> None:
    def listing(limit: str) -> dict[str, Any]:
        request = {"method": "GET", "path": "/v1/orders", "query": {"limit": [limit]}, "headers": {}, "body": None}
        return interaction(request=request, response={"status": 200, "body": None})

    assert problems(pact(listing("20"))) == []
    assert problems(pact(listing("500"))) == ["pact.parameter.invalid"]
    assert problems(pact(listing("many"))) == ["pact.parameter.invalid"]


# --- suites and bad input


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ('{"openapi": "3.1.0", "openapi": "3.0.0"}', "stands twice"),
        ("[]", "holds a list"),
        ("a: [", "not YAML"),
        ('{"swagger": "2.0"}', "convert it to OpenAPI 3"),
        ('{"type": "object"}', "only documents of one kind"),
        ('{"openapi": "3.1.0", "paths": {"/a": {"$ref": "https://x.example/a.json"}}}', "nothing is fetched"),
        ('{"openapi": "3.1.0", "paths": {"/a": {"$ref": "../a.json"}}}', "leads out of"),
        ('{"openapi": "3.1.0", "paths": {"/a": {"$ref": "#/none"}}}', "leads nowhere"),
        ('{"openapi": "3.1.0", "paths": {"/a": {"$ref": "#/paths/~1a"}}}', "circle"),
        ('{"openapi": "3.1.0", "paths": ' + '{"a":' * 300 + "1" + "}" * 301, "levels deep"),
        ("openapi: 3.1.0\npaths: &a\n  /x: *a\n", "levels deep"),
    ],
)
def test_a_document_that_cannot_be_used_is_said_with_its_name(tmp_path: Path, text: str, said: str) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(json.dumps(BASE), encoding="utf-8")
    new.write_text(text, encoding="utf-8")
    tally = Compatibility([(old, new)]).run(lambda *_: None)
    assert tally.checked == 0
    assert tally.outcome == "could not run"
    assert "new.json" in tally.could_not_run
    assert said in tally.could_not_run


def test_a_reference_to_a_file_beside_is_followed(tmp_path: Path) -> None:
    (tmp_path / "parts.yaml").write_text("Order:\n  type: object\n", encoding="utf-8")
    tree = edited([("/components/schemas/Order", {"$ref": "parts.yaml#/Order"})])
    for name in ("old.json", "new.json"):
        (tmp_path / name).write_text(json.dumps(tree), encoding="utf-8")
    tally = Compatibility([(tmp_path / "old.json", tmp_path / "new.json")]).run(lambda *_: None)
    assert (tally.outcome, tally.findings) == ("holds", ())


def test_a_pact_without_interactions_proves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "pact.json"
    path.write_text(json.dumps({"consumer": {"name": "a"}, "provider": {"name": "b"}, "interactions": []}))
    with pytest.raises(Unusable, match="proves nothing"):
        read_pact(path)


def test_the_suite_of_pacts_counts_what_it_compared(tmp_path: Path, pact: Any) -> None:
    document = tmp_path / "orders.json"
    document.write_text(json.dumps(BASE), encoding="utf-8")
    pact(interaction(), interaction(description="again"))
    tally = BiDirectional([(tmp_path / "shop.json", document)]).run(lambda *_: None)
    assert (tally.checked, tally.outcome) == (2, "holds")


def test_nothing_to_compare_is_not_green() -> None:
    assert Compatibility([]).run(lambda *_: None).outcome == "unknown"
