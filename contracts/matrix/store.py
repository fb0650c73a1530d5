"""The store: plain files that a pull request shows, below one folder.

    pacts/<consumer>-<provider>.json                          the pact as it is now
    versions/<participant>/<version>.json                     branch and tags of a version, and the pacts it has
    contents/<sha256>.json                                    pacts of versions that are not the files of now
    verifications/<sha256>-<provider>@<version>.json          whether that version of the provider holds that content
    environments/<environment>.json                           which versions are deployed there

A pact is known by the hash of what it says (interactions or messages), so that one that did not change keeps its
verifications from version to version.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._ +@/-]{0,199}")


class Unusable(Exception):
    """A file of the store, or a name, that cannot be used; the message says where and what was expected."""


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """A pact that a version of a consumer has: with whom, and the hash of what it says."""

    consumer: str
    provider: str
    sha: str


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a participant: its branch, its tags, and for a consumer its pacts."""

    participant: str
    number: str
    branch: str = ""
    tags: tuple[str, ...] = ()
    pacts: tuple[Content, ...] = ()
    place: int = 0


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a version of a provider holds a content; `pending` interactions that failed are counted apart.

    `wip` says that it was tried as work in progress.
    """

    sha: str
    consumer: str
    provider: str
    version: str
    success: bool
    branch: str = ""
    interactions: int = 0
    failed: tuple[str, ...] = ()
    pending_failed: tuple[str, ...] = ()
    wip: bool = False


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """What is deployed in an environment: versions by participant."""

    name: str
    deployed: dict[str, tuple[str, ...]] = {}
    production: bool | None = None

    @property
    def is_production(self) -> bool:
        """Tell whether customers are there: as somebody said, else by its name."""
        return self.name == "production" if self.production is None else self.production


def sha_of(pact: Mapping[str, Any]) -> str:
    """Return the hash of what a pact says; metadata and the order of interactions make no difference."""
    said = {
        name: sorted(pact[name], key=_text) for name in ("interactions", "messages") if isinstance(pact.get(name), list)
    }
    return hashlib.sha256(_text(said).encode()).hexdigest()


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class Store:
    """The files below a folder. Nothing is kept in memory: what git brings is what is answered."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    # --- pacts ------------------------------------------------------------------------------------------------------

    def current(self) -> Iterator[tuple[Path, dict[str, Any]]]:
        """Iterate over the pacts as they are now."""
        for path in sorted(self.folder.glob("pacts/*.json")):
            yield path, _pact(path)

    def pact(self, sha: str) -> dict[str, Any] | None:
        """Return the pact of a content."""
        kept = self.folder / "contents" / f"{sha}.json"
        if re.fullmatch(r"[0-9a-f]{64}", sha) and kept.exists():
            return _pact(kept)
        return next((pact for _, pact in self.current() if sha_of(pact) == sha), None)

    def publish(self, pact: Mapping[str, Any], version: str, branch: str = "", tags: tuple[str, ...] = ()) -> Content:
        """Note that a version of a consumer has a pact; raise Unusable for what is none."""
        try:
            consumer, provider = str(pact["consumer"]["name"]), str(pact["provider"]["name"])
        except (KeyError, TypeError):
            raise Unusable("a pact names consumer.name and provider.name") from None
        if not (pact.get("interactions") or pact.get("messages")):
            raise Unusable(f"the pact of {consumer} with {provider} holds no interaction; it would prove nothing")
        content = Content(consumer=consumer, provider=provider, sha=sha_of(pact))
        known = self.version(consumer, version) or Version(
            participant=consumer, number=version, place=self._next(consumer)
        )
        others = tuple(each for each in known.pacts if each.provider != provider)
        all_tags = tuple(dict.fromkeys((*known.tags, *tags)))
        self._write_version(
            msgspec.structs.replace(known, branch=branch or known.branch, tags=all_tags, pacts=(*others, content))
        )
        if self.pact(content.sha) is None:
            self._write("contents", content.sha, dict(pact))
        return content

    # --- versions ---------------------------------------------------------------------------------------------------

    def version(self, participant: str, number: str) -> Version | None:
        """Return a version of a participant, None when nobody told of it."""
        path = self._path("versions", participant, number)
        return _read(path, Version) if path.exists() else None

    def versions(self, participant: str = "") -> list[Version]:
        """Return the versions of a participant, or of all, the oldest first."""
        pattern = f"versions/{_file_name(participant)}/*.json" if participant else "versions/*/*.json"
        found = [_read(path, Version) for path in self.folder.glob(pattern)]
        return sorted(found, key=lambda each: (each.participant, each.place, each.number))

    def note_version(self, participant: str, number: str, branch: str = "", tags: tuple[str, ...] = ()) -> Version:
        """Note the branch and the tags of a version."""
        known = self.version(participant, number)
        known = known or Version(participant=participant, number=number, place=self._next(participant))
        all_tags = tuple(dict.fromkeys((*known.tags, *tags)))
        changed = msgspec.structs.replace(known, branch=branch or known.branch, tags=all_tags)
        self._write_version(changed)
        return changed

    def _next(self, participant: str) -> int:
        return max((each.place for each in self.versions(participant)), default=0) + 1

    def _write_version(self, version: Version) -> None:
        self._write("versions", _file_name(version.participant), version, _file_name(version.number))

    # --- verifications and environments -----------------------------------------------------------------------------

    def record(self, verification: Verification) -> None:
        """Note whether a version of a provider holds a content; the last word counts."""
        name = _file_name(f"{verification.provider}@{verification.version}")
        self._write("verifications", f"{verification.sha}-{name}", verification)

    def verification(self, sha: str, provider: str, version: str) -> Verification | None:
        """Return whether a version of a provider holds a content, None when nobody tried."""
        path = self._path("verifications", f"{sha}-{provider}@{version}")
        return _read(path, Verification) if path.exists() else None

    def verifications(self) -> list[Verification]:
        """Return all verifications."""
        return [_read(path, Verification) for path in sorted(self.folder.glob("verifications/*.json"))]

    def environments(self) -> list[Environment]:
        """Return all environments."""
        return [_read(path, Environment) for path in sorted(self.folder.glob("environments/*.json"))]

    def environment(self, name: str) -> Environment | None:
        """Return an environment, None when there is none of that name."""
        path = self._path("environments", name)
        return _read(path, Environment) if path.exists() else None

    def deploy(self, participant: str, version: str, environment: str, *, alongside: bool = False) -> Environment:
        """Note that a version is deployed in an environment, in place of those before unless it runs alongside."""
        known = self.environment(environment) or Environment(name=environment)
        before = known.deployed.get(participant, ()) if alongside else ()
        deployed = {**known.deployed, participant: tuple(dict.fromkeys((*before, version)))}
        self.note_version(participant, version)
        return self._deployed(known, deployed)

    def undeploy(self, participant: str, version: str, environment: str) -> Environment:
        """Note that a version is no longer in an environment; raise Unusable when it is not there."""
        known = self.environment(environment)
        there = known.deployed.get(participant, ()) if known else ()
        if known is None or version not in there:
            raise Unusable(
                f"{participant} {version} is not in {environment}; there: {', '.join(there) or 'none of it'}"
            )
        left = tuple(each for each in there if each != version)
        others = {name: numbers for name, numbers in known.deployed.items() if name != participant}
        return self._deployed(known, {**others, **({participant: left} if left else {})})

    def make_environment(self, name: str, *, production: bool) -> Environment:
        """Note that there is an environment; what is deployed there stays."""
        known = self.environment(name) or Environment(name=name)
        return self._deployed(msgspec.structs.replace(known, production=production), known.deployed)

    def _deployed(self, known: Environment, deployed: Mapping[str, tuple[str, ...]]) -> Environment:
        changed = msgspec.structs.replace(known, deployed=dict(sorted(deployed.items())))
        self._write("environments", _file_name(known.name), changed)
        return changed

    # --- files ------------------------------------------------------------------------------------------------------

    def _path(self, room: str, *names: str) -> Path:
        parts = [_file_name(name) for name in names]
        return self.folder.joinpath(room, *parts[:-1], f"{parts[-1]}.json")

    def _write(self, room: str, name: str, value: Any, below: str = "") -> None:
        path = self.folder / room / (f"{name}/{below}.json" if below else f"{name}.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(msgspec.to_builtins(value), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        scratch = path.with_suffix(".part")
        scratch.write_text(text, encoding="utf-8")
        scratch.replace(path)


def _file_name(name: str) -> str:
    """Return a name as it stands in a file name; raise Unusable for one that could leave the folder."""
    if not _NAME.fullmatch(name) or ".." in name:
        raise Unusable(f"{name!r} is no name of a participant, version or environment: letters, digits and ._+-/ only")
    return name.replace("/", "%2F").replace(" ", "%20")


def _pact(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as trouble:
        raise Unusable(f"{path}: is no pact: {trouble}") from None
    if not isinstance(found, dict):
        raise Unusable(f"{path}: is no pact: expected an object")
    return found


def _read(path: Path, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.MsgspecError) as trouble:
        raise Unusable(f"{path}: {trouble}") from None
