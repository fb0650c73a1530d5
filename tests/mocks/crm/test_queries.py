import tracemalloc
from typing import Any

import pytest

from mocks.kernel.spilled import SpilledTables
from tests.mocks.crm.conftest import Org, decoded

STATEMENT = """SELECT Id, QuoteNumber, Version__c, Status, Kind__c, AmendmentKind__c, Entity__c, CurrencyIsoCode,
  ExpirationDate, TermStart__c, TermMonths__c, DiscountPercent__c, Approvals__c, TotalPrice, PaymentMethod__c,
  Subscription__c, EffectiveDate__c, Sequence__c, CoTermEnd__c, Account.Id, Account.AccountNumber, Account.Name,
  Account.BillingCountryCode, Account.BillingStateCode, Account.BillingPostalCode, Account.BillingStreet,
  Account.BillingCity, Account.PaymentCustomer__c,
  (SELECT Id, LineNumber, ProductCode__c, ProductKind__c, Quantity, ListPrice, UnitPrice, TotalPrice, Months__c
   FROM QuoteLineItems ORDER BY LineNumber) FROM Quote WHERE Id = '%s'"""


def test_the_whole_quote_comes_in_one_statement(org: Any) -> None:
    org.account(payment_customer="cus_1", region="CA")
    quote_id = org.accepted()
    (record,) = org.found(STATEMENT % quote_id)
    base = "/services/data/v62.0/sobjects"
    assert record["attributes"] == {"type": "Quote", "url": f"{base}/Quote/{quote_id}"}
    assert list(record)[1:4] == ["Id", "QuoteNumber", "Version__c"]
    assert record["Status"] == "Accepted"
    assert record["ExpirationDate"] == "2026-12-15"
    assert (record["TotalPrice"], record["DiscountPercent__c"], record["Approvals__c"]) == (285.0, 5, None)
    assert record["Account"]["AccountNumber"] == "A-000001"
    assert record["Account"]["PaymentCustomer__c"] == "cus_1"
    lines = record["QuoteLineItems"]
    assert (lines["totalSize"], lines["done"]) == (1, True)
    line = lines["records"][0]
    assert (line["LineNumber"], line["Quantity"], line["UnitPrice"], line["ListPrice"]) == ("00000001", 3, 95.0, 100.0)


def test_amounts_follow_the_currency_of_their_record(org: Any) -> None:
    org.account(currency="JPY", entity="JP", country="JP")
    org.draft(currency="JPY", entity="JP")
    body = org.query("SELECT TotalPrice FROM Quote").body
    assert b'"TotalPrice":28500}' in body
    assert len(org.found("SELECT Id FROM Quote WHERE TotalPrice = 28500")) == 1


def test_the_sweep_finds_accepted_quotes_in_order_of_change(org: Any) -> None:
    for number in ("Q-000001", "Q-000002", "Q-000003"):
        org.accepted(number)
        org.now_us += 60_000_000
    org.draft("Q-000004")
    sweep = (
        "SELECT Id, QuoteNumber, Version__c, SystemModstamp FROM Quote WHERE Status = 'Accepted' "
        "AND SystemModstamp >= 2026-11-30T00:54:20Z ORDER BY SystemModstamp LIMIT 200"
    )
    records = org.found(sweep)
    assert [record["QuoteNumber"] for record in records] == ["Q-000002", "Q-000003"]
    assert records[0]["SystemModstamp"] == "2026-11-30T00:54:20.000+0000"


@pytest.mark.parametrize(
    ("where", "numbers"),
    [
        ("Status = 'ACCEPTED'", [1]),
        ("Status != 'Accepted'", [2, 3]),
        ("NOT Status = 'Accepted'", [2, 3]),
        ("Status IN ('Draft', 'Accepted')", [1, 2, 3]),
        ("Status NOT IN ('Draft')", [1]),
        ("QuoteNumber LIKE 'q-00000_' AND QuoteNumber > 'Q-000001'", [2, 3]),
        ("QuoteNumber LIKE '%2'", [2]),
        (r"QuoteNumber LIKE 'Q\_%'", []),
        ("(QuoteNumber = 'Q-000001' OR QuoteNumber = 'Q-000003') AND IsDeleted = false", [1, 3]),
        ("TotalPrice < 285 OR TotalPrice >= 285.01", [2]),
        ("Approvals__c = null", [1, 2, 3]),
        ("Subscription__c != null", [3]),
        ("Sequence__c < 5", [3]),
        ("ExpirationDate > 2026-12-15", [2]),
        ("Account.AccountNumber = 'A-000001'", [1, 2]),
        ("Account.AccountNumber != 'A-000001'", [3]),
        ("Quote.QuoteNumber = 'Q-000002'", [2]),
        ("Account.Parent.Name = null", [1, 2, 3]),
        ("SystemModstamp < 2020-01-01T00:00:00Z", []),
    ],
)
def test_conditions_mean_what_the_vendor_means(org: Any, where: str, numbers: list[int]) -> None:
    org.account("A-000002")
    org.accepted("Q-000001")
    half = [{"sku": "SEAT", "quantity": 1, "unit_minor": 14000, "list_unit_minor": 14000}]
    org.draft("Q-000002", lines=half, valid_until="2026-12-31")
    org.draft("Q-000003", account="A-000002", subscription="Q-900001", sequence=1)
    records = org.found(f"SELECT QuoteNumber FROM Quote WHERE {where}")
    assert [record["QuoteNumber"] for record in records] == [f"Q-00000{number}" for number in numbers]


def test_order_puts_nulls_first_unless_told_otherwise(org: Any) -> None:
    org.account()
    for number, sequence in (("Q-000001", 2), ("Q-000002", 0), ("Q-000003", 1)):
        org.draft(number, sequence=sequence)

    def ordered(by: str) -> list[str]:
        return [row["QuoteNumber"][-1] for row in org.found(f"SELECT QuoteNumber FROM Quote ORDER BY {by}")]

    assert ordered("Sequence__c") == ["2", "3", "1"]
    assert ordered("Sequence__c DESC") == ["2", "1", "3"]
    assert ordered("Sequence__c ASC NULLS LAST") == ["3", "1", "2"]
    assert ordered("Account.Name, QuoteNumber DESC") == ["3", "2", "1"]


def test_limit_offset_and_count(org: Any, json_of: Any) -> None:
    org.account()
    for number in range(1, 6):
        org.draft(f"Q-00000{number}")
    rows = org.found("SELECT QuoteNumber FROM Quote ORDER BY QuoteNumber LIMIT 2 OFFSET 3")
    assert [row["QuoteNumber"] for row in rows] == ["Q-000004", "Q-000005"]
    counted = json_of(org.query("SELECT COUNT() FROM Quote WHERE QuoteNumber > 'Q-000002'"))
    assert counted == {"totalSize": 3, "done": True, "records": []}


def test_a_sub_select_filters_its_children_and_is_null_without_any(org: Any) -> None:
    quote_id = org.accepted()
    statement = "SELECT Id, (SELECT Quantity FROM QuoteLineItems WHERE {}) FROM Quote"
    assert org.found(statement.format("Quantity > 5"))[0]["QuoteLineItems"] is None
    assert org.found(statement.format("ProductCode__c = 'seat'"))[0]["QuoteLineItems"]["totalSize"] == 1
    assert org.found(statement.format(f"QuoteId = '{quote_id}'"))[0]["QuoteLineItems"]["totalSize"] == 1
    assert org.found(statement.format("QuoteId = '0Q0000000000009'"))[0]["QuoteLineItems"] is None


def test_large_results_come_in_pages_for_two_days(org: Any, json_of: Any, error_of: Any) -> None:
    org.account()
    for number in range(1, 451):
        org.draft(f"Q-{number:06d}")
    page = json_of(org.query("SELECT QuoteNumber FROM Quote", **{"sforce-query-options": "batchSize=200"}))
    first_locator = page["nextRecordsUrl"]
    assert first_locator.startswith("/services/data/v62.0/query/0r8")
    assert first_locator.endswith("-200")
    seen = [row["QuoteNumber"] for row in page["records"]]
    while not page["done"]:
        assert page["totalSize"] == 450
        page = json_of(org.send("GET", page["nextRecordsUrl"]))
        seen += [row["QuoteNumber"] for row in page["records"]]
    assert seen == [f"Q-{number:06d}" for number in range(1, 451)]
    assert "nextRecordsUrl" not in page
    org.now_us += 3 * 86_400_000_000
    org.login()
    assert error_of(org.send("GET", first_locator)) == (400, "INVALID_QUERY_LOCATOR")
    assert error_of(org.send("GET", "/services/data/v62.0/query/0r8xxxx-200")) == (400, "INVALID_QUERY_LOCATOR")


def test_a_batch_size_below_the_minimum_is_the_minimum(org: Any, error_of: Any) -> None:
    org.account()
    assert org.query("SELECT Id FROM Account", **{"sforce-query-options": "batchSize=1"}).status == 200
    refused = org.query("SELECT Id FROM Account", **{"sforce-query-options": "size=1"})
    assert error_of(refused) == (400, "INVALID_HEADER")


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("SELECT", "MALFORMED_QUERY"),
        ("SELECT Id, id FROM Quote", "MALFORMED_QUERY"),
        ("SELECT Nope FROM Quote", "INVALID_FIELD"),
        ("SELECT Nope.Name FROM Quote", "INVALID_FIELD"),
        ("SELECT Id FROM Quote WHERE Nope = 1", "INVALID_FIELD"),
        ("SELECT Id FROM Quote ORDER BY Nope", "INVALID_FIELD"),
        ("SELECT Id FROM Quote WHERE Version__c = '1'", "INVALID_FIELD"),
        ("SELECT Id FROM Quote WHERE QuoteNumber = 1", "INVALID_FIELD"),
        ("SELECT Id FROM Quote WHERE ExpirationDate > 2026-01-01T00:00:00Z", "INVALID_FIELD"),
        ("SELECT Id FROM Nope", "INVALID_TYPE"),
        ("SELECT (SELECT Id FROM Nope) FROM Quote", "INVALID_TYPE"),
        ("SELECT Id FROM Quote WHERE Id = 'abc'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Quote WHERE TotalPrice LIKE 'a'", "INVALID_FIELD"),
        ("SELECT Id FROM Quote WHERE AccountId LIKE 'a'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Quote WHERE IsDeleted > true", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Quote LIMIT 50001", "NUMBER_OUTSIDE_VALID_RANGE"),
        ("SELECT Id FROM Quote OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE"),
    ],
)
def test_statements_the_objects_do_not_fit_are_refused(org: Any, error_of: Any, statement: str, code: str) -> None:
    org.accepted()
    assert error_of(org.query(statement)) == (400, code)


def test_a_slash_behind_the_resource_and_a_missing_statement(org: Any, error_of: Any) -> None:
    org.account()
    reply = org.send("GET", "/services/data/v59.0/query/?q=SELECT%20Id%20FROM%20Account%20WHERE%20Name%3D%27Acme%27")
    assert reply.status == 200
    assert b"/services/data/v59.0/sobjects/Account/" in reply.body
    assert org.send("GET", "/services/data/v59.0/query?q=SELECT+Id+FROM+Account+WHERE+Name='Acme'").body == reply.body
    assert error_of(org.send("GET", "/services/data/v59.0/query")) == (400, "MALFORMED_QUERY")


def test_deleted_records_show_in_query_all_only(new_org: Any, json_of: Any) -> None:
    org = new_org(owns_quotes=False)
    org.account()
    org.draft()
    assert org.send("DELETE", f"/services/data/v62.0/sobjects/Quote/{org.quote_id()}").status == 204
    assert org.found("SELECT Id FROM Quote") == []
    assert org.found("SELECT Id FROM Quote WHERE QuoteNumber = 'Q-000001'") == []
    everything = json_of(org.send("GET", "/services/data/v62.0/queryAll?q=SELECT+Id,IsDeleted+FROM+Quote"))
    assert [row["IsDeleted"] for row in everything["records"]] == [True]


@pytest.mark.parametrize("order", ["", " ORDER BY BillingCity, Name DESC"])
def test_a_list_of_all_records_takes_the_memory_of_a_page(order: str) -> None:
    # each sweep of a soak once left holes of megabytes where the rows of all accounts had been
    org = Org(SpilledTables(hot_max=64))
    for number in range(1_500):
        org.account(f"A-{number:06}")
    statement = f"SELECT Id, Name FROM Account{order}"
    org.query(statement)  # what is kept from the first time on is not of the list
    tracemalloc.start()
    reply = org.query(statement, **{"sforce-query-options": "batchSize=200"})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert decoded(reply)["totalSize"] == 1_500
    assert peak < 600_000, peak  # the rows alone are 1.5 MB
