"""The ledgers are read to their end, however few rows the ERP puts on a page."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.history import Flow
from integration.analytics import ledgers
from tests.stage import OPENS_US, Stage


def read_with(page_size: int | None) -> list[dict[str, Any]]:
    stage = Stage()
    stage.page_size = page_size
    stage.customer()
    for number in ("Q-000001", "Q-000002", "Q-000003"):
        stage.signs(number)
    start = ledgers.start_of(OPENS_US, 1)
    played = stage.play(starts=[(6.0, start)])
    (result,) = [each.result for each in played.of(Flow) if each.flow == start.flow_id and each.status == "finished"]
    found: list[dict[str, Any]] = json.loads(result)
    return found


@pytest.mark.parametrize("page_size", [1, 2])
def test_documents_are_read_from_all_pages(page_size: int) -> None:
    large, small = read_with(None), read_with(page_size)
    assert small == large
    assert len(large) >= 9, "three orders, their invoices and their payments"
