"""Tax rates that callers set up by hand, and what they come to."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from mocks.kernel.operations import Operation, Refusal
from mocks.payment.invoicing.prices import rounded
from mocks.payment.model import Processor, given, merged
from mocks.payment.parts import Body, Metadata, MetadataChange, Shape, Tax, TaxRateDetails
from mocks.payment.queries import Paging
from mocks.payment.rows import alter, make, page, read

_FIELDS = ("active", "country", "description", "display_name", "jurisdiction", "state", "tax_type")


class TaxRate(Shape, frozen=True, kw_only=True):
    """A tax rate (`txr_`), as it stands on the wire; `percentage` is exact."""

    id: str
    object: str = "tax_rate"
    active: bool = True
    country: str | None = None
    created: int
    description: str | None = None
    display_name: str
    effective_percentage: Decimal | None = None
    flat_amount: dict[str, int] | None = None
    inclusive: bool
    jurisdiction: str | None = None
    jurisdiction_level: str | None = None
    livemode: bool = False
    metadata: Metadata
    percentage: Decimal
    rate_type: str = "percentage"
    state: str | None = None
    tax_type: str | None = None


class TaxRateBody(Body, frozen=True, kw_only=True):
    """Make a tax rate."""

    display_name: str
    inclusive: bool
    percentage: Decimal
    active: bool | None = None
    country: str | None = None
    description: str | None = None
    jurisdiction: str | None = None
    metadata: MetadataChange = None
    state: str | None = None
    tax_type: str | None = None


class TaxRateUpdate(Body, frozen=True, kw_only=True):
    """Change a tax rate: never what it comes to."""

    active: bool | None = None
    country: str | None = None
    description: str | None = None
    display_name: str | None = None
    jurisdiction: str | None = None
    metadata: MetadataChange = None
    state: str | None = None
    tax_type: str | None = None


class TaxRateQuery(Paging, frozen=True, kw_only=True):
    """Which tax rates."""

    active: bool | None = None
    inclusive: bool | None = None


def create(model: Processor, body: TaxRateBody) -> TaxRate:
    """Make a tax rate."""
    if not (body.percentage.is_finite() and 0 <= body.percentage <= 100):
        raise Refusal("parameter_invalid", "A percentage is from 0 to 100.", field="percentage")
    rate = TaxRate(
        id=model.new_id("txr"), created=model.now, inclusive=body.inclusive, percentage=body.percentage,
        effective_percentage=body.percentage, metadata=merged({}, body.metadata),
        **given(body, _FIELDS, ("display_name",)),
    )  # fmt: skip
    model.add("tax_rate", rate)
    return rate


def update(model: Processor, rate: TaxRate, body: TaxRateUpdate) -> TaxRate:
    """Change what is not the percentage of a tax rate."""
    metadata = merged(rate.metadata, body.metadata)
    after: TaxRate = model.change("tax_rate", rate, **given(body, _FIELDS, ("display_name",)), metadata=metadata)
    return after


def rates_of(model: Processor, keys: Sequence[str] | str | None, field: str) -> list[TaxRate]:
    """Return the tax rates that callers name."""
    if not keys or isinstance(keys, str):
        return []
    return [model.referred("tax_rate", key, field) for key in keys]


def taxes_on(rates: Sequence[TaxRate], amount: int) -> list[Tax]:
    """Return the tax by each rate on an amount in minor units, each rounded half up for itself."""
    inclusive = sum(rate.percentage for rate in rates if rate.inclusive)
    net = amount * 100 / (100 + inclusive) if inclusive else Decimal(amount)
    return [
        Tax(
            amount=rounded(net * rate.percentage / 100),
            tax_behavior="inclusive" if rate.inclusive else "exclusive",
            tax_rate_details=TaxRateDetails(tax_rate=rate.id),
            taxability_reason="standard_rated",
            taxable_amount=rounded(net),
        )
        for rate in rates
    ]


_ALL, _ONE = "/v1/tax_rates", "/v1/tax_rates/{id}"
ROWS: tuple[Operation, ...] = (
    make("create_tax_rate", _ALL, "tax_rate", TaxRateBody, create, TaxRate),
    page("list_tax_rates", _ALL, "tax_rate", TaxRateQuery),
    read("get_tax_rate", _ONE, "tax_rate", TaxRate),
    alter("update_tax_rate", _ONE, "tax_rate", TaxRateUpdate, update, TaxRate),
)
