"""The CRM as a whole: the store and the rules that work on it."""

from __future__ import annotations

from mocks.crm.accounts import Accounts
from mocks.crm.objects import SCHEMA
from mocks.crm.queries import Queries
from mocks.crm.quirks import Quirks
from mocks.crm.quotes import Quotes
from mocks.crm.records import Records
from mocks.crm.sessions import Allowance, Sessions
from mocks.crm.store import Store
from mocks.kernel.desk import Desk


class Crm:
    """State and rules of one organisation; it knows no HTTP."""

    def __init__(self, desk: Desk, quirks: Quirks) -> None:
        self.desk = desk
        self.quirks = quirks
        self.store = Store(SCHEMA)
        self.quotes: Quotes = Quotes(desk, self.store, quirks)
        self.accounts: Accounts = Accounts(desk, self.store)
        self.records = Records(desk, self.store, quirks, self.quotes, self.accounts)
        self.queries = Queries(desk, self.store)
        self.sessions = Sessions(quirks.organisation_id, quirks.session_seconds)
        self.allowance = Allowance(quirks.daily_requests)
