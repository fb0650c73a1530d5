"""Every kind of field has one system of record, and nobody else writes it."""

import pytest

from domain.ownership import LIVES_IN, OWNERSHIP, may_propose, may_write

SYSTEMS = ("crm", "cpq", "erp", "billing", "tax", "payment", "fulfilment", "case", "orchestrator")


@pytest.mark.parametrize("group", OWNERSHIP)
def test_a_group_is_written_by_one_system_and_its_host(group: str) -> None:
    writers = {system for system in SYSTEMS if may_write(system, group)}
    assert len({LIVES_IN.get(system, system) for system in writers}) == 1


@pytest.mark.parametrize(
    ("system", "group"),
    [
        ("crm", "account"),
        ("erp", "customer_finance"),
        ("cpq", "price_book"),
        ("crm", "quote"),
        ("billing", "contract"),
        ("erp", "order"),
        ("fulfilment", "fulfilment"),
        ("tax", "tax"),
        ("billing", "invoice"),
        ("erp", "ledger"),
        ("payment", "payment"),
        ("erp", "revenue"),
        ("case", "exception"),
    ],
)
def test_the_owner_writes(system: str, group: str) -> None:
    assert may_write(system, group)


def test_the_integration_proposes_orders_and_writes_none() -> None:
    assert may_propose("orchestrator", "order")
    assert not may_write("orchestrator", "order")
    assert not any(may_write("orchestrator", group) for group in OWNERSHIP)


def test_everybody_may_report_an_exception() -> None:
    assert all(may_propose(system, "exception") for system in SYSTEMS)


def test_a_copy_is_not_a_right_to_write() -> None:
    for group, row in OWNERSHIP.items():
        holders = set(row.read_copies) - set(row.owners) - {LIVES_IN.get(owner) for owner in row.owners}
        assert not any(may_write(system, group) for system in holders)


def test_an_unknown_group_is_named() -> None:
    with pytest.raises(KeyError, match="colour"):
        may_write("crm", "colour")
