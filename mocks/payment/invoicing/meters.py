"""Meters: what customers use, counted by events, and billed by metered prices."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from domain.http import Reply
from mocks.kernel.operations import Call, Operation, Refusal, json_reply
from mocks.payment.bodies import EmptyBody
from mocks.payment.invoicing.prices import rounded
from mocks.payment.model import Processor, given
from mocks.payment.parts import Body, Metadata, Page, Shape
from mocks.payment.queries import Paging
from mocks.payment.rows import alter, make, page, read, row

_KIND = "billing.meter"
_FORMULAS = ("sum", "count", "last")


class Mapping(Shape, frozen=True, kw_only=True):
    """Which field of an event names the customer."""

    event_payload_key: str = "stripe_customer_id"
    type: str = "by_id"


class Aggregation(Shape, frozen=True, kw_only=True):
    """How values are put together."""

    formula: str


class Value(Shape, frozen=True, kw_only=True):
    """Which field of an event is its value."""

    event_payload_key: str = "value"


class MeterTransitions(Shape, frozen=True, kw_only=True):
    """When a meter was switched off."""

    deactivated_at: int | None = None


class Meter(Shape, frozen=True, kw_only=True):
    """A meter (`mtr_`), as it stands on the wire."""

    id: str
    object: str = _KIND
    created: int
    customer_mapping: Mapping
    default_aggregation: Aggregation
    display_name: str
    event_name: str
    event_time_window: str | None = None
    livemode: bool = False
    status: str = "active"
    status_transitions: MeterTransitions = MeterTransitions()
    updated: int
    value_settings: Value

    @property
    def metadata(self) -> Metadata:
        """Meters have none."""
        return {}


class MeterEvent(Shape, frozen=True, kw_only=True):
    """An event that a meter counts, as it stands on the wire."""

    object: str = "billing.meter_event"
    created: int
    event_name: str
    identifier: str
    livemode: bool = False
    payload: dict[str, str]
    timestamp: int


class MeterBody(Body, frozen=True, kw_only=True):
    """Make a meter."""

    default_aggregation: Aggregation
    display_name: str
    event_name: str
    customer_mapping: Mapping | None = None
    event_time_window: str | None = None
    value_settings: Value | None = None


class MeterUpdate(Body, frozen=True, kw_only=True):
    """Rename a meter."""

    display_name: str | None = None


class MeterEventBody(Body, frozen=True, kw_only=True):
    """Count something."""

    event_name: str
    payload: dict[str, str]
    identifier: str | None = None
    timestamp: int | None = None


class MeterQuery(Paging, frozen=True, kw_only=True):
    """Which meters."""

    status: Literal["active", "inactive"] | None = None


class SummaryQuery(Paging, frozen=True, kw_only=True):
    """What one customer used in a span of time."""

    customer: str
    end_time: int
    start_time: int
    value_grouping_window: str | None = None


def create(model: Processor, body: MeterBody) -> Meter:
    """Make a meter for events of a name."""
    if body.default_aggregation.formula not in _FORMULAS:
        text = f"Invalid formula: {body.default_aggregation.formula}"
        raise Refusal("parameter_invalid", text, field="default_aggregation[formula]")
    if any(each.event_name == body.event_name and each.status == "active" for each in model.tables[_KIND].values()):
        raise Refusal("resource_already_exists", "There is an active meter for this event_name.", field="event_name")
    meter = Meter(
        id=model.new_id("mtr"), created=model.now, customer_mapping=body.customer_mapping or Mapping(),
        default_aggregation=body.default_aggregation, display_name=body.display_name, event_name=body.event_name,
        event_time_window=body.event_time_window, updated=model.now, value_settings=body.value_settings or Value(),
    )  # fmt: skip
    model.add(_KIND, meter)
    return meter


def update(model: Processor, meter: Meter, body: MeterUpdate) -> Meter:
    """Rename a meter."""
    after: Meter = model.change(_KIND, meter, **given(body, ("display_name",), ("display_name",)), updated=model.now)
    return after


def deactivate(model: Processor, meter: Meter, body: EmptyBody) -> Meter:
    """Switch a meter off."""
    off = MeterTransitions(deactivated_at=model.now)
    after: Meter = model.change(_KIND, meter, "deactivated", status="inactive", status_transitions=off)
    return after


def reactivate(model: Processor, meter: Meter, body: EmptyBody) -> Meter:
    """Switch a meter on again."""
    after: Meter = model.change(_KIND, meter, "reactivated", status="active", status_transitions=MeterTransitions())
    return after


def _count(model: Processor, call: Call) -> Reply:
    body: MeterEventBody = call.body
    meter = next(
        (
            each
            for each in model.tables[_KIND].values()
            if each.event_name == body.event_name and each.status == "active"
        ),
        None,
    )
    if meter is None:
        raise Refusal("reference_missing", f"No active meter for event_name {body.event_name}.", field="event_name")
    customer = body.payload.get(meter.customer_mapping.event_payload_key, "")
    if not customer:
        field = f"payload[{meter.customer_mapping.event_payload_key}]"
        raise Refusal("parameter_missing", f"Missing required param: {field}.", field=field)
    _value(body.payload.get(meter.value_settings.event_payload_key, "1"))
    identifier = body.identifier or f"mevt_{model.desk.next('meter event'):024d}"
    known = model.used.setdefault((meter.id, customer), {})
    if identifier in known:
        raise Refusal("resource_already_exists", f"An event already exists with identifier {identifier}.", "identifier")
    event = MeterEvent(
        created=model.now, event_name=body.event_name, identifier=identifier, payload=body.payload,
        timestamp=body.timestamp or model.now,
    )  # fmt: skip
    known[identifier] = event
    return json_reply(event)


def _value(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or abs(value.adjusted()) > 15:
        raise Refusal("parameter_invalid", f"The value must be a number, not {text[:40]!r}.", field="payload[value]")
    return value


def usage(model: Processor, key: str | None, customer: str, start: int, end: int) -> int:
    """Return how many units a customer used from `start` (inclusive) to `end` (exclusive), rounded half up."""
    meter: Meter | None = model.tables[_KIND].get(key or "")
    if meter is None:
        return 0
    events: list[MeterEvent] = [
        each for each in model.used.get((meter.id, customer), {}).values() if start <= each.timestamp < end
    ]
    if meter.default_aggregation.formula == "count":
        return len(events)
    name = meter.value_settings.event_payload_key
    values = [_value(each.payload.get(name, "1")) for each in sorted(events, key=lambda each: each.timestamp)]
    if meter.default_aggregation.formula == "last":
        return rounded(values[-1]) if values else 0
    return rounded(sum(values, Decimal(0)))


def _summaries(model: Processor, call: Call) -> Reply:
    meter: Meter = model.named(_KIND, call.params["id"])
    query: SummaryQuery = call.body
    total = usage(model, meter.id, query.customer, query.start_time, query.end_time)
    view: dict[str, Any] = {
        "id": f"mtrusg_{meter.id[4:]}", "object": "billing.meter_event_summary", "aggregated_value": total,
        "end_time": query.end_time, "livemode": False, "meter": meter.id, "start_time": query.start_time,
    }  # fmt: skip
    return json_reply(Page(data=[view], has_more=False, url=call.request.target.partition("?")[0]))


_ALL, _ONE = "/v1/billing/meters", "/v1/billing/meters/{id}"
ROWS: tuple[Operation, ...] = (
    make("create_meter", _ALL, _KIND, MeterBody, create, Meter),
    page("list_meters", _ALL, _KIND, MeterQuery),
    read("get_meter", _ONE, _KIND, Meter),
    alter("update_meter", _ONE, _KIND, MeterUpdate, update, Meter),
    alter("deactivate_meter", _ONE + "/deactivate", _KIND, EmptyBody, deactivate, Meter),
    alter("reactivate_meter", _ONE + "/reactivate", _KIND, EmptyBody, reactivate, Meter),
    row("list_meter_event_summaries", "GET", _ONE + "/event_summaries", _summaries, SummaryQuery),
    row("create_meter_event", "POST", "/v1/billing/meter_events", _count, MeterEventBody, MeterEvent),
)
