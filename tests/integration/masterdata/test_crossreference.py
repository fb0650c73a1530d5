"""The cross-reference: whatever is linked, merged and taken apart, an external id stands for exactly one customer."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration.effects import Assign, Lookup
from integration.masterdata.crossreference import (
    CUSTOMER,
    HOPS_MAX,
    Ambiguous,
    canonical_of,
    external,
    join,
    link,
    members_of,
    part,
)
from integration.outcomes import Mapped

Table = dict[tuple[str, str], dict[str, Any]]


def run(table: Table, flow: Coroutine[Any, Any, Any]) -> Any:
    """Play a flow that only looks up and assigns, as the engine does it."""
    outcome: Any = None
    try:
        while True:
            effect = flow.send(outcome)
            assert isinstance(effect, Lookup | Assign)
            standing = table.get((effect.kind, effect.key))
            if isinstance(effect, Assign) and standing == effect.expected:
                table.pop((effect.kind, effect.key), None)
                if effect.value is not None:
                    table[effect.kind, effect.key] = effect.value
                standing = effect.value
            outcome = Mapped(standing)
    except StopIteration as end:
        return end.value


ACCOUNTS = [f"A-{number}" for number in range(5)]
LINKS = st.lists(st.tuples(st.sampled_from(ACCOUNTS), st.sampled_from(ACCOUNTS)), max_size=12)


@settings(max_examples=200, deadline=None)
@given(LINKS)
def test_an_external_id_never_stands_for_two_customers(links: list[tuple[str, str]]) -> None:
    table: Table = {}
    first: dict[str, str] = {}
    for account, canonical in links:
        if first.setdefault(account, canonical) == canonical:
            assert run(table, link("payment", f"cus_{account}", canonical)) == canonical
            continue
        with pytest.raises(Ambiguous, match=f"payment/cus_{account} stands for {first[account]} already"):
            run(table, link("payment", f"cus_{account}", canonical))
    for account, canonical in first.items():
        assert run(table, canonical_of("payment", f"cus_{account}")) == canonical


def test_a_link_to_a_merged_customer_is_one_to_the_survivor() -> None:
    table: Table = {}
    run(table, link("payment", "cus_1", "A-1"))
    table[CUSTOMER, external("crm", "A-1")] = {"id": "A-2"}
    assert run(table, canonical_of("payment", "cus_1")) == "A-2"
    assert run(table, link("payment", "cus_1", "A-2")) == "A-2"


def test_merges_of_merges_are_followed_and_a_circle_is_said() -> None:
    table: Table = {(CUSTOMER, f"crm/A-{n}"): {"id": f"A-{n + 1}"} for n in range(HOPS_MAX - 1)}
    assert run(table, canonical_of("crm", "A-0")) == f"A-{HOPS_MAX - 1}"
    table[CUSTOMER, f"crm/A-{HOPS_MAX - 1}"] = {"id": "A-0"}
    with pytest.raises(Ambiguous, match="circle"):
        run(table, canonical_of("crm", "A-0"))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from(ACCOUNTS[1:])), max_size=12))
def test_members_are_those_who_joined_and_did_not_part(steps: list[tuple[bool, str]]) -> None:
    table: Table = {}
    expected: set[str] = set()
    for joins, account in steps:
        run(table, (join if joins else part)("A-0", account))
        (expected.add if joins else expected.discard)(account)
    assert run(table, members_of("A-0")) == ["A-0", *sorted(expected)]
    assert bool(table) == bool(expected)
