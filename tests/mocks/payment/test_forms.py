"""Forms: what stands in them comes out of them, and what does not fit is refused in the vendor's words."""

from __future__ import annotations

from urllib.parse import quote_plus, unquote_plus, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mocks.kernel.codec import Undecodable, unescaped
from mocks.kernel.operations import Refusal
from mocks.payment.api import OPERATIONS
from mocks.payment.bodies import CustomerBody, IntentBody
from mocks.payment.forms import form_of
from mocks.payment.invoicing.subscription_bodies import SubscriptionBody

FEW = settings(max_examples=100, deadline=None)


@FEW
@given(st.text())
def test_a_value_comes_out_as_it_was_put_in(text: str) -> None:
    assert unescaped(quote_plus(text, errors="surrogatepass")) == unquote_plus(quote_plus(text, errors="surrogatepass"))


@FEW
@given(st.text(alphabet="ab=%+2DFf_\n\r é"))
def test_badly_escaped_values_are_read_as_everybody_reads_them(text: str) -> None:
    assert unescaped(text) == unquote_plus(text)


@FEW
@given(st.dictionaries(st.text("abc_é ", min_size=1, max_size=9), st.text(max_size=20), max_size=8))
def test_metadata_of_any_name_survives(metadata: dict[str, str]) -> None:
    body = form_of(CustomerBody).read(urlencode({f"metadata[{name}]": value for name, value in metadata.items()}))
    assert (body.metadata or {}) == metadata


def test_arrays_of_objects_are_read_by_index_and_by_repetition() -> None:
    form = form_of(SubscriptionBody)
    by_index = form.read("customer=c&items[1][price]=b&items[0][price]=a&items[1][quantity]=2")
    by_turn = form.read("customer=c&items[][price]=a&items[][price]=b&items[][quantity]=2")
    assert by_index == by_turn
    assert [(each.price, each.quantity) for each in by_index.items] == [("a", None), ("b", 2)]


@pytest.mark.parametrize(
    ("text", "code", "field"),
    [
        ("amount=1", "parameter_missing", "currency"),
        ("amount=1&currency=usd&nmae=x", "parameter_unknown", "nmae"),
        ("amount=1&currency=usd&shipping[street]=x", "parameter_unknown", "shipping[street]"),
        ("amount=ten&currency=usd", "parameter_invalid_integer", "amount"),
        ("amount=1&currency=usd&confirm=perhaps", "parameter_invalid", "confirm"),
        ("amount=1&currency=usd&payment_method_types[a]=card", "parameter_invalid", "payment_method_types"),
        ("amount=1&currency=usd&amount[b]=1", "parameter_invalid", "amount"),
        ("amount=1&currency=usd&" + "a[" * 40 + "=1", "parameter_unknown", "a"),
        ("amount=1&currency=usd&payment_method_types[99999999]=card", "parameter_invalid", "payment_method_types"),
    ],
)
def test_what_does_not_fit_is_named(text: str, code: str, field: str) -> None:
    with pytest.raises(Refusal) as caught:
        form_of(IntentBody).read(text)
    assert (caught.value.code, caught.value.field) == (code, field)


def test_a_name_is_a_value_or_a_container() -> None:
    with pytest.raises(Undecodable):
        form_of(IntentBody).read("amount=1&currency=usd&metadata=&metadata[a]=b")


def test_every_operation_has_a_form_that_can_be_read() -> None:
    for operation in OPERATIONS:
        assert (operation.body is None) != (operation.query is None), operation.name
        form_of(operation.body or operation.query)
