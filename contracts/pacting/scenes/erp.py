"""What the integration asks the ERP of customers, orders and queries."""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from contracts.pacting.scene import Scene, pinging
from contracts.pacting.stage import OPENS_US, TODAY
from contracts.pacting.states.ground import ACCOUNT, BUYER, NUMBER, QUOTE, REFERENCE
from integration.systems import erp, holdings

_STRANGE = replace(QUOTE, lines=(replace(QUOTE.lines[0], sku="NO-SUCH-ITEM"),))

_scene = partial(Scene, "erp")


SCENES = (
    _scene("limits are asked for", "nothing is there", makes=pinging(erp.SYSTEM)),
    _scene("a customer is put", "a customer", makes=lambda _: erp.put_customer(BUYER, 30, NUMBER)),
    _scene("a customer is put again", "a customer in the ERP", makes=lambda _: erp.put_customer(BUYER, 30, NUMBER)),
    _scene(
        "a customer is read", "a customer in the ERP", makes=lambda _: erp.read_customer(ACCOUNT, NUMBER),
        read=erp.customer_standing,
    ),
    _scene(
        "a customer on hold is read", "a customer on hold", makes=lambda _: erp.read_credit(ACCOUNT, NUMBER),
        read=erp.customer_standing,
    ),
    _scene(
        "a customer that is not there is read", "nothing is there",
        makes=lambda _: erp.read_customer("A-999999", NUMBER), fails="rejected",
    ),
    _scene(
        "changes of credit are swept", "a customer on hold", makes=lambda _: erp.credit_changes(OPENS_US - 1_000_000),
        page=erp.credit_page,
    ),
    _scene("an order is put", "a customer in the ERP", makes=lambda _: erp.put_order(QUOTE, REFERENCE, TODAY)),
    _scene("an order is put again", "a booked order", makes=lambda _: erp.put_order(QUOTE, REFERENCE, TODAY)),
    _scene(
        "an order of an item nobody knows is refused", "a customer in the ERP",
        makes=lambda _: erp.put_order(_STRANGE, REFERENCE, TODAY), fails="rejected", code="INVALID_KEY_OR_REF",
    ),
    _scene(
        "an order is read", "a booked order", makes=lambda _: erp.read_order(REFERENCE, NUMBER),
        read=erp.order_standing,
    ),
    _scene(
        "a fulfilled order is read", "a fulfilled order", makes=lambda _: erp.read_order(REFERENCE, NUMBER),
        read=erp.order_standing,
    ),
    _scene(
        "an order that is not there is read", "nothing is there", makes=lambda _: erp.read_order("Q-999999-v1", NUMBER),
        fails="rejected",
    ),
    _scene("an order is closed", "a booked order", makes=lambda _: erp.close_order(REFERENCE, NUMBER)),
    _scene("an order is fulfilled", "a booked order", makes=lambda _: erp.fulfil_order(REFERENCE, 1, NUMBER)),
    _scene(
        "an order is fulfilled a second time", "a fulfilled order",
        makes=lambda _: erp.fulfil_order(REFERENCE, 2, NUMBER), fails="rejected",
    ),
    _scene(
        "what a customer has in the books is listed", "a booked order",
        makes=lambda _: holdings.transactions_of("1", NUMBER),
        page=holdings.transaction_page,
    ),
    _scene(
        "the ERP has had enough requests", "erp has had enough requests",
        makes=lambda _: erp.read_customer(ACCOUNT, NUMBER), fails="throttled",
    ),
    _scene(
        "the session is over", "the session with erp is over", makes=lambda _: erp.read_customer(ACCOUNT, NUMBER),
        fails="unauthenticated",
    ),
)  # fmt: skip
