"""The sections about contracts: what amendments do, how cancellations are refunded, how contracts are renewed."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from scenarios.values import Share, wrong
from scenarios.words import Words, percent


class AmendmentKinds(Words):
    """What amendments do; the shares add up to 100%. After a price rise the kinds have shares of their own."""

    upsell: Share = Field(default=percent("38"), description="more units of a product [E]")
    add_product: Share = Field(default=percent("14"), description="another product [E]")
    downsell: Share = Field(default=percent("9"), description="fewer units of a product [E]")
    remove: Share = Field(default=percent("3"), description="a product less, where there are several [E]")
    swap: Share = Field(default=percent("8"), description="one product for another, in one document [E]")
    price_change: Share = Field(default=percent("7"), description="other prices for what there is [E]")
    co_term: Share = Field(default=percent("4"), description="an end moved to the start of a quarter [E]")
    extend_term: Share = Field(default=percent("1"), description="an end moved back by some months [E]")
    shorten_term: Share = Field(default=percent("1"), description="an end moved closer [E]")
    billing_change: Share = Field(
        default=percent("5"), description="monthly instead of yearly bills, or the reverse [E]"
    )
    pause: Share = Field(default=percent("3"), description="a rest of one to four weeks, not charged [E]")
    cancel: Share = Field(default=percent("7"), description="an end before the end of the term [E]")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        total = sum(share for _, share in self)
        if total != 1:
            raise wrong("shares that add up to 100%", f"they add up to {float(100 * total):g}%")
        return self


class Contracts(Words):
    """How contracts end: what a cancellation refunds, which terms run out while the run goes on, who renews."""

    refund_none: Share = Field(default=percent("20"), description="cancellations that refund nothing [E]")
    refund_full: Share = Field(
        default=percent("10"), description="cancellations that refund the whole billing period; the others its rest [E]"
    )
    ending: Share = Field(
        default=percent("10"), description="live contracts whose renewal is decided in the rehearsed days [E]"
    )
    renewed: Share = Field(
        default=percent("88"), description="of these, contracts that are renewed (logo retention) [P]"
    )
    automatic: Share = Field(
        default=percent("35"), description="of the renewed ones, those that renew themselves; nobody gave notice [E]"
    )
    noticed: Share = Field(
        default=percent("50"),
        description="of those not renewed, customers who give notice; the others let it run out [E]",
    )
    uplift_max: Share = Field(default=percent("5"), description="the most by which a renewal costs more (the cap) [E]")

    @model_validator(mode="after")
    def _refunds(self) -> Self:
        if self.refund_none + self.refund_full > 1:
            raise wrong("`refund_none` and `refund_full` that add up to at most 100%")
        return self
