"""The tax engine, speaking an AvaTax-compatible REST v2 dialect. Not affiliated with any vendor.

VENDOR                               an account with no nexus: nothing is taxed until `register_nexus` acts
Quirks                               its switches
"""

from __future__ import annotations

from mocks.kernel.vendor import Vendor
from mocks.tax.api import DIALECT, dialect
from mocks.tax.model import TaxEngine
from mocks.tax.quirks import Quirks

__all__ = ["DIALECT", "VENDOR", "Quirks"]

VENDOR = Vendor(name="tax", quirks=Quirks(), model=TaxEngine, dialect=lambda _engine, quirks: dialect(quirks))
