from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from q2c import cli, extras

ROOT = Path(__file__).resolve().parents[2]
_WHATIF = ("numpy", "scipy", "SALib", "optuna", "numba")
_VERIFY = ("jsonschema_rs", "schemathesis", "pact", "locust", "hdrh")
_WITHOUT = """
import sys
for name in {absent!r}:
    sys.modules[name] = None
"""
_HELP = """
from q2c.cli import COMMANDS, main
for words in [["--help"], *([name, "--help"] for name in COMMANDS)]:
    sys.argv = ["q2c", *words]
    try:
        main()
    except SystemExit as ended:
        assert not ended.code, (words, ended.code)
import q2c.commands.rehearse, q2c.commands.replay, q2c.commands.report
"""
_ASKED = """
from q2c.cli import main
sys.argv = {words!r}
main()
"""


def _python(absent: tuple[str, ...], then: str) -> subprocess.CompletedProcess[str]:
    """Run Python as it is where packages are not installed."""
    text = _WITHOUT.format(absent=absent) + then
    return subprocess.run([sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, check=False)


def _asked(absent: tuple[str, ...], *words: str) -> subprocess.CompletedProcess[str]:
    return _python(absent, _ASKED.format(words=["q2c", *words]))


@pytest.mark.parametrize("absent", [_WHATIF, _VERIFY], ids=["whatif", "verify"])
def test_every_command_gives_its_help_without_an_extra(absent: tuple[str, ...]) -> None:
    ended = _python(absent, _HELP)
    assert (ended.returncode, ended.stderr) == (0, "")
    for name in cli.COMMANDS:
        assert f"Usage: q2c {name} " in ended.stdout


def test_commands_are_listed_where_nothing_but_the_package_is_installed() -> None:
    ended = _asked(tuple(extras.EXTRAS), "--help")
    assert ended.returncode == 0, ended.stderr
    assert "(h11 is not installed)" in ended.stdout or "(httpx is not installed)" in ended.stdout
    assert {line.split()[0] for line in ended.stdout.splitlines() if line.startswith("  ")} >= set(cli.COMMANDS)


@pytest.mark.parametrize(
    "words",
    [
        ("whatif", "quarter_end"),
        ("compare", "quarter_end", "--with", "erp.slots=7"),
        ("sweep", "quarter_end", "--vary", "erp.slots=5,7"),
        ("explore",),
        ("expect", "erp_concurrency_halved"),
        ("calibrate", "calls.csv", "--to", "-"),
    ],
    ids=lambda words: words[0],
)
def test_a_command_that_needs_an_extra_says_so_before_anything_else(words: tuple[str, ...]) -> None:
    ended = _asked(_WHATIF, *words)
    assert (ended.returncode, ended.stdout) == (5, "")
    assert ended.stderr.splitlines() == [
        "SALib is not installed; this command needs: pip install 'q2c-harness[whatif]'"
    ]


def test_a_mistake_in_the_call_is_told_before_what_is_not_installed() -> None:
    ended = _asked(_WHATIF, "whatif", "quarter_end", "--seed", "x")
    assert ended.returncode == 2
    assert "--seed" in ended.stderr
    assert "not installed" not in ended.stderr


def test_a_command_that_cannot_be_loaded_names_the_extra() -> None:
    ended = _asked(("h11",), "conformance", "client", "none.yaml")
    assert (ended.returncode, ended.stdout) == (5, "")
    assert ended.stderr.splitlines() == ["h11 is not installed; this command needs: pip install 'q2c-harness[verify]'"]


def test_verify_says_what_it_lacks_before_it_runs_anything() -> None:
    ended = _asked(("jsonschema_rs",), "verify")
    assert (ended.returncode, ended.stdout) == (5, "")
    assert ended.stderr.splitlines() == [
        "jsonschema_rs is not installed; this command needs: pip install 'q2c-harness[verify]'"
    ]


def test_a_command_that_is_misspelt_gets_the_nearest_one() -> None:
    result = CliRunner().invoke(cli.q2c, ["rehears"])
    assert result.exit_code == 2
    assert "No such command 'rehears'. Did you mean 'rehearse'?" in result.output
    assert "Did you mean" not in CliRunner().invoke(cli.q2c, ["xyzzy"]).output


def test_a_module_that_no_extra_brings_is_a_mistake_of_ours() -> None:
    with pytest.raises(ModuleNotFoundError):
        extras.missing(ModuleNotFoundError("no", name="q2c.nowhere"))


def test_every_extra_that_is_named_exists() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert set(extras.EXTRAS.values()) <= tomllib.loads(text)["project"]["optional-dependencies"].keys()
