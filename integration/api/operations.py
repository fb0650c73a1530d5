"""The state of the service for programs that watch it; people look at the tower."""

from __future__ import annotations

from fastapi import APIRouter, Request

from domain.events.envelope import rfc3339
from integration.api.doors import add, house_of
from integration.api.shapes.casework import ServiceView, SystemView
from integration.exceptions import CLOSED


async def read_service(request: Request) -> ServiceView:
    """Read how the service and the systems of record around it are doing."""
    node = house_of(request).node
    counts, reasons = node.reader.counts(), tuple(node.readiness())
    flows: dict[str, int] = {}
    for (_, status), count in counts.flows.items():
        flows[status] = flows.get(status, 0) + count
    cases: dict[str, int] = {}
    for (_, owner, status), count in counts.cases.items():
        if status not in CLOSED:
            cases[owner] = cases.get(owner, 0) + count
    systems = tuple(
        SystemView(
            system=seen.system, state=seen.state, since=rfc3339(seen.since_us) if seen.since_us else None,
            in_flight=seen.in_flight, waiting=seen.waiting, trouble=seen.trouble,
        )
        for seen in (peer.standing for peer in node.peers())
    )  # fmt: skip
    return ServiceView(
        ready=not reasons, reasons=reasons, systems=systems, flows=dict(sorted(flows.items())),
        open_cases=dict(sorted(cases.items())), unsent_events=counts.unsent_events,
        waiting_messages=counts.waiting_messages, as_of=rfc3339(node.now_us()),
    )  # fmt: skip


def router() -> APIRouter:
    """Return the routes of operations."""
    routes = APIRouter(tags=["operations"])
    add(routes, "GET", "/service", read_service, scope="operations:read", response_model=ServiceView)
    return routes
