"""SuiteQL: a parsed subset, not a list of known strings."""

from __future__ import annotations

from typing import Any

import pytest

SUITEQL = "/services/rest/query/v1/suiteql"


@pytest.fixture
def full(bench: Any) -> Any:
    """A bench with three customers, an order, two invoices and a payment."""
    for number, entity, currency in ((2, "UK", "GBP"), (3, "DE", "EUR")):
        bench.now_us += 1_000_000
        bench.act("create_customer", account=f"A-00000{number}", name=f"N'{number}", entity=entity, currency=currency)
    bench.put("salesOrder/eid:Q-000123-v1", bench.order())
    bench.put("invoice/eid:inv_1", bench.invoice())
    bench.put("invoice/eid:inv_2", bench.invoice(500.0, 0))
    bench.put("customerPayment/eid:pi_1", bench.payment(1606.5))
    return bench


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT id FROM customer WHERE externalid = 'A-000002'", [{"id": "2"}]),
        ("select ID from CUSTOMER c where c.companyname = 'N''3'", [{"id": "3"}]),
        ("SELECT id FROM customer WHERE id > 1 AND NOT subsidiary = 'DE'", [{"id": "2"}]),
        ("SELECT id FROM customer WHERE subsidiary IN ('UK','DE') ORDER BY id DESC", [{"id": "3"}, {"id": "2"}]),
        ("SELECT id FROM customer WHERE id BETWEEN 2 AND 3 ORDER BY companyname", [{"id": "2"}, {"id": "3"}]),
        ("SELECT id FROM customer WHERE email IS NOT NULL OR companyname LIKE 'Ac%'", [{"id": "1"}]),
        ("SELECT id FROM customer WHERE (id = 1 OR id = 2) AND id <> 1", [{"id": "2"}]),
        ("SELECT id AS number FROM customer ORDER BY id FETCH FIRST 1 ROWS ONLY", [{"number": "1"}]),
        ("SELECT id FROM customer WHERE lastmodifieddate >= '2026-12-10 12:00:02'", [{"id": "3"}]),
        ("SELECT id FROM customer WHERE lastmodifieddate > '2026-12-10T12:00:01Z' OR id = 1 ORDER BY id",
         [{"id": "1"}, {"id": "3"}]),
        ("SELECT id FROM customer WHERE lastmodifieddate >= TO_DATE('2026-12-11', 'YYYY-MM-DD')", []),
        ("SELECT DISTINCT currency FROM invoice", [{"currency": "USD"}]),
        ("SELECT COUNT(*) AS n, SUM(foreigntotal) AS total FROM invoice", [{"n": "2", "total": "2406.50"}]),
        ("SELECT type, COUNT(id) AS n FROM transaction GROUP BY type ORDER BY n DESC, type",
         [{"type": "CustInvc", "n": "2"}, {"type": "CustPymt", "n": "1"}, {"type": "SalesOrd", "n": "1"}]),
        ("SELECT MIN(trandate) AS first, MAX(foreigntotal) AS top, AVG(foreigntotal) AS mean FROM invoice",
         [{"first": "2026-12-10", "top": "1606.50", "mean": "1203.25"}]),
        ("SELECT externalid, foreignamountunpaid FROM invoice WHERE foreignamountunpaid > 0",
         [{"externalid": "inv_2", "foreignamountunpaid": "800.00"}]),
        ("SELECT t.externalid, c.externalid AS account FROM invoice t JOIN customer c ON c.id = t.entity"
         " WHERE t.foreignamountunpaid > 0 AND t.duedate < '2027-12-31' AND c.currency = 'USD' ORDER BY t.id",
         [{"externalid": "inv_2", "account": "A-000001"}]),
        ("SELECT t.externalid FROM invoice t JOIN customer c ON c.id = t.entity"
         " WHERE t.foreignamountunpaid > 0 AND c.externalid = 'A-000001'", [{"externalid": "inv_2"}]),
        ("SELECT t.externalid FROM invoice t JOIN customer c ON c.id = t.entity WHERE c.externalid = 'A-000001'"
         " ORDER BY t.id DESC", [{"externalid": "inv_2"}, {"externalid": "inv_1"}]),
        ("SELECT COUNT(*) AS n FROM invoice t LEFT JOIN customer c ON c.id = t.entity AND c.externalid = 'A-000002'"
         " WHERE t.foreignamountunpaid > 0 AND c.externalid IS NULL", [{"n": "1"}]),
        ("SELECT COUNT(*) AS n FROM invoice t JOIN customer c ON c.id = t.entity WHERE c.externalid = 'A-000002'",
         [{"n": "0"}]),
        ("SELECT COUNT(*) AS n FROM invoice WHERE entity = 1 AND foreignamountunpaid > 0", [{"n": "1"}]),
        ("SELECT UPPER(externalid) AS code FROM invoice WHERE LOWER(externalid) = 'inv_1'", [{"code": "INV_1"}]),
        ("SELECT amount FROM accountbalance WHERE account = '1100'", [{"amount": "800.00"}]),
        ("SELECT DISTINCT periodname FROM accountingperiod WHERE startdate < '2026-11-01'",
         [{"periodname": "2026-10"}]),
        ("SELECT itemid FROM item WHERE custitem_kind = 'one_time'", [{"itemid": "SETUP"}]),
        ("SELECT name FROM subsidiary WHERE id = 4", [{"name": "JP"}]),
        ("SELECT COUNT(*) FROM customer WHERE creditlimit > -1", [{"expr1": "0"}]),
        ("SELECT c.companyname AS name, COUNT(t.id) AS n FROM customer c LEFT JOIN transaction t ON t.entity = c.id"
         " AND t.type = 'CustInvc' GROUP BY c.companyname ORDER BY 2 DESC, 1",
         [{"name": "Acme", "n": "2"}, {"name": "N'2", "n": "0"}, {"name": "N'3", "n": "0"}]),
        ("SELECT i.itemid, tl.quantity, tl.foreignamount FROM transaction t, transactionline tl, item i"
         " WHERE tl.transaction = t.id AND i.id = tl.item AND t.externalid = 'inv_1' ORDER BY tl.id",
         [{"itemid": "CORE", "quantity": "-10", "foreignamount": "-1200.00"},
          {"itemid": "SETUP", "quantity": "-1", "foreignamount": "-300.00"}]),
        ("SELECT BUILTIN.DF(t.entity) AS who, BUILTIN.DF(t.status) AS status FROM invoice t"
         " WHERE t.externalid = 'inv_1'",
         [{"who": "Acme", "status": "Invoice : Paid In Full"}]),
        ("SELECT a.id, b.id AS other FROM customer a JOIN customer b ON b.id > a.id ORDER BY a.id, b.id DESC",
         [{"id": "1", "other": "3"}, {"id": "1", "other": "2"}, {"id": "2", "other": "3"}]),
        ("SELECT a.id FROM customer a CROSS JOIN subsidiary s WHERE s.name = 'JP' ORDER BY 1 DESC",
         [{"id": "3"}, {"id": "2"}, {"id": "1"}]),
        ("SELECT id FROM customer WHERE companyname LIKE '%a%a%a%a%a%a%a%a%a%a%a%a%b' OR companyname LIKE 'A_m%'",
         [{"id": "1"}]),
        ("SELECT id FROM customer WHERE 'a.b%' LIKE 'a._%' AND 'abc' LIKE '%b%' AND NOT 'abc' LIKE 'b%' AND id = 1",
         [{"id": "1"}]),
        ("SELECT TOP 2 id FROM customer ORDER BY id DESC", [{"id": "3"}, {"id": "2"}]),
        ("SELECT id FROM customer ORDER BY id OFFSET 1 ROWS FETCH NEXT 1 ROWS ONLY", [{"id": "2"}]),
        ("SELECT COUNT(*) AS n FROM customer WHERE ROWNUM < 3", [{"n": "2"}]),
        ("SELECT subsidiary, COUNT(DISTINCT currency) AS n FROM customer GROUP BY subsidiary"
         " HAVING subsidiary <> 'US' ORDER BY subsidiary DESC",
         [{"subsidiary": "UK", "n": "1"}, {"subsidiary": "DE", "n": "1"}]),
        ("SELECT id * 2 + 1 AS x, -id AS y, id || '/' || currency AS z FROM customer WHERE id = 3",
         [{"x": "7", "y": "-3", "z": "3/EUR"}]),
        ("SELECT CASE WHEN id = 1 THEN 'first' WHEN id = 2 THEN 'second' END AS place FROM customer ORDER BY id",
         [{"place": "first"}, {"place": "second"}, {}]),
        ("SELECT NVL(email, 'none') AS a, COALESCE(email, currency) AS b, DECODE(id, 1, 'one', 'more') AS c,"
         " SUBSTR(companyname, 2, 2) AS d, LENGTH(companyname) AS e, ROUND(id / 3, 2) AS f,"
         " TRUNC(lastmodifieddate) AS g, TO_CHAR(lastmodifieddate, 'DD.MM.YYYY') AS h, NULLIF(id, 1) AS i, ABS(-5) AS j"
         " FROM customer WHERE id = 1",
         [{"a": "none", "b": "USD", "c": "one", "d": "cm", "e": "4", "f": "0.33", "g": "2026-12-10", "h": "10.12.2026",
           "j": "5"}]),
        ("SELECT id FROM customer WHERE TRUNC(lastmodifieddate) = CURRENT_DATE AND (id + 1) IN (2, 3) ORDER BY 1",
         [{"id": "1"}, {"id": "2"}]),
        ("SELECT id FROM customer /* all */ ORDER BY email NULLS FIRST, id -- the last\n",
         [{"id": "1"}, {"id": "2"}, {"id": "3"}]),
        ('SELECT "c"."id" FROM customer "c" WHERE c.id = \'2\';', [{"id": "2"}]),
    ],
)  # fmt: skip
def test_a_query_answers_with_text(full: Any, query: str, expected: list[dict[str, str]]) -> None:
    items = full.sql(query)["items"]
    assert [{name: value for name, value in row.items() if name != "links"} for row in items] == expected


def test_null_columns_are_left_out_and_a_star_gives_all(full: Any) -> None:
    row = full.sql("SELECT * FROM customer WHERE id = 1")["items"][0]
    assert row["balance"] == "800.00"
    assert "email" not in row
    assert "creditlimit" not in row


def test_answers_come_in_pages(full: Any) -> None:
    page = full.sql("SELECT id FROM customer ORDER BY id", "?limit=2&offset=2")
    assert (page["count"], page["hasMore"], page["offset"], page["totalResults"]) == (1, False, 2, 3)
    assert page["items"][0]["id"] == "3"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "DELETE FROM customer",
        "SELECT id",
        "SELECT id FROM spaceship",
        "SELECT colour FROM customer",
        "SELECT id FROM customer WHERE colour = 1",
        "SELECT id FROM customer ORDER BY colour",
        "SELECT id FROM customer WHERE",
        "SELECT id FROM customer WHERE id",
        "SELECT id FROM customer WHERE id = ",
        "SELECT id FROM customer WHERE (id = 1",
        "SELECT id FROM customer WHERE id = 1 extra words",
        "SELECT id FROM customer JOIN invoice ON customer.id = invoice.entity",  # whose id?
        "SELECT customer.id FROM customer JOIN invoice",
        "SELECT a.id FROM customer a JOIN invoice b ON c.id = a.id JOIN item c ON c.id = b.id",
        "SELECT id FROM customer RIGHT JOIN invoice ON 1 = 1",
        "SELECT a.id FROM customer a, invoice a",
        "SELECT x.id FROM customer c",
        "SELECT x.* FROM customer c",
        "SELECT id FROM (SELECT id FROM customer)",
        "SELECT id FROM customer WHERE id IN (SELECT 1 FROM item)",
        "SELECT id FROM customer WHERE SUM(id) > 1",
        "SELECT id FROM customer WHERE ROWNUM = 1",
        "SELECT id FROM customer ORDER BY 2",
        "SELECT SUM(*) FROM customer",
        "SELECT UPPER() FROM customer",
        "SELECT id / 0 FROM customer",
        "SELECT companyname + 1 FROM customer",
        "SELECT TO_DATE(companyname, 'DD/MM/YYYY') FROM customer",
        "SELECT BUILTIN.DF('x') FROM customer",
        "SELECT CASE END FROM customer",
        "SELECT " + "(" * 60 + "1" + ")" * 60 + " FROM customer",
        "SELECT " + "1+" * 300 + "1 FROM customer",
        "SELECT id FROM customer WHERE " + "NOT " * 60 + "id = 1",
        "SELECT id FROM customer " + " " * 30_000,
        "SELECT TO_NUMBER('1e999999') FROM customer",
        "SELECT " + "REPLACE(" * 12 + "'aaaa'" + ", 'a', 'aaaaaaaa')" * 12 + " FROM customer",
        "SELECT NOW(id) FROM customer",
        "SELECT id, COUNT(*) FROM customer",
        "SELECT SUM(companyname) FROM customer",
        "SELECT id FROM customer FETCH FIRST many ROWS ONLY",
        "SELECT id FROM customer ORDER BY 'x'",
        "SELECT id FROM customer WHERE id = 'x' ; %",
        "SELECT id FROM customer WHERE id = -'x'",
    ],
)
def test_what_cannot_be_run_is_an_invalid_query(full: Any, query: str) -> None:
    refused = full.refused("POST", SUITEQL, {"q": query}, prefer="transient")
    assert refused == (400, "INVALID_PARAMETER", "q")


def test_queries_need_the_transient_preference(full: Any) -> None:
    assert full.refused("POST", SUITEQL, {"q": "SELECT id FROM customer"}) == (400, "INVALID_HEADER", "Prefer")
    assert full.refused("POST", f"{SUITEQL}?page=2", {"q": "SELECT 1"}, prefer="transient") == (
        400,
        "INVALID_PARAMETER",
        "page",
    )
