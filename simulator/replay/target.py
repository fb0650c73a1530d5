"""The target: what the harness must know of the integration under test. Read from a YAML file, errors with places.

name: our-integration
health: http://127.0.0.1:9000/health/ready       # answers 2xx when it can work
messages: {all: http://127.0.0.1:9000}           # where it takes webhooks: of all systems, or of each
polls: [erp]                                     # systems that it asks by itself
start: {command: [q2c, integration, up]}         # unless it is running already
python: {factory: "our_package.app:create"}      # an asyncio program: it can be rehearsed in virtual time as well
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from mocks.doors.post import is_loopback
from scenarios.loader import converted
from scenarios.located import read
from scenarios.problems import Problem, ScenarioError
from scenarios.values import Duration, wrong
from scenarios.words import SYSTEMS, Words

ALL: Final = "all"
System = Literal["crm", "erp", "billing", "tax", "payment", "fulfilment"]


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none
        is_good = False
    if not is_good:
        raise wrong("an address such as http://127.0.0.1:9000/health")
    return text


Address = Annotated[str, AfterValidator(_address)]


class Start(Words):
    """How the harness starts the integration, and ends it after the run; `{crm}` stands for that mock's address."""

    command: tuple[str, ...] = Field(min_length=1, description="program and arguments")
    environment: dict[str, str] = Field(default={}, description="variables besides those of `q2c env`")
    folder: str = Field(default=".", description="where it runs, relative to the target file")
    within: Duration = Field(default=timedelta(seconds=60), description="how long it may take until it is healthy")


def _factory(text: str) -> str:
    module, colon, name = text.partition(":")
    if not (colon and name.isidentifier() and all(part.isidentifier() for part in module.split("."))):
        raise wrong("a module and a function of it, such as our_package.app:create")
    return text


class Python(Words):
    """How an asyncio program is made in this process, to be rehearsed in virtual time (`q2c rehearse --target`)."""

    factory: Annotated[str, AfterValidator(_factory)] = Field(
        description="`module:function`; called without arguments, it returns an ASGI application"
    )
    folder: str = Field(default=".", description="where its modules are, relative to the target file")
    environment: dict[str, str] = Field(
        default={}, description="variables besides Q2C_CRM_URL and so on; `{workspace}` is a folder of this run"
    )


class Reset(Words):
    """How the integration forgets earlier runs: an address that is asked, or a command; one of both."""

    url: Address | None = Field(default=None, description="asked with `method`; 2xx means done")
    method: Literal["POST", "PUT", "DELETE"] = Field(default="POST", description="of the request")
    command: tuple[str, ...] = Field(default=(), description="program and arguments; status 0 means done")

    @model_validator(mode="after")
    def _one(self) -> Reset:
        if (self.url is None) == (not self.command):
            raise wrong("one of `url` and `command`")
        return self


class Time(Words):
    """The clock the integration lives on: its own, or one that the harness moves along with business time."""

    test_clock: Address | None = Field(
        default=None, description='gets PUT {"now_us": microseconds since 1970} as business time goes on'
    )
    every: Duration = Field(default=timedelta(seconds=1), description="how often, on the wall clock")


class Target(Words):
    """One integration under test."""

    name: str = Field(min_length=1, max_length=60, description="how reports call it")
    health: Address = Field(description="answers 2xx when the integration can work")
    messages: dict[Literal["all", "crm", "erp", "billing", "payment", "fulfilment"], Address] = Field(
        default={}, description="where it takes webhooks; `all` gets those of each system at /webhooks/<system>"
    )
    polls: tuple[System, ...] = Field(default=(), description="systems whose news it fetches by itself")
    streams: tuple[System, ...] = Field(default=(), description="systems whose change data capture it listens to")
    start: Start | None = Field(default=None, description="how the harness starts it; left out: it is running already")
    python: Python | None = Field(
        default=None, description="how it is made for a rehearsal, if it is an asyncio program"
    )
    reset: Reset | None = Field(default=None, description="how it forgets; left out: a new process, or never")
    time: Time = Field(default=Time(), description="which clock it lives on")
    settles_within: Duration = Field(
        default=timedelta(seconds=60), description="time it may take after the last act until all is done"
    )
    quiet_for: Duration = Field(
        default=timedelta(seconds=5),
        description="it is at rest when nothing has changed for so long; longer than the pause between two polls",
    )
    ports: dict[str, int] = Field(default={}, description="ports of the mocks by door, for one that has them built in")
    reference: bool = Field(default=False, description="set billing up as the reference integration asks for")
    switches: dict[str, str | int | float | bool] = Field(
        default={}, description="quirks of the mocks, `payment.authentication: verify`"
    )

    @property
    def addresses(self) -> Mapping[str, str]:
        """Every address of the target that the harness calls, by what it is for."""
        found = {"health": self.health, **{f"messages.{name}": url for name, url in self.messages.items()}}
        if self.reset is not None and self.reset.url is not None:
            found["reset.url"] = self.reset.url
        if self.time.test_clock is not None:
            found["time.test_clock"] = self.time.test_clock
        return found

    def deaf_to(self) -> tuple[str, ...]:
        """Return the systems whose news the integration has no way to learn."""
        if ALL in self.messages:
            return ()
        heard = {*self.messages, *self.polls, *self.streams}
        return tuple(system for system in SYSTEMS if system not in {*heard, "tax"})  # tax tells nobody anything


def load_target(path: Path, allowed: tuple[str, ...] = ()) -> Target:
    """Return the target in a file; raise ScenarioError with every problem and its place.

    Addresses must be of this machine, or of a host in `allowed`: load goes nowhere else by mistake.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ScenarioError((Problem(str(path), 0, 0, "", f"no readable file ({reason})", "a target file"),)) from None
    tree = read(text, str(path))
    target = converted(tree, Target)
    far: list[Problem] = []
    for name, address in target.addresses.items():
        host = urlsplit(address).hostname or ""
        if not is_loopback(host) and host not in allowed:
            place = tree.place(tuple(name.split(".")))
            far.append(place.problem(name, host, "an address of this machine", f"allow it with: --allow-host {host}"))
    if far:
        raise ScenarioError(tuple(far))
    return target


def schema() -> dict[str, Any]:
    """Return the JSON schema of a target file, for editors."""
    return Target.model_json_schema()
