"""What is read is found out by taking things away."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from contracts.pacting.matching import kind_of, matched
from contracts.pacting.reading import what_is_read


class _Line(msgspec.Struct):
    amount: int
    note: str | None = None


class _Invoice(msgspec.Struct):
    id: str
    status: str
    lines: list[_Line]


def _read(value: Any) -> Any:
    return msgspec.convert(value, _Invoice)


VALUE = {
    "id": "I-1", "status": "paid", "colour": "red", "lines": [{"amount": 5, "note": "x", "tax": 1}, {"amount": 6}],
}  # fmt: skip


def test_what_makes_no_difference_is_not_read() -> None:
    found = what_is_read(VALUE, _read)
    assert found.value == {"id": "I-1", "status": "paid", "lines": [{"amount": 5, "note": "x"}, {"amount": 6}]}


def test_what_may_be_missing_null_or_unknown_is_found_out() -> None:
    found = what_is_read(VALUE, _read)
    assert found.optional == ("/lines/*/note",)
    assert found.nullable == ("/lines/*/note",)
    assert "/status" in found.tolerates_unknown_values


def test_a_reader_that_insists_on_known_words_does_not_tolerate_others() -> None:
    def strict(value: Any) -> Any:
        assert value["status"] in ("paid", "open")
        return _read(value)

    assert "/status" not in what_is_read(VALUE, strict).tolerates_unknown_values


def test_money_status_currency_and_dates_are_never_matched_by_type() -> None:
    body = {"total": 5, "status": "x", "currency": "USD", "date": "2026-12-01", "created": 1_796_137_200, "id": "a"}
    kinds = {name: found["pact:matcher:type"] for name, found in matched(body).items()}
    assert kinds == {
        "total": "equality", "status": "equality", "currency": "equality", "date": "regex", "created": "regex",
        "id": "type",
    }  # fmt: skip


def test_another_unit_of_time_does_not_fit_the_pattern() -> None:
    assert matched({"paid_at": 1_796_137_200})["paid_at"]["regex"] == r"^\d{10}$"
    assert matched({"sent_us": 1_796_137_200_000_000})["sent_us"]["regex"] == r"^\d{16}$"


def test_one_item_stands_for_all_and_several_for_themselves() -> None:
    assert matched({"items": [{"id": "a"}]})["items"]["min"] == 1
    assert isinstance(matched({"items": [{"id": "a"}, {"id": "b", "x": 1}]})["items"], list)


def test_fields_are_known_by_the_names_that_vendors_give_them() -> None:
    names = ["amount_due", "CurrencyIsoCode", "Status", "date_from", "totalSize", "item_price_id", "TermStart__c"]
    assert [kind_of(name) for name in names] == ["money", "currency", "status", "date", "other", "other", "date"]


def test_matchers_are_plain_json() -> None:
    assert json.loads(json.dumps(matched(VALUE)))
