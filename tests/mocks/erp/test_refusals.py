"""The watch over refusals (tests/mocks/unchanged.py) notices a mock that writes before it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from mocks.erp.refunds import Refunds
from mocks.kernel.operations import Refusal

BACK: dict[str, Any] = {
    "customer": {"externalId": "A-000001"}, "tranDate": "2026-12-10",
    "apply": {"items": [{"doc": {"externalId": "pi_1"}, "amount": 100.0}]},
}  # fmt: skip


def test_a_refund_that_is_kept_and_then_refused_is_noticed(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_late(*_: Any) -> None:
        raise Refusal("user_error", "The invoice cannot be opened again.", "apply")

    bench.put("invoice/eid:inv_1", bench.invoice())
    bench.put("customerPayment/eid:pi_1", bench.payment(1306.5))
    monkeypatch.setattr(Refunds, "_give_back", too_late)
    with pytest.raises(AssertionError, match=r"erp upsert_refund was refused \(400\) and has changed"):
        bench.put("customerRefund/eid:re_1", BACK)


def test_a_refund_that_is_refused_at_once_is_not_noticed(bench: Any) -> None:
    bench.put("invoice/eid:inv_1", bench.invoice())
    bench.put("customerPayment/eid:pi_1", bench.payment(50.0))
    assert bench.refused("PUT", "customerRefund/eid:re_1", BACK)[1] == "USER_ERROR"
