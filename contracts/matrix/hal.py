"""What the broker answers, in the words of HAL: documents with links, from values of the store."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from contracts.matrix.answer import Answer, Row
from contracts.matrix.store import Content, Environment

HAL = "application/hal+json"


def index(base: str) -> dict[str, Any]:
    """Return the first document, which says where everything is."""
    templates = {
        "pb:provider-pacts-for-verification": "/pacts/provider/{provider}/for-verification",
        "pb:latest-provider-pacts": "/pacts/provider/{provider}/latest",
        "pb:provider-pacts": "/pacts/provider/{provider}",
        "pb:pacticipant": "/pacticipants/{pacticipant}",
        "pb:pacticipant-version": "/pacticipants/{pacticipant}/versions/{version}",
        "pb:pacticipant-branch-version": "/pacticipants/{pacticipant}/branches/{branch}/versions/{version}",
        "pb:environment": "/environments/{uuid}",
        "pb:latest-version": "/pacticipants/{pacticipant}/latest-version",
    }
    links: dict[str, Any] = {name: {"href": base + path, "templated": True} for name, path in templates.items()}
    links["self"] = {"href": base}
    links["pb:publish-contracts"] = {"href": f"{base}/contracts/publish"}
    links["pb:pacticipants"] = {"href": f"{base}/pacticipants"}
    links["pb:latest-pact-versions"] = {"href": f"{base}/pacts/latest"}
    links["pb:environments"] = {"href": f"{base}/environments"}
    return {"_links": links}


def pacticipant(base: str, name: str) -> dict[str, Any]:
    """Return a participant and where its versions are told."""
    here = f"{base}/pacticipants/{name}"
    return {
        "name": name,
        "displayName": name,
        "_links": {
            "self": {"href": here},
            "pb:branch-version": {"href": f"{here}/branches/{{branch}}/versions/{{version}}", "templated": True},
            "pb:version-tag": {"href": f"{here}/versions/{{version}}/tags/{{tag}}", "templated": True},
        },
    }


def version(base: str, participant: str, number: str, environments: list[Environment]) -> dict[str, Any]:
    """Return a version and where its deployments are told."""
    here = f"{base}/pacticipants/{participant}/versions/{number}"
    names = [each.name for each in environments]
    deployed = [{"name": name, "href": f"{here}/deployed-versions/environment/{name}"} for name in names]
    released = [{"name": name, "href": f"{here}/released-versions/environment/{name}"} for name in names]
    links = {"self": {"href": here}, "pb:record-deployment": deployed, "pb:record-release": released}
    return {"number": number, "_links": links}


def link(href: str, title: str, name: str) -> dict[str, str]:
    """Return a link with the words that clients show of it."""
    return {"href": href, "title": title, "name": name}


def pacticipants(base: str, names: Iterable[str]) -> dict[str, Any]:
    """Return all participants."""
    rows = [pacticipant(base, name) for name in names]
    return {
        "pacticipants": rows,
        "_embedded": {"pacticipants": rows},
        "_links": {"self": {"href": f"{base}/pacticipants"}},
    }


def latest_pacts(base: str, found: Iterable[tuple[Content, str, str]]) -> dict[str, Any]:
    """Return pacts with the version of their consumer and their address, the newest of each pair."""
    return {
        "pacts": [
            {
                "createdAt": "",
                "_embedded": {
                    "consumer": {"name": each.consumer, "_embedded": {"version": {"number": number}}},
                    "provider": {"name": each.provider},
                },
                "_links": {"self": link(href, "Pact", f"Pact between {each.consumer} ({number}) and {each.provider}")},
            }
            for each, number, href in found
        ],
        "_links": {"self": {"href": f"{base}/pacts/latest"}},
    }


def environments(base: str, found: list[Environment]) -> dict[str, Any]:
    """Return the environments; the name of one is its id."""
    return {
        "_embedded": {"environments": [environment(base, each) for each in found]},
        "_links": {"self": {"href": base}},
    }


def environment(base: str, each: Environment) -> dict[str, Any]:
    """Return an environment."""
    return {
        "uuid": each.name, "name": each.name, "displayName": each.name, "production": each.is_production,
        "_links": {
            "self": {"href": f"{base}/environments/{each.name}"},
            "pb:currently-deployed-deployed-versions": {
                "href": f"{base}/environments/{each.name}/deployed-versions/currently-deployed"
            },
        },
    }  # fmt: skip


def deployed(base: str, participant: str, number: str, environment: str) -> dict[str, Any]:
    """Return a version that is in an environment, and where it is told that it is gone."""
    here = f"{base}/pacticipants/{participant}/versions/{number}/deployed-versions/environment/{environment}"
    return {
        "uuid": f"{participant}-{number}-{environment}", "currentlyDeployed": True,
        "_embedded": {"pacticipant": {"name": participant}, "version": {"number": number}},
        "_links": {"self": {"href": here}},
    }  # fmt: skip


def matrix(answer: Answer) -> dict[str, Any]:
    """Return the answer of can-i-deploy; what nobody knows is not deployable."""
    counted = {word: sum(row.verified == word for row in answer.rows) for word in ("yes", "no", "unknown")}
    return {
        "summary": {
            "deployable": answer.word == "yes", "reason": answer.reason, "success": counted["yes"],
            "failed": counted["no"], "unknown": counted["unknown"] + (not answer.known),
        },
        "notices": [{"type": "success" if answer.word == "yes" else "error", "text": answer.reason}],
        "matrix": [_row(row) for row in answer.rows],
    }  # fmt: skip


def _row(row: Row) -> dict[str, Any]:
    result = {"success": row.verified == "yes", "_links": {"self": {"href": ""}}}
    number = {"number": row.provider_version} if row.provider_version else None
    return {
        "consumer": {"name": row.consumer, "version": {"number": row.consumer_version}},
        "provider": {"name": row.provider, "version": number},
        "verificationResult": None if row.verified == "unknown" else result,
    }
