"""TLS by host name and the proxy: real handshakes with leaves of our own authority; nobody else is let through."""

from __future__ import annotations

import socket
import ssl
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography import x509

from mocks.doors.authority import KEY, open_authority
from mocks.doors.live import LiveWorld
from mocks.doors.serving import Running, running

PING = "/api/v2/utilities/ping"


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(LiveWorld(), workspace=tmp_path_factory.mktemp("workspace")) as found:
        yield found


def trusting(doors: Running) -> ssl.SSLContext:
    assert doors.ca_bundle is not None
    return ssl.create_default_context(cafile=str(doors.ca_bundle))


@pytest.fixture
def through(doors: Running) -> Iterator[httpx.Client]:
    """A client that knows the proxy and the certificate, as the environment tells it."""
    with httpx.Client(proxy=doors["proxy"], verify=trusting(doors), trust_env=False) as found:
        yield found


@pytest.mark.parametrize(
    ("url", "status"),
    [
        (f"https://rest.avatax.com{PING}", 200),
        (f"https://sandbox-rest.avatax.com{PING}", 200),
        ("https://acme--uat.sandbox.my.salesforce.com/services/data", 200),
        ("https://login.salesforce.com/services/data/", 200),
        ("https://tstdrv123-sb1.suitetalk.api.netsuite.com/services/rest/record/v1/customer", 401),
        ("https://acme.chargebee.com/api/v2/customers", 401),
        ("https://api.stripe.com/v1/customers", 401),
        ("https://fulfilment.q2c.test/v1/tasks", 401),
        (f"http://rest.avatax.com{PING}", 200),
    ],
)
def test_a_vendors_address_leads_to_its_mock(through: httpx.Client, url: str, status: int) -> None:
    assert through.get(url).status_code == status


def test_a_reply_names_the_host_the_client_believes_in(through: httpx.Client) -> None:
    grant = {"grant_type": "client_credentials", "client_id": "c", "client_secret": "s"}
    reply = through.post("https://acme.my.salesforce.com/services/oauth2/token", data=grant)
    assert reply.json()["instance_url"] == "https://acme.my.salesforce.com"


@pytest.mark.parametrize("url", ["https://example.com/", "https://v3.recurly.com/", "https://127.0.0.1:1/"])
def test_no_tunnel_leads_anywhere_else(through: httpx.Client, url: str) -> None:
    with pytest.raises(httpx.ProxyError, match="403"):
        through.get(url)


def test_no_plain_request_is_passed_on_either(through: httpx.Client) -> None:
    reply = through.get("http://example.com/")
    assert (reply.status_code, "nothing is passed on" in reply.text) == (403, True)


def test_nothing_is_passed_on_although_somebody_is_there(through: httpx.Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as bystander:
        bystander.settimeout(0.1)
        with pytest.raises(httpx.ProxyError):
            through.get(f"https://127.0.0.1:{bystander.getsockname()[1]}/")
        assert through.get(f"http://127.0.0.1:{bystander.getsockname()[1]}/").status_code == 403
        with pytest.raises(TimeoutError):
            bystander.accept()


def test_another_host_inside_a_tunnel_is_refused(through: httpx.Client) -> None:
    reply = through.get(f"https://rest.avatax.com{PING}", headers={"host": "example.com"})
    assert reply.status_code == 403


def test_a_tunnel_to_a_plain_port_of_ours_is_plain(doors: Running) -> None:
    port = doors.port("tax")
    with socket.create_connection(("127.0.0.1", doors.port("proxy")), timeout=2) as end:
        end.sendall(f"CONNECT 127.0.0.1:{port} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n\r\n".encode())
        assert end.recv(100).startswith(b"HTTP/1.1 200")
        end.sendall(f"GET {PING} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\r\n".encode())
        assert end.recv(4096).startswith(b"HTTP/1.1 200")


def test_each_service_has_a_port_with_tls(doors: Running) -> None:
    with httpx.Client(verify=trusting(doors), trust_env=False) as client:
        assert client.get(doors["tax_tls"] + PING).status_code == 200
        assert client.get(doors["tax_tls"].replace("localhost", "127.0.0.1") + PING).status_code == 200


def shown(doors: Running, name: str | None) -> x509.Certificate:
    """Return the certificate that the TLS door shows to a client which asks for a name."""
    context = trusting(doors)
    context.check_hostname = False
    with (
        socket.create_connection(("127.0.0.1", doors.port("tls")), timeout=2) as end,
        context.wrap_socket(end, server_hostname=name) as secure,
    ):
        found = secure.getpeercert(binary_form=True)
        assert found is not None
        return x509.load_der_x509_certificate(found)


@pytest.mark.parametrize("name", ["rest.avatax.com", "api.stripe.com", "login.salesforce.com", "acme.chargebee.com"])
def test_the_tls_door_shows_the_leaf_of_the_host_it_is_asked_for(doors: Running, name: str) -> None:
    names = shown(doors, name).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [name]


def test_the_tls_door_refuses_a_host_that_nobody_plays(doors: Running) -> None:
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        shown(doors, "example.com")


def test_the_proxy_refuses_a_flood_and_a_broken_head(doors: Running) -> None:
    with socket.create_connection(("127.0.0.1", doors.port("proxy")), timeout=2) as end:
        end.sendall(b"CONNECT " + b"x" * 70_000)
        assert end.recv(100).startswith(b"HTTP/1.1 431")


def test_a_client_that_does_not_trust_us_is_told_apart(doors: Running) -> None:
    with httpx.Client(proxy=doors["proxy"], trust_env=False) as client, pytest.raises(httpx.ConnectError):
        client.get(f"https://rest.avatax.com{PING}")


def test_the_key_is_its_owners_and_the_authority_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    first = open_authority(folder).bundle.read_bytes()
    assert stat.S_IMODE((folder / KEY).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (folder / KEY).chmod(0o644)
    assert open_authority(folder).bundle.read_bytes() == first
    assert stat.S_IMODE((folder / KEY).stat().st_mode) == 0o600


def test_the_authority_may_vouch_for_the_hosts_it_plays_only(tmp_path: Path) -> None:
    root = x509.load_pem_x509_certificate(open_authority(tmp_path).bundle.read_bytes())
    found = root.extensions.get_extension_for_class(x509.NameConstraints)
    assert found.critical
    names = {name.value for name in found.value.permitted_subtrees or () if isinstance(name, x509.DNSName)}
    assert {"stripe.com", "localhost"} <= names
    assert not {"com", "example.com", ""} & names
