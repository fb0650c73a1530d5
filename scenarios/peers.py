"""The sections about systems: how fast they are, what they tolerate, how often they fail, the policies they follow."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from domain.paging import PAGE_SIZES_MAX
from scenarios.values import Duration, Share, wrong
from scenarios.words import REHEARSAL, WHATIF, Factor, Whole, Words, ascending, only, percent


class SystemSettings(Words):
    """One system: how fast it answers and what it tolerates. 0 means no limit."""

    p50: Duration = Field(default=timedelta(milliseconds=500), description="latency of a call, median")
    p95: Duration = Field(default=timedelta(seconds=2), description="latency of a call, 95th percentile")
    read_p50: Duration | None = Field(
        default=None, description="latency of a reading call, median; as `p50` when not given"
    )
    read_p95: Duration | None = Field(default=None, description="the same, 95th percentile")
    distribution: Literal["lognormal", "gamma", "weibull"] = Field(
        default="lognormal",
        description="the distribution that `p50` and `p95` belong to; those of reads are of the same family",
        json_schema_extra=only(WHATIF),
    )
    slots: Whole = Field(default=0, description="calls at once; more are refused with 429")
    rps: Whole = Field(default=0, description="calls a second")
    daily_calls: Whole = Field(default=0, description="calls in 24 hours (the CRM only)")
    page_size: Annotated[int, Field(ge=1)] | None = Field(
        default=None,
        description="rows that a page of a list holds at most, whatever is asked for; the vendor's most by default",
        json_schema_extra=only(REHEARSAL),
    )
    timeout: Duration = Field(default=timedelta(seconds=30), description="how long the integration waits for an answer")
    availability: Share = Field(
        default=percent("100"),
        description="part of the time it is there; below 100% its outages are drawn (`incidents`)",
        json_schema_extra=only(WHATIF),
    )
    slowdown: Factor = Field(
        default=10.0,
        description="latency grows by 1/(1-load) of its slots, at most so many times; 1: not at all [E]",
        json_schema_extra=only(WHATIF),
    )

    @model_validator(mode="after")
    def _spread(self) -> Self:
        ascending(self, "p50", "p95")
        if (self.read_p50 is None) != (self.read_p95 is None):
            raise wrong("`read_p50` and `read_p95` together, or neither")
        if self.availability < percent("50"):
            raise wrong("an `availability` of at least 50%")
        return self if self.read_p50 is None else ascending(self, "read_p50", "read_p95")


def _ms(p50: int, p95: int, **more: Any) -> SystemSettings:
    return SystemSettings(p50=timedelta(milliseconds=p50), p95=timedelta(milliseconds=p95), **more)


def _default(factory: Any, description: str) -> Any:
    return Field(default_factory=factory, description=description)


SYSTEM_DEFAULTS: dict[str, SystemSettings] = {
    "crm": _ms(250, 900, slots=25, daily_calls=100_000),
    "erp": _ms(
        1800, 6000, read_p50=timedelta(milliseconds=600), read_p95=timedelta(seconds=2), slots=15,
        timeout=timedelta(seconds=60),
    ),
    "billing": _ms(1200, 4000, slots=40, rps=833, timeout=timedelta(seconds=120)),
    "tax": _ms(180, 600, rps=50),
    "payment": _ms(450, 1200, rps=100),
    "fulfilment": _ms(800, 3000),
}  # fmt: skip


class Systems(Words):
    """The six systems of record. What is not said of a system stays at its default [P/E]."""

    crm: SystemSettings = _default(
        lambda: SYSTEM_DEFAULTS["crm"], "p50 250ms, p95 900ms, 25 slots, 100,000 calls daily"
    )
    erp: SystemSettings = _default(
        lambda: SYSTEM_DEFAULTS["erp"], "p50 1.8s, p95 6s (reads 600ms, 2s), 15 slots, timeout 60s"
    )
    billing: SystemSettings = _default(
        lambda: SYSTEM_DEFAULTS["billing"], "p50 1.2s, p95 4s, 40 slots, 833 calls a second, timeout 2m"
    )
    tax: SystemSettings = _default(lambda: SYSTEM_DEFAULTS["tax"], "p50 180ms, p95 600ms, 50 calls a second")
    payment: SystemSettings = _default(lambda: SYSTEM_DEFAULTS["payment"], "p50 450ms, p95 1.2s, 100 calls a second")
    fulfilment: SystemSettings = _default(lambda: SYSTEM_DEFAULTS["fulfilment"], "p50 800ms, p95 3s")

    @model_validator(mode="before")
    @classmethod
    def _keep_defaults(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        return {name: _over_default(name, said) for name, said in given.items()}

    @model_validator(mode="after")
    def _as_vendors_allow(self) -> Self:
        for name, page_size_max in PAGE_SIZES_MAX.items():
            said: SystemSettings = getattr(self, name)
            if said.daily_calls and name != "crm":
                raise wrong("`daily_calls` on crm only", f"{name}.daily_calls")
            if said.page_size is not None and said.page_size > page_size_max:
                raise wrong(f"a `page_size` of 1 to {page_size_max}, as its vendor has them", f"{name}.page_size")
        return self


def _over_default(name: str, said: Any) -> Any:
    if name not in SYSTEM_DEFAULTS or not isinstance(said, dict):
        return said
    return {**SYSTEM_DEFAULTS[name].model_dump(exclude_none=True), **said}


class Policies(Words):
    """Rules of the trade the systems of record are set to."""

    tax_rounding: Literal["LINE", "DOCUMENT"] = Field(default="LINE", description="where tax is rounded")
    close_receivables: Duration | None = Field(
        default=None,
        description="the quarter's receivables close so long after the cut-off; not in the run when not given",
    )
    close_ledger: Duration | None = Field(default=None, description="the same for the general ledger")
    close_months: Literal["nobody", "integration"] = Field(
        default="nobody",
        description="who closes each month that ends in the run; the integration's own flow goes by its checklist",
    )
