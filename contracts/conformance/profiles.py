"""Profiles: what a draft or a vendor promises about idempotency keys, as data. They differ, and the differences count.

Sources: draft-ietf-httpapi-idempotency-key-header-07 (expired 2026, not an RFC); the vendors' pages on idempotent
requests. None means that the profile makes no promise, and what depends on it is skipped.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is promised. Sets are statuses.

    `header` or `body_field` carry the key; `external_id` says that the path does, so that a repetition replaces what
    is there. `missing`: no key. `mismatch`: a key with another payload. `in_flight`: the same key while the first is
    under way. `replays_failures`: a stored 5xx is given back. `burns_on_refusal`: a 4xx uses the key up.
    `replay_mark`: a header that marks replays. `lives_seconds`: how long a key is remembered at least.
    `same_body`: a replay has the very body of the first answer (else only the same identity).
    `quoted`: keys are sent as structured-field strings. `problem_details`: refusals are RFC 9457.
    """

    name: str
    header: str = "Idempotency-Key"
    body_field: str = ""
    external_id: bool = False
    missing: frozenset[int] | None = None
    mismatch: frozenset[int] | None = frozenset({409, 422})
    in_flight: frozenset[int] = frozenset({409})
    replays_failures: bool | None = False
    burns_on_refusal: bool | None = False
    compares_bytes: bool = False
    per_operation: bool | None = True
    replay_mark: str = ""
    lives_seconds: int = 0
    key_bytes_max: int = 255
    same_body: bool = True
    quoted: bool = False
    problem_details: bool = False
    statuses_equal: bool = True


_PROFILES = (
    Profile(name="ietf-07", missing=frozenset({400}), mismatch=frozenset({422}), quoted=True, problem_details=True),
    Profile(
        name="stripe-v1", mismatch=frozenset({400}), replays_failures=True, replay_mark="Idempotent-Replayed",
        lives_seconds=86_400,
    ),
    Profile(name="stripe-v2", mismatch=frozenset({400, 409}), replays_failures=False, lives_seconds=30 * 86_400),
    Profile(
        name="chargebee", header="chargebee-idempotency-key", mismatch=frozenset({400}), replays_failures=None,
        burns_on_refusal=None, replay_mark="chargebee-idempotency-replayed", lives_seconds=1_800, key_bytes_max=100,
    ),
    Profile(
        name="netsuite", external_id=True, mismatch=None, replays_failures=None, burns_on_refusal=None,
        same_body=False, statuses_equal=False, per_operation=None,
    ),
    Profile(
        name="checkout", header="Cko-Idempotency-Key", mismatch=None, replays_failures=False, burns_on_refusal=False,
        lives_seconds=86_400,
    ),
    Profile(
        name="lenient", mismatch=frozenset({400, 409, 422}), in_flight=frozenset({409, 425, 429}),
        replays_failures=None, burns_on_refusal=None,
    ),
    Profile(
        name="own", missing=frozenset({400}), mismatch=frozenset({422}), quoted=True, problem_details=True,
        lives_seconds=86_400,
    ),
)  # fmt: skip
PROFILES: Mapping[str, Profile] = MappingProxyType({profile.name: profile for profile in _PROFILES})


def profile(name: str) -> Profile:
    """Return a profile; raise ValueError with the known ones."""
    if name not in PROFILES:
        raise ValueError(f"no profile is called {name!r}; known are: {', '.join(PROFILES)}")
    return PROFILES[name]
