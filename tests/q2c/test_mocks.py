"""`q2c mocks` and `q2c env`: servers as processes of their own, and the commands that talk to them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.q2c.conftest import Run

READY_SECONDS = 30
PAYER = {"name": "Acme"}


class Up:
    """Mocks that run as a process."""

    def __init__(self, process: subprocess.Popen[bytes], workspace: Path) -> None:
        assert process.stdout is not None
        self.process = process
        self.workspace = workspace
        self.told: dict[str, Any] = json.loads(process.stdout.readline())
        self.addresses: dict[str, str] = self.told["addresses"]

    def post(self) -> httpx.Response:
        """Make a customer of the payment processor."""
        url = self.addresses["payment"] + "/v1/customers"
        return httpx.post(url, data=PAYER, auth=("sk_test_1", ""), trust_env=False)

    def customers(self) -> int:
        """Return how many customers the payment processor has, a hundred at most."""
        url = self.addresses["payment"] + "/v1/customers?limit=100"
        return len(httpx.get(url, auth=("sk_test_1", ""), trust_env=False).json()["data"])

    def stop(self, number: int) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(10)


@contextmanager
def up(workspace: Path, *said: str) -> Iterator[Up]:
    command = [
        sys.executable,
        "-m",
        "q2c",
        "mocks",
        "up",
        "--workspace",
        str(workspace),
        "--ephemeral",
        "--json",
        *said,
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        yield Up(process, workspace)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def mocks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with up(tmp_path_factory.mktemp("workspace"), "--switch", "payment.secret_key=sk_test_1") as found:
        yield found


def test_all_doors_are_open(mocks: Up) -> None:
    assert len(mocks.addresses) == 15
    assert httpx.get(mocks.addresses["admin"] + "/health", trust_env=False).json()["status"] == "ready"
    assert mocks.post().status_code == 200


def test_the_workspace_keeps_to_itself(mocks: Up) -> None:
    assert (mocks.workspace / ".gitignore").read_text() == "*\n"
    assert (mocks.workspace / "ca.key").stat().st_mode & 0o077 == 0


def test_a_shell_is_told_where_they_are(mocks: Up, run: Run) -> None:
    shown = run("env", "--workspace", mocks.workspace).output
    assert f"export Q2C_PAYMENT_URL={mocks.addresses['payment']}\n" in shown
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        assert f"export {name}={mocks.addresses['proxy']}\n" in shown
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"):
        assert f"export {name}={mocks.told['ca_bundle']}\n" in shown
    assert f'base_addresses={{"api": "{mocks.addresses["payment"]}"}}' in shown
    assert all(line.startswith(("export ", "#")) for line in shown.splitlines())


def test_a_shell_that_is_no_sh_is_told_in_its_own_words(mocks: Up, run: Run) -> None:
    assert "set -gx HTTPS_PROXY " in run("env", "--workspace", mocks.workspace, "--shell", "fish").output
    assert "$env:HTTPS_PROXY = '" in run("mocks", "env", "--workspace", mocks.workspace, "--shell", "powershell").output
    assert "unset HTTPS_PROXY\n" in run("env", "--workspace", mocks.workspace, "--unset").output
    found = json.loads(run("env", "--workspace", mocks.workspace, "--json").output)
    assert found["Q2C_TAX_URL"] == mocks.addresses["tax"]


def test_the_exports_are_all_a_client_needs(mocks: Up, run: Run) -> None:
    found = json.loads(run("env", "--workspace", mocks.workspace, "--json").output)
    program = "import httpx; print(httpx.get('https://rest.avatax.com/api/v2/utilities/ping').status_code)"
    done = subprocess.run([sys.executable, "-c", program], env={**os.environ, **found}, capture_output=True, check=True)
    assert done.stdout == b"200\n"


def test_a_world_is_filled_kept_emptied_and_brought_back(mocks: Up, run: Run, tmp_path: Path) -> None:
    at = ("--workspace", str(mocks.workspace))
    assert run("mocks", "reset", *at).exit_code == 0
    assert mocks.customers() == 0
    seeded = run("mocks", "seed", *at, "--subscriptions", "3")
    assert (seeded.exit_code, "3 live subscriptions" in seeded.output) == (0, True)
    assert mocks.customers() == 3
    assert run("mocks", "snapshot", *at, tmp_path / "world.jsonl").exit_code == 0
    mocks.post()
    assert mocks.customers() == 4
    assert run("mocks", "restore", *at, tmp_path / "world.jsonl").exit_code == 0
    assert mocks.customers() == 3


def test_a_second_company_is_refused_before_anything_is_done(mocks: Up, run: Run) -> None:
    at = ("--workspace", str(mocks.workspace))
    run("mocks", "reset", *at)
    assert run("mocks", "seed", *at, "--subscriptions", "2").exit_code == 0
    again = run("mocks", "seed", *at, "--subscriptions", "4")
    assert again.exit_code == 2
    assert again.stderr.endswith("this world already has a company; `q2c mocks reset` gives an empty one\n")
    asked = httpx.post(mocks.addresses["admin"] + "/seed", json={"subscriptions": 4}, trust_env=False, timeout=60)
    assert (asked.status_code, asked.json()) == (409, {"problem": again.stderr.strip()})
    assert mocks.customers() == 2


def test_an_act_that_a_system_refuses_is_no_failure_of_the_mocks(mocks: Up) -> None:
    bundle = {"system": "crm", "action": "create_product", "arguments": {"sku": "B", "parts": [{"sku": "none"}]}}
    refused = httpx.post(mocks.addresses["admin"] + "/acts", json=[bundle], trust_env=False)
    assert (refused.status_code, "there is no product none" in refused.json()["problem"]) == (409, True)


def test_what_cannot_be_restored_is_said(mocks: Up, run: Run, tmp_path: Path) -> None:
    at = ("--workspace", str(mocks.workspace))
    (tmp_path / "bad").write_text("nonsense")
    bad = run("mocks", "restore", *at, tmp_path / "bad")
    assert (bad.exit_code, "no snapshot" in bad.output) == (2, True)
    assert "cannot read" in run("mocks", "restore", *at, tmp_path / "none").output
    assert "cannot write" in run("mocks", "snapshot", *at, tmp_path / "no" / "where").output


def test_without_mocks_a_command_says_how_to_start_them(run: Run, tmp_path: Path) -> None:
    for words in (["env"], ["mocks", "reset"], ["mocks", "seed"]):
        said = run(*words, "--workspace", tmp_path)
        assert (said.exit_code, "q2c mocks up" in said.output) == (2, True)


def test_a_shell_in_another_folder_is_told_where_mocks_were_looked_for(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = run("env").stderr
    assert said.startswith(f"no mocks run in {tmp_path / '.q2c'}.")
    assert "--workspace" in said


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (["--port", "nobody=1"], "expected DOOR=PORT"),
        (["--port", "tax=70000"], "expected DOOR=PORT"),
        (["--switch", "payment"], "expected SYSTEM.NAME=VALUE"),
        (["--switch", "nobody.x=1"], "no system 'nobody'"),
        (["--switch", "payment.nothing=1"], "no switch 'nothing'"),
        (["--switch", "payment.debit_days_min=soon"], "not understood"),
        (["--speed", "-1"], "speed"),
        (["--state", "/nowhere/world.db"], "cannot keep the world"),
    ],
)
def test_what_cannot_be_started_is_said(run: Run, tmp_path: Path, said: list[str], problem: str) -> None:
    found = run("mocks", "up", "--workspace", tmp_path, "--ephemeral", *said)
    assert (found.exit_code, problem in found.output) == (2, True)


def test_a_taken_port_is_named(mocks: Up, run: Run, tmp_path: Path) -> None:
    port = mocks.addresses["tax"].rpartition(":")[2]
    found = run("mocks", "up", "--workspace", tmp_path, "--ephemeral", "--port", f"erp={port}")
    assert (found.exit_code, f"port {port} for erp" in found.output) == (2, True)
    assert (tmp_path / "ca.key").is_file()
    assert (tmp_path / ".gitignore").read_text() == "*\n", "the key of the authority is never committed"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_them_cleanly(tmp_path: Path, number: int) -> None:
    with up(tmp_path) as mocks, httpx.Client(base_url=mocks.addresses["tax"], trust_env=False) as kept_alive:
        kept_alive.get("/api/v2/utilities/ping")
        assert (tmp_path / "mocks.json").is_file()
        started = time.monotonic()
        assert mocks.stop(number) == 0
        assert time.monotonic() - started < 5
        assert not (tmp_path / "mocks.json").exists()


@pytest.mark.parametrize("turbo", [[], ["--turbo"]])
def test_a_world_in_a_file_survives_a_kill(tmp_path: Path, turbo: list[str]) -> None:
    said = ["--state", str(tmp_path / "world.db"), "--no-tls", *turbo]
    with up(tmp_path, *said) as mocks:
        assert "proxy" not in mocks.addresses
        made = [mocks.post().json()["id"] for _ in range(5)]
        mocks.stop(signal.SIGKILL)
    with up(tmp_path, *said) as again:
        assert again.customers() == 5
        assert again.post().json()["id"] not in made


def test_drifts_are_listed_and_put_on(run: Run, tmp_path: Path) -> None:
    assert "salesforce-required-field" in run("mocks", "drifts").output
    with up(tmp_path, "--no-tls", "--drift", "netsuite-tba-off") as found:
        admin = found.addresses["admin"]

        def on() -> list[str]:
            return [row["name"] for row in httpx.get(f"{admin}/drifts", trust_env=False).json() if row["on"]]

        assert on() == ["netsuite-tba-off"]
        assert run("mocks", "drifts", "--workspace", tmp_path, "--on", "avatax-nexus-removed").exit_code == 0
        assert on() == ["avatax-nexus-removed"]
        assert "no drift" in run("mocks", "drifts", "--workspace", tmp_path, "--on", "x").output
        assert run("mocks", "drifts", "--workspace", tmp_path, "--off").exit_code == 0
        assert on() == []
        filled = httpx.post(f"{admin}/seed", json={"subscriptions": 1}, trust_env=False, timeout=60)
        assert filled.json()["acts"] > 10
        assert httpx.post(f"{admin}/seed", json={"scenario": "none"}, trust_env=False).status_code == 400


def test_whoever_is_not_local_needs_the_token(run: Run, tmp_path: Path) -> None:
    with up(tmp_path, "--no-tls", "--admin-host", "0.0.0.0") as found:
        admin = found.addresses["admin"].replace("0.0.0.0", "127.0.0.1")
        token = found.told["admin_token"]
        assert len(token) > 20
        assert (tmp_path / "mocks.json").stat().st_mode & 0o077 == 0
        assert httpx.get(f"{admin}/world", trust_env=False).status_code == 401
        headers = {"authorization": f"Bearer {token}"}
        assert httpx.get(f"{admin}/world", headers=headers, trust_env=False).status_code == 200
        assert run("mocks", "reset", "--workspace", tmp_path).exit_code == 0
        assert f"export Q2C_ADMIN_TOKEN={token}" in run("env", "--workspace", tmp_path).output
