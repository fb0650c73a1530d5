"""An old client sees each drift, and nobody sees it when it is off."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest

from domain.acts import Act
from domain.http import Request
from mocks.crm.quirks import Quirks
from mocks.doors.live import LiveWorld
from mocks.drift import DRIFTS, known

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
STRIPE = {"authorization": "Bearer sk_test_1", "content-type": FORM}
CRM = {"authorization": "Bearer any", "content-type": JSON}
ERP = {"authorization": "Bearer any", "content-type": JSON}
TAX = {"authorization": "Basic MTEwMDAwMDAwMTowMTIz", "content-type": JSON}
BILLING = {"authorization": "Basic a2V5Og==", "content-type": FORM}
DATA = "/services/data/v62.0/"
RECORD = "/services/rest/record/v1/"
Answer = tuple[int, Any]


class Client:
    """Somebody who asks a world and reads JSON."""

    def __init__(self, *drifts: str) -> None:
        self.world = LiveWorld(quirks={"crm": Quirks(authentication="shape", owns_accounts=False)}, drifts=drifts)

        nexus = {"country": "US"}
        self.world.act(Act(at_us=0, system="tax", action="register_nexus", arguments=nexus))

    def __call__(
        self, system: str, method: str, target: str, headers: Mapping[str, str], body: Any = b"", **more: str
    ) -> Answer:
        sent = body if isinstance(body, bytes) else msgspec.json.encode(body)
        asked = Request(system, method, target, {"host": "mocks:1", **headers, **more}, sent)
        reply = self.world.handle(system, asked).reply
        return reply.status, msgspec.json.decode(reply.body) if reply.body else None

    def stripe(self, method: str, target: str, body: bytes = b"", version: str = "") -> Answer:
        return self("payment", method, target, STRIPE | ({"stripe-version": version} if version else {}), body)

    def crm(self, method: str, path: str, body: Any = b"") -> Answer:
        return self("crm", method, DATA + path, CRM, body)

    def erp(self, method: str, path: str, body: Any = b"", **headers: str) -> Answer:
        return self("erp", method, RECORD + path, ERP, body, **headers)

    def tax(self, code: str = "P0000000", region: str = "CA", query: str = "") -> Any:
        place = {"line1": "1 Main St", "city": "Irvine", "region": region, "country": "US", "postalCode": "92615"}
        line = {"amount": 100, "taxCode": code, "number": "1"}
        body = {"type": "SalesInvoice", "companyCode": "DEFAULT", "date": "2026-12-01", "customerCode": "A"}
        made = body | {"addresses": {"singleLocation": place}, "lines": [line]}
        status, answer = self("tax", "POST", f"/api/v2/transactions/create{query}", TAX, made)
        assert status == 201, answer
        return answer


def test_each_drift_says_what_changes_since_when_and_who_says_so() -> None:
    assert len(DRIFTS) >= 20
    for name, row in DRIFTS.items():
        assert row.name == name
        assert all((row.summary, row.breaks, row.since, row.source)), name
        does = [row.ask, row.send, row.tell, row.rule]
        assert any(each is not None for each in does), name


def test_an_unknown_drift_is_refused_and_changes_nothing() -> None:
    client = Client("stripe-new-enum-value")
    with pytest.raises(ValueError, match="there is no drift 'x'"):
        client.world.drift(["x"])
    assert client.world.drifts.names == ("stripe-new-enum-value",)
    with pytest.raises(ValueError, match="stripe-acacia-basil"):
        known(["nothing"])


# --- payment ------------------------------------------------------------------------------------------------------


def subscription(client: Client, version: str) -> Any:
    client.stripe("POST", "/v1/customers", b"email=a%40b.example&name=Ada")
    client.stripe("POST", "/v1/products", b"id=seat&name=Seat")
    price = b"product=seat&currency=usd&unit_amount_decimal=12.5&recurring%5Binterval%5D=month"
    made = client.stripe("POST", "/v1/prices", price)[1]["id"]
    customer = client.stripe("GET", "/v1/customers")[1]["data"][0]["id"]
    form = f"customer={customer}&items%5B0%5D%5Bprice%5D={made}&collection_method=send_invoice&days_until_due=30"
    status, found = client.stripe("POST", "/v1/subscriptions", form.encode(), version)
    assert status == 200, found
    return found


def test_a_client_of_acacia_finds_no_period_in_a_subscription_of_basil() -> None:
    assert "current_period_end" in subscription(Client(), "2024-09-30.acacia")
    assert "current_period_end" not in subscription(Client("stripe-acacia-basil"), "2024-09-30.acacia")


def test_a_client_of_basil_finds_no_coupon_in_a_discount_of_clover() -> None:
    def coupon(client: Client) -> Any:
        client.stripe("POST", "/v1/coupons", b"id=half&percent_off=50&duration=forever")
        client.stripe("POST", "/v1/promotion_codes", b"promotion%5Btype%5D=coupon&promotion%5Bcoupon%5D=half&code=H")
        status, page = client.stripe("GET", "/v1/promotion_codes", version="2025-03-31.basil")
        assert status == 200, page
        return page["data"][0]

    assert coupon(Client())["coupon"]["id"] == "half"
    assert "coupon" not in coupon(Client("stripe-basil-clover"))


def test_a_version_drift_moves_the_account_and_its_messages_too() -> None:
    client = Client("stripe-clover-dahlia")
    assert client.world.services["payment"].model.quirks.api_version == "2026-03-25.dahlia"
    client.world.drift([])
    assert client.world.services["payment"].model.quirks.api_version == "2025-09-30.clover"


def test_decimals_have_all_their_places_since_dahlia() -> None:
    def decimal(client: Client) -> Any:
        subscription(client, "")
        return client.stripe("GET", "/v1/prices", version="2025-09-30.clover")[1]["data"][0]["unit_amount_decimal"]

    assert decimal(Client()) == "12.5"
    assert decimal(Client("stripe-clover-dahlia")) == "12.500000000000"


def test_texts_may_be_null() -> None:
    def email(client: Client) -> Any:
        return client.stripe("POST", "/v1/customers", b"email=a%40b.example")[1]["email"]

    assert (email(Client()), email(Client("stripe-nullable-fields"))) == ("a@b.example", None)


def test_a_kind_of_payment_nobody_has_heard_of() -> None:
    def kinds(client: Client) -> Any:
        return client.stripe("POST", "/v1/payment_intents", b"amount=1000&currency=usd")[1]["payment_method_types"]

    assert kinds(Client()) == ["card"]
    assert kinds(Client("stripe-new-enum-value")) == ["card", "q2c_wallet"]


def test_a_replayed_answer_is_told_as_it_was() -> None:
    client = Client("stripe-new-enum-value")
    keyed = STRIPE | {"idempotency-key": "k1"}
    first = client("payment", "POST", "/v1/payment_intents", keyed, b"amount=1000&currency=usd")
    assert client("payment", "POST", "/v1/payment_intents", keyed, b"amount=1000&currency=usd") == first


# --- CRM ----------------------------------------------------------------------------------------------------------


def test_a_retired_version_is_gone() -> None:
    def status(client: Client) -> int:
        return client("crm", "GET", "/services/data/v52.0/limits", CRM)[0]

    assert (status(Client()), status(Client("salesforce-version-retired"))) == (200, 410)
    assert Client("salesforce-version-retired").crm("GET", "limits")[0] == 200


def test_the_soap_login_is_retired() -> None:
    def said(client: Client) -> bytes:
        envelope = (
            b'<?xml version="1.0"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">'
            b'<soapenv:Body><login xmlns="urn:partner.soap.sforce.com"><username>u</username><password>p</password>'
            b"</login></soapenv:Body></soapenv:Envelope>"
        )
        headers = {"host": "mocks:1", "content-type": "text/xml", "soapaction": "login"}
        return client.world.handle("crm", Request("crm", "POST", "/services/Soap/u/62.0", headers, envelope)).reply.body

    assert b"sessionId" in said(Client())
    assert b"retired" in said(Client("salesforce-soap-login-retired"))


CONTACT = {"LastName": "Byron", "Email": "ada@example.test", "Phone": "0201234"}


def test_a_new_required_field_is_wanted_on_creation() -> None:
    assert Client().crm("POST", "sobjects/Contact", CONTACT)[0] == 201
    status, body = Client("salesforce-required-field").crm("POST", "sobjects/Contact", CONTACT)
    assert (status, body[0]["errorCode"], body[0]["fields"]) == (400, "REQUIRED_FIELD_MISSING", ["Region__c"])
    assert (
        Client("salesforce-required-field").crm("POST", "sobjects/Contact", {**CONTACT, "Region__c": "EMEA"})[0] == 201
    )


def test_a_rule_of_the_organisation_reaches_collections_and_composites() -> None:
    client = Client("salesforce-required-field")
    record = {"attributes": {"type": "Contact"}, **CONTACT}
    _, results = client.crm("POST", "composite/sobjects", {"records": [record, {**record, "Region__c": "US"}]})
    assert [each["success"] for each in results] == [False, True]
    part = {"method": "POST", "url": f"{DATA}sobjects/Contact", "referenceId": "c", "body": CONTACT}
    _, body = client.crm("POST", "composite", {"compositeRequest": [part]})
    assert body["compositeResponse"][0]["httpStatusCode"] == 400


def test_a_validation_rule_refuses_what_was_good() -> None:
    assert Client().crm("POST", "sobjects/Contact", CONTACT)[0] == 201
    status, body = Client("salesforce-validation-rule").crm("POST", "sobjects/Contact", CONTACT)
    assert (status, body[0]["errorCode"]) == (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION")


def test_a_duplicate_rule_refuses_the_second() -> None:
    def twice(client: Client) -> Answer:
        assert client.crm("POST", "sobjects/Contact", CONTACT)[0] == 201
        return client.crm("POST", "sobjects/Contact", CONTACT)

    assert twice(Client())[0] == 201
    status, body = twice(Client("salesforce-duplicate-rule"))
    assert (status, body[0]["errorCode"]) == (400, "DUPLICATES_DETECTED")


def opportunity(client: Client) -> Any:
    made = {"Name": "Deal", "StageName": "Proposal", "CloseDate": "2026-12-31"}
    status, body = client.crm("POST", "sobjects/Opportunity", made)
    assert status == 201, body
    return client.crm("GET", f"sobjects/Opportunity/{body['id']}")[1]


def test_a_picklist_has_a_value_nobody_expects() -> None:
    assert opportunity(Client())["StageName"] == "Proposal"
    assert opportunity(Client("salesforce-picklist-value"))["StageName"] == "Pitch"


def test_a_release_adds_a_field() -> None:
    assert "ReleaseNote__c" not in opportunity(Client())
    client = Client("salesforce-new-field")
    assert opportunity(client)["ReleaseNote__c"] is None
    assert "ReleaseNote__c" in client.crm("GET", "query?q=SELECT+Id+FROM+Opportunity")[1]["records"][0]


def test_a_field_is_locked_for_the_integration() -> None:
    from mocks.drift.salesforce import ROWS

    rule = next(row.rule for row in ROWS if row.name == "salesforce-field-permission")
    assert rule is not None
    rule(None, "Quote", {"Name": "x"}, False)
    with pytest.raises(Exception, match="OrderStatus__c"):
        rule(None, "Quote", {"orderstatus__c": "booked"}, False)


# --- ERP ----------------------------------------------------------------------------------------------------------

CUSTOMER = {"companyName": "A", "subsidiary": {"id": "US"}}


def test_token_based_authentication_ends() -> None:
    signed = ",".join(
        f'{name}="x"'
        for name in (
            "realm", "oauth_consumer_key", "oauth_token", "oauth_signature_method", "oauth_timestamp", "oauth_nonce",
            "oauth_version", "oauth_signature",
        )
    )  # fmt: skip

    def status(client: Client) -> int:
        return client.erp("GET", "customer", authorization=f"OAuth {signed}")[0]

    assert (status(Client()), status(Client("netsuite-tba-off"))) == (200, 401)
    assert Client("netsuite-tba-off").erp("GET", "customer")[0] == 200


def test_a_renamed_field_is_refused_by_its_old_name_and_told_by_its_new() -> None:
    client = Client("netsuite-field-renamed")
    status, body = client.erp("PUT", "customer/eid:A-1", {**CUSTOMER, "custentity_credit_status": "clear"})
    assert (status, body["o:errorDetails"][0]["o:errorPath"]) == (400, "custentity_credit_status")
    assert client.erp("PUT", "customer/eid:A-1", CUSTOMER)[0] == 204
    found = client.erp("GET", "customer/eid:A-1")[1]
    assert "custentity_credit_state" in found
    assert "custentity_credit_status" not in found


def test_a_form_makes_a_field_mandatory() -> None:
    client = Client("netsuite-mandatory-field")
    status, body = client.erp("POST", "salesOrder", {"entity": {"id": "eid:A-1"}})
    assert (status, body["o:errorDetails"][0]["detail"]) == (400, "Please enter value(s) for: Memo")
    told = client.erp("POST", "salesOrder", {"entity": {"id": "eid:A-1"}, "memo": "m"})[1]
    assert "Memo" not in str(told)


def test_a_role_loses_a_permission() -> None:
    def status(client: Client) -> int:
        return client.erp("DELETE", "creditMemo/77")[0]

    assert (status(Client()), status(Client("netsuite-role-permission"))) == (404, 403)


def test_a_column_of_suiteql_is_dropped() -> None:
    def status(client: Client) -> int:
        asked = {"q": "SELECT id, externalid FROM customer"}
        return client("erp", "POST", "/services/rest/query/v1/suiteql", ERP, asked, prefer="transient")[0]

    assert (status(Client()), status(Client("netsuite-column-dropped"))) == (200, 400)


# --- tax ----------------------------------------------------------------------------------------------------------


def test_details_come_only_to_those_who_ask() -> None:
    assert Client().tax()["lines"][0]["details"]
    told = Client("avatax-include-default").tax()
    assert "summary" not in told
    assert "details" not in told["lines"][0]
    assert Client("avatax-include-default").tax(query="?$include=Details")["lines"][0]["details"]


def test_a_rate_has_a_type_nobody_has_heard_of() -> None:
    assert {row["rateType"] for row in Client().tax()["summary"]} == {"General"}
    assert {row["rateType"] for row in Client("avatax-new-enum-value").tax()["summary"]} == {"TieredGeneral"}


def test_a_deprecated_code_changes_the_total() -> None:
    assert Client().tax("SERVICE")["totalTax"] == 0
    assert Client("avatax-tax-code-deprecated").tax("SERVICE")["totalTax"] > 0


def test_without_a_nexus_there_is_no_tax() -> None:
    assert Client().tax()["totalTax"] > 0
    assert Client("avatax-nexus-removed").tax()["totalTax"] == 0
    assert Client("avatax-nexus-removed").tax(region="NY")["totalTax"] > 0


# --- billing ------------------------------------------------------------------------------------------------------


def test_a_site_of_the_old_catalogue_refuses_items_and_shows_plans() -> None:
    from mocks.drift.chargebee import ROWS

    status, body = Client("chargebee-product-catalog-1")("billing", "GET", "/api/v2/items", BILLING)
    assert (status, body["api_error_code"]) == (400, "configuration_incompatible")
    assert Client()("billing", "GET", "/api/v2/items", BILLING)[0] == 200
    plan = {"item_price_id": "SEAT-USD-1", "item_type": "plan", "quantity": 3, "unit_price": 1000}
    addon = {"item_price_id": "HELP-USD-1", "item_type": "addon", "quantity": 1}
    body = {"list": [{"subscription": {"id": "s", "subscription_items": [addon, plan]}}]}
    assert ROWS[0].tell is not None
    ROWS[0].tell(None, body)  # type: ignore[arg-type]
    assert body["list"][0]["subscription"] == {
        "id": "s", "plan_id": "SEAT-USD-1", "plan_quantity": 3, "plan_unit_price": 1000,
        "addons": [{"id": "HELP-USD-1", "quantity": 1}],
    }  # fmt: skip


# --- the switch ---------------------------------------------------------------------------------------------------

CHANGES: list[tuple[str, Callable[[Client], Any]]] = [
    ("stripe-new-enum-value", lambda client: client.stripe("POST", "/v1/payment_intents", b"amount=900&currency=usd")),
    ("salesforce-required-field", lambda client: client.crm("POST", "sobjects/Contact", CONTACT)[0]),
    ("netsuite-role-permission", lambda client: client.erp("DELETE", "creditMemo/77")[0]),
    ("avatax-nexus-removed", lambda client: client.tax()["totalTax"]),
]


@pytest.mark.parametrize(("name", "asks"), CHANGES, ids=[name for name, _ in CHANGES])
def test_what_is_switched_off_leaves_no_trace(name: str, asks: Callable[[Client], Any]) -> None:
    calm, switched = Client(), Client()
    switched.world.drift([name])
    switched.world.drift([])
    assert str(asks(switched)).replace("0", "") == str(asks(calm)).replace("0", "")


def test_a_restored_world_drifts_as_it_did() -> None:
    client = Client("netsuite-role-permission")
    client.world.drift(["salesforce-required-field"])
    assert client.crm("POST", "sobjects/Contact", CONTACT)[0] == 400
    again = Client()
    again.world.restore(client.world.snapshot())
    assert again.world.drifts.names == ("salesforce-required-field",)
    assert again.crm("POST", "sobjects/Contact", CONTACT)[0] == 400
    again.world.reset()
    assert again.world.drifts.names == ("netsuite-role-permission",)
