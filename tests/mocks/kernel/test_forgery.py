"""Forgeries look like the sender's messages, and the integration's own verification refuses every one of them."""

from __future__ import annotations

from typing import Any

import pytest

from domain.acts import Act
from domain.http import Request
from domain.objects import Delta
from integration.flows.catalogue import SOURCES
from integration.intake import Source, Unverified
from mocks.kernel.forgery import STALE_SECONDS, forge
from mocks.kernel.outcome import Delivery
from mocks.kernel.service import Service
from mocks.world import World
from tests.stage import CORE, LIVE, OPENS_US, TODAY, Stage

NOW_US = OPENS_US + 60_000_000
BY_NAME = {source.name: source for source in SOURCES}


def _world() -> World:
    """Return a world in which each system that sends messages has something to say."""
    stage = Stage()
    stage.subscribed()
    stage.amends("Q-500001", LIVE, "cancel", TODAY, 1.0, Delta(sku=CORE, quantity=0, unit_minor=0))
    world = World(1, lambda _record: None)
    for act in stage.timeline(days=1, heal_after=1).acts:
        world[act.system].act(act)
    world["erp"].act(_act("erp", "place_hold", account="A-000001", level="hard"))
    world["fulfilment"].act(_act("fulfilment", "set_duration", id="Q-000001-v1", seconds=5))
    _send(world["fulfilment"], "PUT", "/v1/tasks/Q-000001-v1", _TASK, authorization="Bearer x")
    world["fulfilment"].tick(NOW_US + 3_600_000_000)
    form = (
        f"replace_items_list=true&subscription_items[item_price_id][0]={CORE}-USD-12&subscription_items[quantity][0]=20"
    )
    _send(world["billing"], "POST", f"/api/v2/subscriptions/{LIVE}/update_for_items", form.encode(), **_BILLING)
    _send(world["payment"], "POST", "/v1/payment_intents", _PAY, **_PAYMENT)
    return world


_TASK = b'{"order":"Q-000001-v1","account":"A-000001","lines":[{"sku":"SEAT","quantity":1}]}'
_FORM = {"content-type": "application/x-www-form-urlencoded"}
_BILLING = {**_FORM, "authorization": "Basic dGVzdF9xMmNfa2V5Og=="}
_PAYMENT = {**_FORM, "authorization": "Bearer sk_test_q2c"}
_PAY = (
    b"amount=1000&currency=usd&customer=cus_000001&payment_method=pm_000001&confirm=true&off_session=true"
    b"&payment_method_types[0]=card"
)


def _act(system: str, action: str, **arguments: Any) -> Act:
    return Act(at_us=NOW_US, system=system, action=action, arguments=arguments)


def _send(service: Service, method: str, target: str, body: bytes, **headers: str) -> None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    reply = service.handle(Request(service.name, method, target, named, body), NOW_US, "r1").reply
    assert reply.status < 300, reply.body


@pytest.fixture(scope="module")
def deliveries() -> dict[str, tuple[Service, Delivery]]:
    """A delivery of each system that sends messages."""
    found = {}
    for name, service in _world().services.items():
        due = service.collect()
        if due:
            found[name] = (service, due[-1])
    return found


def _refuses(source: Source, request: Request) -> int:
    with pytest.raises(Unverified) as refused:
        source.verify(request, NOW_US)
    return refused.value.status


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_the_genuine_message_is_believed(name: str, deliveries: dict[str, tuple[Service, Delivery]]) -> None:
    service, delivery = deliveries[name]
    source, request = BY_NAME[name], service.prepare(delivery, NOW_US)
    source.verify(request, NOW_US)
    assert source.path == request.target
    assert source.parse(request)


@pytest.mark.parametrize("stale", [True, False])
@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_a_forged_copy_is_refused(name: str, stale: bool, deliveries: dict[str, tuple[Service, Delivery]]) -> None:
    service, delivery = deliveries[name]
    forgery = forge(service, delivery, NOW_US, stale)
    assert _refuses(BY_NAME[name], forgery.request) in (400, 401)
    assert forgery.request.target == service.prepare(delivery, NOW_US).target


@pytest.mark.parametrize("name", ["payment", "fulfilment", "erp"])
def test_a_stale_copy_is_the_genuine_one_of_an_hour_ago(
    name: str, deliveries: dict[str, tuple[Service, Delivery]]
) -> None:
    service, delivery = deliveries[name]
    forgery = forge(service, delivery, NOW_US, stale=True)
    assert NOW_US - forgery.signed_us == STALE_SECONDS * 1_000_000
    BY_NAME[name].verify(forgery.request, forgery.signed_us)


@pytest.mark.parametrize("name", ["payment", "fulfilment", "erp"])
def test_a_tampered_copy_differs_in_one_digit_only(name: str, deliveries: dict[str, tuple[Service, Delivery]]) -> None:
    service, delivery = deliveries[name]
    genuine, forged = service.prepare(delivery, NOW_US), forge(service, delivery, NOW_US, stale=False).request
    assert forged.headers == genuine.headers
    pairs = [(a, b) for a, b in zip(genuine.body, forged.body, strict=True) if a != b]
    assert len(pairs) == 1
