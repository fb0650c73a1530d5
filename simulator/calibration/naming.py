"""Naming: which system of a scenario the activities, services and hosts of somebody's logs stand for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches

import msgspec

from scenarios.words import SYSTEMS
from simulator.calibration.observations import Unusable

PEOPLE, IGNORED = "people", "ignore"
TARGETS = (*SYSTEMS, PEOPLE, IGNORED)
GUESSES: Mapping[str, tuple[str, ...]] = {
    "crm": ("crm", "salesforce", "sfdc", "hubspot", "cpq"),
    "erp": ("erp", "netsuite", "sap", "dynamics", "odoo"),
    "billing": ("billing", "chargebee", "zuora", "recurly"),
    "tax": ("tax", "avalara", "avatax", "vertex"),
    "payment": ("payment", "payments", "stripe", "adyen", "braintree"),
    "fulfilment": ("fulfilment", "fulfillment", "provisioning", "warehouse", "wms"),
}
"""System -> words of a name that stand for it."""
_WORDS = re.compile(r"[a-z]+")


class Naming(msgspec.Struct, frozen=True):
    """What people said of names (`said`); all others are guessed by the words in them."""

    said: Mapping[str, str] = {}

    def of(self, *names: str) -> str:
        """Return what the first name that stands for something stands for: a system, people, ignore, or nothing."""
        for name in names:
            if name in self.said:
                return self.said[name]
        for name in names:
            words = set(_WORDS.findall(name.lower()))
            found = [system for system, known in GUESSES.items() if words.intersection(known)]
            if len(found) == 1:
                return found[0]
        return ""


def naming(pairs: Mapping[str, str]) -> Naming:
    """Return a naming from what people said; raise Unusable for what is no system."""
    for name, target in pairs.items():
        if target not in TARGETS:
            close = get_close_matches(target, TARGETS, 1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise Unusable(f"--name {name}={target}: found {target!r}, expected one of {', '.join(TARGETS)}{hint}")
    return Naming(dict(pairs))
