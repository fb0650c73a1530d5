"""The configuration of a running integration: q2c.toml, then the environment; secrets from the environment or files.

    [integration]
    database = "postgresql://q2c@db.example/q2c"      # or a path (SQLite); without one it is temporary
    port = 9000

    [integration.systems.crm]
    address = "https://example.my.salesforce.com"
    user = "3MVG9..."                                 # the connected app's consumer key
    secret_file = "/run/secrets/crm"                  # or Q2C_CRM_SECRET, Q2C_CRM_SECRET_FILE

    [integration.tokens.portal]                       # who may use the API: never the token, its SHA-256
    sha256 = "9f86d0..."
    scopes = ["transactions:read", "accounts:read"]

    [integration.retention]                           # days; 0 keeps for ever
    steps_days = 365

Everything is strict: a name that nobody knows is an error that lists those that are known. The environment wins over
the file: Q2C_DATABASE, Q2C_HOST, Q2C_PORT, Q2C_BROKER, Q2C_LOG_LEVEL, and for each system Q2C_CRM_URL, Q2C_CRM_USER,
Q2C_CRM_SECRET, Q2C_CRM_WEBHOOK_SECRET, ... (the last two also with _FILE).
"""

from __future__ import annotations

import hashlib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from integration.retention import Ages
from integration.service.secrets import Secret
from integration.settings import Settings

SYSTEMS = ("crm", "erp", "billing", "tax", "payment", "fulfilment")
MORE_SYSTEMS = ("erp2", "legacy_erp")
"""Systems that only some sites have: books of legal entities that `settings.ledgers` names."""
PORT = 9000
ALL_SCOPES = ("*",)
LOG_LEVELS = ("debug", "info", "warning", "error")


class Misconfigured(ValueError):
    """The configuration cannot be used; the text says which part, what was expected and what to do."""


@dataclass(frozen=True, kw_only=True)
class Peer:
    """One system of record: where it is and how we sign in; `secret` and `webhook_secret` may be rotated while we run.

    `user`: consumer key (crm, erp), account number (tax). `key_id`: the certificate's id (erp). `organisation`: whose
    outbound messages we believe (crm). `webhook_user`: whom webhooks sign in as (billing). The `secret` of the erp is
    a private key in PEM.
    """

    address: str
    user: str = ""
    secret: Secret = field(default_factory=Secret)
    key_id: str = ""
    organisation: str = ""
    webhook_user: str = ""
    webhook_secret: Secret = field(default_factory=Secret)


class ApiToken(msgspec.Struct, frozen=True):
    """Who may use the API: a name, the SHA-256 of the bearer token in hexadecimal, and scopes ("*" for all)."""

    name: str
    sha256: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """Everything a node is told. `database`: "" (temporary), a path, or postgresql://...

    `poll_seconds` is how often the sweeps ask for what webhooks should have told (0: each at its own pace). `channels`
    of the CRM's stream are listened to (`/data/QuoteChangeEvent`). A node looks after its database and its fellow
    workers at each heartbeat; a worker that starts under the `name` of a dead one takes its flows up at once.
    `test_clock` lets callers move the business clock: never in normal operation. `trial` means that the systems are
    mocks: the adapters' own test credentials are used where none are configured. `retention` says what is forgotten.
    """

    settings: Settings = field(default_factory=Settings)
    peers: Mapping[str, Peer] = field(default_factory=dict)
    database: str = ""
    name: str = ""
    host: str = "127.0.0.1"
    port: int = PORT
    tokens: tuple[ApiToken, ...] = ()
    grace_seconds: float = 20.0
    heartbeat_seconds: float = 1.0
    poll_seconds: int = 0
    channels: tuple[str, ...] = ()
    signing_key: Secret = field(default_factory=Secret)
    broker: str = ""
    log_level: str = "info"
    ca_bundle: str = ""
    test_clock: bool = False
    trial: bool = False
    retention: Ages = field(default_factory=Ages)

    @property
    def is_shared(self) -> bool:
        """Tell whether several processes may work on the database at once."""
        return self.database.startswith(("postgresql://", "postgres://"))


# --- the file -------------------------------------------------------------------------------------------------------


class _System(msgspec.Struct, forbid_unknown_fields=True):
    address: str = ""
    user: str = ""
    secret_file: str = ""
    key_id: str = ""
    organisation: str = ""
    webhook_user: str = ""
    webhook_secret_file: str = ""


class _Token(msgspec.Struct, forbid_unknown_fields=True):
    sha256: str
    scopes: tuple[str, ...]


class _Section(msgspec.Struct, forbid_unknown_fields=True):
    database: str = ""
    name: str = ""
    host: str = "127.0.0.1"
    port: int = PORT
    grace_seconds: float = 20.0
    heartbeat_seconds: float = 1.0
    poll_seconds: int = 0
    channels: tuple[str, ...] = ()
    signing_key_file: str = ""
    broker: str = ""
    log_level: str = "info"
    ca_bundle: str = ""
    test_clock: bool = False
    systems: dict[str, _System] = {}
    retention: Ages = Ages()
    tokens: dict[str, _Token] = {}
    settings: dict[str, Any] = {}


def read_section(file: Path | None) -> dict[str, Any]:
    """Return the table [integration] of a q2c.toml, empty without a file; raise Misconfigured when it is unreadable."""
    if file is None:
        return {}
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise Misconfigured(f"cannot read {file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise Misconfigured(f"{file} is not TOML: {wrong}") from wrong
    section = content.get("integration", {})
    if not isinstance(section, dict):
        raise Misconfigured(f"{file}: integration must be a table: [integration]")
    return section


def configured(
    section: Mapping[str, Any],
    environment: Mapping[str, str],
    *,
    addresses: Mapping[str, str] | None = None,
    **said: Any,
) -> Configuration:
    """Return the configuration of a section, the environment and what the command line said (None means nothing).

    `addresses` are those of running mocks: they stand in for systems that nothing else names, and make it a trial.
    Raise Misconfigured with all that is wrong.
    """
    found = _converted(section)
    chosen = _overlaid(found, environment, said)
    settings, tokens = _settings(found.settings), _tokens(found.tokens, environment)
    peers, problems = {}, []
    for name in _names(found, environment, settings):
        if name not in (*SYSTEMS, *MORE_SYSTEMS):
            problems.append(f"there is no system {name!r}; there are: {', '.join((*SYSTEMS, *MORE_SYSTEMS))}")
            continue
        peer = _peer(name, found.systems.get(name, _System()), environment, (addresses or {}).get(name, ""))
        peers[name] = peer
        problems += _problems(name, peer, trial=addresses is not None)
    if problems:
        raise Misconfigured("\n".join(problems))
    return Configuration(
        peers=peers, settings=settings, tokens=tokens,
        signing_key=_secret("Q2C_API_SIGNING_KEY", found.signing_key_file, environment),
        trial=addresses is not None, retention=found.retention, **chosen,
    )  # fmt: skip


def retained(section: Mapping[str, Any], environment: Mapping[str, str]) -> Configuration:
    """Return of a configuration what retention needs: database, broker and ages. Raise Misconfigured."""
    found = _converted(section)
    return Configuration(retention=found.retention, **_overlaid(found, environment, {}))


def _converted(section: Mapping[str, Any]) -> _Section:
    known = ", ".join(_Section.__struct_fields__)
    try:
        return msgspec.convert(dict(section), _Section)
    except msgspec.ValidationError as wrong:
        raise Misconfigured(f"[integration]: {wrong}. Known are: {known}") from wrong


_CHOICES: Mapping[str, type] = {
    "database": str, "name": str, "host": str, "port": int, "grace_seconds": float, "heartbeat_seconds": float,
    "poll_seconds": int, "channels": tuple, "broker": str, "log_level": str, "ca_bundle": str, "test_clock": bool,
}  # fmt: skip


def _overlaid(found: _Section, environment: Mapping[str, str], said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the plain values: what the command line said, else the environment, else the file."""
    chosen = {}
    for name, kind in _CHOICES.items():
        variable, value = f"Q2C_{name.upper()}", getattr(found, name)
        if text := environment.get(variable, ""):
            value = _of_text(variable, text, kind)
        if said.get(name) is not None:
            value = said[name]
        chosen[name] = value
    if not 0 <= chosen["port"] <= 65_535:
        raise Misconfigured(f"port {chosen['port']} is not between 0 and 65535")
    _require_usable("", chosen)
    if chosen["log_level"] not in LOG_LEVELS:
        raise Misconfigured(f"log_level {chosen['log_level']!r}: expected one of {', '.join(LOG_LEVELS)}")
    return chosen


_POSITIVE = frozenset(
    {
        "heartbeat_seconds", "attempts", "window_seconds", "open_seconds", "open_longest_seconds", "share_percent",
        "redrives_at_once", "redrives_per_minute", "passive_after_seconds",
    }
)  # fmt: skip
"""Numbers of which 0 would mean a loop without a pause, a division by nothing, or work that is never done."""


def _require_usable(place: str, said: Mapping[str, Any]) -> None:
    """Raise Misconfigured for a number that is negative, not finite, or 0 where that cannot be."""
    for name, value in said.items():
        if isinstance(value, Mapping):
            _require_usable(f"{place}{name}.", value)
        elif isinstance(value, (int, float)) and not (math.isfinite(value) and value >= 0):
            raise Misconfigured(f"{place}{name} = {value}: expected a number that is not negative")
        elif name in _POSITIVE and not value:
            raise Misconfigured(f"{place}{name} = {value}: expected a number above 0")


def _of_text(variable: str, text: str, kind: type) -> Any:
    if kind is bool:
        if text.lower() in ("1", "true", "yes", "on"):
            return True
        if text.lower() in ("0", "false", "no", "off"):
            return False
        raise Misconfigured(f"{variable}={text}: expected true or false")
    if kind is tuple:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    try:
        return kind(text)
    except ValueError as wrong:
        raise Misconfigured(f"{variable}={text}: expected a number") from wrong


_TABLES = ("limits", "zones", "settlement_entities")
"""Settings that are tables by name: what is not named stays as it is."""


def _settings(said: Mapping[str, Any]) -> Settings:
    unknown = [name for name in said if name not in Settings.__struct_fields__]
    if unknown:
        known = ", ".join(Settings.__struct_fields__)
        raise Misconfigured(f"[integration.settings]: there is no {unknown[0]!r}; there are: {known}")
    base = msgspec.to_builtins(Settings())
    tables = {
        name: {**base[name], **value} for name, value in said.items() if name in _TABLES and isinstance(value, dict)
    }
    try:
        found = msgspec.convert({**said, **tables}, Settings)
    except msgspec.ValidationError as wrong:
        raise Misconfigured(f"[integration.settings]: {wrong}") from wrong
    _require_usable("settings.", msgspec.to_builtins(found))
    return found


def _tokens(said: Mapping[str, _Token], environment: Mapping[str, str]) -> tuple[ApiToken, ...]:
    for name, token in said.items():
        if len(token.sha256) != 64 or not set(token.sha256.lower()) <= set("0123456789abcdef"):
            raise Misconfigured(f"[integration.tokens.{name}]: sha256 must be 64 hexadecimal digits, never the token")
    found = [ApiToken(name, token.sha256.lower(), token.scopes) for name, token in said.items()]
    if plain := environment.get("Q2C_API_TOKEN", ""):
        found.append(ApiToken("operator", hashlib.sha256(plain.encode()).hexdigest(), ALL_SCOPES))
    return tuple(found)


# --- systems --------------------------------------------------------------------------------------------------------


def _names(found: _Section, environment: Mapping[str, str], settings: Settings) -> list[str]:
    """Return the systems to integrate: those that every site has, and those that somebody names."""
    more = {name for name in MORE_SYSTEMS if environment.get(f"Q2C_{name.upper()}_URL")}
    more |= {*found.systems, *settings.ledgers.values()} - set(SYSTEMS)
    return [*SYSTEMS, *sorted(more)]


def _peer(name: str, said: _System, environment: Mapping[str, str], trial_address: str) -> Peer:
    prefix = f"Q2C_{name.upper()}_"

    def chosen(suffix: str, value: str) -> str:
        return environment.get(prefix + suffix, "") or value

    return Peer(
        address=chosen("URL", said.address) or trial_address,
        user=chosen("USER", said.user),
        key_id=chosen("KEY_ID", said.key_id),
        organisation=chosen("ORGANISATION", said.organisation),
        webhook_user=chosen("WEBHOOK_USER", said.webhook_user),
        secret=_secret(prefix + "SECRET", said.secret_file, environment),
        webhook_secret=_secret(prefix + "WEBHOOK_SECRET", said.webhook_secret_file, environment),
    )


def _secret(variable: str, file: str, environment: Mapping[str, str]) -> Secret:
    if text := environment.get(variable, ""):
        return Secret(text)
    named = environment.get(f"{variable}_FILE", "") or file
    if not named:
        return Secret()
    found = Secret(file=Path(named))
    if not found:
        raise Misconfigured(f"{named} (for {variable}) cannot be read, or is empty")
    return found


def _problems(name: str, peer: Peer, *, trial: bool) -> list[str]:
    """Return what is missing or wrong about a system, one sentence each."""
    variable = f"Q2C_{name.upper()}"
    if not peer.address:
        return [f"{name}: no address. Set {variable}_URL, or address in [integration.systems.{name}], or use --mocks"]
    parts = urlsplit(peer.address)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return [f"{name}: {peer.address!r} is not an http or https address"]
    if parts.username or parts.password:
        return [f"{name}: credentials do not belong into the address; set {variable}_SECRET"]
    if trial:
        return []
    found = []
    if not peer.secret:
        found.append(f"{name}: no credentials. Set {variable}_SECRET or {variable}_SECRET_FILE")
    if name in ("crm", "erp", "erp2", "tax") and not peer.user:
        found.append(f"{name}: no user. Set {variable}_USER, or user in [integration.systems.{name}]")
    return found
