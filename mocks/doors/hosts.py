"""Whose host is whose: which service answers to a name that a client believes to be a vendor's."""

from __future__ import annotations

from collections.abc import Mapping

from mocks.doors.post import is_loopback

OWN = "q2c.test"  # `payment.q2c.test` and so on: a name for every service, in a domain that nobody can own
HOSTS: Mapping[str, tuple[str, ...]] = {
    "crm": ("*.salesforce.com", "*.force.com"),
    "erp": ("*.suitetalk.api.netsuite.com", "*.restlets.api.netsuite.com", "*.app.netsuite.com"),
    "billing": ("*.chargebee.com",),
    "tax": ("rest.avatax.com", "sandbox-rest.avatax.com"),
    "payment": ("api.stripe.com", "files.stripe.com", "connect.stripe.com", "meter-events.stripe.com"),
    "fulfilment": (),
}
"""Host names (`*.` any name below) by system. Source: the vendor's public documentation."""
_EXACT = {host: system for system, hosts in HOSTS.items() for host in hosts if not host.startswith("*.")}
_BELOW = {host[1:]: system for system, hosts in HOSTS.items() for host in hosts if host.startswith("*.")}


def split(authority: str) -> tuple[str, int]:
    """Return (host, port) of `host:port`, `[::1]:port` or a host alone, whose port is then 0."""
    host, colon, port = authority.rpartition(":")
    if not colon or not port.isdecimal() or authority.endswith("]"):
        host, port = authority, "0"
    return host.strip("[]").lower().rstrip("."), int(port) if len(port) < 6 else 0


def system_of(host: str) -> str:
    """Return the system that answers to a host name, empty when none does."""
    if host in _EXACT:
        return _EXACT[host]
    system, _, domain = host.partition(".")
    if domain == OWN and system in HOSTS:
        return system
    return next((system for suffix, system in _BELOW.items() if host.endswith(suffix)), "")


class Directory:
    """The service behind an authority: a vendor's host name, or one of our own ports on loopback."""

    def __init__(self, plain: Mapping[str, int], secure: Mapping[str, int]) -> None:
        self.plain = {port: system for system, port in plain.items()}
        self.secure = {port: system for system, port in secure.items()}

    def __call__(self, authority: str) -> str:
        """Return the system for a Host header, empty when nobody here answers to it."""
        host, port = split(authority)
        if is_loopback(host):
            return self.plain.get(port) or self.secure.get(port, "")
        return system_of(host)
