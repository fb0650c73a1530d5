"""The sections about what else goes on: invoice runs, replays, drawn incidents, the legacy ERP's batches, rates."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from scenarios.trouble import Window
from scenarios.values import Currency, Duration, InstantText, Ratio, Share, wrong
from scenarios.words import ClockTime, System, Words, ascending, percent

MESSAGES_MAX = 100_000_000


class InvoiceRun(Words):
    """An invoice run: so many invoices that billing makes at once and the ERP has to post."""

    from_: InstantText = Field(alias="from", description="when it starts")
    entity: str | None = Field(
        default=None, description="the entity whose local time is meant; the first one by default"
    )
    invoices: Annotated[int, Field(ge=1, le=MESSAGES_MAX)] = Field(description="how many invoices it makes")
    within: Duration = Field(default=timedelta(0), description="within how long billing makes them; 0s: all at once")


class Replay(Window):
    """A replay: messages of the past that a system sends once more while the live ones go on."""

    system: System = Field(description="whose messages are replayed")
    messages: Annotated[int, Field(ge=1, le=MESSAGES_MAX)] = Field(description="how many, spread evenly")


class Incidents(Words):
    """What drawn outages look like; they are drawn for each system whose `availability` is below 100%."""

    median: Duration = Field(default=timedelta(minutes=110), description="how long one lasts, median [P, VOID]")
    p95: Duration = Field(default=timedelta(hours=13), description="the same, 95th percentile [E]")
    second: Share = Field(default=percent("15"), description="those followed by another within 24 hours [E]")
    brownout: Share = Field(default=percent("25"), description="those that are slow and partly failing [E]")
    slow: Share = Field(default=percent("15"), description="those that are slow only; the others are full outages [E]")

    @model_validator(mode="after")
    def _shapes(self) -> Self:
        if self.brownout + self.slow > 1:
            raise wrong("`brownout` and `slow` that add up to at most 100%")
        return ascending(self, "median", "p95")


class Batch(Words):
    """When the legacy ERP takes files and works them off; it keeps the books of entities with `books: legacy_erp`."""

    opens: ClockTime = Field(default="06:00", description="from when files are taken, local to such an entity [E]")
    closes: ClockTime = Field(default="22:00", description="until when files are taken [E]")
    every: Duration = Field(default=timedelta(hours=1), description="how often a batch starts in these hours [E]")

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.closes <= self.opens:
            raise wrong("a window that closes after it opens", f"it opens {self.opens} and closes {self.closes}")
        if not self.opens.endswith(":00") or not self.closes.endswith(":00"):
            raise wrong("`opens` and `closes` on the hour")
        if not timedelta(minutes=1) <= self.every <= timedelta(days=1) or self.every % timedelta(minutes=1):
            raise wrong("an `every` of whole minutes, from 1m to 1d")
        return self


class RateMove(Words):
    """An exchange rate that moves at once and stays where it is."""

    at: InstantText = Field(description="the local day on which the new rate is valid")
    entity: str | None = Field(
        default=None, description="the entity whose local time is meant; the first one by default"
    )
    currency: Currency = Field(description="the currency that moves against all others")
    moves: Ratio = Field(description="by how much, such as 6% or -6%")
