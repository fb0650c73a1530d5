"""The upcoming invoice, as versions before basil ask for it: by GET, with the subscription's terms one by one."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from domain.http import Reply
from mocks.kernel.operations import Call, Operation, Refusal
from mocks.payment import listing
from mocks.payment.invoicing.invoice import Invoice
from mocks.payment.invoicing.previews import PreviewBody, PreviewSubscription, preview
from mocks.payment.invoicing.subscription_bodies import ItemEntry
from mocks.payment.model import Processor
from mocks.payment.parts import Clear, DiscountBody, Page, Proration
from mocks.payment.rows import answer, answer_page, prepare, row, version_of
from mocks.payment.versions import MAJORS

_PREFIX = "subscription_"


class UpcomingQuery(PreviewBody, frozen=True, kw_only=True):
    """Ask for the next invoice in the words of older versions."""

    coupon: str | None = None
    subscription_billing_cycle_anchor: Any = None
    subscription_cancel_at: str | None = None
    subscription_cancel_at_period_end: bool | None = None
    subscription_cancel_now: bool | None = None
    subscription_default_tax_rates: list[str] | Clear | None = None
    subscription_items: list[ItemEntry] | None = None
    subscription_proration_behavior: Proration | None = None
    subscription_proration_date: int | None = None
    subscription_resume_at: str | None = None
    subscription_start_date: int | None = None
    subscription_trial_end: str | None = None


class UpcomingLinesQuery(UpcomingQuery, frozen=True, kw_only=True):
    """Ask for a page of the lines of the next invoice."""

    limit: int = 10
    starting_after: str | None = None


def _asked(model: Processor, call: Call) -> PreviewBody:
    """Return the preview a caller asks for; raise Refusal in a version that has no upcoming invoice any more."""
    if version_of(model, call)[:10] >= MAJORS["basil"]:
        raise Refusal("resource_missing", "No such invoice: 'upcoming'", field="id")
    asked: UpcomingQuery = call.body
    terms = {
        name.removeprefix(_PREFIX): value
        for name, value in structs.asdict(asked).items()
        if name.startswith(_PREFIX) and name != "subscription_details" and value is not None
    }
    details = structs.replace(asked.subscription_details or PreviewSubscription(), **terms)
    common = {name: getattr(asked, name) for name in PreviewBody.__struct_fields__}
    discounts = [DiscountBody(coupon=asked.coupon)] if asked.coupon else asked.discounts
    return PreviewBody(**{**common, "discounts": discounts, "subscription_details": details})


def _upcoming(model: Processor, call: Call) -> Reply:
    prepare(model, call, "invoice")
    return answer(model, call, preview(model, _asked(model, call)))


def _lines(model: Processor, call: Call) -> Reply:
    prepare(model, call, "line_item")
    rows = list(preview(model, _asked(model, call)).lines.data)
    start = next((at + 1 for at, line in enumerate(rows) if line.id == call.body.starting_after), 0)
    end = start + listing.page_size(model, call.body)
    url = call.request.target.partition("?")[0]
    return answer_page(model, call, "line_item", Page(data=rows[start:end], has_more=end < len(rows), url=url))


ROWS: tuple[Operation, ...] = (
    row("get_upcoming_invoice", "GET", "/v1/invoices/upcoming", _upcoming, UpcomingQuery, Invoice),
    row("list_upcoming_lines", "GET", "/v1/invoices/upcoming/lines", _lines, UpcomingLinesQuery, Page),
)
