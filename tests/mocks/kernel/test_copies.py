"""Copies of a struck message: which arrive and when, and how the integration's own reading takes each of them."""

from __future__ import annotations

from typing import Any

import pytest

from domain.calendar import SECOND_US
from domain.faults import CATALOGUE, Fault, Place
from integration.flows.catalogue import ROUTES, SOURCES
from integration.intake import Intake, Unreadable, Unverified
from mocks.kernel.copies import MEGABYTE, UNHEARD, Copy, Flaw, copies, written
from mocks.kernel.outcome import Delivery
from mocks.kernel.service import Service
from tests.mocks.kernel.test_forgery import BY_NAME, NOW_US, deliveries

__all__ = ["deliveries"]

Told = dict[str, tuple[Service, Delivery]]
INTAKE = Intake(SOURCES, ROUTES)
DELAY_US, LEAD_US = 700, 50
SIGNED = ("erp", "fulfilment", "payment")


def _copies(told: Told, name: str = "fulfilment", **said: Any) -> list[Copy]:
    service, delivery = told[name]
    return copies(Fault(**said), service, delivery, NOW_US, DELAY_US, LEAD_US)


@pytest.mark.parametrize(
    ("said", "after_us"),
    [
        ({"kind": "loss"}, []),
        ({"kind": "duplicate", "count": 2, "seconds": 1.0}, [700, SECOND_US + 700, 2 * SECOND_US + 700]),
        ({"kind": "webhook_first"}, [1]),
        ({"kind": "delay", "seconds": 1.0}, [SECOND_US + 700]),
        ({"kind": "reorder", "seconds": 1.0}, [SECOND_US + 700]),
        ({"kind": "backlog", "end_us": NOW_US + SECOND_US}, [SECOND_US + 700]),
        ({"kind": "backlog", "end_us": 0}, [700]),
        ({"kind": "stale_snapshot", "seconds": 1.0}, [SECOND_US + 700]),
        ({"kind": "renumbered", "seconds": 1.0}, [700, SECOND_US + 700]),
        ({"kind": "slow_intake"}, [700]),
        ({"kind": "secret_rotated"}, [700]),
        ({"kind": "skewed", "seconds": 1.0}, [700]),
        ({"kind": "forged"}, [700, 750]),
        ({"kind": "poison", "count": 1}, [700, 700, 750]),
        ({"kind": "oversized"}, [700, 750]),
        ({"kind": "garbled"}, [700, 750]),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_a_kind_says_which_copies_arrive_and_when(said: dict[str, Any], after_us: list[int], deliveries: Told) -> None:
    assert [copy.after_us for copy in _copies(deliveries, **said)] == after_us


def test_every_kind_of_messages_has_its_copies(deliveries: Told) -> None:
    for kind in CATALOGUE.values():
        if kind.place is Place.WEBHOOK and kind.key != "blocked_queue":  # which is a matter of the sender's queue
            _copies(deliveries, kind=kind.key)


@pytest.mark.parametrize("kind", ["forged", "poison", "garbled", "oversized"])
def test_how_a_bad_copy_ahead_is_taken_plans_nothing(kind: str, deliveries: Told) -> None:
    ahead, genuine = _copies(deliveries, kind=kind)
    assert ahead.flaw is not None
    assert ahead.flaw.is_beside
    assert genuine.flaw is None


@pytest.mark.parametrize("kind", ["skewed", "slow_intake", "stale_snapshot", "secret_rotated"])
def test_a_flawed_message_that_is_refused_comes_again(kind: str, deliveries: Told) -> None:
    (copy,) = _copies(deliveries, kind=kind)
    assert copy.flaw is not None
    assert not copy.flaw.is_beside


# --- how they are taken ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["garbled", "poison"])
@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_a_bad_copy_is_signed_right_and_cannot_be_read(name: str, kind: str, deliveries: Told) -> None:
    letter = written(*deliveries[name], NOW_US, Flaw(kind))
    BY_NAME[name].verify(letter.request, NOW_US)
    assert letter.name.endswith(f"-{kind}")
    if (name, kind) in (("erp", "poison"), ("fulfilment", "poison")):
        return  # flat messages, and lists where a record is named, are for their flows to judge
    with pytest.raises(Unreadable):
        INTAKE.read(BY_NAME[name], letter.request, NOW_US)


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_a_renumbered_copy_tells_the_same_under_another_id(name: str, deliveries: Told) -> None:
    service, delivery = deliveries[name]
    letter = written(service, delivery, NOW_US, Flaw("renumbered"))
    BY_NAME[name].verify(letter.request, NOW_US)
    (first,) = BY_NAME[name].parse(service.prepare(delivery, NOW_US))
    (again,) = BY_NAME[name].parse(letter.request)
    assert again.id == letter.name != first.id
    assert (again.topic, again.key, again.body) == (first.topic, first.key, first.body)


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_an_oversized_copy_is_as_large_as_it_says(name: str, deliveries: Told) -> None:
    service, delivery = deliveries[name]
    size = len(service.prepare(delivery, NOW_US).body)
    letter = written(service, delivery, NOW_US, Flaw("oversized", count=2))
    BY_NAME[name].verify(letter.request, NOW_US)
    assert 2 * MEGABYTE < len(letter.request.body) - size < 2 * MEGABYTE + 100


@pytest.mark.parametrize("name", ["billing", "fulfilment", "payment"])
def test_a_copy_nested_without_end_breaks_no_reader(name: str, deliveries: Told) -> None:
    letter = written(*deliveries[name], NOW_US, Flaw("oversized"))
    with pytest.raises(Unreadable):
        INTAKE.read(BY_NAME[name], letter.request, NOW_US)


@pytest.mark.parametrize("name", SIGNED)
@pytest.mark.parametrize(("seconds", "is_believed"), [(299, True), (-299, True), (301, False), (-301, False)])
def test_a_senders_clock_may_be_off_by_the_tolerance(
    name: str, seconds: float, is_believed: bool, deliveries: Told
) -> None:
    letter = written(*deliveries[name], NOW_US, Flaw("skewed", seconds))
    assert letter.signed_us == NOW_US + seconds * SECOND_US
    if is_believed:
        BY_NAME[name].verify(letter.request, NOW_US)
        return
    with pytest.raises(Unverified, match="stale"):
        BY_NAME[name].verify(letter.request, NOW_US)


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_a_secret_that_the_receiver_does_not_know_is_refused(name: str, deliveries: Told) -> None:
    with pytest.raises(Unverified):
        BY_NAME[name].verify(written(*deliveries[name], NOW_US, Flaw("secret_rotated")).request, NOW_US)


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_an_unheard_copy_is_the_message_itself(name: str, deliveries: Told) -> None:
    service, delivery = deliveries[name]
    assert written(service, delivery, NOW_US, Flaw(UNHEARD)).request == service.prepare(delivery, NOW_US)


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_a_kept_copy_shows_the_document_of_then_and_is_signed_now(name: str, deliveries: Told) -> None:
    service, delivery = deliveries[name]
    (copy,) = _copies(deliveries, name, kind="stale_snapshot", seconds=3600.0)
    assert copy.flaw is not None
    later_us = NOW_US + 3600 * SECOND_US
    letter = written(service, delivery, later_us, copy.flaw)
    BY_NAME[name].verify(letter.request, later_us)
    assert letter.request.body == service.prepare(delivery, NOW_US).body
