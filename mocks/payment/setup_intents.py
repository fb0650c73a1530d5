"""Setup intents: a payment method is prepared for later, without money moving."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import structs

from domain.http import Reply
from mocks.kernel.operations import Call, Operation, Refusal, json_reply
from mocks.payment import declines, methods
from mocks.payment.bodies import Automatic, CancelBody, Mandate, MethodData, MicrodepositsBody
from mocks.payment.customers import charged
from mocks.payment.errors import ErrorView, Failed, declined
from mocks.payment.model import Processor, merged
from mocks.payment.parts import Body, Clear, Metadata, MetadataChange, Shape
from mocks.payment.queries import Paging
from mocks.payment.records import Failure, Method
from mocks.payment.rows import alter, answer, page, prepare, read, row
from mocks.payment.statuses import METHODS
from mocks.payment.views import AutomaticMethods

OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")


class SetupIntent(Shape, frozen=True, kw_only=True):
    """A setup intent (`seti_`), as it stands on the wire."""

    id: str
    object: str = "setup_intent"
    application: str | None = None
    automatic_payment_methods: AutomaticMethods | None = None
    cancellation_reason: str | None = None
    client_secret: str
    created: int
    customer: str | None = None
    customer_account: str | None = None
    description: str | None = None
    flow_directions: list[str] | None = None
    last_setup_error: ErrorView | None = None
    latest_attempt: str | None = None
    livemode: bool = False
    mandate: str | None = None
    metadata: Metadata
    next_action: dict[str, Any] | None = None
    on_behalf_of: str | None = None
    payment_method: str | None = None
    payment_method_options: dict[str, Any] | None = None
    payment_method_types: Sequence[str]
    single_use_mandate: str | None = None
    status: str
    usage: str = "off_session"


class SetupBody(Body, frozen=True, kw_only=True):
    """Make a setup intent, and confirm it at once with `confirm`."""

    allowed_payment_method_types: list[str] | None = None
    attach_to_self: bool | None = None
    automatic_payment_methods: Automatic | None = None
    confirm: bool = False
    confirmation_token: str | None = None
    customer: str | None = None
    customer_account: str | None = None
    description: str | None = None
    excluded_payment_method_types: list[str] | None = None
    flow_directions: list[str] | None = None
    mandate_data: Mandate | Clear | None = None
    metadata: MetadataChange = None
    on_behalf_of: str | None = None
    payment_method: str | None = None
    payment_method_configuration: str | None = None
    payment_method_data: MethodData | None = None
    payment_method_options: dict[str, Any] | None = None
    payment_method_types: list[str] | None = None
    return_url: str | None = None
    single_use: dict[str, Any] | None = None
    usage: str | None = None
    use_stripe_sdk: bool | None = None


class SetupUpdate(Body, frozen=True, kw_only=True):
    """Change a setup intent."""

    customer: str | None = None
    description: str | None = None
    flow_directions: list[str] | None = None
    metadata: MetadataChange = None
    payment_method: str | None = None
    payment_method_data: MethodData | None = None
    payment_method_options: dict[str, Any] | None = None
    payment_method_types: list[str] | None = None


class SetupConfirm(Body, frozen=True, kw_only=True):
    """Confirm a setup intent."""

    allowed_payment_method_types: list[str] | None = None
    confirmation_token: str | None = None
    mandate_data: Mandate | Clear | None = None
    payment_method: str | None = None
    payment_method_data: MethodData | None = None
    payment_method_options: dict[str, Any] | None = None
    return_url: str | None = None
    use_stripe_sdk: bool | None = None


class SetupQuery(Paging, frozen=True, kw_only=True):
    """Which setup intents."""

    customer: str | None = None
    payment_method: str | None = None


def create(model: Processor, body: SetupBody) -> SetupIntent:
    """Make a setup intent, and confirm it when asked to."""
    customer = charged(model, body.customer)
    method = _method(model, body.payment_method, body.payment_method_data)
    types = tuple(body.payment_method_types or body.allowed_payment_method_types or ("card",))
    methods.require_types(types)
    if body.confirm and method is None:
        raise Refusal("setup_intent_unexpected_state", "A setup intent is confirmed with a payment method.")
    key = model.new_id("seti")
    automatic = body.automatic_payment_methods
    intent = SetupIntent(
        id=key, client_secret=f"{key}_secret_{key[-8:]}", created=model.now, description=body.description or None,
        automatic_payment_methods=AutomaticMethods(allow_redirects=automatic.allow_redirects or "always")
        if automatic is not None and automatic.enabled
        else None,
        customer=customer.id if customer is not None else None, metadata=merged({}, body.metadata),
        flow_directions=body.flow_directions, payment_method=method.id if method is not None else None,
        payment_method_types=types, usage=body.usage or "off_session",
        status="requires_payment_method" if method is None else "requires_confirmation",
    )  # fmt: skip
    if method is not None and method.id not in model.methods:
        methods.keep(model, method)
    model.add("setup_intent", intent)
    return _attempted(model, intent, method) if body.confirm and method is not None else intent


def update(model: Processor, intent: SetupIntent, body: SetupUpdate) -> SetupIntent:
    """Change a setup intent that is not done."""
    changes: dict[str, Any] = {"metadata": merged(intent.metadata, body.metadata)}
    if body.customer is not None or body.payment_method is not None:
        _require_open(intent, "update")
    if body.customer:
        changes["customer"] = model.referred("customer", body.customer, "customer").id
    if body.payment_method:
        method = methods.method_for(model, body.payment_method, "payment_method")
        methods.keep(model, method)
        changes |= {"payment_method": method.id, "status": "requires_confirmation"}
    if body.description is not None:
        changes["description"] = body.description or None
    after: SetupIntent = model.change("setup_intent", intent, "", **changes)
    return after


def confirm(model: Processor, intent: SetupIntent, body: SetupConfirm) -> SetupIntent:
    """Confirm a setup intent: the method is attached to the customer when all is well."""
    if intent.status not in ("requires_payment_method", "requires_confirmation"):
        raise _unexpected(intent, "confirm")
    method = _method(model, body.payment_method or intent.payment_method, body.payment_method_data)
    if method is None:
        raise Refusal("setup_intent_unexpected_state", "A setup intent is confirmed with a payment method.")
    methods.keep(model, method)
    return _attempted(model, intent, method)


def _attempted(model: Processor, intent: SetupIntent, method: Method) -> SetupIntent:
    failure = declines.card(method.behaviour, 1, False) if METHODS[method.type] == "card" else None
    if failure is not None:
        return _refused(model, intent, failure)
    if method.behaviour.challenge:
        action = {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}}
        model.desk.agenda.add(model.desk.now_us + 120_000_000, "setup_authenticated", intent.id)
        after: SetupIntent = model.change(
            "setup_intent", intent, "requires_action", status="requires_action", payment_method=method.id,
            next_action=action,
        )  # fmt: skip
        return after
    return _succeeded(model, intent, method)


def _succeeded(model: Processor, intent: SetupIntent, method: Method) -> SetupIntent:
    if intent.customer is not None:
        methods.keep(model, structs.replace(method, customer=intent.customer))
    mandate = model.new_id("mandate") if METHODS[method.type] == "debit" else None
    after: SetupIntent = model.change(
        "setup_intent", intent, "succeeded", status="succeeded", payment_method=method.id, next_action=None,
        last_setup_error=None, latest_attempt=model.new_id("setatt"), mandate=mandate,
    )  # fmt: skip
    return after


def _refused(model: Processor, intent: SetupIntent, failure: Failure) -> SetupIntent:
    after: SetupIntent = model.change(
        "setup_intent", intent, "setup_failed", status="requires_payment_method", payment_method=None,
        last_setup_error=declined(failure), latest_attempt=model.new_id("setatt"),
    )  # fmt: skip
    return after


def authenticated(model: Processor, key: str) -> None:
    """Agenda: the customer has authenticated."""
    intent: SetupIntent = model.tables["setup_intent"][key]
    if intent.status == "requires_action" and intent.payment_method:
        _succeeded(model, intent, model.methods[intent.payment_method])


def cancel(model: Processor, intent: SetupIntent, body: CancelBody) -> SetupIntent:
    """Cancel a setup intent that is not done."""
    _require_open(intent, "cancel")
    reason = body.cancellation_reason or None
    after: SetupIntent = model.change(
        "setup_intent", intent, "canceled", status="canceled", cancellation_reason=reason, next_action=None
    )
    return after


def verify(model: Processor, intent: SetupIntent, body: MicrodepositsBody) -> SetupIntent:
    """Prove a bank account by what was deposited on it; any two amounts, or a code, will do."""
    if intent.status != "requires_action" or not intent.payment_method:
        raise _unexpected(intent, "verify microdeposits of")
    return _succeeded(model, intent, model.methods[intent.payment_method])


def _method(model: Processor, key: str | None, given: MethodData | None) -> Method | None:
    if key:
        return methods.method_for(model, key, "payment_method")
    return methods.made(model, given) if given is not None else None


def _require_open(intent: SetupIntent, verb: str) -> None:
    if intent.status not in OPEN:
        raise _unexpected(intent, verb)


def _unexpected(intent: SetupIntent, verb: str) -> Refusal:
    return Refusal("setup_intent_unexpected_state", f"This SetupIntent is {intent.status}: you cannot {verb} it.")


# --- calls ----------------------------------------------------------------------------------------------------------


def _done(model: Processor, call: Call, intent: SetupIntent) -> Reply:
    """Return the answer to an attempt: 402 when it was declined."""
    problem = intent.last_setup_error
    if problem is not None and intent.status == "requires_payment_method":
        return json_reply(Failed(error=structs.replace(problem, setup_intent=intent)), 402)
    return answer(model, call, intent)


def _create(model: Processor, call: Call) -> Reply:
    prepare(model, call, _KIND)
    return _done(model, call, create(model, call.body))


def _confirm(model: Processor, call: Call) -> Reply:
    prepare(model, call, _KIND)
    return _done(model, call, confirm(model, model.named(_KIND, call.params["id"], "confirm_setup_intent"), call.body))


_KIND, _ALL, _ONE = "setup_intent", "/v1/setup_intents", "/v1/setup_intents/{id}"
ROWS: tuple[Operation, ...] = (
    row("create_setup_intent", "POST", _ALL, _create, SetupBody, SetupIntent),
    page("list_setup_intents", _ALL, _KIND, SetupQuery),
    read("get_setup_intent", _ONE, _KIND, SetupIntent),
    alter("update_setup_intent", _ONE, _KIND, SetupUpdate, update, SetupIntent),
    row("confirm_setup_intent", "POST", _ONE + "/confirm", _confirm, SetupConfirm, SetupIntent),
    alter("cancel_setup_intent", _ONE + "/cancel", _KIND, CancelBody, cancel, SetupIntent),
    alter(
        "verify_setup_microdeposits", _ONE + "/verify_microdeposits", _KIND, MicrodepositsBody, verify, SetupIntent
    ),
)  # fmt: skip
