"""An order as a flow of many effects, with a child: what tests of the engine play, kill and look at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain import history
from integration.effects import All, Call, Emit, Receive, Sleep, Start
from integration.flow import FlowContext
from integration.intake import Route
from integration.retry import call_with_retries

Arguments = Mapping[str, Any]


def write_call(context: FlowContext, name: str, system: str = "erp") -> Call:
    key = f"q2c/{context.flow_id}/{name}"
    return Call(system=system, operation=name, method="PUT", target=f"/{key}", key=key, write=True, txn=context.txn)


async def order(context: FlowContext, arguments: Arguments) -> str:
    """Book, tell, wait for a signal of a child flow, do two things at once, and close."""
    await call_with_retries(context, write_call(context, "create_order"))
    await Emit(type="order.booked", subject=context.flow_id)
    await Start(flow_id=f"{context.flow_id}/bill", name="bill", arguments={"parent": context.flow_id})
    billed = await Receive("billed", context.flow_id, timeout_seconds=86_400)
    both = await All((write_call(context, "mirror", "crm"), Sleep(90), write_call(context, "fulfil", "fulfilment")))
    await Sleep(7200)
    await call_with_retries(context, write_call(context, "close_order"))
    return f"{billed.body['total'] if billed else 'nothing'} {[type(outcome).__name__ for outcome in both]}"


async def bill(context: FlowContext, arguments: Arguments) -> str:
    """Invoice, and tell the parent by an event of our own."""
    await call_with_retries(context, write_call(context, "create_invoice", "billing"))
    await Emit(type="billed", subject=arguments["parent"], body={"total": 1200})
    return "billed"


PROGRAMS = {"order": order, "bill": bill}
LOCAL = (Route(source="integration", topic="billed"),)
START = Start(flow_id="Q-000123-v1", name="order", arguments={"quote": "Q-000123"}, txn="Q-000123")
LAST_SECOND = 20_000


def undisturbed(world: Any, **options: Any) -> Any:
    made = world(PROGRAMS, routes=LOCAL, **options)
    launched = made.integration.launch(START)
    if launched is None:  # it died of it before it was written, so whoever asked repeats it
        made.at(60, lambda: made.integration.launch(START))
    made.run(LAST_SECOND)
    return made


def outcome_of(made: Any) -> tuple[Any, ...]:
    finished = {record.flow: record.result for record in made.of(history.Flow) if record.status == "finished"}
    return finished, dict(made.done), {record.id for record in made.of(history.Emitted)}, made.integration.open_flows()
