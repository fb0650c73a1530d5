"""Forms: columns become rows, custom fields are set apart, and every mistake names its parameter."""

from __future__ import annotations

from typing import Any

import pytest

from domain.http import Request
from mocks.billing import bodies, forms
from mocks.kernel.codec import Undecodable
from mocks.kernel.operations import Call, Operation, Refusal


def _read(body: bytes, type_: Any = bodies.UpdateSubscription) -> Any:
    operation = Operation("x", "POST", "/x", lambda _model, _call: None, type_)  # type: ignore[arg-type, return-value]
    return forms.read(Call(Request("billing", "POST", "/x", {}, body), operation, {}, 0, ""))


def test_columns_become_rows_in_the_order_of_their_index() -> None:
    body = _read(
        b"subscription_items[item_price_id][10]=B&subscription_items[item_price_id][2]=A&subscription_items%5Bquantity%5D%5B2%5D=7"
    )
    assert [(row.item_price_id, row.quantity) for row in body.subscription_items] == [("A", 7), ("B", None)]


def test_custom_fields_are_collected() -> None:
    assert _read(b"cf_amendment_ref=Q-000001-v1&prorate=false").custom == {"cf_amendment_ref": "Q-000001-v1"}


def test_meta_data_may_come_as_json_or_as_brackets() -> None:
    assert _read(b"meta_data=%7B%22a%22%3A1%7D").meta_data == '{"a":1}'
    assert _read(b"meta_data[a]=1").meta_data == '{"a":"1"}'


def test_an_operation_without_a_body_type_reads_nothing() -> None:
    assert _read(b"whatever=1", None) is None


@pytest.mark.parametrize(
    ("body", "param", "reason"),
    [
        (b"unheard_of=1", "unheard_of", "no parameter"),
        (b"prorate=maybe", "prorate", "expected"),
        (b"changes_scheduled_at=-5", "changes_scheduled_at", "expected"),
        (b"change_option=someday", "change_option", "invalid"),
        (b"subscription_items[quantity][3]=1", "subscription_items[item_price_id][0]", "blank"),
        (b"subscription_items[item_price_id][0]=A&subscription_items[size][0]=1", "subscription_items[size][0]", "no"),
        (
            b"subscription_items[item_price_id][0]=A&subscription_items[quantity][0]=x",
            "subscription_items[quantity][0]",
            "expected",
        ),
    ],
)
def test_a_mistake_names_its_parameter(body: bytes, param: str, reason: str) -> None:
    with pytest.raises(Refusal) as caught:
        _read(body)
    assert (caught.value.code, caught.value.field) == ("param_wrong_value", param)
    assert reason in caught.value.detail


def test_a_nested_mistake_names_its_bracket() -> None:
    with pytest.raises(Refusal) as caught:
        _read(b"transaction[amount]=x&transaction[payment_method]=card", bodies.RecordPayment)
    assert caught.value.field == "transaction[amount]"


def test_a_row_needs_a_number() -> None:
    with pytest.raises(Undecodable):
        _read(b"subscription_items[item_price_id][first]=A")
