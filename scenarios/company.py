"""The sections about the company and its customers: world, rehearse, mix, failures, payments, people."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from scenarios.seasons import PATTERN_NAMES, WEEKS
from scenarios.values import Currency, Day, Duration, Shape, Share, Zone, wrong
from scenarios.words import REHEARSAL, WHATIF, ClockTime, Weight, Words, ascending, only, percent

if TYPE_CHECKING:
    PatternName = str
else:
    PatternName = Literal[PATTERN_NAMES]
ORDERS_MAX = 499_999
SUBSCRIPTIONS_MAX = 99_999
PRESETS = {"small": (500, 2_000), "reference": (5_000, 20_000), "large": (50_000, SUBSCRIPTIONS_MAX)}
"""Preset -> orders in a quarter, live subscriptions."""


class Pattern(Words):
    """A seasonality of one's own: how the orders of a quarter spread over weeks and over the days of the last one."""

    weeks: tuple[Weight, ...] = Field(description="13 week weights in percent; they add up to 100")
    last_week: tuple[Weight, ...] = Field(
        description="weights in percent of the last five business days; they add up to 100"
    )
    last_day: tuple[Weight, ...] | None = Field(
        default=None, description="24 hour weights of the last day in percent, local to the entity; they add up to 100"
    )

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        parts = (("weeks", self.weeks, WEEKS), ("last_week", self.last_week, 5), ("last_day", self.last_day, 24))
        for name, weights, count in parts:
            if weights is None:
                continue
            if len(weights) != count:
                raise wrong(f"{count} {name} weights", f"{len(weights)} were given")
            if abs(sum(weights) - 100) > 0.011:
                raise wrong(f"{name} weights that add up to 100", f"they add up to {sum(weights):g}")
        return self


def _which_pattern(given: object) -> str:
    return "<own>" if isinstance(given, dict | Pattern) else "<named>"


AnyPattern = Annotated[
    Annotated[PatternName, Tag("<named>")] | Annotated[Pattern, Tag("<own>")], Discriminator(_which_pattern)
]


class Quarter(Words):
    """The quarter: its first and last day (both included), and how its orders bunch up."""

    start: Day = Field(default=date(2026, 10, 1), description="first day")
    end: Day = Field(default=date(2026, 12, 31), description="last day; the cut-off is the local midnight that ends it")
    pattern: AnyPattern = Field(
        default="mild", description=f"{', '.join(PATTERN_NAMES)}, or weights of your own (below) [P-low/E]"
    )


class Entity(Words):
    """A legal entity that sells: its currency, billing zone, country and part of the orders."""

    id: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{1,7}$"), Shape("2 to 8 capitals")] = Field(
        description="short name, used wherever an entity is named"
    )
    currency: Currency = Field(description="base currency; orders are in it unless `mix.foreign_currency` says so")
    zone: Zone = Field(description="time zone of its business days and of its cut-off")
    country: Literal["US", "GB", "DE", "FR", "JP"] = Field(description="where its customers mostly are")
    books: Literal["erp", "erp2", "legacy_erp"] = Field(
        default="erp",
        description="the system that keeps its books: the ERP, a second account of the same vendor, or a legacy ERP "
        "that takes orders only as files (the rest of its books is in the ERP)",
    )
    share: Share = Field(
        default=percent("25"), description="part of the orders; the shares of all entities add up to 100% [E]"
    )


REFERENCE_ENTITIES = (
    Entity(id="US", currency="USD", zone="America/New_York", country="US", share=percent("55")),
    Entity(id="UK", currency="GBP", zone="Europe/London", country="GB", share=percent("15")),
    Entity(id="DE", currency="EUR", zone="Europe/Berlin", country="DE", share=percent("20")),
    Entity(id="JP", currency="JPY", zone="Asia/Tokyo", country="JP", share=percent("10")),
)


class World(Words):
    """The company: its quarter, its size and its legal entities."""

    preset: Literal["small", "reference", "large"] = Field(
        default="reference",
        description="fills the two sizes below: 500 and 2,000, 5,000 and 20,000, 50,000 and 99,999",
    )
    quarter: Quarter = Field(default_factory=Quarter, description="the quarter that is rehearsed")
    orders_per_quarter: Annotated[int, Field(ge=1, le=ORDERS_MAX)] = Field(
        default=5_000, description="accepted quotes in the whole quarter (Poisson mean)"
    )
    live_subscriptions: Annotated[int, Field(ge=0, le=SUBSCRIPTIONS_MAX)] = Field(
        default=20_000, description="subscriptions that run when the rehearsal starts"
    )
    entities: Annotated[tuple[Entity, ...], Field(min_length=1)] = Field(
        default=REFERENCE_ENTITIES, description="the legal entities; a list replaces the default one"
    )

    @model_validator(mode="before")
    @classmethod
    def _sizes_of_preset(cls, given: Any) -> Any:
        if not isinstance(given, dict) or given.get("preset") not in PRESETS:
            return given
        orders, subscriptions = PRESETS[given["preset"]]
        return {"orders_per_quarter": orders, "live_subscriptions": subscriptions, **given}


class Rehearse(Words):
    """The part of the quarter that is played: its last `weeks`, or from one day to another, both included."""

    weeks: Annotated[int, Field(ge=1, le=13)] | None = Field(default=None, description="the last so many weeks")
    from_: Day | None = Field(default=None, alias="from", description="first day played")
    to: Day | None = Field(default=None, description="last day played; the quarter's last day by default")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.weeks is None) == (self.from_ is None) or (self.weeks is not None and self.to is not None):
            raise wrong("either `weeks` or `from` (with or without `to`)")
        return self


class Mix(Words):
    """What the orders and amendments are made of."""

    expansion: Share = Field(
        default=percent("54"), description="orders of accounts that already have a subscription [E]"
    )
    channel: Share = Field(
        default=percent("0"),
        description="orders of known accounts that are a reseller's: it buys at 20% or more off, somebody else uses",
    )
    multi_entity: Share = Field(
        default=percent("0"),
        json_schema_extra=only(REHEARSAL),
        description="direct orders of which another legal entity sells or delivers a part; 18% is usual [E]",
    )
    second_version: Share = Field(default=percent("25"), description="accepted quotes that are a second version [E]")
    later_start: Share = Field(default=percent("10"), description="orders whose term starts next month [E]")
    lost: Share = Field(default=percent("20"), description="quotes that end unsigned, per accepted one [E]")
    monthly: Share = Field(
        default=percent("28"), description="contracts billed monthly; the others pay a year ahead [E]"
    )
    foreign_currency: Share = Field(
        default=percent("5"), description="accounts in another currency than their entity's [E]"
    )
    amendments_per_contract_year: Annotated[float, Field(ge=0, le=50, allow_inf_nan=False)] = Field(
        default=0.9, description="amendments without a price rise [E]"
    )
    backdated: Share = Field(
        default=percent("12"), description="amendments that take effect before they are signed [E]"
    )
    future_dated: Share = Field(default=percent("20"), description="amendments that take effect later [E]")

    @model_validator(mode="after")
    def _dates_add_up(self) -> Self:
        if self.backdated + self.future_dated > 1:
            raise wrong("`backdated` and `future_dated` that add up to at most 100%")
        return self


class Failures(Words):
    """What people get wrong before any system fails."""

    missing_mapping: Share = Field(
        default=percent("1.1"), description="orders with a sku the mapping does not know yet [E]"
    )
    price_skew: Share = Field(default=percent("0.4"), description="orders priced from an outdated price book [E]")
    duplicate_customer: Share = Field(
        default=percent("0.2"), description="new accounts that repeat a known customer [E]"
    )
    lookalike_customer: Share = Field(
        default=percent("0.1"), description="new accounts of another party whose name is much like a known one's [E]"
    )
    invoice_dispute: Share = Field(
        default=percent("3"), description="orders whose customer says that the invoice is wrong [E]"
    )
    disputed_within: Duration = Field(
        default=timedelta(days=10),
        description="days after the signature by which they say so, after two at the soonest; 3d or more [E]",
    )
    credit_hold: Share = Field(default=percent("4"), description="orders that meet a credit hold [E]")
    hold_median: Duration = Field(default=timedelta(hours=4), description="time until a hold is released, median [E]")
    hold_p95: Duration = Field(default=timedelta(days=2), description="the same, 95th percentile [E]")
    fallout: Share | None = Field(
        default=None,
        description="orders that need a clerk, all causes together [P/E 5%]; by default those of the causes above",
        json_schema_extra=only(WHATIF),
    )
    rejected: Share = Field(
        default=percent("0"),
        description="orders that billing refuses, booked as they are, until a clerk has mended them",
        json_schema_extra=only(WHATIF),
    )

    @model_validator(mode="after")
    def _spread(self) -> Self:
        if self.disputed_within < timedelta(days=3):
            raise wrong("`disputed_within` of 3d or more", "nobody objects before the third day")
        return ascending(self, "hold_median", "hold_p95")


class Payments(Words):
    """How customers pay."""

    debit: Share = Field(default=percent("45"), description="direct debit (ACH, SEPA) [P]")
    push: Share = Field(default=percent("42"), description="wire and check: the customer sends the money [P]")
    card: Share = Field(default=percent("13"), description="card [P]")
    card_declined: Share = Field(default=percent("9"), description="cards that are declined at first [P-low]")
    hard_declines: Share = Field(default=percent("35"), description="declines that no retry heals [P-low]")
    debit_returned: Share = Field(default=percent("0.8"), description="debits that come back unpaid [E]")
    returned_late: Share = Field(
        default=percent("0.2"), description="debits that come back after they had succeeded [E]"
    )
    chargeback: Share = Field(default=percent("0.12"), description="card payments that are charged back [E]")
    chargeback_credited: Share = Field(
        default=percent("0"),
        description="cancellations and downsells after which the last card payment of the contract is charged back, "
        "although what it paid for is credited [E]",
        json_schema_extra=only(REHEARSAL),
    )
    chargeback_won: Share = Field(default=percent("35"), description="chargebacks that are won [E]")
    decided_within: Duration = Field(
        default=timedelta(days=12),
        description="the longest that a bank takes to decide on one; the least is a third [E]",
    )
    refunded: Share = Field(default=percent("0.5"), description="orders of which a payment is given back in part [E]")
    refund_adjusted: Share = Field(default=percent("50"), description="refunds that credit the invoice as well [E]")
    never: Share = Field(default=percent("1.5"), description="push payments that never come [P]")
    late: Share = Field(default=percent("45"), description="push payments after the due date [P]")
    late_median: Duration = Field(default=timedelta(days=12), description="how late, median [E]")
    late_p95: Duration = Field(default=timedelta(days=60), description="how late, 95th percentile [E]")

    @model_validator(mode="after")
    def _methods(self) -> Self:
        if self.debit + self.push + self.card != 1:
            raise wrong(
                "`debit`, `push` and `card` that add up to 100%",
                f"they add up to {float(100 * (self.debit + self.push + self.card)):g}%",
            )
        return ascending(self, "late_median", "late_p95")


class People(Words):
    """The clerks who work on exceptions."""

    clerks: Annotated[int, Field(ge=0, le=10_000)] = Field(default=6, description="clerks at work [E]")
    opens: ClockTime = Field(default="09:00", description="start of their day, local to the first entity [E]")
    closes: ClockTime = Field(default="18:00", description="end of their day [E]")
    overtime: Duration = Field(
        default=timedelta(hours=3), description="longer days in the last week of the quarter [E]"
    )
    touch_median: Duration = Field(default=timedelta(minutes=25), description="work on one exception, median [E]")
    touch_p95: Duration = Field(default=timedelta(hours=2), description="the same, 95th percentile [E]")
    wait_external: Share = Field(
        default=percent("20"), description="exceptions that wait for an answer from outside [E]"
    )
    wait_median: Duration = Field(default=timedelta(hours=6), description="that wait, median [E]")
    wait_p95: Duration = Field(default=timedelta(days=3), description="that wait, 95th percentile [E]")
    automatic: Share = Field(
        default=percent("0"), description="exceptions that are resolved without a clerk", json_schema_extra=only(WHATIF)
    )
    gives_up: Share = Field(
        default=percent("0"),
        description="exceptions of orders, renewals, amendments and closings that a clerk cancels instead of mending "
        "them, however far the work has come: it is undone [E]",
        json_schema_extra=only(REHEARSAL),
    )

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.closes <= self.opens:
            raise wrong("a day that closes after it opens", f"it opens {self.opens} and closes {self.closes}")
        ascending(self, "touch_median", "touch_p95")
        return ascending(self, "wait_median", "wait_p95")
