"""The page on how to use the API is true: each request on it is sent, and the answer holds what the page shows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from tests.integration.api.conftest import Stage

PAGE = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "use-the-api.md"
_BLOCK = re.compile(r"^```http\n(.*?)^```", re.MULTILINE | re.DOTALL)
NUMBER, QUOTE_ID = "Q-000123", "0Q0000000000123EAA"


def examples() -> Iterator[tuple[str, str]]:
    """Yield each request with the answer that follows it."""
    blocks = _BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert len(blocks) % 2 == 0
    yield from zip(blocks[::2], blocks[1::2], strict=True)


def parted(block: str) -> tuple[str, dict[str, str], str]:
    """Return first line, headers and body of a block."""
    head, _, body = block.partition("\n\n")
    first, *lines = head.strip().splitlines()
    return first, dict(line.split(": ", 1) for line in lines), body.strip()


def holds(shown: Any, found: Any) -> bool:
    """Tell whether an answer holds what is shown: all members that are shown; "..." stands for anything."""
    if isinstance(shown, str) and "..." in shown:
        before, _, after = shown.partition("...")
        return not before or (str(found).startswith(before) and str(found).endswith(after))
    if isinstance(shown, dict):
        return isinstance(found, dict) and all(key in found and holds(shown[key], found[key]) for key in shown)
    if isinstance(shown, list):
        return isinstance(found, list) and all(any(holds(each, other) for other in found) for each in shown)
    return bool(shown == found)


def test_every_example_on_the_page_is_true(stage: Stage) -> None:
    quote = stage.quote(number=NUMBER)
    count = 0
    with stage.client("") as client:
        for request, answer in examples():
            count += 1
            if "order.booked" in request or ("GET /api/v1/transactions" in request and "Bearer" in request):
                until_booked(stage)
            text = request.replace(QUOTE_ID, quote["quote_id"]).replace("SECRET", "secret-everything")
            first, headers, body = parted(text)
            method, target = first.split()
            got = client.request(method, str(httpx.URL(stage.address + target)), headers=headers, content=body)
            shown, wanted, content = parted(answer)
            assert f"HTTP/1.1 {got.status_code}" == shown, (request, got.text)
            for name, value in wanted.items():
                assert holds(value, got.headers[name]), (name, got.headers[name])
            assert holds(json.loads(content), got.json()), (content, got.text)
    assert count >= 7


def until_booked(stage: Stage) -> None:
    with stage.client() as client:
        wanted = {"transaction": NUMBER, "type": "order.booked"}
        stage.until(lambda: client.get("/events", params=wanted).json()["events"])
