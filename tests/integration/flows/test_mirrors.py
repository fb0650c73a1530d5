"""What sales is shown never goes back: not by a write that arrives late, and not by a clock that is behind."""

from __future__ import annotations

from itertools import pairwise

from domain.faults import Fault
from domain.history import Arrived, Fired
from integration.effects import Start
from tests.integration.flows.test_orders import one_order
from tests.stage import HOUR_US, OPENS_US, Played, Stage

REFERENCE = "Q-000001-v1"


def _never_back(played: Played) -> bool:
    places = [mirror.sequence for mirror in played.versions("crm", "mirror")]
    return bool(places) and all(earlier < later for earlier, later in pairwise(places))


def test_a_mirror_that_arrives_late_does_not_overwrite_a_newer_one() -> None:
    late = Fault(kind="late_arrival", system="crm", operation="update_record", nth=1, seconds=7200.0)
    played = one_order(Stage(late)).play()
    refused = [each.number for each in played.of(Arrived) if (each.system, each.status) == ("crm", 400)]
    assert refused == [fired.number for fired in played.of(Fired)]
    assert _never_back(played)
    assert played.broken() == {}


def test_a_mirror_whose_clock_is_behind_that_of_the_one_before_is_shown_all_the_same() -> None:
    ahead = (OPENS_US + 30 * HOUR_US) // 1000
    start = Start(
        flow_id="mirror/ahead", name="mirror", txn="Q-000001", entity_key=f"mirror/{REFERENCE}",
        arguments={
            "quote_id": "", "reference": REFERENCE, "sequence": ahead, "fields": {"OrderStatus__c": "booked"},
            "balance": "", "entity": "",
        },
    )  # fmt: skip
    played = one_order().play(starts=[(1.2, start)])
    shown = played.versions("crm", "mirror")
    assert ahead in [mirror.sequence for mirror in shown]
    assert (shown[-1].order_status, shown[-1].invoice_status, shown[-1].payment_status) == (
        "fulfilled", "paid", "received",
    )  # fmt: skip
    assert _never_back(played)
    assert shown[-1].sequence > ahead
    assert played.cases() == {}
    assert played.broken() == {}
