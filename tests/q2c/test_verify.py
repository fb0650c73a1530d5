from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from contracts.verification import configuration
from q2c.cli import q2c
from tests.contracts.compatibility.corpus import BASE, BREAKING, edited
from tests.contracts.compatibility.test_usage import interaction


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project under git whose working copy breaks what its first commit published."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "contracts" / "pacts").mkdir(parents=True)
    pact = {"consumer": {"name": "shop"}, "provider": {"name": "orders"}, "interactions": [interaction()]}
    (tmp_path / "contracts" / "pacts" / "shop.json").write_text(json.dumps(pact, indent=1), encoding="utf-8")
    document(tmp_path, BASE)
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    for command in (["init", "-q", "-b", "main"], ["add", "."], [*identity, "commit", "-qm", "first"]):
        subprocess.run(["git", *command], check=True, cwd=tmp_path)
    return tmp_path


def document(folder: Path, tree: dict[str, Any]) -> None:
    (folder / "openapi.json").write_text(json.dumps(tree, indent=1), encoding="utf-8")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(q2c, list(arguments))


def test_init_finds_documents_and_pacts_and_verify_runs_as_it_is(project: Path) -> None:
    assert "1 API document, 1 pact." in run("init").output
    result = run("verify", "--details")
    assert result.exit_code == 0, result.output
    assert "shop -> orders: 1 interactions are possible" in result.output
    assert "The contracts hold." in result.output
    assert "openapi.json: compared with itself, for `old` is the very commit that is checked out." in result.stderr


def test_init_overwrites_nothing(project: Path) -> None:
    run("init")
    result = run("init")
    assert result.exit_code == 2
    assert "q2c.toml exists. It has a table [verify]." in result.output


def test_a_pull_request_that_breaks_a_consumer_is_stopped_and_the_reports_say_where(project: Path) -> None:
    run("init")
    document(project, edited(BREAKING["a property of a request becomes required"][0]))
    result = run("verify", "--github")
    assert result.exit_code == 1
    assert "compared with itself" not in result.stderr
    assert "It breaks shop." in result.output
    assert "::error file=" in result.output
    out = project / "build" / "verify"
    assert json.loads((out / "verify.json").read_text())["outcome"] == "broken"
    assert ElementTree.parse(out / "verify.xml").getroot().findall(".//failure")
    (sarif_run,) = json.loads((out / "verify.sarif").read_text())["runs"]
    assert sarif_run["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] > 1
    assert "**A contract is broken.**" in (out / "summary.md").read_text()


def test_what_a_team_accepts_is_set_aside_until_its_day(project: Path) -> None:
    run("init")
    document(project, edited(BREAKING["a property of a request becomes required"][0]))
    accepted = run("verify", "--accept", "the shop moves in March", "--until", "2999-12-31")
    assert "findings are accepted until 2999-12-31" in accepted.output
    result = run("verify")
    assert result.exit_code == 0, result.output
    assert "accepted findings are set aside" in result.output
    file = project / "contracts" / "accepted.toml"
    file.write_text(file.read_text().replace("2999-12-31", "2020-01-01"), encoding="utf-8")
    result = run("verify")
    assert result.exit_code == 1
    assert "no longer accepted since 2020-01-01" in result.output


def test_accepting_needs_a_day_on_which_it_ends(project: Path) -> None:
    run("init")
    assert "needs --until" in run("verify", "--accept", "because").output
    assert "needs --until" in run("verify", "--accept", "because", "--until", "2020-01-01").output


def test_a_provider_that_is_down_is_no_broken_contract(project: Path) -> None:
    (project / "orders.yaml").write_text("url: http://127.0.0.1:9\noperation: {path: /v1/orders}\n", encoding="utf-8")
    (project / "q2c.toml").write_text('[verify]\n[[verify.server]]\ntarget = "orders.yaml"\n', encoding="utf-8")
    result = run("verify")
    assert result.exit_code == 5
    assert "nobody answers at http://127.0.0.1:9" in result.output


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[verify", "not TOML"),
        ("[other]", "has no table [verify]"),
        ("[verify]", "names nothing to verify"),
        ("[verify]\ncompatibilty = []", "compatibilty"),
        (
            '[[verify.compatibility]]\nold = "git:none:openapi.json"\nnew = "openapi.json"',
            "git knows no revision 'none'",
        ),
        ('[[verify.compatibility]]\nold = "git:"\nnew = "openapi.json"', "expected git:REVISION"),
        ('[[verify.pacts]]\npacts = "none/*.json"\ndocument = "openapi.json"', "no such pact"),
        ('[[verify.server]]\ntarget = "none.yaml"', "none.yaml: cannot be read"),
        ('[[verify.server]]\ntarget = "openapi.json"\nprofile = "ietf-08"', "openapi.json"),
        (
            '[verify]\nbaseline = "openapi.json"\n'
            '[[verify.pacts]]\npacts = "contracts/pacts"\ndocument = "openapi.json"',
            "TOML",
        ),
    ],
)
def test_bad_input_is_said_in_one_message(project: Path, text: str, said: str) -> None:
    (project / "q2c.toml").write_text(text, encoding="utf-8")
    result = run("verify")
    assert result.exit_code == 2, result.output
    assert said in result.output
    assert "Traceback" not in result.output


def test_without_a_configuration_it_says_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("verify")
    assert result.exit_code == 2
    assert "`q2c init` writes one" in result.output


def test_an_empty_configuration_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "q2c.toml"
    path.write_text("[verify]\nat_once = 4\n", encoding="utf-8")
    with pytest.raises(configuration.Unusable, match="worthless"):
        configuration.read(path)


def test_init_where_there_is_nothing_says_what_it_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("init")
    assert result.exit_code == 2
    assert "neither an OpenAPI 3 or AsyncAPI 3 document nor a pact" in result.output
    assert not (tmp_path / "q2c.toml").exists()


def test_what_init_writes_compares_with_the_main_branch_or_says_that_nothing_is_committed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    document(tmp_path, BASE)
    run("init")
    assert "# In CI: git:origin/main. HEAD compares a commit with itself." in Path("q2c.toml").read_text(
        encoding="utf-8"
    )
    assert "in no git repository" in run("verify").output
    subprocess.run(["git", "init", "-q", "-b", "trunk"], check=True, cwd=tmp_path)
    assert "Nothing is committed yet" in run("verify").output


def test_only_and_changed_choose_suites(project: Path) -> None:
    run("init")
    with (project / "q2c.toml").open("a", encoding="utf-8") as file:
        file.write('\n[verify.watch]\nserver = ["src/**"]\n\n[[verify.server]]\ntarget = "orders.yaml"\n')
    (project / "orders.yaml").write_text("url: http://127.0.0.1:9\noperation: {path: /v1/orders}\n", encoding="utf-8")
    subprocess.run(["git", "add", "."], check=True, cwd=project)
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    subprocess.run(["git", *identity, "commit", "-qm", "second"], check=True, cwd=project)
    assert run("verify").exit_code == 5
    assert run("verify", "--only", "pacts").exit_code == 0
    untouched = run("verify", "--changed", "main")
    assert untouched.exit_code == 0, untouched.output
    assert "2 of 3 suites are touched" in untouched.output
    (project / "src").mkdir()
    (project / "src" / "app.py").write_text("", encoding="utf-8")
    assert run("verify", "--changed", "main").exit_code == 5


def test_the_table_of_the_integration_and_that_of_the_verification_do_not_meet(project: Path) -> None:
    from integration.service.configuration import read_section

    own = Path(__file__).parents[2] / "q2c.toml"
    assert read_section(own) == {}
    assert not configuration.read(own).is_empty


def test_findings_name_files_from_the_root_of_the_project(project: Path) -> None:
    run("init")
    document(project, edited(BREAKING["a property of a request becomes required"][0]))
    run("verify", "--out", "reports")
    found = json.loads((project / "reports" / "verify.json").read_text())
    places = {finding["place"]["file"] for suite in found["suites"] for finding in suite["findings"]}
    assert places == {"openapi.json", "contracts/pacts/shop.json"}
    assert str(project) not in (project / "reports" / "report.html").read_text()


def test_planted_faults_are_shown_without_running_anything(project: Path) -> None:
    result = run("verify", "--mutants")
    assert result.exit_code == 0
    assert "not_per_tenant" in result.output
