"""Lists of several pages, how the integration signs in, and what it looks for when its journal was set back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from contracts.pacting.scene import Page, Scene, Values, by_ones
from contracts.pacting.stage import OPENS_US
from contracts.pacting.states.ground import REFERENCE
from domain.calendar import DAY_US, HOUR_US
from integration.effects import Call
from integration.system import TokenSource
from integration.systems import billing, crm, erp, payment

_SINCE_US = OPENS_US - HOUR_US


def _pages(system: str, what: str, state: str, call: Call, page: Page, second: Callable[[Values], Call]) -> list[Scene]:
    """Return the scenes of a list with two pages: the first, which says how to go on, and the last."""
    return [
        Scene(system=system, name=f"the first page of {what} is read", state=state, makes=lambda _: call, page=page),
        Scene(system=system, name=f"the last page of {what} is read", state=state, makes=second, page=page),
    ]


def _signing_in(system: str, token: TokenSource) -> Iterator[Scene]:
    yield Scene(
        system=system, name="the integration signs in", state="a client that may sign in",
        makes=lambda _: token.call(OPENS_US), read=token.read, signs_in=True,
    )  # fmt: skip


def _intents_behind(values: Values) -> Call:
    call = by_ones(payment.recent_intents(_SINCE_US))
    rows = [msgspec.convert({"id": values["last"], "amount": 0, "currency": "usd", "status": ""}, payment.Intent)]
    found = payment.behind(call, rows, has_more=True)
    assert found is not None, "there is a page behind"
    return found


def _token(system: Any) -> TokenSource:
    assert system.token is not None, "it has tokens"
    found: TokenSource = system.token
    return found


SCENES = (
    *_signing_in("crm", _token(crm.SYSTEM)),
    *_signing_in("erp", _token(erp.SYSTEM)),
    *_pages(
        "payment", "payments", "two payments", by_ones(payment.recent_intents(_SINCE_US)), payment.intent_page,
        _intents_behind,
    ),
    Scene(
        system="payment", name="payments since an instant are listed", state="a payment",
        makes=lambda _: payment.recent_intents(_SINCE_US), page=payment.intent_page,
    ),
    Scene(
        system="billing", name="the first page of invoices is read", state="two invoices that wait",
        makes=lambda _: by_ones(billing.pending_invoices()), page=billing.invoice_page,
    ),
    Scene(
        system="billing", name="invoices since an instant are listed", state="a due invoice",
        makes=lambda _: billing.recent_invoices(_SINCE_US - DAY_US), page=billing.invoice_page,
    ),
    Scene(
        system="crm", name="quotes are looked for by their references", state="an accepted quote",
        makes=lambda _: crm.quotes_named([REFERENCE, "Q-999999-v1"]), page=crm.accepted_page,
    ),
    Scene(
        system="crm", name="the first page of accepted quotes is read", state="three accepted quotes",
        makes=lambda _: crm.accepted_since(_SINCE_US), page=crm.accepted_page,
    ),
    Scene(
        system="erp", name="the first page of changed orders is read", state="two booked orders",
        makes=lambda _: by_ones(erp.changed_orders(_SINCE_US)), page=erp.order_page,
    ),
    Scene(
        system="erp", name="orders that changed are swept", state="a booked order",
        makes=lambda _: erp.changed_orders(_SINCE_US), page=erp.order_page,
    ),
    Scene(
        system="erp", name="the first page of changes of credit is read", state="two customers on hold",
        makes=lambda _: by_ones(erp.credit_changes(_SINCE_US)), page=erp.credit_page,
    ),
)  # fmt: skip
