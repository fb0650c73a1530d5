"""Bad input of `q2c verify` by the command line: one sentence with file and position, and the right status."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from contracts.compatibility.documents import BYTES_MAX
from q2c.cli import q2c
from tests.contracts.compatibility.corpus import BASE
from tests.contracts.compatibility.test_usage import interaction

COMPARES = '[verify]\n[[verify.compatibility]]\nold = "old.json"\nnew = "openapi.json"\n'
PACTS = '[verify]\n[[verify.pacts]]\npacts = "pact.json"\ndocument = "openapi.json"\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("old.json", "openapi.json"):
        (tmp_path / name).write_text(json.dumps(BASE, indent=1), encoding="utf-8")
    pact = {"consumer": {"name": "shop"}, "provider": {"name": "orders"}, "interactions": [interaction()]}
    (tmp_path / "pact.json").write_text(json.dumps(pact, indent=1), encoding="utf-8")
    return tmp_path


def run(project: Path, text: str) -> Result:
    (project / "q2c.toml").write_text(text, encoding="utf-8")
    result = CliRunner().invoke(q2c, ["verify"])
    assert "Traceback" not in result.output
    assert "mistake of q2c" not in result.output
    return result


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ('{"openapi": "3.1.0",\n "paths": {,}}', "openapi.json:2:12: not JSON"),
        ("openapi: 3.1.0\npaths: [unclosed", "openapi.json:3:1: not YAML"),
        ('{"openapi": "3.1.0", "openapi": "3.0.0"}', "the name openapi stands twice"),
        ("[1, 2]", "holds a list; expected an object"),
        ("", "holds nothing; expected an object"),
        ("\ufffe\x00", "openapi.json"),
        ('{"a":' * 400 + "1" + "}" * 400, "openapi.json"),
        ('{"swagger": "2.0", "paths": {}}', "convert it to OpenAPI 3"),
    ],
)
def test_a_broken_document_is_named_with_its_position(project: Path, document: str, said: str) -> None:
    (project / "openapi.json").write_text(document, encoding="utf-8")
    result = run(project, COMPARES)
    assert result.exit_code == 5, result.output
    assert said in result.output
    assert str(project) not in result.output


def test_a_huge_document_is_refused_before_it_is_read(project: Path) -> None:
    with (project / "openapi.json").open("wb") as file:
        file.truncate(BYTES_MAX + 1)
    result = run(project, COMPARES)
    assert result.exit_code == 5
    assert "documents up to 30,000,000 are read" in result.output


@pytest.mark.parametrize("reference", ["https://example.com/order.json", "//example.com/order.json", "../secret.json"])
def test_a_reference_to_elsewhere_is_not_followed(project: Path, reference: str) -> None:
    tree = json.loads(json.dumps(BASE))
    tree["components"]["schemas"]["Order"] = {"$ref": reference}
    (project / "openapi.json").write_text(json.dumps(tree, indent=1), encoding="utf-8")
    result = run(project, COMPARES)
    assert result.exit_code == 5, result.output
    assert "openapi.json:" in result.output
    assert reference in result.output


def test_a_schema_that_contains_itself_is_compared_and_a_circle_of_references_is_refused(project: Path) -> None:
    tree = json.loads(json.dumps(BASE))
    tree["components"]["schemas"]["Order"]["properties"]["parent"] = {"$ref": "#/components/schemas/Order"}
    for name in ("old.json", "openapi.json"):
        (project / name).write_text(json.dumps(tree), encoding="utf-8")
    assert run(project, COMPARES).exit_code == 0
    tree["components"]["schemas"]["Order"] = {"$ref": "#/components/schemas/Other"}
    tree["components"]["schemas"]["Other"] = {"$ref": "#/components/schemas/Order"}
    (project / "openapi.json").write_text(json.dumps(tree), encoding="utf-8")
    result = run(project, COMPARES)
    assert result.exit_code == 5
    assert "references lead round in a circle" in result.output


def test_the_pact_of_another_api_is_broken_and_one_without_interactions_is_no_success(project: Path) -> None:
    tree = {**BASE, "paths": {"/v9/nothing": BASE["paths"][next(iter(BASE["paths"]))]}}
    (project / "openapi.json").write_text(json.dumps(tree), encoding="utf-8")
    result = run(project, PACTS)
    assert result.exit_code == 1
    assert "is not documented" in result.output
    empty = {"consumer": {"name": "shop"}, "provider": {"name": "orders"}, "interactions": []}
    (project / "pact.json").write_text(json.dumps(empty), encoding="utf-8")
    assert run(project, PACTS).exit_code in (4, 5)


def test_a_pact_for_another_provider_verifies_nothing_and_says_so(project: Path) -> None:
    (project / "pact.json").rename(project / "other.json")
    named = 'pacts = "other.json"\nname = "billing"\nurl = "http://127.0.0.1:9"\nlint = false\n'
    result = run(project, f"[verify]\n[[verify.providers]]\n{named}")
    assert result.exit_code in (2, 4, 5), result.output
    assert "other.json" in result.output


class _Garbage(BaseHTTPRequestHandler):
    def handle(self) -> None:
        self.rfile.readline()
        self.wfile.write(b"\x00\xff not HTTP at all\r\n\r\n")


@pytest.fixture
def garbage() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Garbage)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_provider_that_is_down_and_one_that_talks_garbage_are_told_apart(project: Path, garbage: str) -> None:
    text = '[verify]\n[[verify.server]]\ntarget = "orders.yaml"\nonly = ["I02", "I03"]\n'
    (project / "orders.yaml").write_text("url: http://127.0.0.1:9\noperation: {path: /v1/orders}\n", encoding="utf-8")
    down = run(project, text)
    assert down.exit_code == 5
    assert "nobody answers at http://127.0.0.1:9" in down.output
    (project / "orders.yaml").write_text(f"url: {garbage}\noperation: {{path: /v1/orders}}\n", encoding="utf-8")
    talks = run(project, text)
    assert talks.exit_code == 1
    assert "orders.yaml:1" in talks.output


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            '[[verify.server]]\ntarget = "orders.yaml"\nprofile = "ietf"',
            "no profile is called 'ietf'; known are: ietf-07",
        ),
        ('[[verify.server]]\ntarget = "orders.yaml"\nonly = ["I99"]', "no assertion is called I99"),
        ('[[verify.server]]\ntarget = "orders.yaml"\nsubject = "mars"', "subject"),
        ('[[verify.server]]\ntarget = "broken.yaml"', "broken.yaml:2:1: not YAML"),
        ('[[verify.webhooks]]\ntarget = "orders.yaml"', "orders.yaml"),
        ('[[verify.lifecycle]]\ntarget = "ages.yaml"', "none.json: cannot be read"),
        ('[[verify.compatibility]]\nold = "old.json"\nnew = "none/*.json"', "no such document"),
    ],
)
def test_what_is_not_known_is_refused_before_anything_runs(project: Path, table: str, said: str) -> None:
    (project / "orders.yaml").write_text("url: http://127.0.0.1:9\noperation: {path: /v1/orders}\n", encoding="utf-8")
    (project / "broken.yaml").write_text("url: [\n", encoding="utf-8")
    (project / "ages.yaml").write_text("url: http://127.0.0.1:9\ndocument: none.json\n", encoding="utf-8")
    result = run(project, f"[verify]\n{table}\n")
    assert result.exit_code == 2, result.output
    assert said in result.output


def test_only_a_name_that_no_suite_has_is_refused(project: Path) -> None:
    (project / "q2c.toml").write_text(COMPARES, encoding="utf-8")
    result = CliRunner().invoke(q2c, ["verify", "--only", "fuzzing"])
    assert result.exit_code == 2
    assert "Tables that have some: compatibility" in result.output
