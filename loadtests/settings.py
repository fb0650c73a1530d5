"""Settings: what a person asks of a load, by arguments of Locust, by environment, or in its web page.

locust -f loadtests/locustfile.py --scenario quarter_end --load-profile peak --within 60
Q2C_SCENARIO=quarter_end Q2C_LOAD_PROFILE=peak locust -f loadtests/locustfile.py
"""

from __future__ import annotations

import ipaddress
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from loadtests.desk import Unusable, address_in
from loadtests.profiles import HOUR_US, PROFILES, Span
from loadtests.stopping import Limits

SECONDS_MAX: Final = 24 * 3600.0
ARRIVALS_MAX: Final = 1_000_000
_DRAIN_SECONDS = 5.0


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """One campaign as it was asked for. `speed` 0: an hour of business in `within` seconds (`break`: as the wall)."""

    scenario: str = "quarter_end_spike"
    target: str = ""
    profile: str = "peak"
    within: float = 60.0
    speed: float = 0.0
    times: float = 1.0
    subscriptions: int = 20
    seed: int = -1
    storm_rate: float = 50.0
    storm_copies: int = 20
    first_rate: float = 0.5
    highest_rate: float = 32.0
    order_seconds: float = 0.0
    rest: float = 10.0
    errors_percent: float = 50.0
    late_percent: float = 0.0
    backlog: int = 0
    arrivals: int = 100_000
    mocks: str = ""
    workspace: str = ".q2c"
    founded: bool = False
    out: str = ""
    allow_host: str = ""

    @property
    def span(self) -> Span:
        """How long the load lasts, and how fast business time runs meanwhile."""
        usual = 1.0 if self.profile == "break" else HOUR_US / 1e6 / self.within
        return Span(self.within, self.speed or usual, self.rest)

    @property
    def limits(self) -> Limits:
        """What ends the load before its time; a search for the knee has many steps."""
        steps = 24 * (1 + self.rest / self.within) if self.profile == "break" else 1.0
        seconds = min(SECONDS_MAX, self.within * steps + _DRAIN_SECONDS + self.rest)
        hunted = self.profile == "break"  # that service levels break is what is looked for
        return Limits(
            seconds=seconds, arrivals=min(self.arrivals, ARRIVALS_MAX), errors_percent=self.errors_percent,
            late_percent=0.0 if hunted else self.late_percent, backlog=0 if hunted else self.backlog,
        )  # fmt: skip

    def problems(self) -> list[str]:
        """Return what is wrong with them, a sentence each; nothing when they can be played."""
        found = []
        if self.profile not in PROFILES:
            found.append(f"--load-profile {self.profile}: expected one of {', '.join(PROFILES)}")
        if not 0 < self.within <= SECONDS_MAX:
            found.append(f"--within {self.within:g}: expected seconds, more than 0 and at most {SECONDS_MAX:g}")
        for name in ("times", "storm_rate", "first_rate", "highest_rate"):
            if getattr(self, name) <= 0:
                found.append(f"--{name.replace('_', '-')} {getattr(self, name):g}: expected more than 0")
        if not 1 <= self.storm_copies <= 100:
            found.append(f"--storm-copies {self.storm_copies}: expected from 1 to 100")
        if self.first_rate > self.highest_rate:
            found.append(f"--first-rate {self.first_rate:g} is higher than --highest-rate {self.highest_rate:g}")
        return found

    def allowed(self) -> tuple[str, ...]:
        """Return the hosts besides this machine that load may go to."""
        return tuple(filter(None, (host.strip() for host in self.allow_host.split(","))))

    def desk_address(self) -> str:
        """Return where the mocks are; raise Unusable when that is nowhere, or not on this machine nor allowed."""
        address = self.mocks or address_in(Path(self.workspace))
        host = urlsplit(address).hostname or ""
        if not _is_here(host) and host not in self.allowed():
            raise Unusable(f"{address} is not on this machine; allow it with: --allow-host {host or 'HOST'}")
        return address


def _is_here(host: str) -> bool:
    """Tell whether a host is this machine, without asking anybody."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


_HELP: Final[Mapping[str, str]] = {
    "scenario": "A scenario of the library, or a YAML file",
    "target": "The target file of the integration under test; without it whoever the mocks tell is tested",
    "profile": "Which load: steady, peak, invoices, storm, break",
    "within": "Seconds that the load lasts; of `break`, each step",
    "speed": "Business seconds a second; 0: an hour of business within --within (break: 1)",
    "times": "So many times the orders of the scenario",
    "subscriptions": "Live subscriptions at the start",
    "seed": "Chance; -1: the scenario's own",
    "storm_rate": "storm: strokes a second",
    "storm_copies": "storm: copies of a message at each stroke",
    "first_rate": "break: lifecycles a second of the first step",
    "highest_rate": "break: of the highest step",
    "order_seconds": "Own limit from signature to order, in seconds of the wall; 0: SLA-2",
    "rest": "Seconds that are waited after the load for what is under way",
    "errors_percent": "Stop when more requests than this share fail; 0: never",
    "late_percent": "Stop when more orders than this share are late; 0: never",
    "backlog": "Stop when more orders wait than this; 0: never",
    "arrivals": "The most acts that are offered",
    "mocks": "Admin address of the mocks; else those of --workspace",
    "workspace": "Folder of running mocks (q2c mocks up)",
    "founded": "The world holds the company already and stands at the start; whoever founded it lets its clock run",
    "out": "Folder for the outcome and its histograms",
    "allow_host": "Hosts besides this machine, separated by commas",
}
_HIDDEN = frozenset({"mocks", "workspace", "founded", "out", "allow_host"})  # not for whoever sees the web page


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments to Locust's parser; each has a variable, Q2C_LOAD_PROFILE for --load-profile."""
    for field in msgspec.structs.fields(Settings):
        said: dict[str, Any] = {
            "help": _HELP[field.name], "env_var": f"Q2C_{_named(field.name).upper()}", "default": field.default,
            "include_in_web_ui": field.name not in _HIDDEN,
        }  # fmt: skip
        if field.type is bool:
            said["action"] = "store_true"
        else:
            said["type"] = field.type
        if field.name == "profile":
            said["choices"] = PROFILES
        parser.add_argument(argument(field.name), **said)


def argument(name: str) -> str:
    """Return the argument of a setting: `--order-seconds`; Locust has a `--profile` of its own already."""
    return f"--{_named(name).replace('_', '-')}"


def _named(name: str) -> str:
    return "load_profile" if name == "profile" else name


def settings_of(options: Any) -> Settings:
    """Return the settings in Locust's parsed options; those of its web page are text."""
    fields = Settings.__struct_fields__
    found = {name: getattr(options, _named(name)) for name in fields if hasattr(options, _named(name))}
    try:
        return msgspec.convert(found, Settings, strict=False)
    except msgspec.ValidationError as wrong:
        raise Unusable(f"the settings are not understood: {wrong}") from wrong
