"""Drifts: what an administrator or a release changes, and what an integration that does not know it gets to see."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mocks.erp import Quirks

ORDER = "salesOrder/eid:Q-000123-v1"
SUITEQL = "/services/rest/query/v1/suiteql"


def test_a_renamed_field_is_unknown_under_its_old_name(make: Any) -> None:
    bench = make(Quirks(renamed_fields={"custbody_kind": "custbody_deal", "custcol_months": "custcol_term"}))
    assert bench.refused("PUT", ORDER, bench.order()) == (400, "INVALID_CONTENT", "custbody_kind")
    body = json.loads(json.dumps(bench.order()).replace("custbody_kind", "custbody_deal"))
    assert bench.refused("PUT", ORDER, body) == (400, "INVALID_CONTENT", "custcol_months")
    body = json.loads(json.dumps(body).replace("custcol_months", "custcol_term"))
    assert bench.put(ORDER, body).status == 204
    shown = bench.get(f"{ORDER}?expandSubResources=true")
    assert (shown["custbody_deal"], shown["item"]["items"][0]["custcol_term"]) == ("new", 12)
    assert "custbody_kind" not in shown
    assert bench.refused("PUT", ORDER, b"{") == (400, "INVALID_CONTENT", "")


def test_a_form_asks_for_what_it_did_not_ask_for(make: Any) -> None:
    bench = make(Quirks(mandatory_fields={"invoice": ("memo",)}))
    bench.put(ORDER, bench.order())
    assert bench.refused("PUT", "invoice/eid:inv_1", bench.invoice()) == (400, "USER_ERROR", "memo")
    assert bench.refused("POST", f"{ORDER}/!transform/invoice", {}) == (400, "USER_ERROR", "memo")
    assert bench.put("invoice/eid:inv_1", bench.invoice(memo="now")).status == 204


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_role_without_permission_sees_nothing_of_a_type(make: Any, method: str) -> None:
    bench = make(Quirks(forbidden_records=("invoice",)))
    assert bench.refused(method, "invoice/eid:inv_1") == (403, "INSUFFICIENT_PERMISSION", "")
    bench.put(ORDER, bench.order())
    assert bench.refused("POST", f"{ORDER}/!transform/invoice", {})[0] == 403
    assert bench.get(ORDER)["id"]


def test_a_dropped_column_is_unknown_to_queries(make: Any) -> None:
    bench = make(Quirks(dropped_columns=("email",)))
    refused = bench.refused("POST", SUITEQL, {"q": "SELECT email FROM customer"}, prefer="transient")
    assert refused == (400, "INVALID_PARAMETER", "q")
    assert bench.sql("SELECT * FROM customer")["totalResults"] == 1


def test_token_based_authentication_may_be_switched_off(make: Any) -> None:
    bench = make(Quirks(takes_signatures=False))
    header = (
        'OAuth realm="T", oauth_consumer_key="c", oauth_token="t", oauth_nonce="n", oauth_timestamp="1", '
        'oauth_signature_method="HMAC-SHA256", oauth_version="1.0", oauth_signature="s%3D"'
    )
    assert bench.call("GET", "customer/1", None, {"authorization": header}).status == 401
    assert bench.call("GET", "customer/1").status == 200


def test_tokens_may_expire_all_at_once(bench: Any) -> None:
    grant = (
        b"grant_type=client_credentials&client_assertion=e30.e30.c2ln"
        b"&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
    )
    reply = bench.call("POST", "/services/rest/auth/oauth2/v1/token", grant, {"authorization": ""})
    bearer = {"authorization": f"Bearer {json.loads(reply.body)['access_token']}"}
    assert bench.call("GET", "customer/1", None, bearer).status == 200
    bench.act("expire_tokens")
    assert bench.call("GET", "customer/1", None, bearer).status == 401
