"""The dialect of the processor: Stripe-compatible v1, bearer keys, forms in, JSON out."""

from __future__ import annotations

import base64
from typing import Any

import msgspec

from domain.http import Reply, Request
from mocks.kernel.codec import Undecodable
from mocks.kernel.dialect import Dialect
from mocks.kernel.idempotency import IdempotencyPolicy
from mocks.kernel.limits import LimitPolicy
from mocks.kernel.operations import JSON, Call, Operation, Refusal
from mocks.payment import (
    account,
    attempts,
    balance,
    charges,
    customers,
    disputes,
    intents,
    methods,
    refunds,
    setup_intents,
    webhooks,
)
from mocks.payment.acts import ACTS
from mocks.payment.errors import refuse
from mocks.payment.forms import form_of
from mocks.payment.invoicing import (
    clocks,
    collecting,
    coupons,
    credit_notes,
    invoices,
    items,
    meters,
    previews,
    prices,
    quotes,
    renewals,
    schedules,
    subscription_items,
    subscriptions,
    tax_rates,
    upcoming,
    wallets,
)
from mocks.payment.model import Processor, request_id
from mocks.payment.quirks import Quirks

KEY_HEADER = "idempotency-key"
KEY_LENGTH = 255


# --- manners --------------------------------------------------------------------------------------------------------


def authenticate(model: Processor, request: Request) -> Refusal | None:
    """Check the secret key, as a bearer token or as the name of a Basic pair; live keys are refused loudly."""
    strictness = model.quirks.authentication
    if strictness == "off":
        return None
    header = request.headers.get("authorization", "")
    if strictness == "shape" and header.startswith("Bearer sk_test_"):
        return None
    key = _key(header)
    if key.startswith(("sk_live_", "rk_live_")):
        return Refusal("live_key")
    if strictness == "verify":
        return None if key == model.quirks.secret_key else Refusal("unauthenticated")
    return None if key.startswith(("sk_test_", "rk_test_")) else Refusal("unauthenticated")


def _key(header: str) -> str:
    kind, _, text = header.partition(" ")
    if kind.lower() == "bearer":
        return text
    if kind.lower() != "basic":
        return ""
    try:
        return base64.b64decode(text, validate=True).decode().partition(":")[0]
    except ValueError:
        return ""


def decode(call: Call) -> Any:
    """Return the form (of a GET or a DELETE: the query) as the operation's type."""
    if len(call.idempotency_key) > KEY_LENGTH:
        raise Refusal("key_too_long")
    request, operation = call.request, call.operation
    if operation.body is None:
        return form_of(operation.query).read(request.target.partition("?")[2])
    try:
        return form_of(operation.body).read(request.body.decode("ascii"))
    except UnicodeDecodeError as error:
        raise Undecodable("a form is ASCII with percent escapes") from error


def finish(reply: Reply, call: Call) -> Reply:
    """Add the request's id and version to a reply; a keyed one also names the request that was executed first."""
    asked, key = call.request.headers, request_id(call.number)
    headers = dict(_SAID) if reply.headers is JSON else dict(reply.headers)
    headers["request-id"] = key
    headers["stripe-version"] = asked.get("stripe-version", VERSION)
    if call.idempotency_key:
        headers["idempotency-key"] = call.idempotency_key
        headers.setdefault("original-request", key)
    return Reply(reply.status, headers, reply.body)


VERSION = Quirks().api_version
_SAID = dict(JSON)
OPERATIONS: tuple[Operation, ...] = (
    *customers.ROWS,
    *methods.ROWS,
    *intents.ROWS,
    *charges.ROWS,
    *refunds.ROWS,
    *disputes.ROWS,
    *balance.ROWS,
    *webhooks.ROWS,
    *account.ROWS,
    *setup_intents.ROWS,
    *wallets.ROWS,
    *clocks.ROWS,
    *prices.ROWS,
    *coupons.ROWS,
    *tax_rates.ROWS,
    *items.ROWS,
    *previews.ROWS,
    *upcoming.ROWS,
    *invoices.ROWS,
    *collecting.ROWS,
    *credit_notes.ROWS,
    *subscriptions.ROWS,
    *subscription_items.ROWS,
    *schedules.ROWS,
    *quotes.ROWS,
    *meters.ROWS,
)


def _idempotency(seconds: int) -> IdempotencyPolicy:
    return IdempotencyPolicy(
        header=KEY_HEADER, retention_seconds=seconds, key_length_max=KEY_LENGTH, keeps_refusals=False,
        keeps_server_errors=True, replay_header=("idempotent-replayed", "true"),
    )  # fmt: skip


def dialect(quirks: Quirks) -> Dialect:
    """Return the dialect with the limits and retention these quirks set."""
    return msgspec.structs.replace(
        DIALECT,
        limits=LimitPolicy(requests=quirks.requests_per_second),
        idempotency=_idempotency(quirks.idempotency_seconds),
    )


DIALECT = Dialect(
    system="payment",
    operations=OPERATIONS,
    refuse=refuse,
    decode=decode,
    identity=lambda call: "",
    authenticate=authenticate,
    finish=finish,
    deliver=webhooks.deliver,
    seal=webhooks.seal,
    acts=ACTS,
    agenda={
        "payout": balance.pay_out,
        "payout_arrives": balance.payout_arrives,
        "setup_authenticated": setup_intents.authenticated,
        "clock_arrives": clocks.arrives,
        "finalize_invoice": collecting.advance,
        "retry_invoice": collecting.retry,
        "renew_subscription": renewals.renew,
        "trial_will_end": renewals.trial_will_end,
        "cancel_subscription": renewals.cancel_at,
        "incomplete_expires": renewals.incomplete_expires,
        "dunning_ends": renewals.dunning_ends,
        "phase_begins": schedules.begin,
        "debit_decided": attempts.decide_debit,
        "push_arrives": attempts.push_arrives,
        "authenticated": attempts.authenticated,
        "authorization_expires": attempts.authorization_expires,
        "evidence_due": disputes.evidence_due,
    },
    limits=LimitPolicy(requests=Quirks().requests_per_second),
    idempotency=_idempotency(Quirks().idempotency_seconds),
    retry_seconds=webhooks.RETRY_SECONDS,
)
