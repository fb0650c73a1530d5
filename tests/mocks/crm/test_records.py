from typing import Any

import pytest

QUOTES = "/services/data/v62.0/sobjects/Quote/"
ACCOUNTS = "/services/data/v62.0/sobjects/Account/"


def test_the_mirror_is_written_and_goes_on_record(org: Any, json_of: Any) -> None:
    quote_id = org.accepted()
    org.now_us += 1_000_000
    body = (
        b'{"OrderStatus__c":"Pending Billing","OrderNumber__c":"SO1","InvoiceBalance__c":310.05,"MirrorSequence__c":4}'
    )
    reply = org.send("PATCH", QUOTES + quote_id, body)
    assert (reply.status, reply.body) == (204, b"")
    (change,) = org.changes("mirror")
    assert (change.id, change.status, change.txn) == ("Q-000001-v1", "shown", "Q-000001")
    mirror = change.document
    assert (mirror.order_status, mirror.order_number, mirror.sequence) == ("Pending Billing", "SO1", 4)
    assert mirror.invoice_balance_minor == 31005
    shown = json_of(org.send("GET", QUOTES + quote_id + "?fields=InvoiceBalance__c,SystemModstamp"))
    assert (shown["InvoiceBalance__c"], shown["SystemModstamp"]) == (310.05, "2026-11-30T00:53:21.000+0000")
    assert set(shown) == {"attributes", "InvoiceBalance__c", "SystemModstamp"}


def test_the_organisation_stores_an_older_mirror_unless_it_guards_it(org: Any, new_org: Any, error_of: Any) -> None:
    guarded = new_org(guards_mirror_sequence=True)
    for each in (org, guarded):
        quote_id = each.accepted()
        each.send("PATCH", QUOTES + quote_id, {"MirrorSequence__c": 5, "OrderStatus__c": "new"})
    assert org.send("PATCH", QUOTES + quote_id, {"MirrorSequence__c": 4}).status == 204
    refused = guarded.send("PATCH", QUOTES + quote_id, {"MirrorSequence__c": 4, "OrderStatus__c": "old"})
    assert error_of(refused) == (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION")
    assert [each.document.order_status for each in guarded.changes("mirror")] == ["new"]


def test_an_api_user_converts_fails_and_recovers_an_accepted_quote(org: Any, error_of: Any) -> None:
    quote_id = org.accepted()
    org.service.collect()
    for label, state in (("Accept Failed", "accept_failed"), ("Accepted", "accepted"), ("Converted", "converted")):
        assert org.send("PATCH", QUOTES + quote_id, {"Status": label}).status == 204
        assert org.status() == state
    assert org.send("PATCH", QUOTES + quote_id[:15], {"Status": "Converted"}).status == 204
    assert org.service.collect() == []
    refused = org.send("PATCH", QUOTES + quote_id, {"Status": "Accepted", "OrderStatus__c": "x"})
    assert error_of(refused) == (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION")
    assert org.changes("mirror") == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"Status": "Converted"}, "FIELD_CUSTOM_VALIDATION_EXCEPTION"),
        ({"Status": "In Review"}, "FIELD_CUSTOM_VALIDATION_EXCEPTION"),
        ({"DiscountPercent__c": 50}, "FIELD_CUSTOM_VALIDATION_EXCEPTION"),
        ({"ExpirationDate": "2030-01-01"}, "FIELD_CUSTOM_VALIDATION_EXCEPTION"),
        ({"Status": None}, "FIELD_CUSTOM_VALIDATION_EXCEPTION"),
        ({"Status": "Nope"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"TotalPrice": 1}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"Id": "0Q0000000000001CAA"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"Nope__c": 1}, "INVALID_FIELD"),
        ({"MirrorSequence__c": 1.5}, "JSON_PARSER_ERROR"),
        ({"MirrorSequence__c": "1"}, "JSON_PARSER_ERROR"),
        ({"OrderStatus__c": 1}, "JSON_PARSER_ERROR"),
        ({"OrderStatus__c": "x" * 41}, "STRING_TOO_LONG"),
        ({"InvoiceBalance__c": 10**17}, "NUMBER_OUTSIDE_VALID_RANGE"),
        ([1], "JSON_PARSER_ERROR"),
        (b"{", "JSON_PARSER_ERROR"),
        (b'{"OrderStatus__c":"\xff"}', "JSON_PARSER_ERROR"),
    ],
)
def test_what_an_api_user_may_not_write_changes_nothing(org: Any, error_of: Any, body: Any, code: str) -> None:
    org.account()
    org.draft()
    quote_id = org.quote_id()
    before = len(org.changes("quote"))
    body = {"OrderNumber__c": "SO9", **body} if isinstance(body, dict) else body
    assert error_of(org.send("PATCH", QUOTES + quote_id, body)) == (400, code)
    assert (org.status(), len(org.changes("quote")), org.changes("mirror")) == ("draft", before, [])
    assert org.found("SELECT OrderNumber__c FROM Quote")[0]["OrderNumber__c"] is None


def test_errors_name_the_fields_at_fault(org: Any, json_of: Any) -> None:
    quote_id = org.accepted()
    (error,) = json_of(org.send("PATCH", QUOTES + quote_id, {"Nope__c": 1}))
    assert error["fields"] == ["Nope__c"]


def test_credit_status_is_the_one_field_of_an_account_that_comes_from_outside(org: Any, error_of: Any) -> None:
    org.account()
    account_id = org.found("SELECT Id FROM Account")[0]["Id"]
    assert org.send("PATCH", ACCOUNTS + account_id, {"CreditStatus__c": "hard_hold"}).status == 204
    change = org.changes("account")[-1]
    assert (change.id, change.status, change.document.credit_status) == ("A-000001", "active", "hard_hold")
    refused = org.send("PATCH", ACCOUNTS + account_id, {"Name": "Other"})
    assert error_of(refused) == (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION")
    assert error_of(org.send("POST", ACCOUNTS, {"Name": "New"})) == (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION")


def test_records_are_found_by_either_form_of_their_id(org: Any, error_of: Any) -> None:
    quote_id = org.accepted()
    assert org.send("GET", QUOTES + quote_id[:15]).body == org.send("GET", QUOTES + quote_id + "/").body
    wrong = quote_id[:15] + "ZZZ"
    assert error_of(org.send("GET", QUOTES + wrong)) == (404, "NOT_FOUND")
    assert error_of(org.send("GET", "/services/data/v62.0/sobjects/Nope/" + quote_id)) == (404, "NOT_FOUND")
    assert error_of(org.send("GET", QUOTES + quote_id + "?fields=Nope")) == (400, "INVALID_FIELD")


def test_upsert_changes_what_is_there_and_respects_the_version(org: Any, json_of: Any, error_of: Any) -> None:
    org.account()
    path = "/sobjects/Account/AccountNumber/A-000001"
    reply = org.send("PATCH", "/services/data/v62.0" + path, {"CreditStatus__c": "warning"})
    assert reply.status == 200
    assert (json_of(reply)["created"], json_of(reply)["success"]) == (False, True)
    repeated = org.send("PATCH", "/services/data/v62.0" + path, {"AccountNumber": "A-000001"})
    assert error_of(repeated) == (400, "INVALID_FIELD")
    shown = json_of(org.send("GET", "/services/data/v62.0" + path))
    assert (shown["AccountNumber"], shown["CreditStatus__c"]) == ("A-000001", "warning")
    unknown = "/services/data/v62.0/sobjects/Account/AccountNumber/A-000009"
    assert error_of(org.send("GET", unknown)) == (404, "NOT_FOUND")
    assert error_of(org.send("PATCH", unknown + "?updateOnly=true", {})) == (404, "NOT_FOUND")
    assert error_of(org.send("GET", "/services/data/v62.0/sobjects/Account/Name/Acme")) == (404, "NOT_FOUND")


def test_a_quote_is_also_known_by_its_reference(org: Any, json_of: Any, error_of: Any) -> None:
    quote_id = org.accepted()
    path = "/services/data/v62.0/sobjects/Quote/Reference__c/Q-000001-v1?updateOnly=true"
    reply = org.send("PATCH", path, {"OrderStatus__c": "Billed", "Status": "Converted"})
    assert (reply.status, json_of(reply)["id"]) == (200, quote_id)
    assert (org.status(), org.changes("mirror")[-1].document.order_status) == ("converted", "Billed")
    unknown = path.replace("v1", "v9")
    assert error_of(org.send("PATCH", unknown, {"OrderStatus__c": "x"})) == (404, "NOT_FOUND")


def test_upsert_creates_where_the_organisation_lets_it(new_org: Any, json_of: Any, error_of: Any) -> None:
    org = new_org(owns_accounts=False)
    path = "/services/data/v62.0/sobjects/Account/AccountNumber/A-000007"
    reply = org.send("PATCH", path, {"Name": "New", "BillingCountryCode": "DE"})
    assert reply.status == 201
    created = json_of(reply)
    assert created["created"] is True
    assert created["id"].startswith("001")
    assert org.changes("account")[-1].document.country == "DE"
    assert org.changes("account")[-1].id == "A-000007"
    assert org.send("PATCH", path, {"Name": "Newer"}).status == 200
    missing = org.send("POST", ACCOUNTS, {"AccountNumber": "A-000008"})
    assert error_of(missing) == (400, "REQUIRED_FIELD_MISSING")
    assert json_of(missing)[0]["fields"] == ["Name"]
    taken = org.send("POST", ACCOUNTS, {"Name": "Twin", "AccountNumber": "a-000007"})
    assert error_of(taken) == (400, "DUPLICATE_VALUE")


def test_generic_records_live_a_whole_life(org: Any, json_of: Any, error_of: Any) -> None:
    org.account()
    account_id = org.found("SELECT Id FROM Account")[0]["Id"]
    base = "/services/data/v62.0/sobjects/Opportunity"
    deal = {
        "Name": "Big",
        "StageName": "Proposal",
        "CloseDate": "2026-12-31",
        "Amount": 12.345,
        "AccountId": account_id,
    }
    reply = org.send("POST", base + "/", deal)
    assert (reply.status, json_of(reply)["success"], json_of(reply)["errors"]) == (201, True, [])
    key = json_of(reply)["id"]
    assert reply.headers["location"] == f"{base}/{key}"
    assert json_of(org.send("GET", f"{base}/{key}"))["Amount"] == 12.35
    found = org.found("SELECT Name, (SELECT Name FROM Opportunities) FROM Account")
    assert found[0]["Opportunities"]["records"][0]["Name"] == "Big"
    assert org.send("PATCH", f"{base}/{key}", {"StageName": "Closed Won"}).status == 204
    assert error_of(org.send("PATCH", f"{base}/{key}", {"Name": None})) == (400, "REQUIRED_FIELD_MISSING")
    bad = org.send("PATCH", f"{base}/{key}", {"AccountId": "001000000000009"})
    assert error_of(bad) == (400, "INVALID_CROSS_REFERENCE_KEY")
    assert error_of(org.send("PATCH", f"{base}/{key}", {"AccountId": "nope"})) == (400, "MALFORMED_ID")
    assert error_of(org.send("PATCH", f"{base}/{key}", {"CloseDate": "soon"})) == (400, "JSON_PARSER_ERROR")
    assert org.send("DELETE", f"{base}/{key}").status == 204
    assert error_of(org.send("GET", f"{base}/{key}")) == (404, "ENTITY_IS_DELETED")
    span = "start=2026-11-30T00:00:00Z&end=2026-12-01T00:00:00Z"
    gone = json_of(org.send("GET", f"{base}/deleted/?{span}"))["deletedRecords"]
    assert [each["id"] for each in gone] == [key]
    assert json_of(org.send("GET", f"{base}/updated/?{span}"))["ids"] == []
    changed = json_of(org.send("GET", f"/services/data/v62.0/sobjects/Account/updated?{span}"))
    assert changed["ids"] == [account_id]
    assert error_of(org.send("GET", f"{base}/updated?start=x")) == (400, "MISSING_ARGUMENT")


def test_an_organisation_may_let_api_users_price_quotes(new_org: Any, json_of: Any, error_of: Any) -> None:
    org = new_org(owns_quotes=False)
    org.account()
    account_id = org.found("SELECT Id FROM Account")[0]["Id"]
    base = "/services/data/v62.0/sobjects"
    quote = {"AccountId": account_id, "Entity__c": "US", "ExpirationDate": "2026-12-31"}
    key = json_of(org.send("POST", f"{base}/Quote", quote))["id"]
    line = {"QuoteId": key, "ProductCode__c": "SEAT", "Quantity": 2, "UnitPrice": 10.5, "ListPrice": 11}
    line_id = json_of(org.send("POST", f"{base}/QuoteLineItem", line))["id"]
    assert org.send("PATCH", f"{base}/QuoteLineItem/{line_id}", {"Quantity": 4}).status == 204
    (record,) = org.found("SELECT QuoteNumber, Version__c, TotalPrice FROM Quote")
    assert (record["QuoteNumber"], record["Version__c"], record["TotalPrice"]) == ("Q-800001", 1, 42.0)
    assert org.changes("quote")[-1].document.total_minor == 4200
    for label in ("In Review", "Approved", "Presented", "Accepted"):
        assert org.send("PATCH", f"{base}/Quote/{key}", {"Status": label}).status == 204
    assert [each.message.topic for each in org.service.collect()] == ["quote.accepted"]
    late = org.send("PATCH", f"{base}/QuoteLineItem/{line_id}", {"Quantity": 9})
    assert error_of(late) == (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION")
    assert error_of(org.send("DELETE", f"{base}/Quote/{key}")) == (400, "DELETE_FAILED")
    illegal = org.send("PATCH", f"{base}/Quote/{key}", {"Status": "Draft"})
    assert error_of(illegal) == (400, "FIELD_CUSTOM_VALIDATION_EXCEPTION")


def test_standard_fields_that_have_no_rule_are_simply_kept(new_org: Any, json_of: Any) -> None:
    org = new_org(owns_accounts=False, owns_products=False)
    base = "/services/data/v62.0/sobjects"
    fields = {"BillingState": "Bayern", "BillingCountry": "Germany", "ShippingCity": "Ulm", "AnnualRevenue": 1.5}
    fields |= {"NumberOfEmployees": 7, "Rating": "Hot"}
    account = json_of(org.send("POST", f"{base}/Account", {"Name": "Acme", **fields}))["id"]
    found = org.found(f"SELECT {', '.join(fields)}, Owner.Name FROM Account")[0]
    assert {name: found[name] for name in fields} == fields
    assert found["Owner"]["Name"] == "Integration User", "who makes a record looks after it"
    deal = {"Name": "Deal", "StageName": "Negotiation/Review", "CloseDate": "2027-01-01", "Probability": 90}
    assert org.send("POST", f"{base}/Opportunity", {**deal, "AccountId": account, "LeadSource": "Web"}).status == 201
    assert org.send("POST", f"{base}/Product2", {"Name": "Seat", "Family": "Software"}).status == 201


def test_a_contact_has_a_whole_name(org: Any, json_of: Any, error_of: Any) -> None:
    contacts = "/services/data/v62.0/sobjects/Contact"
    key = json_of(org.send("POST", contacts, {"FirstName": "Ada", "LastName": "Byron"}))["id"]
    assert org.send("POST", contacts, {"LastName": "Plato"}).status == 201
    assert org.send("PATCH", f"{contacts}/{key}", {"LastName": "Lovelace"}).status == 204
    names = org.found("SELECT Name FROM Contact ORDER BY Name")
    assert [each["Name"] for each in names] == ["Ada Lovelace", "Plato"]
    assert error_of(org.send("PATCH", f"{contacts}/{key}", {"Name": "X"})) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")


def test_an_account_on_which_nothing_stands_may_be_deleted(new_org: Any, json_of: Any, error_of: Any) -> None:
    org = new_org(owns_accounts=False)
    base = "/services/data/v62.0/sobjects"
    key = json_of(org.send("POST", f"{base}/Account", {"Name": "Acme", "AccountNumber": "A-1"}))["id"]
    contact = json_of(org.send("POST", f"{base}/Contact", {"LastName": "Byron", "AccountId": key}))["id"]
    assert error_of(org.send("DELETE", f"{base}/Account/{key}")) == (400, "DELETE_FAILED")
    assert org.send("DELETE", f"{base}/Contact/{contact}").status == 204
    assert org.send("DELETE", f"{base}/Account/{key}").status == 204
    assert org.found("SELECT Id FROM Account") == []
    again = {"Name": "Acme", "AccountNumber": "A-1"}
    assert org.send("POST", f"{base}/Account", again).status == 201, "the number is free again"


def test_every_organisation_has_a_standard_price_book(org: Any) -> None:
    books = org.found("SELECT Name FROM Pricebook2 WHERE IsStandard = true AND IsActive = true")
    assert [each["Name"] for each in books] == ["Standard Price Book"]
