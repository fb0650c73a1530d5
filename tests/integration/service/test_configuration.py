"""The configuration: strict, complete, said in sentences; secrets come from the environment or files only."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from integration.service.configuration import SYSTEMS, Configuration, Misconfigured, configured, read_section
from integration.settings import SystemLimits

COMPLETE = {
    **{f"Q2C_{system.upper()}_URL": f"https://{system}.example" for system in SYSTEMS},
    **{f"Q2C_{system.upper()}_SECRET": f"secret of {system}" for system in SYSTEMS},
    **{f"Q2C_{system.upper()}_USER": f"user of {system}" for system in SYSTEMS},
}
MOCKS = {system: f"http://127.0.0.1:{9101 + place}" for place, system in enumerate(SYSTEMS)}


def _said(text: str, folder: Path) -> dict[str, Any]:
    file = folder / "q2c.toml"
    file.write_text(text)
    return read_section(file)


def test_the_environment_is_enough() -> None:
    found = configured({}, COMPLETE)
    assert found.peers["erp"].address == "https://erp.example"
    assert found.peers["erp"].secret.current() == "secret of erp"
    assert (found.database, found.port, found.test_clock, found.trial) == ("", 9000, False, False)


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    section = _said('[integration]\nport = 1\nhost = "0.0.0.0"\ndatabase = "file.db"', tmp_path)
    found = configured(section, {**COMPLETE, "Q2C_PORT": "2", "Q2C_HOST": "::1"}, port=3, host=None)
    assert (found.port, found.host, found.database) == (3, "::1", "file.db")


def test_everything_that_is_missing_is_said_at_once() -> None:
    with pytest.raises(Misconfigured) as wrong:
        configured({}, {"Q2C_CRM_URL": "https://crm.example"})
    said = str(wrong.value).splitlines()
    assert "crm: no credentials. Set Q2C_CRM_SECRET or Q2C_CRM_SECRET_FILE" in said
    assert sum("no address" in line for line in said) == 5


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[integration]\nprot = 1", "prot"),
        ('[integration]\nport = "x"', "Expected `int`"),
        ("[integration]\nport = 70000", "between 0 and 65535"),
        ('[integration]\nlog_level = "loud"', "expected one of debug, info"),
        ("[integration.systems.crn]\naddress = 'https://x'", "there is no system 'crn'"),
        ("[integration.systems.crm]\nsecret = 'x'", "secret"),
        ("[integration.systems.crm]\naddress = 'ftp://x'", "not an http or https address"),
        ("[integration.systems.crm]\naddress = 'https://u:p@x'", "do not belong into the address"),
        ("[integration.systems.crm]\naddress = 'https://x'\nsecret_file = '/nowhere'", "cannot be read"),
        ("[integration.settings]\nmutant = 'timeout_is_failure'", "there is no 'mutant'"),
        ("[integration]\nheartbeat_seconds = 0", "heartbeat_seconds = 0.0: expected a number above 0"),
        ("[integration]\ngrace_seconds = nan", "grace_seconds = nan: expected a number that is not negative"),
        ("[integration]\npoll_seconds = -1", "poll_seconds = -1: expected a number that is not negative"),
        ("[integration.settings.retry]\nattempts = 0", "settings.retry.attempts = 0: expected a number above 0"),
        ("[integration.settings.limits.crm]\nwindow_seconds = 0", "settings.limits.crm.window_seconds = 0"),
        ("[integration.settings]\nretries = 3", "there is no 'retries'"),
        ("[integration.tokens.portal]\nsha256 = 'the-token'\nscopes = []", "64 hexadecimal digits"),
        ("integration = 1", "must be a table"),
        ("[integration", "not TOML"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_sentence(text: str, wrong: str, tmp_path: Path) -> None:
    keep = {name: value for name, value in COMPLETE.items() if not name.startswith("Q2C_CRM")}
    environment = {**keep, "Q2C_CRM_USER": "u"}
    with pytest.raises(Misconfigured, match="(?s)" + wrong.replace("[", "\\[")):
        configured(_said(text, tmp_path), environment)


@pytest.mark.parametrize(("name", "text"), [("Q2C_PORT", "many"), ("Q2C_TEST_CLOCK", "perhaps")])
def test_an_environment_that_cannot_be_used_names_the_variable(name: str, text: str) -> None:
    with pytest.raises(Misconfigured, match=name):
        configured({}, {**COMPLETE, name: text})


def test_running_mocks_need_no_credentials_and_make_it_a_trial() -> None:
    found = configured({}, {"Q2C_TAX_URL": "https://sandbox.example"}, addresses=MOCKS)
    assert found.trial
    assert found.peers["tax"].address == "https://sandbox.example"
    assert found.peers["crm"].address == MOCKS["crm"]
    assert not found.peers["crm"].secret


def test_settings_reach_the_integration(tmp_path: Path) -> None:
    text = "[integration.settings]\ntenant = 'acme'\n[integration.settings.limits.tax]\nrequests = 10\n"
    found = configured(_said(text, tmp_path), COMPLETE)
    assert found.settings.tenant == "acme"
    assert found.settings.limits["tax"] == SystemLimits(requests=10)
    assert found.settings.limits["crm"].concurrent == 25  # what is not named stays as it is


def test_api_tokens_are_known_by_their_digests_only(tmp_path: Path) -> None:
    digest = hashlib.sha256(b"of the portal").hexdigest()
    text = f'[integration.tokens.portal]\nsha256 = "{digest.upper()}"\nscopes = ["transactions:read"]'
    found = configured(_said(text, tmp_path), {**COMPLETE, "Q2C_API_TOKEN": "of the operator"})
    portal, operator = found.tokens
    assert (portal.name, portal.sha256, portal.scopes) == ("portal", digest, ("transactions:read",))
    assert (operator.name, operator.scopes) == ("operator", ("*",))
    assert operator.sha256 == hashlib.sha256(b"of the operator").hexdigest()


def test_no_secret_shows_when_a_configuration_is_printed() -> None:
    assert "secret of" not in repr(configured({}, COMPLETE))


def test_lists_come_from_the_environment_too() -> None:
    found = configured({}, {**COMPLETE, "Q2C_CHANNELS": "/data/QuoteChangeEvent, /event/Signed__e"})
    assert found.channels == ("/data/QuoteChangeEvent", "/event/Signed__e")


def test_only_postgres_is_shared() -> None:
    assert Configuration(database="postgresql://db/q2c").is_shared
    assert not Configuration(database="q2c.db").is_shared
