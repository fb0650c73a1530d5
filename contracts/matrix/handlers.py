"""What the broker does with each request, by values of the store: one function a route."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from contracts.matrix import hal
from contracts.matrix.answer import MAIN_BRANCHES, can_i_deploy, can_i_merge
from contracts.matrix.store import Content, Environment, Store, Unusable, Verification, Version

Json = Any


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A request: the parts of its path by name, its query, its JSON, and the broker's own address."""

    parts: dict[str, str]
    query: dict[str, list[str]]
    body: Json
    base: str
    path: str = ""

    def first(self, name: str) -> str:
        """Return the first value of a query parameter, empty without one."""
        return (self.query.get(name) or [""])[0]


Answered = tuple[int, Json]
Handler = Callable[[Store, Asked], Answered]


def index(_store: Store, asked: Asked) -> Answered:
    """Say where everything is."""
    return 200, hal.index(asked.base)


def publish(store: Store, asked: Asked) -> Answered:
    """Note the pacts of a version."""
    body = asked.body
    name, number = str(body.get("pacticipantName", "")), str(body.get("pacticipantVersionNumber", ""))
    notices, contracts = [], []
    branch, tags = str(body.get("branch") or ""), tuple(str(tag) for tag in body.get("tags") or ())
    for contract in body.get("contracts", ()):
        try:
            pact = json.loads(base64.b64decode(contract["content"]))
        except (KeyError, TypeError, ValueError, binascii.Error):
            raise Unusable("a contract carries its pact as base64 in `content`") from None
        content = store.publish(pact, number, branch, tags)
        text = f"{content.consumer} {number} with {content.provider}: {content.sha[:12]}"
        notices.append({"type": "success", "text": text})
        contracts.append(hal.link(_pact_at(asked.base, content), "Pact", text))
    store.note_version(name, number, branch, tags)
    who = hal.link(f"{asked.base}/pacticipants/{quote(name)}", "Pacticipant", name)
    which = hal.link(f"{who['href']}/versions/{quote(number)}", "Pacticipant version", number)
    return 200, {
        "notices": notices,
        "logs": [],
        "_embedded": {
            "pacticipant": {"name": name, "_links": {"self": who}},
            "version": {"number": number, "_links": {"self": which}},
        },
        "_links": {
            "pb:pacticipant": who,
            "pb:pacticipant-version": which,
            "pb:contracts": contracts,
            "pb:pacticipant-version-tags": [hal.link(f"{which['href']}/tags/{quote(tag)}", "Tag", tag) for tag in tags],
        },
    }


def itself(_store: Store, asked: Asked) -> Answered:
    """Show a resource that only a POST makes use of."""
    # Clients of the Rust kind GET a link before they POST to it.
    name = quote(asked.parts["provider"])
    return 200, {"_links": {"self": {"href": f"{asked.base}/pacts/provider/{name}/for-verification"}}}


def for_verification(store: Store, asked: Asked) -> Answered:
    """Return the pacts that a provider is to hold."""
    provider, wanted = asked.parts["provider"], asked.body or {}
    selectors = wanted.get("consumerVersionSelectors") or [{"mainBranch": True}]
    branches = {str(wanted.get("providerVersionBranch") or "main"), "main"}
    environments = store.environments()
    found: dict[str, Json] = {}
    for version in reversed(store.versions()):
        for content in version.pacts:
            if content.provider != provider or content.sha in found:
                continue
            is_wanted = any(_selects(each, version, environments) for each in selectors)
            if not is_wanted and not wanted.get("includeWipPactsSince"):
                continue
            is_pending = bool(wanted.get("includePendingStatus")) and not _held(store, content, branches)
            if is_wanted or not _held(store, content, branches):
                found[content.sha] = _offered(asked.base, version, content, is_pending, wip=not is_wanted)
    return 200, {"_embedded": {"pacts": list(found.values())}, "_links": {"self": {"href": asked.base}}}


def _selects(selector: Mapping[str, Json], version: Version, environments: list[Environment]) -> bool:
    """Tell whether a selector means a version."""
    if (name := selector.get("consumer")) and name != version.participant:
        return False
    if selector.get("branch"):
        return bool(selector["branch"] == version.branch)
    if selector.get("tag"):
        return selector["tag"] in version.tags
    if selector.get("mainBranch"):
        return version.branch in MAIN_BRANCHES
    places = [each for each in environments if selector.get("environment") in (None, each.name)]
    is_deployed = any(version.number in each.deployed.get(version.participant, ()) for each in places)
    asks = selector.get("deployedOrReleased") or selector.get("deployed") or selector.get("environment")
    return is_deployed if asks else bool(selector.get("latest"))


def _held(store: Store, content: Content, branches: set[str]) -> bool:
    """Tell whether a version of the provider on one of the branches ever held a content: else it is pending."""
    rows = (each for each in store.verifications() if (each.sha, each.provider) == (content.sha, content.provider))
    return any(each.success and each.branch in branches for each in rows)


def _offered(base: str, version: Version, content: Content, is_pending: bool, *, wip: bool) -> Json:
    pair = f"{content.consumer} ({version.number}) and {content.provider}"
    why = "work in progress" if wip else "pending" if is_pending else "required"
    return {
        "shortDescription": why,
        "verificationProperties": {
            "pending": is_pending or wip, "wip": wip,
            "notices": [{"when": "before_verification", "text": f"The pact between {pair} is {why}."}],
        },
        "_links": {"self": {"href": _pact_at(base, content), "name": f"Pact between {pair}"}},
    }  # fmt: skip


def _pact_at(base: str, content: Content) -> str:
    names = f"provider/{quote(content.provider)}/consumer/{quote(content.consumer)}"
    return f"{base}/pacts/{names}/pact-version/{content.sha}"


def pact(store: Store, asked: Asked) -> Answered:
    """Return a pact by its content."""
    content = Content(consumer=asked.parts["consumer"], provider=asked.parts["provider"], sha=asked.parts["sha"])
    pact = store.pact(content.sha)
    if pact is None:
        return 404, {"error": f"no pact says {content.sha}"}
    here = _pact_at(asked.base, content)
    provider = {"href": f"{asked.base}/pacticipants/{quote(content.provider)}", "name": content.provider}
    results = {"href": f"{here}/verification-results"}
    links = {"self": {"href": here}, "pb:provider": provider, "pb:publish-verification-results": results}
    return 200, {**pact, "_links": links}


def results(store: Store, asked: Asked) -> Answered:
    """Note what a verification found."""
    told, parts = asked.body, asked.parts
    number = str(told.get("providerApplicationVersion", ""))
    known = store.version(parts["provider"], number)
    tests = [each for each in told.get("testResults") or () if isinstance(each, Mapping)]
    failed = [str(each.get("interactionDescription", "")) for each in tests if not each.get("success", True)]
    store.record(
        Verification(
            sha=parts["sha"], consumer=parts["consumer"], provider=parts["provider"], version=number,
            success=bool(told.get("success")), branch=known.branch if known else "", interactions=len(tests),
            failed=tuple(each for each in failed if each),
        )
    )  # fmt: skip
    store.note_version(parts["provider"], number)
    return 201, {"_links": {"self": {"href": f"{_pact_at(asked.base, _content(parts))}/verification-results/1"}}}


def _content(parts: Mapping[str, str]) -> Content:
    return Content(consumer=parts["consumer"], provider=parts["provider"], sha=parts["sha"])


def branch(store: Store, asked: Asked) -> Answered:
    """Note the branch of a version."""
    version = store.note_version(asked.parts["name"], asked.parts["version"], asked.parts["branch"])
    return 200, hal.version(asked.base, version.participant, version.number, store.environments())


def tag(store: Store, asked: Asked) -> Answered:
    """Note a tag of a version."""
    store.note_version(asked.parts["name"], asked.parts["version"], tags=(asked.parts["tag"],))
    return 200, {"name": asked.parts["tag"]}


def participant(_store: Store, asked: Asked) -> Answered:
    """Return a participant."""
    return 200, hal.pacticipant(asked.base, asked.parts["name"])


def version(store: Store, asked: Asked) -> Answered:
    """Return a version."""
    name, number = asked.parts["name"], asked.parts["version"]
    if store.version(name, number) is None:
        return 404, {"error": f"nobody told of {name} {number}"}
    return 200, hal.version(asked.base, name, number, store.environments())


def latest_version(store: Store, asked: Asked) -> Answered:
    """Return the newest version of a participant."""
    versions = store.versions(asked.parts["name"])
    if not versions:
        return 404, {"error": f"nobody told of {asked.parts['name']}"}
    return 200, hal.version(asked.base, asked.parts["name"], versions[-1].number, store.environments())


def participants(store: Store, asked: Asked) -> Answered:
    """Return all participants."""
    told = {each.participant for each in store.versions()}
    agreed = {content.provider for each in store.versions() for content in each.pacts}
    return 200, hal.pacticipants(asked.base, sorted(told | agreed))


def latest_pacts(store: Store, asked: Asked) -> Answered:
    """Return the newest pact of each pair."""
    newest = {(content.consumer, content.provider): (content, version.number, _pact_at(asked.base, content))
              for version in store.versions() for content in version.pacts}  # fmt: skip
    return 200, hal.latest_pacts(asked.base, newest.values())


def make_environment(store: Store, asked: Asked) -> Answered:
    """Note that there is an environment."""
    made = store.make_environment(str(asked.body.get("name", "")), production=bool(asked.body.get("production")))
    return 201, hal.environment(asked.base, made)


def undeployed(store: Store, asked: Asked) -> Answered:
    """Note that a version is no longer in an environment."""
    name, number, where = (asked.parts[each] for each in ("name", "version", "environment"))
    if asked.body.get("currentlyDeployed") is not False:
        return 400, {"error": "only currentlyDeployed = false can be told"}
    store.undeploy(name, number, where)
    return 200, {"currentlyDeployed": False}


def currently(store: Store, asked: Asked) -> Answered:
    """Return what is in an environment."""
    where = store.environment(asked.parts["environment"])
    if where is None:
        return 404, {"error": "there is no such environment"}
    wanted = asked.first("pacticipant")
    rows = [
        hal.deployed(asked.base, who, number, where.name)
        for who, numbers in where.deployed.items() for number in numbers if wanted in ("", who)
    ]  # fmt: skip
    return 200, {"_embedded": {"deployedVersions": rows}}


def environments(store: Store, asked: Asked) -> Answered:
    """Return all environments."""
    return 200, hal.environments(asked.base, store.environments())


def environment(store: Store, asked: Asked) -> Answered:
    """Return an environment."""
    found = store.environment(asked.parts["environment"])
    return (200, hal.environment(asked.base, found)) if found else (404, {"error": "there is no such environment"})


def deployed(store: Store, asked: Asked) -> Answered:
    """Note that a version is in an environment."""
    parts = asked.parts
    alongside = "released-versions" in asked.path  # what is released stays until its support ends
    store.deploy(parts["name"], parts["version"], parts["environment"], alongside=alongside)
    return 201, {"uuid": f"{parts['name']}-{parts['version']}-{parts['environment']}", "currentlyDeployed": True}


def matrix(store: Store, asked: Asked) -> Answered:
    """Answer can-i-deploy and can-i-merge."""
    name, number, where = (asked.first(each) for each in ("q[][pacticipant]", "q[][version]", "environment"))
    if name and number and not where and asked.first("mainBranch") == "true":
        return 200, hal.matrix(can_i_merge(store, name, number))
    if not name or not number or not where:
        return 400, {"error": "ask for one version (--version) and an environment (--to-environment)"}
    return 200, hal.matrix(can_i_deploy(store, name, number, where))
