"""Which service answers to which name."""

from __future__ import annotations

import pytest

from mocks.doors.hosts import Directory, split, system_of


@pytest.mark.parametrize(
    ("host", "system"),
    [
        ("login.salesforce.com", "crm"),
        ("acme--uat.sandbox.my.salesforce.com", "crm"),
        ("tstdrv123-sb1.suitetalk.api.netsuite.com", "erp"),
        ("tstdrv123.restlets.api.netsuite.com", "erp"),
        ("acme.chargebee.com", "billing"),
        ("rest.avatax.com", "tax"),
        ("sandbox-rest.avatax.com", "tax"),
        ("api.stripe.com", "payment"),
        ("files.stripe.com", "payment"),
        ("fulfilment.q2c.test", "fulfilment"),
        ("payment.q2c.test", "payment"),
    ],
)
def test_a_vendors_host_is_played_by_its_mock(host: str, system: str) -> None:
    assert system_of(host) == system


@pytest.mark.parametrize(
    "host",
    [
        "example.com",
        "stripe.com",
        "api.stripe.com.evil.test",
        "evilsalesforce.com",
        "salesforce.com",
        "q2c.test",
        "",
        "x",
    ],
)
def test_nobody_plays_another_host(host: str) -> None:
    assert system_of(host) == ""


@pytest.mark.parametrize(
    ("authority", "host", "port"),
    [
        ("API.Stripe.com.", "api.stripe.com", 0),
        ("127.0.0.1:9105", "127.0.0.1", 9105),
        ("[::1]:443", "::1", 443),
        ("[::1]", "::1", 0),
        ("a:b", "a:b", 0),
        ("", "", 0),
        ("x:99999999999", "x", 0),
    ],
)
def test_an_authority_is_a_host_and_perhaps_a_port(authority: str, host: str, port: int) -> None:
    assert split(authority) == (host, port)


def test_a_loopback_address_means_the_service_of_its_port() -> None:
    directory = Directory({"payment": 9105}, {"payment": 9205})
    assert [directory(a) for a in ("127.0.0.1:9105", "localhost:9205", "[::1]:9105")] == ["payment"] * 3
    assert [directory(a) for a in ("127.0.0.1:1", "localhost", "127.0.0.1")] == [""] * 3
