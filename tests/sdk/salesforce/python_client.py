"""An integration with simple-salesforce, as a team would write it: each check is one thing it does with the CRM.

It runs in a Python of its own and is pointed at the mocks by the environment only (HTTPS_PROXY, REQUESTS_CA_BUNDLE).
It prints one JSON object: the name of each check, and what went wrong in it (nothing, when it is well).
"""

import datetime
import json
import os
import traceback

import jwt
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from simple_salesforce import (
    Salesforce,
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
    format_soql,
)
from simple_salesforce.exceptions import SalesforceError, SalesforceMoreThanOneRecord
from simple_salesforce.format import format_external_id

DOORS = json.loads(os.environ["DOORS"])
LOGIN = {"username": "integration@q2c.test", "password": "secret", "security_token": "token"}


def raises(kind, work, code=""):
    """Check that some work is refused with an exception of a kind, and an error code in its content."""
    caught = None
    try:
        work()
    except kind as error:
        caught = error
    assert caught is not None, f"{kind.__name__} was expected"
    assert code in str(getattr(caught, "content", caught)), caught
    return caught


class Checks:
    """The checks in order; what one makes the later ones may use."""

    def __init__(self):
        self.sf = Salesforce(**LOGIN)

    # --- logins ---------------------------------------------------------------------------------------------------

    def check_soap_login(self):
        assert self.sf.sf_instance == "login.salesforce.com"
        assert self.sf.session_id.startswith("00D")

    def check_wrong_password_is_an_authentication_failure(self):
        error = raises(SalesforceAuthenticationFailed, lambda: Salesforce(**{**LOGIN, "password": "wrong"}))
        assert error.code == "INVALID_LOGIN"

    def check_oauth_password_login(self):
        sf = Salesforce(username=LOGIN["username"], password="secret", consumer_key="app", consumer_secret="shh")
        assert sf.query("SELECT COUNT() FROM User")["totalSize"] == 1

    def check_client_credentials_login(self):
        sf = Salesforce(consumer_key="app", consumer_secret="shh", domain="acme.my")
        assert sf.sf_instance == "acme.my.salesforce.com"
        assert sf.query("SELECT Id FROM User")["done"]

    def check_jwt_login(self):
        pem = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(*pem)
        sf = Salesforce(username=LOGIN["username"], consumer_key="app", privatekey=key.decode(), domain="login")
        assert sf.query("SELECT Id FROM User")["totalSize"] == 1

    def check_expired_assertion_is_refused(self):
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        claims = {"iss": "app", "sub": "u", "aud": "https://login.salesforce.com", "exp": 1_000}
        form = {
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "assertion": jwt.encode(claims, key, algorithm="RS256"),
        }
        reply = requests.post("https://login.salesforce.com/services/oauth2/token", data=form, timeout=10)
        assert (reply.status_code, reply.json()["error"]) == (400, "invalid_grant")

    def check_direct_door_with_a_session(self):
        session = requests.Session()
        session.trust_env, session.verify = False, os.environ["REQUESTS_CA_BUNDLE"]
        sf = Salesforce(instance_url=DOORS["crm_tls"], session_id=self.sf.session_id, session=session)
        assert sf.query("SELECT Id FROM User")["totalSize"] == 1

    def check_who_am_i(self):
        assert self.sf.oauth2("userinfo")["preferred_username"] == "integration@q2c.test"

    # --- what there is --------------------------------------------------------------------------------------------

    def check_describe_lists_the_objects(self):
        names = {each["name"] for each in self.sf.describe()["sobjects"]}
        assert {
            "Account",
            "Contact",
            "Opportunity",
            "Quote",
            "QuoteLineItem",
            "Order",
            "OrderItem",
            "Contract",
        } <= names

    def check_describe_of_an_object(self):
        fields = {field["name"]: field for field in self.sf.Quote.describe()["fields"]}
        assert fields["AccountId"]["referenceTo"] == ["Account"]
        assert "Accepted" in [each["value"] for each in fields["Status"]["picklistValues"]]

    def check_metadata_of_an_object(self):
        assert self.sf.Account.metadata()["objectDescribe"]["keyPrefix"] == "001"

    def check_limits_and_usage(self):
        assert self.sf.limits()["DailyApiRequests"]["Remaining"] > 0
        assert self.sf.api_usage["api-usage"].used >= 1

    def check_retired_version_is_gone(self):
        old = Salesforce(instance=self.sf.sf_instance, session_id=self.sf.session_id, version="29.0")
        raises(SalesforceError, lambda: old.query("SELECT Id FROM User"), "UNSUPPORTED_API_VERSION")

    # --- quote to cash --------------------------------------------------------------------------------------------

    def check_create_account_and_products(self):
        created = self.sf.Account.create({"Name": "Acme", "AccountNumber": "A-100", "Entity__c": "US"})
        assert (created["success"], created["errors"], len(created["id"])) == (True, [], 18)
        self.account = created["id"]
        self.seat = self.sf.Product2.create({"Name": "Seat", "ProductCode": "SEAT", "IsActive": True})["id"]
        self.setup = self.sf.Product2.create({"Name": "Setup", "ProductCode": "SETUP", "Kind__c": "one_time"})["id"]
        self.book = self.sf.Pricebook2.create({"Name": "List", "IsActive": True})["id"]
        entry = {"Pricebook2Id": self.book, "Product2Id": self.seat, "UnitPrice": 99.5, "IsActive": True}
        self.entry = self.sf.PricebookEntry.create(entry)["id"]

    def check_get_and_update(self):
        assert self.sf.Account.get(self.account)["Name"] == "Acme"
        assert self.sf.Account.update(self.account, {"BillingCity": "Boston"}) == 204
        assert self.sf.Account.get(self.account[:15])["BillingCity"] == "Boston"
        assert self.sf.Account.get_by_custom_id("AccountNumber", "A-100")["Id"] == self.account

    def check_draft_quote_with_lines(self):
        quote = {"Name": "Acme 2027", "AccountId": self.account, "Entity__c": "US", "Pricebook2Id": self.book}
        quote |= {"TermStart__c": "2027-01-01", "TermMonths__c": 12, "ExpirationDate": "2099-12-31"}
        self.quote = self.sf.Quote.create(quote)["id"]
        line = {"QuoteId": self.quote, "PricebookEntryId": self.entry, "Quantity": 10, "UnitPrice": 95.5}
        self.line = self.sf.QuoteLineItem.create({**line, "ListPrice": 99.5, "Months__c": 12})["id"]
        self.sf.QuoteLineItem.create({"QuoteId": self.quote, "Product2Id": self.setup, "Quantity": 1, "UnitPrice": 500})
        assert self.sf.Quote.get(self.quote)["TotalPrice"] == 1455.0

    def check_change_a_line(self):
        assert self.sf.QuoteLineItem.update(self.line, {"Quantity": 12}) == 204
        assert self.sf.Quote.get(self.quote)["TotalPrice"] == 1646.0

    def check_read_quote_with_parents_and_children(self):
        found = self.sf.query(
            "SELECT Id, QuoteNumber, Account.Name, (SELECT ProductCode__c, Quantity FROM QuoteLineItems "
            f"ORDER BY LineNumber) FROM Quote WHERE Id = '{self.quote}'"
        )["records"][0]
        assert found["Account"]["Name"] == "Acme"
        assert [line["ProductCode__c"] for line in found["QuoteLineItems"]["records"]] == ["SEAT", "SETUP"]

    def check_quote_is_approved_and_accepted(self):
        for status in ("In Review", "Approved", "Presented", "Accepted"):
            assert self.sf.Quote.update(self.quote, {"Status": status}) == 204
        rows = self.sf.query("SELECT Id FROM Quote WHERE Status = 'Accepted' AND SystemModstamp >= TODAY")["records"]
        assert [row["Id"] for row in rows] == [self.quote]

    def check_an_accepted_quote_keeps_its_prices(self):
        change = {"Quantity": 1}
        error = raises(SalesforceMalformedRequest, lambda: self.sf.QuoteLineItem.update(self.line, change))
        assert error.content[0]["errorCode"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"

    def check_an_illegal_step_is_refused(self):
        draft = {"Status": "Draft"}
        raises(SalesforceMalformedRequest, lambda: self.sf.Quote.update(self.quote, draft), "VALIDATION_EXCEPTION")

    def check_order_is_made_of_the_quote(self):
        order = {"AccountId": self.account, "QuoteId": self.quote, "Status": "Draft", "EffectiveDate": "2027-01-01"}
        self.order = self.sf.Order.create({**order, "OrderReferenceNumber": "Q-1-v1"})["id"]
        for row in self.sf.query_all(
            f"SELECT Id, Quantity, UnitPrice FROM QuoteLineItem WHERE QuoteId = '{self.quote}'"
        )["records"]:
            item = {"OrderId": self.order, "QuoteLineItemId": row["Id"], "Quantity": row["Quantity"]}
            self.sf.OrderItem.create({**item, "UnitPrice": row["UnitPrice"]})
        assert self.sf.Order.get(self.order)["OrderNumber"] == "00000001"
        rows = self.sf.query("SELECT SUM(Quantity) units, COUNT(Id) n FROM OrderItem")["records"]
        assert (rows[0]["units"], rows[0]["n"]) == (13, 2)

    def check_order_is_activated_and_contract_and_asset_follow(self):
        assert self.sf.Order.update(self.order, {"Status": "Activated"}) == 204
        contract = {"AccountId": self.account, "StartDate": "2027-01-01", "ContractTerm": 12, "Status": "Draft"}
        key = self.sf.Contract.create(contract)["id"]
        assert self.sf.Order.update(self.order, {"ContractId": key}) == 204
        self.sf.Asset.create({"Name": "Seat", "AccountId": self.account, "Product2Id": self.seat, "Quantity": 12})
        found = self.sf.query(f"SELECT Id, (SELECT Id FROM Orders) FROM Contract WHERE Id = '{key}'")["records"][0]
        assert found["Orders"]["records"][0]["Id"] == self.order

    def check_mirror_by_external_id(self):
        reference = self.sf.Quote.get(self.quote)["Reference__c"]
        path = format_external_id("Reference__c", reference)
        paid = {"OrderStatus__c": "booked", "InvoiceStatus__c": "paid", "InvoiceBalance__c": 0, "MirrorSequence__c": 3}
        assert self.sf.Quote.upsert(path, paid) == 200
        assert self.sf.Quote.update(self.quote, {"Status": "Converted"}) == 204
        assert self.sf.Quote.get(self.quote)["InvoiceStatus__c"] == "paid"

    def check_platform_event_is_enqueued(self):
        told = self.sf.Order_Booked__e.create({"Order_Number__c": "SO-1", "Reference__c": "Q-1-v1", "Amount__c": 1646})
        assert (told["success"], told["errors"][0]["statusCode"]) == (True, "OPERATION_ENQUEUED")

    # --- upserts, deletions ---------------------------------------------------------------------------------------

    def check_upsert_creates_then_updates(self):
        assert self.sf.Account.upsert("AccountNumber/A-200", {"Name": "Beta"}) == 201
        assert self.sf.Account.upsert("AccountNumber/A-200", {"Name": "Beta Ltd"}) == 200
        assert self.sf.query("SELECT COUNT() FROM Account WHERE AccountNumber = 'A-200'")["totalSize"] == 1

    def check_external_id_in_the_body_is_refused(self):
        body = {"Name": "x", "AccountNumber": "A-200"}
        raises(SalesforceMalformedRequest, lambda: self.sf.Account.upsert("AccountNumber/A-200", body), "INVALID_FIELD")

    def check_parent_is_named_by_its_external_id(self):
        key = self.sf.Contact.create({"LastName": "Doe", "Account": {"AccountNumber": "A-100"}})["id"]
        assert self.sf.Contact.get(key)["AccountId"] == self.account

    def check_several_records_of_one_external_id_are_listed(self):
        for name in ("One", "Two"):
            self.sf.Contact.create({"LastName": name, "LegacyId__c": "L-1"})
        found = raises(SalesforceMoreThanOneRecord, lambda: self.sf.Contact.get_by_custom_id("LegacyId__c", "L-1"))
        assert [url.split("/")[-2] for url in found.content] == ["Contact", "Contact"]
        raises(SalesforceMoreThanOneRecord, lambda: self.sf.Contact.upsert("LegacyId__c/L-1", {"Title": "x"}))

    def check_delete_then_it_is_gone(self):
        key = self.sf.Contact.create({"LastName": "Gone"})["id"]
        assert self.sf.Contact.delete(key) == 204
        raises(SalesforceResourceNotFound, lambda: self.sf.Contact.get(key), "ENTITY_IS_DELETED")
        rows = self.sf.query(f"SELECT Id, IsDeleted FROM Contact WHERE Id = '{key}'", include_deleted=True)["records"]
        assert rows[0]["IsDeleted"] is True

    def check_what_changed_and_what_was_deleted(self):
        end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
        start = end - datetime.timedelta(hours=2)
        assert self.account in self.sf.Account.updated(start, end)["ids"]
        assert len(self.sf.Contact.deleted(start, end)["deletedRecords"]) == 1

    # --- refusals -------------------------------------------------------------------------------------------------

    def check_refusals_of_records(self):
        cases = [
            ({}, "REQUIRED_FIELD_MISSING"),
            ({"LastName": "x", "Nope": 1}, "INVALID_FIELD"),
            ({"LastName": 7}, "JSON_PARSER_ERROR"),
            ({"LastName": "x" * 81}, "STRING_TOO_LONG"),
            ({"LastName": "x", "AccountId": "001"}, "MALFORMED_ID"),
            ({"LastName": "x", "AccountId": "001000000000099"}, "INVALID_CROSS_REFERENCE_KEY"),
            ({"LastName": "x", "Id": self.account}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ]
        for body, code in cases:
            raises(SalesforceMalformedRequest, lambda body=body: self.sf.Contact.create(body), code)
        order = {"AccountId": self.account, "EffectiveDate": "2027-01-01", "Status": "Lost"}
        raises(SalesforceMalformedRequest, lambda: self.sf.Order.create(order), "RESTRICTED_PICKLIST")
        same = {"Name": "y", "AccountNumber": "A-100"}
        raises(SalesforceMalformedRequest, lambda: self.sf.Account.create(same), "DUPLICATE_VALUE")

    def check_refusals_of_queries(self):
        for statement, code in (
            ("SELECT Id FROM", "MALFORMED_QUERY"),
            ("SELECT Nope FROM Account", "INVALID_FIELD"),
            ("SELECT Id FROM Nope", "INVALID_TYPE"),
            ("SELECT FIELDS(ALL) FROM Account", "MALFORMED_QUERY"),
        ):
            raises(SalesforceMalformedRequest, lambda statement=statement: self.sf.query(statement), code)
        raises(SalesforceMalformedRequest, lambda: self.sf.query_more("0r8000000000001AAA-2000"), "QUERY_LOCATOR")

    def check_unknown_object_and_id_are_not_found(self):
        raises(SalesforceResourceNotFound, lambda: self.sf.Account.get("001000000000999AAA"), "NOT_FOUND")
        raises(SalesforceResourceNotFound, lambda: self.sf.Nope__c.describe(), "NOT_FOUND")
        raises(SalesforceResourceNotFound, lambda: self.sf.Account.get_by_custom_id("AccountNumber", "none"))

    # --- many records ---------------------------------------------------------------------------------------------

    def check_bulk_insert(self):
        records = [
            {"LastName": f"Row {n:05}", "AccountId": self.account, "ExternalId__c": f"X-{n}"} for n in range(4500)
        ]
        results = self.sf.bulk2.Contact.insert(records=records, batch_size=2500)
        assert sum(each["numberRecordsProcessed"] for each in results) == 4500
        assert sum(each["numberRecordsFailed"] for each in results) == 0

    def check_paging(self):
        first = self.sf.query("SELECT Id, LastName FROM Contact WHERE LastName LIKE 'Row %' ORDER BY LastName")
        assert (first["totalSize"], first["done"], len(first["records"])) == (4500, False, 2000)
        second = self.sf.query_more(first["nextRecordsUrl"], True)
        third = self.sf.query_more(second["nextRecordsUrl"].rsplit("/", 1)[1])
        assert (len(third["records"]), third["done"]) == (500, True)
        every = self.sf.query_all("SELECT LastName FROM Contact WHERE LastName LIKE 'Row %' ORDER BY LastName")[
            "records"
        ]
        assert [row["LastName"] for row in every] == [f"Row {n:05}" for n in range(4500)]
        assert sum(1 for _ in self.sf.query_all_iter("SELECT Id FROM Contact WHERE LastName LIKE 'Row %'")) == 4500

    def check_bulk_upsert_update_and_delete(self):
        records = [{"ExternalId__c": f"X-{n}", "LastName": f"New {n}"} for n in (1, 2, 9_999)]
        upserted = self.sf.bulk2.Contact.upsert(records=records, external_id_field="ExternalId__c")
        assert (upserted[0]["numberRecordsProcessed"], upserted[0]["numberRecordsFailed"]) == (3, 0)
        rows = self.sf.query("SELECT Id, LastName FROM Contact WHERE LastName LIKE 'New %'")["records"]
        assert len(rows) == 3
        changed = [{"Id": row["Id"], "Title": "Buyer"} for row in rows]
        assert self.sf.bulk2.Contact.update(records=changed)[0]["numberRecordsFailed"] == 0
        assert self.sf.bulk2.Contact.delete(records=[{"Id": row["Id"]} for row in rows])[0]["numberRecordsFailed"] == 0
        assert self.sf.query("SELECT COUNT() FROM Contact WHERE LastName LIKE 'New %'")["totalSize"] == 0

    def check_bulk_failures_are_told_row_by_row(self):
        records = [{"LastName": "Good"}, {"LastName": "x" * 90}]
        done = self.sf.bulk2.Contact.insert(records=records)[0]
        assert (done["numberRecordsProcessed"], done["numberRecordsFailed"]) == (2, 1)
        assert "STRING_TOO_LONG" in self.sf.bulk2.Contact.get_failed_records(done["job_id"])
        assert "Good" in self.sf.bulk2.Contact.get_successful_records(done["job_id"])

    def check_bulk_query(self):
        pages = list(
            self.sf.bulk2.Contact.query("SELECT Id, Account.Name FROM Contact WHERE Title = null", max_records=2000)
        )
        rows = [line for page in pages for line in page.splitlines()[1:] if line]
        assert len(pages) >= 3
        assert len(rows) > 4400

    # --- several in one -------------------------------------------------------------------------------------------

    def post(self, path, body):
        return self.sf.restful(path, method="POST", json=body)

    def check_composite_with_references(self):
        path = f"/services/data/v{self.sf.sf_version}/"
        account = {"method": "POST", "url": path + "sobjects/Account", "referenceId": "acc", "body": {"Name": "Comp"}}
        contact = {"method": "POST", "url": path + "sobjects/Contact", "referenceId": "con"}
        contact["body"] = {"LastName": "Comp", "AccountId": "@{acc.id}"}
        query = {"method": "GET", "url": path + "query/?q=SELECT+AccountId+FROM+Contact+WHERE+Id='@{con.id}'"}
        answers = self.post("composite", {"compositeRequest": [account, contact, {**query, "referenceId": "q"}]})
        codes = [each["httpStatusCode"] for each in answers["compositeResponse"]]
        assert codes == [201, 201, 200]
        found = answers["compositeResponse"][2]["body"]["records"][0]["AccountId"]
        assert found == answers["compositeResponse"][0]["body"]["id"]

    def check_composite_all_or_none_leaves_nothing(self):
        path = f"/services/data/v{self.sf.sf_version}/sobjects/"
        good = {"method": "POST", "url": path + "Account", "referenceId": "a", "body": {"Name": "Never"}}
        bad = {"method": "POST", "url": path + "Contact", "referenceId": "b", "body": {}}
        answers = self.post("composite", {"allOrNone": True, "compositeRequest": [good, bad]})["compositeResponse"]
        assert [each["httpStatusCode"] for each in answers] == [400, 400]
        assert answers[0]["body"][0]["errorCode"] == "PROCESSING_HALTED"
        assert self.sf.query("SELECT COUNT() FROM Account WHERE Name = 'Never'")["totalSize"] == 0

    def check_collections(self):
        records = [{"attributes": {"type": "Contact"}, "LastName": f"Set {n}"} for n in range(3)]
        created = self.post("composite/sobjects", {"records": records})
        assert all(each["success"] for each in created)
        broken = [*records, {"attributes": {"type": "Contact"}}]
        mixed = self.post("composite/sobjects", {"records": broken, "allOrNone": False})
        assert [each["success"] for each in mixed] == [True, True, True, False]
        none = self.post("composite/sobjects", {"records": broken, "allOrNone": True})
        assert none[0]["errors"][0]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
        assert self.sf.query("SELECT COUNT() FROM Contact WHERE LastName LIKE 'Set %'")["totalSize"] == 6
        keys = ",".join(each["id"] for each in created)
        gone = self.sf.restful("composite/sobjects", method="DELETE", params={"ids": keys, "allOrNone": "true"})
        assert all(each["success"] for each in gone)

    def check_tree(self):
        child = {"attributes": {"type": "Contact", "referenceId": "c1"}, "LastName": "Leaf"}
        root = {
            "attributes": {"type": "Account", "referenceId": "r1"},
            "Name": "Root",
            "Contacts": {"records": [child]},
        }
        planted = self.post("composite/tree/Account", {"records": [root]})
        assert [each["referenceId"] for each in planted["results"]] == ["r1", "c1"]
        assert self.sf.query("SELECT Id FROM Contact WHERE Account.Name = 'Root'")["totalSize"] == 1

    def check_batch(self):
        version = f"v{self.sf.sf_version}"
        parts = [{"method": "GET", "url": f"{version}/limits"}, {"method": "GET", "url": f"{version}/sobjects/Nope"}]
        answer = self.post("composite/batch", {"batchRequests": [*parts, parts[0]], "haltOnError": True})
        assert [each["statusCode"] for each in answer["results"]] == [200, 404, 412]

    # --- queries --------------------------------------------------------------------------------------------------

    def check_statements(self):
        counts = {
            "SELECT COUNT() FROM Account WHERE Name IN ('Acme', 'Beta Ltd')": 2,
            "SELECT COUNT() FROM Account WHERE NOT Name LIKE 'A%'": 3,
            "SELECT COUNT() FROM Account WHERE AccountNumber != null AND CreatedDate = TODAY": 2,
            "SELECT COUNT() FROM Account WHERE CreatedDate < LAST_N_DAYS:7": 0,
            "SELECT COUNT() FROM Account WHERE Id IN (SELECT AccountId FROM Quote WHERE Status = 'Converted')": 1,
            "SELECT COUNT() FROM Quote WHERE TotalPrice > 1600 AND TermStart__c = 2027-01-01": 1,
            format_soql("SELECT COUNT() FROM Account WHERE Name = {}", "O'Hara \\ Sons"): 0,
        }
        for statement, count in counts.items():
            assert self.sf.query(statement)["totalSize"] == count, statement
        rows = self.sf.query("SELECT Status, COUNT(Id) n, MAX(TotalPrice) most FROM Quote GROUP BY Status")["records"]
        assert [(row["Status"], row["n"], row["most"]) for row in rows] == [("Converted", 1, 1646.0)]
        assert len(self.sf.query("SELECT FIELDS(ALL) FROM Account LIMIT 2")["records"]) == 2
        ordered = self.sf.query("SELECT Name FROM Account ORDER BY AccountNumber DESC NULLS LAST LIMIT 1 OFFSET 1")
        assert ordered["records"][0]["Name"] == "Acme"

    def check_search(self):
        found = self.sf.search("FIND {Acme} IN NAME FIELDS RETURNING Account(Id, Name), Quote(Id)")["searchRecords"]
        assert {each["attributes"]["type"] for each in found} == {"Account", "Quote"}
        assert self.sf.quick_search("Acme")["searchRecords"]

    # --- CPQ ------------------------------------------------------------------------------------------------------

    def check_cpq_reads_prices_and_saves_a_quote(self):
        quote = {"AccountId": self.account, "Entity__c": "US", "ExpirationDate": "2099-12-31"}
        key = self.sf.Quote.create(quote)["id"]
        router = "SBQQ/ServiceRouter"
        reader = {"reader": "SBQQ.QuoteAPI.QuoteReader", "uid": key}
        model = json.loads(self.sf.apexecute(router, method="GET", params=reader))
        loader = {"loader": "SBQQ.QuoteAPI.QuoteProductAdder"}
        context = {"quote": model, "products": [{"record": {"Id": self.seat}}], "groupKey": 0, "ignoreCalculate": True}
        body = {"context": json.dumps(context)}
        model = json.loads(self.sf.apexecute(router, method="PATCH", params=loader, data=body))
        model["lineItems"][0]["record"] |= {"Quantity": 4, "UnitPrice": 25}
        body = {"context": json.dumps({"quote": model})}
        loader = {"loader": "SBQQ.QuoteAPI.QuoteCalculator"}
        model = json.loads(self.sf.apexecute(router, method="PATCH", params=loader, data=body))
        assert model["netTotal"] == 100
        saver = {"saver": "SBQQ.QuoteAPI.QuoteSaver", "model": json.dumps(model)}
        saved = json.loads(self.sf.apexecute(router, method="POST", data=saver))
        assert saved["lineItems"][0]["record"]["Id"].startswith("0QL")
        assert self.sf.Quote.get(key)["TotalPrice"] == 100

    # --- sessions -------------------------------------------------------------------------------------------------

    def check_expired_session_is_renewed_and_the_call_repeated(self):
        before = self.sf.session_id
        revoke = "https://login.salesforce.com/services/oauth2/revoke"
        assert requests.post(revoke, data={"token": before}, timeout=10).status_code == 200
        assert self.sf.query("SELECT COUNT() FROM User")["totalSize"] == 1
        assert self.sf.session_id != before

    def check_expired_session_without_a_login_is_told(self):
        lone = Salesforce(instance=self.sf.sf_instance, session_id="00Dnever!x")
        error = raises(SalesforceExpiredSession, lambda: lone.query("SELECT Id FROM User"))
        assert error.content == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


def main():
    results = {}
    checks = Checks()
    for name in [name for name in vars(Checks) if name.startswith("check_")]:
        try:
            getattr(checks, name)()
            results[name] = ""
        except Exception:
            results[name] = traceback.format_exc()
    print(json.dumps(results))


if __name__ == "__main__":
    main()
