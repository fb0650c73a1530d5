"""How many rows vendors put on a page of a list at most: less is allowed, so a reader must not count.

Sources: Salesforce "Specify the Number of Records to Return" (batches of up to 2,000 records, and no promise that a
batch has the size that was asked for), NetSuite "SuiteQL Limits" (1,000 rows), Chargebee "Pagination" (limit 1 to
100), AvaTax "Filtering in REST" (1,000 records), Stripe "Pagination" (limit 1 to 100); [E] for fulfilment.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PAGE_SIZES_MAX: Mapping[str, int] = MappingProxyType(
    {"crm": 2_000, "erp": 1_000, "billing": 100, "tax": 1_000, "payment": 100, "fulfilment": 100}
)
