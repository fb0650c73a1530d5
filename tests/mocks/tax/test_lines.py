"""Lines added to a document and taken from it, and documents locked together."""

from __future__ import annotations

import json
from typing import Any

import pytest

ADD, DELETE = "/api/v2/companies/transactions/lines/add", "/api/v2/companies/transactions/lines/delete"


def read(reply: Any) -> Any:
    return json.loads(reply.body)


def number(reply: Any) -> tuple[int, int]:
    return reply.status, read(reply)["error"]["details"][0]["number"]


def asked(lines: list[Any], **more: Any) -> dict[str, Any]:
    return {"companyCode": "DEFAULT", "transactionCode": "INV-1", "lines": lines, **more}


def test_lines_added_later_are_taxed_like_those_sent_at_once(bench: Any) -> None:
    bench.create(commit=False, amounts=(100, 33.33))
    bench.send("POST", ADD, asked([{"amount": 19.99, "taxCode": "GOODS", "quantity": 1, "itemCode": "SKU"}]))
    piecemeal = read(bench.send("GET", "/api/v2/companies/DEFAULT/transactions/INV-1?$include=Details"))
    whole = read(bench.create("INV-2", commit=False, amounts=(100, 33.33, 19.99)))
    for name in ("totalTax", "totalAmount", "totalTaxable", "summary"):
        assert piecemeal[name] == whole[name]
    assert [line["tax"] for line in piecemeal["lines"]] == [line["tax"] for line in whole["lines"]]
    assert [line["lineNumber"] for line in piecemeal["lines"]] == ["1", "2", "3"]


@pytest.mark.parametrize("changes", [{"exemptionNo": "C"}, {"entityUseCode": "A"}, {"customerUsageType": "G"}])
def test_what_exempts_a_document_exempts_lines_added_later(bench: Any, changes: dict[str, Any]) -> None:
    bench.create(commit=False, **changes)
    assert read(bench.send("POST", ADD, asked([{"amount": 50}])))["totalTax"] == 0


def test_a_line_number_that_is_taken_is_refused_unless_all_are_counted_anew(bench: Any) -> None:
    bench.create(commit=False, amounts=(1, 2))
    assert number(bench.send("POST", ADD, asked([{"amount": 5, "number": "2"}]))) == (400, 32)
    reply = bench.send("POST", ADD + "?$include=Lines", asked([{"amount": 5, "number": "2"}], renumber=True))
    assert [line["lineNumber"] for line in read(reply)["lines"]] == ["1", "2", "3"]


def test_lines_are_taken_but_never_the_last(bench: Any) -> None:
    bench.create(commit=False, amounts=(1, 2, 3))
    reply = read(bench.send("POST", DELETE + "?$include=Lines", asked(["2"], renumber=True)))
    assert (reply["totalAmount"], [line["lineNumber"] for line in reply["lines"]]) == (4, ["1", "2"])
    assert number(bench.send("POST", DELETE, asked(["9"]))) == (400, 32)
    assert number(bench.send("POST", DELETE, asked(["1", "2"]))) == (400, 5)


def test_only_an_unfinished_document_takes_lines_and_a_posted_one_is_saved_again(bench: Any) -> None:
    bench.create(commit=False)
    bench.one("INV-1", "verify", {})
    assert read(bench.send("POST", ADD, asked([{"amount": 5}])))["status"] == "Saved"
    bench.one("INV-1", "commit", {"commit": True})
    assert number(bench.send("POST", ADD, asked([{"amount": 5}]))) == (400, 300)
    assert number(bench.send("POST", DELETE, asked(["1"]))) == (400, 300)
    assert number(bench.send("POST", ADD, asked([{"amount": 5}], transactionCode="none"))) == (404, 4)


def test_documents_are_locked_together_or_not_at_all(bench: Any) -> None:
    done, saved = read(bench.create("a")), read(bench.create("b", commit=False))
    both = {"documentIds": [done["id"], saved["id"]], "isLocked": True}
    assert number(bench.send("POST", "/api/v2/transactions/lock", both)) == (400, 300)
    assert read(bench.send("GET", f"/api/v2/transactions/{done['id']}"))["locked"] is False
    bench.one("b", "commit", {"commit": True})
    assert read(bench.send("POST", "/api/v2/transactions/lock", both)) == {"numberOfRecords": 2}
    assert number(bench.one("a", "void", {"code": "DocVoided"})) == (400, 1100)
