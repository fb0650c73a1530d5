"""Whom the doors are measured against: our own servers and peers, each as a process on one core with its workload.

Peers are looked for in a folder (`--peers`), where `--install` puts them: Mountebank and WireMock from npm, moto from
PyPI. What is not there is skipped, and said so.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

NPM = ("@mbtest/mountebank@2.9.2", "wiremock@3.13.2")
PIP = ("moto[server]==5.2.5",)
FORM = "application/x-www-form-urlencoded"
INVOICE = {
    "customer": "cus_000000000001",
    "currency": "usd",
    "description": "Quarterly subscription, enterprise plan, renewal",
    "metadata": {"order": "Q-000001-v1", "entity": "US", "period": "2026-Q4"},
    "lines": [
        {"description": "Platform, enterprise edition", "quantity": 3, "unit_amount": 120000, "period": "2026-10"},
        {"description": "Support, 24x7, follow the sun", "quantity": 1, "unit_amount": 45000, "period": "2026-10"},
    ],
}
_INJECTED = """
(config) => {
  const body = JSON.parse(config.request.body), key = config.request.headers['Idempotency-Key'], state = config.state;
  state.byKey = state.byKey || {}; state.byId = state.byId || {};
  if (key && state.byKey[key]) { return state.byKey[key]; }
  const number = Object.keys(state.byId).length === 0 ? 1 : state.last + 1;
  state.last = number;
  let total = 0;
  for (const line of body.lines) { total += line.quantity * line.unit_amount; }
  const invoice = Object.assign({ id: 'in_' + number, object: 'invoice', status: 'draft', total: total }, body);
  const reply = { statusCode: 201, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(invoice) };
  state.byId[invoice.id] = invoice; state.byKey[key] = reply;
  return reply;
}
"""


@dataclass(frozen=True)
class Workload:
    """One kind of request, as wrk sends it; `%d` in `target`, `body` and headers is a number that never repeats."""

    method: str
    target: str
    headers: dict[str, str]
    body: str

    def script(self) -> str:
        """Return the Lua script for wrk."""
        headers = ", ".join(f'["{name}"] = {_lua(value)}' for name, value in self.headers.items())
        return textwrap.dedent(f"""
            local number = math.floor((os.time() % 100000) * 10000000)
            request = function()
              number = number + 1
              return wrk.format("{self.method}", {_lua(self.target)}, {{{headers}}}, {_lua(self.body)})
            end
        """)


def _lua(text: str) -> str:
    quoted = "[==[" + text.replace("%d", "]==] .. number .. [==[") + "]==]"
    return quoted.replace("[==[]==] .. ", "").replace(" .. [==[]==]", "")


@dataclass(frozen=True)
class Contender:
    """A server: how it is started on a port, what it is asked, how long it warms up, and what must be done before."""

    name: str
    command: Callable[[int, Path], list[str]]
    work: Workload
    warm_seconds: int = 2
    missing: str = ""
    prepare: Callable[[str], None] = lambda _url: None


def invoices(customer: str) -> Workload:
    """Return the workload of invoices in the Stripe dialect."""
    body = f"customer={customer}&currency=usd&description=Quarterly+subscription%2C+enterprise+plan"
    body += "&metadata[order]=Q-000001-v1&metadata[entity]=US&metadata[period]=2026-Q4&auto_advance=false"
    headers = {"Authorization": "Bearer sk_test_q2c", "Idempotency-Key": "k-%d", "Content-Type": FORM}
    return Workload("POST", "/v1/invoices", headers, body)


def intents() -> Workload:
    """Return the workload of payment intents in the Stripe dialect."""
    body = "amount=405000&currency=usd&description=Quarterly+subscription&metadata[order]=Q-000001-v1"
    headers = {"Authorization": "Bearer sk_test_q2c", "Idempotency-Key": "k-%d", "Content-Type": FORM}
    return Workload("POST", "/v1/payment_intents", headers, body)


def ours(name: str, work: Workload, *said: str) -> Contender:
    """Return our own server with everything on: auth, limits that never fire, keys, journal, fault plan, webhooks."""

    def command(port: int, folder: Path) -> list[str]:
        begin = [sys.executable, "-m", "q2c", "mocks", "up", "--ephemeral", "--unlimited", "--no-tls"]
        state = [word.replace("FOLDER", str(folder)) for word in said]
        return [*begin, "--workspace", str(folder), "--port", f"payment={port}", *state]

    return Contender(name, command, work)


def all_peers(folder: Path) -> list[Contender]:
    """Return the peers, each with what is missing to run it."""
    json_work = Workload(
        "POST", "/v1/invoices", {"Idempotency-Key": "k-%d", "Content-Type": "application/json"}, json.dumps(INVOICE)
    )
    return [
        _mountebank(folder, json_work),
        _wiremock(folder, json_work, "WireMock templated, defaults", 10, "template"),
        _wiremock(folder, json_work, "WireMock static, journal off, warm", 45, "static", "--no-request-journal"),
        _moto(folder),
    ]


def install(folder: Path) -> None:
    """Install the peers into a folder from the registries."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent", *NPM], cwd=folder, check=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder / "py")], check=True)
    subprocess.run([str(folder / "py" / "bin" / "pip"), "install", "--quiet", *PIP], check=True)


def _mountebank(peers: Path, work: Workload) -> Contender:
    program = peers / "node_modules" / ".bin" / "mb"

    def command(port: int, folder: Path) -> list[str]:
        stub = {"responses": [{"inject": _INJECTED}]}
        imposters = {"imposters": [{"port": port, "protocol": "http", "stubs": [stub]}]}
        file = folder / "imposters.json"
        file.write_text(json.dumps(imposters))
        options = ["--nologfile", "--loglevel", "warn", "--allowInjection", "--localOnly", "--noParse"]
        return [str(program), "start", "--configfile", str(file), "--port", str(port + 1), *options]

    missing = "" if program.exists() and shutil.which("node") else "npm package @mbtest/mountebank"
    return Contender("Mountebank, injected state", command, work, 8, missing)


def _wiremock(peers: Path, work: Workload, name: str, warm_seconds: int, kind: str, *said: str) -> Contender:
    jars = sorted((peers / "node_modules" / "wiremock").glob("**/*.jar"))

    def command(port: int, folder: Path) -> list[str]:
        mappings = folder / "mappings"
        mappings.mkdir(exist_ok=True)
        (mappings / "invoice.json").write_text(json.dumps(_mapping(kind)))
        begin = ["java", "-jar", str(jars[0]), "--port", str(port), "--root-dir", str(folder), "--disable-banner"]
        return [*begin, "--bind-address", "127.0.0.1", *said]

    missing = "" if jars and shutil.which("java") else "npm package wiremock (which ships the jar) and a JVM"
    return Contender(name, command, work, warm_seconds, missing)


def _mapping(kind: str) -> dict[str, object]:
    fields = {**INVOICE, "id": "in_1", "object": "invoice", "total": 405000}
    if kind == "template":
        fields["id"] = "in_{{randomValue length=12 type='ALPHANUMERIC'}}"
        fields["customer"] = "{{jsonPath request.body '$.customer'}}"
    reply: dict[str, object] = {
        "status": 201,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps(fields),
    }
    if kind == "template":
        reply["transformers"] = ["response-template"]
    return {"request": {"method": "POST", "urlPath": "/v1/invoices"}, "response": reply}


def _moto(peers: Path) -> Contender:
    program = peers / "py" / "bin" / "moto_server"
    signed = "AWS4-HMAC-SHA256 Credential=k/20261130/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0"
    headers = {"X-Amz-Target": "DynamoDB_20120810.PutItem", "Content-Type": "application/x-amz-json-1.0"}
    item = {"TableName": "invoices", "Item": {"id": {"S": "in_%d"}, "body": {"S": json.dumps(INVOICE)}}}
    work = Workload("POST", "/", {**headers, "Authorization": signed}, json.dumps(item))

    def prepare(url: str) -> None:
        table = {
            "TableName": "invoices", "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        }  # fmt: skip
        said = {**headers, "X-Amz-Target": "DynamoDB_20120810.CreateTable", "Authorization": signed}
        httpx.post(url, content=json.dumps(table), headers=said, trust_env=False).raise_for_status()

    def command(port: int, _folder: Path) -> list[str]:
        return [str(program), "-H", "127.0.0.1", "-p", str(port)]

    missing = "" if program.exists() else "PyPI package moto[server]"
    return Contender("moto server, DynamoDB PutItem", command, work, 2, missing, prepare)
