"""The table that maps the vendor's states to the canonical charts."""

from __future__ import annotations

from itertools import pairwise

import pytest

from mocks.payment.statuses import CHARTS, METHODS, TYPES, WALKS, walk


@pytest.mark.parametrize(("method", "event"), list(WALKS))
def test_every_walk_follows_its_chart(method: str, event: str) -> None:
    path = WALKS[method, event]
    for source, target in pairwise(path):
        assert CHARTS[method].allows(source, target)


def test_walks_begin_where_the_payment_is() -> None:
    assert walk("card", "succeeded", "") == ("created", "authorized", "captured")
    assert walk("card", "succeeded", "requires_action") == ("authorized", "captured")
    assert walk("card", "succeeded", "captured") == ()
    assert walk("card", "paid_out", "partially_refunded") == ()
    assert walk("push", "paid_out", "applied") == ()


def test_every_method_has_a_type_and_a_chart() -> None:
    assert all(METHODS[TYPES[method]] == method for method in CHARTS)
