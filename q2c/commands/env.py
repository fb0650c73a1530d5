"""`q2c env`: what a shell exports so that unmodified SDKs come to the mocks."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

import click
import msgspec

from q2c import mocks_running
from q2c.mocks_running import WORKSPACE, Mocks

_PROXY = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
_NO_PROXY = ("NO_PROXY", "no_proxy")
_TRUST = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
_LOCAL = "127.0.0.1,localhost,::1"
NOTES = """\
# With the proxy and nothing else: simple-salesforce, netsuite, jsforce, avalara (environment "sandbox"), taps.
# With an address of their own (the SDKs below ignore the proxy, or bring their own certificates):
#   Python stripe     stripe.StripeClient(key, base_addresses={{"api": "{payment}"}})
#   Node   stripe     new Stripe(key, {{protocol: "http", host: "127.0.0.1", port: {payment_port}}})
#   Python chargebee  Chargebee.verify_ca_certs = False
#                     Chargebee(api_key=key, site="127.0.0", chargebee_domain="1:{billing_port}", protocol="http")
#   Node   chargebee  new Chargebee({{apiKey: key, site: "127.0.0", hostSuffix: ".1", protocol: "http",
#                                    port: {billing_port}}})
#   Python avalara    AvataxClient(app, version, machine, "{tax}")
#   Node   avatax     new Avatax({{..., environment: "{tax}"}})
#   Node   jsforce    new Connection({{loginUrl: "{crm}"}})
# Java: proxy and certificate go into JAVA_TOOL_OPTIONS; docs/how-to/run-the-mocks.md has the two lines.
"""
"""How SDKs are pointed that the environment alone does not reach."""


@click.command()
@click.option(
    "--workspace", type=click.Path(path_type=Path), default=WORKSPACE, show_default=True,
    help="Folder of the running mocks.",
)  # fmt: skip
@click.option("--shell", type=click.Choice(["sh", "fish", "powershell"]), default="sh", show_default=True)
@click.option("--unset", is_flag=True, help="Take everything back instead.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object of names and values.")
def env(workspace: Path, shell: str, unset: bool, as_json: bool) -> None:
    """Print the exports that point Python and Node SDKs at the running mocks.

    \b
    Example:
      eval "$(q2c env)"
    """
    mocks = mocks_running.find(workspace)
    found = variables(mocks)
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    for name, value in found.items():
        click.echo(_unset(shell, name) if unset else _export(shell, name, value))
    if not unset:
        ports = {f"{name}_port": url.rpartition(":")[2] for name, url in mocks.addresses.items()}
        click.echo(NOTES.format(**mocks.addresses, **ports), nl=False)


def variables(mocks: Mocks) -> Mapping[str, str]:
    """Return the variables by name: an address per door, and proxy and trust when the mocks speak TLS."""
    found = {f"Q2C_{door.upper()}_URL": url for door, url in mocks.addresses.items()}
    if mocks.admin_token:
        found["Q2C_ADMIN_TOKEN"] = mocks.admin_token
    if mocks.ca_bundle:
        found |= dict.fromkeys(_PROXY, mocks.addresses["proxy"])
        found |= dict.fromkeys(_NO_PROXY, _LOCAL)
        found |= dict.fromkeys(_TRUST, mocks.ca_bundle)
    return found


def _export(shell: str, name: str, value: str) -> str:
    if shell == "fish":
        return f"set -gx {name} {shlex.quote(value)}"
    if shell == "powershell":
        return f"$env:{name} = '{value.replace(chr(39), chr(39) * 2)}'"
    return f"export {name}={shlex.quote(value)}"


def _unset(shell: str, name: str) -> str:
    if shell == "fish":
        return f"set -e {name}"
    if shell == "powershell":
        return f"Remove-Item Env:{name} -ErrorAction SilentlyContinue"
    return f"unset {name}"
