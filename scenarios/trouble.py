"""The sections about trouble: outages, brownouts, maintenance, single faults, and a price rise."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from domain.faults import CATALOGUE, Place
from scenarios.values import Duration, InstantText, Ratio, Shape, Share, wrong
from scenarios.words import WHATIF, AnySystem, System, Whole, Words, only, percent

if TYPE_CHECKING:
    FaultKey = str
else:
    FaultKey = Literal[tuple(CATALOGUE)]
WEBHOOK_SENDERS = ("crm", "erp", "erp2", "billing", "payment", "fulfilment")


class Window(Words):
    """A stretch of time: from an instant until another, or for so long."""

    from_: InstantText = Field(alias="from", description="when it starts")
    to: InstantText | None = Field(default=None, description="when it ends; or say `lasts`")
    lasts: Duration | None = Field(default=None, description="how long it lasts; or say `to`")
    entity: str | None = Field(
        default=None, description="the entity whose local time is meant; the first one by default"
    )

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if (self.to is None) == (self.lasts is None):
            raise wrong("exactly one of `to` and `lasts`")
        if self.lasts is not None and not self.lasts:
            raise wrong("a window that lasts longer than 0s")
        return self


class Outage(Window):
    """A system is down: every call is refused (or swallowed) in the window."""

    system: System = Field(description="the system that is down")
    kind: Literal["refused", "black_hole"] = Field(
        default="refused",
        description="refused: the connection is refused; black_hole: it is swallowed until the timeout",
    )


class Brownout(Window):
    """A system is slow and partly failing."""

    system: System = Field(description="the system that struggles")
    factor: Annotated[float, Field(gt=1, le=100, allow_inf_nan=False)] = Field(
        default=8.0, description="latency is multiplied by this [E]"
    )
    errors: Share = Field(default=percent("40"), description="calls that fail before they commit [E]")


class Maintenance(Window):
    """An announced window in which a system refuses writes."""

    system: System = Field(description="the system under maintenance")


class FaultPlan(Words):
    """One fault: what strikes where, when and how often."""

    kind: FaultKey = Field(description="a kind of the fault catalogue (docs/reference/faults.md)")
    system: AnySystem | None = Field(
        default=None,
        description="the system struck (`erp2` and `legacy_erp` where they keep books); every system when not given",
    )
    operation: Annotated[str, Field(pattern=r"^[a-z][A-Za-z0-9_.]*$")] | None = Field(
        default=None, description="the operation struck (its name in the system's API); every operation when not given"
    )
    txn: Annotated[str, Field(pattern=r"^Q-\d{6}(\.[A-Z][A-Z0-9]{1,7})?$"), Shape("a quote number")] | None = Field(
        default=None, description="the transaction struck, by its quote number; every one when not given"
    )
    share: Share = Field(default=percent("100"), description="part of the opportunities it strikes")
    nth: Annotated[int, Field(ge=0, le=1_000)] = Field(
        default=0, description="strikes only the nth opportunity of each transaction and operation; 0: any"
    )
    from_: InstantText | None = Field(
        default=None, alias="from", description="when it starts; with the rehearsal by default"
    )
    to: InstantText | None = Field(default=None, description="when it ends; with the rehearsal by default")
    lasts: Duration | None = Field(default=None, description="how long it lasts, instead of `to`")
    entity: str | None = Field(
        default=None, description="the entity whose local time is meant; the first one by default"
    )
    wait: Duration | None = Field(
        default=None, description="the kind's own duration: delay, Retry-After, pause, restart"
    )
    count: Whole = Field(
        default=0,
        description="the kind's own number: copies, which durable write, or 0 for a stale and 1 for a tampered forgery",
    )
    factor: Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)] = Field(
        default=1.0, description="latency factor of a brownout"
    )

    @model_validator(mode="after")
    def _fits_kind(self) -> Self:
        kind = CATALOGUE[self.kind]
        given = {
            word for word, said in (("wait", self.wait), ("count", self.count), ("factor", self.factor - 1)) if said
        }
        unused = sorted(given - kind.words)
        if unused:
            raise wrong(f"no `{unused[0]}`, which means nothing to {self.kind!r}")
        if self.to is not None and self.lasts is not None:
            raise wrong("at most one of `to` and `lasts`")
        if self.lasts is not None and self.from_ is None:
            raise wrong("`from` beside `lasts`")
        if kind.place is Place.PROCESS and (self.system or self.operation or self.txn):
            raise wrong("no `system`, no `operation` and no `txn`: the integration itself dies")
        for parameter in kind.parameters:
            if parameter.required and parameter.word not in given:
                raise wrong(f"`{parameter.word}`, {parameter.meaning}")
        if kind.place is Place.WEBHOOK and self.system and self.system not in WEBHOOK_SENDERS:
            raise wrong(f"a system that sends messages: {', '.join(WEBHOOK_SENDERS)}")
        return self


class LimitChange(Words):
    """A vendor grants other limits from an instant on, for a while or for good. What is not said stays as it is."""

    system: System = Field(description="the system whose limits change")
    from_: InstantText = Field(alias="from", description="when they change")
    to: InstantText | None = Field(default=None, description="until when; for the rest of the run by default")
    lasts: Duration | None = Field(default=None, description="how long they stay so, instead of `to`")
    entity: str | None = Field(
        default=None, description="the entity whose local time is meant; the first one by default"
    )
    slots: Whole | None = Field(default=None, description="calls at once from then on; 0: no limit")
    rps: Whole | None = Field(default=None, description="calls a second from then on; 0: no limit")
    daily_calls: Whole | None = Field(default=None, description="calls in 24 hours from then on (the CRM only)")
    announced: bool = Field(
        default=False,
        description="the integration is told, and keeps to the new limits",
        json_schema_extra=only(WHATIF),
    )

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.slots is None and self.rps is None and self.daily_calls is None:
            raise wrong("at least one of `slots`, `rps` and `daily_calls`")
        if self.daily_calls is not None and self.system != "crm":
            raise wrong("`daily_calls` on crm only")
        if self.to is not None and self.lasts is not None:
            raise wrong("at most one of `to` and `lasts`")
        return self

    @property
    def ends(self) -> bool:
        """Whether it is for a while only."""
        return self.to is not None or self.lasts is not None


class DriftPlan(Words):
    """A change of a vendor's interface that nobody announced; the mocks name them all (`GET /drifts`)."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]+$"), Shape("name of a drift")] = Field(
        description="the drift, such as netsuite-field-renamed"
    )
    from_: InstantText = Field(alias="from", description="when it is rolled out")
    to: InstantText | None = Field(default=None, description="until when; until the faults end by default")
    lasts: Duration | None = Field(default=None, description="how long it lasts, instead of `to`")
    entity: str | None = Field(
        default=None, description="the entity whose local time is meant; the first one by default"
    )


class PriceRise(Words):
    """A published price rise and the wave of amendments that follows it."""

    published: InstantText = Field(description="when the new price book is published")
    rise: Ratio = Field(default=percent("7"), description="how much list prices rise [E]")
    amend: Share = Field(default=percent("25"), description="contracts that amend because of it [E]")
    within: Duration = Field(default=timedelta(days=30), description="within how long they do [E]")
    backdated: Share = Field(default=percent("12"), description="of these amendments, back-dated ones [E]")
    co_term: Share = Field(
        default=percent("40"), description="of these amendments, those that also move the term end [E]"
    )
    entity: str | None = Field(
        default=None, description="the entity whose local time is meant; the first one by default"
    )
