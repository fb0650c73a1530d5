"""The CRM as a whole: the store and the rules that work on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from domain.charts import QUOTE as QUOTE_CHART
from mocks.crm.accounts import Accounts
from mocks.crm.async_bulk import AsyncJobs
from mocks.crm.bulk import Jobs
from mocks.crm.catalogue import ORGANISATION, PRICE_BOOK, USER
from mocks.crm.cometd import Streaming
from mocks.crm.events import Events
from mocks.crm.ids import record_id
from mocks.crm.objects import OBJECTS
from mocks.crm.outbound import Outbound
from mocks.crm.queries import Queries
from mocks.crm.quirks import Quirks
from mocks.crm.quotes import Quotes
from mocks.crm.records import Records
from mocks.crm.schema import Schema
from mocks.crm.sessions import Allowance, Sessions
from mocks.crm.store import Store
from mocks.crm.unit import Unit
from mocks.kernel.desk import Desk

if TYPE_CHECKING:
    from mocks.crm.parts import Parts


_ORGANISATION = {
    "IsSandbox": True, "InstanceName": "Q2C", "OrganizationType": "Developer Edition", "LanguageLocaleKey": "en_US",
    "DefaultLocaleSidKey": "en_US", "TimeZoneSidKey": "GMT",
}  # fmt: skip
"""What the organisation says of itself: a rehearsal is a sandbox."""


class Crm:
    """State and rules of one organisation; it knows no HTTP."""

    parts: Parts
    """How a request inside another one (a composite's, a batch's) is answered; the dialect brings it."""

    def __init__(self, desk: Desk, quirks: Quirks) -> None:
        self.desk = desk
        self.quirks = quirks
        schema = Schema((*OBJECTS, *[each.sobject() for each in quirks.custom_objects]))
        self.store = Store(schema, desk.tables)
        self.events = Events(desk, quirks.user_id, quirks.change_events)
        self.outbound = Outbound(desk, self.store.schema, quirks.outbound_messages)
        self.unit = Unit(desk, self.store, self.events, self.outbound, {"quote": QUOTE_CHART})
        self.quotes: Quotes = Quotes(desk, self.store, self.unit, quirks)
        self.accounts: Accounts = Accounts(self.store, self.unit)
        self.records = Records(desk, self.store, self.unit, self.events, quirks, self.quotes, self.accounts)
        self.queries = Queries(desk, self.store, quirks.query_rows_max)
        self.sessions = Sessions(quirks.organisation_id, quirks.session_seconds)
        self.allowance = Allowance(quirks.daily_requests)
        self.jobs = Jobs(self.unit, self.records, self.queries, quirks)
        self.async_jobs = AsyncJobs(self.jobs, self.unit, self.records, self.queries, quirks)
        self.streaming = Streaming(desk, self.store.schema, self.events)
        self._found()

    def _found(self) -> None:
        """Keep what every organisation has from its first day: the API's user and the standard price book."""
        since: dict[str, Any] = {
            "IsDeleted": False,
            "CreatedDate": 0,
            "LastModifiedDate": 0,
            "SystemModstamp": 0,
        }
        user = {
            "Id": self.quirks.user_id,
            "Username": self.quirks.username,
            "Name": "Integration User",
            "IsActive": True,
        }
        book = {
            "Id": record_id(PRICE_BOOK.prefix, 0),
            "Name": "Standard Price Book",
            "IsStandard": True,
            "IsActive": True,
        }
        own = {"Id": self.quirks.organisation_id, "Name": "Rehearsal", **_ORGANISATION}
        for of, values in ((USER, {**user, "Email": self.quirks.username}), (PRICE_BOOK, book), (ORGANISATION, own)):
            self.store.tables[of.name][str(values["Id"])] = of.row({**since, **values})
