"""The configuration of `q2c verify`: the table [verify] of q2c.toml, strict.

[verify]
baseline = "contracts/accepted.toml"
watch = {server = ["src/**"]}                 # optional: `q2c verify --changed` runs a table when these changed

[[verify.compatibility]]                      # what is published, and what is about to be
old = "git:origin/main"                       # the same file of a git revision, git:REVISION:PATH, or a file
new = "openapi.json"                          # or a pattern; git:@released is the last tag v...
pacts = "contracts/pacts"                     # optional: only what breaks their consumers breaks

[[verify.pacts]]                              # pacts that must be possible under a document
pacts = "contracts/pacts/*-orders.json"
document = "openapi.json"

[[verify.providers]]                          # who must answer as the pacts say; several of them, or the mocks
pacts = "contracts/pacts/*-orders.json"
name = "orders"                               # the provider's name in the pacts
url = "http://127.0.0.1:8080"
states = "http://127.0.0.1:8081/states"       # sets up the states, in the way of Pact's verifiers

[[verify.server]]                             # promises of an API, see `q2c conformance server`
target = "contracts/targets/orders.yaml"
profile = "ietf-07"

[[verify.client]]
target = "contracts/targets/checkout.yaml"
profile = "stripe-v1"

[[verify.webhooks]]
target = "contracts/targets/hooks.yaml"
sender = false

[[verify.lifecycle]]                          # what an API says of operations that are going, and of its limits
target = "contracts/targets/api.yaml"

[[verify.responses]]                          # an integration that reads changed answers, over HTTP
target = "contracts/targets/reader.yaml"      # or: consumer = "reference" (or "rehearsal"), the reference integration

[[verify.fuzz]]                               # every operation of a document, see contracts/fuzzing/configured.py
document = "openapi.json"
url = "http://127.0.0.1:8000"                 # or: mock = "billing", a mock in process
headers = {Authorization = "Bearer ${TOKEN}"}
key_header = "idempotency-key"
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

import msgspec

from contracts.fuzzing.configured import Fuzz
from contracts.governance.configured import Governed
from contracts.misfits import misfit

SECTION = "verify"
SubjectName = Literal["", "mocks", "integration"]


class Unusable(Exception):
    """The configuration cannot be used; the message names the file, what was wrong and what was expected."""


class Comparison(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Two versions of a document, or of those of a pattern; `pacts` is a folder, a file or a pattern."""

    old: str
    new: str
    pacts: str = ""


class Pacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pacts (a folder, a file or a pattern) and the document of their provider."""

    pacts: str
    document: str


class Providers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pacts, and who must hold them: a provider by name and address, or with `mocks` the mocks that are built in.

    `headers` go with every request (a sandbox's credentials: `{ Authorization = "env:SANDBOX_TOKEN" }`); `states` is
    the address that sets up states. The pacts are linted too unless `lint` is false.
    """

    pacts: str
    name: str = ""
    url: str = ""
    states: str = ""
    headers: dict[str, str] = {}
    timeout_seconds: int = 30
    mocks: bool = False
    lint: bool = True


class Promises(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A target file and whose promises are tried; `url` replaces the file's address.

    A `subject` is brought up for it: the mocks or the reference integration; their addresses are words of the file.
    """

    target: str
    profile: str = "ietf-07"
    url: str = ""
    subject: SubjectName = ""
    only: tuple[str, ...] = ()


class Hooks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A target file of a receiver of webhooks, or of a sender."""

    target: str
    sender: bool = False
    url: str = ""
    subject: SubjectName = ""
    only: tuple[str, ...] = ()


class Ages(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A target file of an API with operations that are going, or with limits."""

    target: str
    url: str = ""
    subject: SubjectName = ""
    only: tuple[str, ...] = ()


class Answers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who reads changed answers: a target file, or `consumer = "reference"`; random cases besides, by a seed."""

    target: str = ""
    consumer: str = ""
    url: str = ""
    only: tuple[str, ...] = ()
    random_cases: int = 0
    seed: int = 0


class Configuration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to verify. `at_once` suites run side by side; reports go to the folder `out`.

    `watch` names for a table the files (patterns) besides its own that its suites depend upon, for `--changed`.
    """

    baseline: str = ""
    out: str = "build/verify"
    at_once: int = 2
    watch: dict[str, tuple[str, ...]] = {}
    compatibility: tuple[Comparison, ...] = ()
    pacts: tuple[Pacts, ...] = ()
    providers: tuple[Providers, ...] = ()
    server: tuple[Promises, ...] = ()
    client: tuple[Promises, ...] = ()
    webhooks: tuple[Hooks, ...] = ()
    lifecycle: tuple[Ages, ...] = ()
    governance: tuple[Governed, ...] = ()
    responses: tuple[Answers, ...] = ()
    fuzz: tuple[Fuzz, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing at all is to be verified."""
        named = (self.compatibility, self.pacts, self.providers, self.server, self.client, self.webhooks)
        return not any((*named, self.lifecycle, self.governance, self.responses, self.fuzz))


def read(path: Path) -> Configuration:
    """Return the configuration of a file; raise Unusable."""
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Unusable(f"{path}: cannot be read: {error.strerror}. `q2c init` writes one.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Unusable(f"{path}: not TOML: {error}") from None
    if SECTION not in tree:
        raise Unusable(f"{path}: has no table [{SECTION}]. `q2c init` shows what one looks like.")
    try:
        found = msgspec.convert(tree[SECTION], Configuration)
    except msgspec.ValidationError as error:
        names, said = misfit(error, Configuration)
        raise Unusable(f"{path}: at {'.'.join((SECTION, *names))} {said}") from None
    if found.is_empty:
        raise Unusable(f"{path}: [{SECTION}] names nothing to verify; a green that checked nothing would be worthless.")
    return found
