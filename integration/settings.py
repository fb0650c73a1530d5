"""Settings of the integration as one frozen value: timeouts, retries, limits and thresholds."""

from __future__ import annotations

import msgspec

from integration.masterdata.matching import MatchRules


class RetryPolicy(msgspec.Struct, frozen=True):
    """How often and how patiently a call is repeated: full jitter under an exponential ceiling.

    The defaults are those of the domain; `retry_after_cap_seconds` bounds what a peer may ask for.
    """

    attempts: int = 6
    base_seconds: float = 2.0
    cap_seconds: float = 900.0
    retry_after_cap_seconds: int = 3600


class SystemLimits(msgspec.Struct, frozen=True):
    """What one system grants us, before the safety margin; 0 means no limit.

    `requests` in any `window_seconds` and `concurrent` at once are the licence; `share_percent` of it is used.
    """

    requests: int = 0
    window_seconds: int = 1
    concurrent: int = 0
    share_percent: int = 80


class BreakerSettings(msgspec.Struct, frozen=True):
    """When a breaker opens, and how the probes of an open one are spaced (doubling up to the longest)."""

    error_percent: int = 50
    window_seconds: int = 60
    calls_min: int = 5
    open_seconds: int = 60
    open_longest_seconds: int = 900


class BudgetSettings(msgspec.Struct, frozen=True):
    """How many retries a system's calls earn: `percent` of first attempts, and always `per_minute_min`."""

    percent: int = 10
    per_minute_min: int = 10
    saved_max: int = 100


LIMITS: dict[str, SystemLimits] = {
    "crm": SystemLimits(concurrent=25),
    "erp": SystemLimits(concurrent=15),
    "erp2": SystemLimits(concurrent=15),
    "billing": SystemLimits(requests=1000, window_seconds=60),
    "tax": SystemLimits(requests=50),
    "payment": SystemLimits(requests=100),
    "fulfilment": SystemLimits(),
}
"""What the vendors grant by default (billing: plan Performance); a site with another licence says so in `limits`."""

ZONES = {
    "US": "America/New_York",
    "UK": "Europe/London",
    "DE": "Europe/Berlin",
    "JP": "Asia/Tokyo",
}
"""The billing zone of each legal entity: its business dates are local dates there."""

SETTLEMENT_ENTITIES = {"USD": "US", "GBP": "UK", "EUR": "DE", "JPY": "JP"}
"""The legal entity whose bank account receives the payouts of a currency."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the integration can be told. Durations are in seconds.

    A flow whose wait is longer than `passive_after_seconds` is dropped from memory and rebuilt by replay.
    `redrive_dependency_seconds` is how often a flow parked for a dependency tries again by itself.
    A bulk re-drive lets `redrives_at_once` flows go and then `redrives_per_minute`.
    `ledgers` names the system that keeps the books of a legal entity, where that is not `erp`: `erp2`, another account
    of the same vendor, or `legacy_erp`, which takes orders only as files (the rest of its books is in `erp`).
    With `map_products` a product is sold only when the cross-reference says what the ERP calls it; without, the ERP
    calls it by its sku. `keep_finished_steps` False blanks the journal of finished flows (the audit digests stay).
    """

    tenant: str = "q2c"
    zones: dict[str, str] = msgspec.field(default_factory=lambda: dict(ZONES))
    settlement_entities: dict[str, str] = msgspec.field(default_factory=lambda: dict(SETTLEMENT_ENTITIES))
    ledgers: dict[str, str] = {}
    terms_days: int = 30
    renewal_notice_days: int = 30
    renewal_uplift_cap_percent: int = 5
    intercompany_percent: int = 70
    approval_free_percent: int = 10
    matching: MatchRules = MatchRules()
    map_products: bool = False
    retry: RetryPolicy = RetryPolicy()
    limits: dict[str, SystemLimits] = msgspec.field(default_factory=lambda: dict(LIMITS))
    breaker: BreakerSettings = BreakerSettings()
    budget: BudgetSettings = BudgetSettings()
    passive_after_seconds: int = 3600
    redrive_dependency_seconds: int = 900
    redrives_at_once: int = 10
    redrives_per_minute: int = 60
    token_margin_seconds: int = 60
    signature_tolerance_seconds: int = 300
    quarter_end: bool = False
    keep_finished_steps: bool = True
