"""The section about the integration: how it retries, what it guards against, what it does at once and what later.

A rehearsal plays the reference integration as it is, so it hears only a few of these words; the what-if engine hears
all of them and can play a point-to-point integration as well.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from scenarios.values import Duration, Shape, Share, wrong
from scenarios.words import REHEARSAL, WHATIF, System, Words, only, percent

NAIVE_CALLS: tuple[System, ...] = ("crm", "tax", "erp", "billing", "fulfilment")
STYLES: dict[str, dict[str, Any]] = {
    "reference": {
        "idempotent": True, "dead_letters": True, "pool": True, "lanes": True, "breaker": True, "cached_tax": True,
        "jitter": "full", "synchronous": (),
    },
    "naive": {
        "idempotent": False, "dead_letters": False, "pool": False, "lanes": False, "breaker": False,
        "cached_tax": False, "jitter": "none", "synchronous": NAIVE_CALLS,
    },
}  # fmt: skip
"""Style -> what it means for each switch that a scenario leaves open."""


def _switch(description: str) -> Any:
    return Field(default=None, description=f"{description}; as the style has it", json_schema_extra=only(WHATIF))


class IntegrationSettings(Words):
    """Switches of the integration; a foreign one, in a rehearsal, ignores them."""

    style: Literal["reference", "naive"] = Field(
        default="reference",
        description="reference: outbox, idempotency keys, dead letters, lanes; naive: point to point, none of it",
        json_schema_extra=only(WHATIF),
    )
    mutant: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$"), Shape("name of a mutant")] = Field(
        default="none",
        description="a known way to get it wrong, to see the checks catch it; `q2c mutants` names them",
        json_schema_extra=only(REHEARSAL),
    )
    attempts: Annotated[int, Field(ge=1, le=20)] = Field(
        default=6, description="attempts of a call before it is an exception"
    )
    layers: Annotated[int, Field(ge=1, le=5)] = Field(
        default=1,
        description="layers that each repeat a call: attempts multiply [E]",
        json_schema_extra=only(WHATIF),
    )
    backoff: Duration = Field(default=timedelta(seconds=2), description="first pause between attempts")
    backoff_cap: Duration = Field(
        default=timedelta(minutes=15), description="longest pause between attempts; as `backoff`: pauses do not grow"
    )
    jitter: Literal["full", "none"] | None = _switch("full: a pause is drawn from nothing to its length")
    retry_budget: Share = Field(default=percent("10"), description="retries as a part of first attempts")
    breaker: bool | None = _switch("calls stop for a while when half of them fail")
    pool: bool | None = _switch("no more calls at once than a system grants")
    lanes: bool | None = _switch("orders go before amendments, invoices, mirrors and replays")
    idempotent: bool | None = _switch("a repeated call is known again and not done twice")
    dead_letters: bool | None = _switch("what fails for good waits for a clerk; without, it is lost")
    cached_tax: bool | None = _switch("an estimate stands in while the tax engine fails, and is trued up later")
    synchronous: tuple[System, ...] | None = _switch("systems called while the order waits, besides its own booking")
    mirror: Literal["events", "polling"] = Field(
        default="events", description="how the CRM learns what happened elsewhere", json_schema_extra=only(WHATIF)
    )
    poll_every: Duration = Field(
        default=timedelta(minutes=1),
        description="how often a polling mirror asks [E]",
        json_schema_extra=only(WHATIF),
    )
    poll_calls: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=80, description="CRM calls of one such round [E]", json_schema_extra=only(WHATIF)
    )
    sweep_every: Duration = Field(
        default=timedelta(hours=1), description="how often it polls for what no message told it"
    )

    @model_validator(mode="after")
    def _spread(self) -> Self:
        if self.sweep_every < timedelta(seconds=1) or self.poll_every < timedelta(seconds=1):
            raise wrong("a `sweep_every` and a `poll_every` of at least 1s")
        if not timedelta(0) < self.backoff <= self.backoff_cap:
            raise wrong("0 < `backoff` <= `backoff_cap`")
        return self

    def settled(self) -> IntegrationSettings:
        """Return the switches with nothing left open: what is not said is as the style has it."""
        left = {name: value for name, value in STYLES[self.style].items() if getattr(self, name) is None}
        return self.model_copy(update=left)
