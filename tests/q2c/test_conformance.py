from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from click.testing import CliRunner, Result

from q2c.cli import q2c
from tests.contracts.conformance.order_service import OrderService
from tests.contracts.conformance.test_server import DESCRIBED


def _served(service: OrderService) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(service.app, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()), daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(5)


@pytest.fixture
def address() -> Iterator[str]:
    yield from _served(OrderService("other_payload_replayed"))


def described(folder: Path, url: str) -> Path:
    tree: dict[str, Any] = {name: DESCRIBED[name] for name in ("operation", "count")}
    path = folder / "orders.yaml"
    path.write_text(json.dumps({"url": url, **tree}), encoding="utf-8")
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(q2c, ["conformance", *arguments])


def test_a_service_over_http_is_examined_and_its_fault_named(tmp_path: Path, address: str) -> None:
    path = described(tmp_path, address)
    result = run("server", str(path), "--profile", "own", "--only", "I05", "--only", "I07")
    assert result.exit_code == 1
    assert "holds    I05" in result.output
    assert "BROKEN   I07" in result.output


def test_the_address_may_be_given_on_the_command_line(tmp_path: Path, address: str) -> None:
    path = described(tmp_path, "http://127.0.0.1:9")
    assert run("server", str(path), "--url", address, "--profile", "own", "--only", "I02").exit_code == 0


def test_nobody_at_the_address_is_told_apart_from_a_broken_promise(tmp_path: Path) -> None:
    result = run("server", str(described(tmp_path, "http://127.0.0.1:9")))
    assert result.exit_code == 5
    assert "nobody answers" in result.output


def test_other_tools_can_read_it(tmp_path: Path, address: str) -> None:
    path = described(tmp_path, address)
    result = CliRunner().invoke(
        q2c, ["conformance", "server", str(path), "--profile", "own", "--only", "I07", "--format", "sarif"]
    )
    text = result.stdout
    assert json.loads(text)["runs"][0]["results"][0]["ruleId"] == "I07"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["server", "none.yaml"], "none.yaml: cannot be read"),
        (["server", "orders.yaml", "--only", "I99"], "no assertion is called I99"),
        (["webhooks", "orders.yaml"], "orders.yaml"),
        (["client", "orders.yaml"], "orders.yaml"),
    ],
)
def test_bad_input_is_said_in_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    described(tmp_path, "http://127.0.0.1:9")
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == 2
    assert said in result.output
    assert "Traceback" not in result.output
