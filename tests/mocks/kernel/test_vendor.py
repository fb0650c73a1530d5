"""Tests of mocks.kernel.vendor: what an account of a vendor has from its row."""

from __future__ import annotations

from typing import Any

import pytest

from domain.draws import Draws
from mocks import erp, tax
from mocks.kernel.faults import FaultPlan
from mocks.kernel.service import Service
from mocks.kernel.vendor import Vendor, build
from mocks.world import MORE_SYSTEMS, SYSTEMS, VENDORS, World


def opened(vendor: Vendor, quirks: Any = None) -> Service:
    records: list[Any] = []
    return build(vendor, Draws(1), records.append, FaultPlan([], 1, records.append), quirks)


@pytest.mark.parametrize("name", VENDORS)
def test_an_account_speaks_and_works_under_the_name_of_its_vendor(name: str) -> None:
    service = opened(VENDORS[name])
    assert (service.name, service.dialect.system, service.desk.system) == (name, name, name)


def test_an_account_has_the_quirks_of_its_vendor_unless_others_are_given() -> None:
    assert opened(tax.VENDOR).limiter.policy.requests == tax.VENDOR.quirks.requests_per_second
    assert opened(tax.VENDOR, tax.Quirks(requests_per_second=7)).limiter.policy.requests == 7


def test_no_id_of_a_second_account_means_a_document_of_the_first() -> None:
    first, second = opened(erp.VENDOR).desk, opened(erp.SECOND).desk
    assert (first.next("order"), second.next("order")) == (1, erp.FIRST_OF_SECOND + 1)
    assert (first.book.system, second.book.system) == ("erp", "erp")


def test_a_world_has_the_other_books_only_when_it_is_asked_for_them() -> None:
    assert tuple(World(1, lambda _: None).services) == SYSTEMS
    assert tuple(World(1, lambda _: None, more=MORE_SYSTEMS).services) == (*SYSTEMS, *MORE_SYSTEMS)
    with pytest.raises(KeyError, match="erp3"):
        World(1, lambda _: None, more=("erp3",))
