"""The reference integration's flows that read lists, driven without a journal: what they do with what they read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from contracts.responses.cases import Base, Provider
from contracts.responses.documents import Number, Tree, read
from contracts.responses.pages import Pager, View
from contracts.responses.reference import DECLARED, MANNERS, SYSTEM_OF
from contracts.responses.shapes import learned
from domain.http import Request
from integration.effects import Call, Effect, Lookup, Missing, Now, Park, Sleep, Start
from integration.flow import Flow, FlowContext, Program
from integration.flows import settlements, sweeps
from integration.outcomes import Absent, Begun, Instant, Launched, Mapped, Outcome, Slept
from integration.settings import Settings

_AT_US = 1_900_000_000_000_000  # in 2030: what the cases call due was due long ago
_STEPS_MAX = 500


class Parked(Exception):
    """The flow asks for a person."""


class FlowConsumer:
    """A flow that reads a list of a system; facts are what it starts and what it writes."""

    declared = (*DECLARED, Parked)

    def __init__(self, name: str, program: Program, arguments: Mapping[str, Any], system: str) -> None:
        self.name, self._program, self._arguments, self._system = name, program, dict(arguments), system

    def facts(self, provider: Provider) -> dict[str, Any]:
        """Run the flow to its end, or to the first thing it writes."""
        settings = Settings(settlement_entities={"USD": "US"}, zones={"US": "America/Los_Angeles"})
        context = FlowContext(f"{self.name}/1", self.name, "", settings)
        flow = Flow(context.flow_id, self._program(context, self._arguments))
        found: dict[str, Any] = {}
        effect = flow.resume(Begun(context.flow_id, self.name, self._arguments))
        for _ in range(_STEPS_MAX):
            if effect is None:
                return found
            if isinstance(effect, Call) and effect.write:
                found[effect.operation] = json.loads(effect.body, parse_float=str)
                return found
            effect = flow.resume(self._outcome(effect, provider, found))
        raise RuntimeError(f"{self.name} does not come to an end")

    def _outcome(self, effect: Effect, provider: Provider, found: dict[str, Any]) -> Outcome:
        if isinstance(effect, Call):
            reply = provider(Request(effect.system, effect.method, effect.target, {}, effect.body))
            return SYSTEM_OF[self._system].classify(effect, reply, _AT_US)
        if isinstance(effect, Start):
            found[effect.flow_id] = effect.arguments
            return Launched(effect.flow_id, created=True)
        if isinstance(effect, Missing):
            return Absent(effect.flow_ids)
        if isinstance(effect, Lookup):
            return Mapped()
        if isinstance(effect, Park):
            raise Parked(f"{effect.code}: {effect.detail}")
        if isinstance(effect, Now):
            return Instant(_AT_US)
        assert isinstance(effect, Sleep), f"{effect} is not expected in {self.name}"
        return Slept()


def _stripe(view: View) -> Tree:
    return {"object": "list", "data": list(view.records), "has_more": view.has_more, "url": "/v1/list"}


def _suiteql(view: View) -> Tree:
    total = {} if view.total is None else {"totalResults": Number(str(view.total))}
    count = {"count": Number(str(len(view.records))), "offset": Number(str(view.start))}
    return {"links": [], **count, "hasMore": view.has_more, "items": list(view.records), **total}


STRIPE = Pager(
    parameter="starting_after", page=_stripe, cursor=lambda record, _number: str(record["id"]),
    courses=("plain", "empty_last", "expired_cursor", "throttled_page"),
)  # fmt: skip
SUITEQL = Pager(
    parameter="offset", page=_suiteql, cursor=lambda _record, number: str(number),
    courses=("plain", "empty_last", "expired_cursor", "throttled_page", "no_total"),
)  # fmt: skip


class Listed(msgspec.Struct, frozen=True):
    """A flow, what it is started with, how its list is paged and what a record of it looks like."""

    name: str
    program: Program
    arguments: dict[str, Any]
    system: str
    pager: Pager
    record: Callable[[int], dict[str, Any]]


def _movement(number: int) -> dict[str, Any]:
    return {
        "id": f"txn_{number:024d}", "object": "balance_transaction", "amount": 900719925474099 + number, "fee": 29,
        "net": 900719925474070 + number, "currency": "usd", "type": "charge" if number else "payout",
        "description": "Invoice INV-0000009", "exchange_rate": None,
    }  # fmt: skip


def _dispute(number: int) -> dict[str, Any]:
    return {
        "id": f"du_{number:024d}", "object": "dispute", "amount": 115, "currency": "usd", "created": 1793058460,
        "payment_intent": f"pi_{number:024d}", "reason": "fraudulent", "status": "needs_response",
        "network_reason_code": None,
    }  # fmt: skip


def _overdue(number: int) -> dict[str, Any]:
    held = {"custbody_txn": f"Q-90000{number}"} if number else {}
    return {
        "links": [], "externalid": f"INV-000000{number}", "duedate": f"2026-10-1{number}", "currency": "USD",
        "foreignamountunpaid": "8.70", "subsidiary": "US", "account": f"A-90000{number % 3}", **held,
    }  # fmt: skip


LISTS: Sequence[Listed] = (
    Listed(
        "settle", settlements.settle, {"payout": "po_1", "currency": "usd", "at_us": _AT_US}, "payment", STRIPE,
        _movement,
    ),
    Listed("sweep_disputes", sweeps.sweep_disputes, {"since_us": 0}, "payment", STRIPE, _dispute),
    Listed("sweep_overdue", sweeps.sweep_overdue, {}, "erp", SUITEQL, _overdue),
)  # fmt: skip
_RECORDS = 5


def listings() -> list[tuple[FlowConsumer, Base]]:
    """Return every flow with the list it reads."""
    found = []
    for each in LISTS:
        records = tuple(each.record(number) for number in range(_RECORDS))
        plain = json.dumps([{"records": [record]} for record in records]).encode()
        shape = learned([tree["records"] for tree in read(plain)], MANNERS[each.system])
        base = Base(name=each.name, shape=shape, pager=each.pager, records=records, is_main=False)
        found.append((FlowConsumer(each.name, each.program, each.arguments, each.system), base))
    return found
