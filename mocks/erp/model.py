"""The ERP as one object: its parts, wired. It owns terms, credit, orders, AR, the ledger and its periods."""

from __future__ import annotations

from mocks.erp.auth import Tokens
from mocks.erp.cash import Deposits, Payments
from mocks.erp.cash_sales import CashSales
from mocks.erp.catalogue import Catalogue
from mocks.erp.contacts import Contacts
from mocks.erp.credit import Credit
from mocks.erp.credit_memos import CreditMemos
from mocks.erp.customers import Customers
from mocks.erp.fulfilments import Fulfilments
from mocks.erp.invoices import Invoices
from mocks.erp.jobs import Jobs
from mocks.erp.journals import Journals
from mocks.erp.ledger import Ledger
from mocks.erp.orders import Orders
from mocks.erp.papers import Papers
from mocks.erp.periods import Periods
from mocks.erp.quirks import Quirks
from mocks.erp.rates import Rates
from mocks.erp.refunds import Refunds
from mocks.erp.restlets import Restlets
from mocks.erp.sale_items import SaleItems
from mocks.erp.schedules import Schedules
from mocks.erp.subledger import Subledger
from mocks.kernel.desk import Desk


class Erp:
    """The state and rules of the ERP. `handle`, `act` and `tick` of the service are the only ways in."""

    def __init__(self, desk: Desk, quirks: Quirks) -> None:
        self.desk = desk
        self.quirks = quirks
        self.tokens = Tokens(desk, quirks)
        self.jobs = Jobs(desk, quirks)
        self.catalogue = Catalogue()
        self.rates = Rates()
        self.periods = Periods(desk, quirks.closed_period, opens=quirks.opens_periods)
        self.ledger = Ledger(desk, self.catalogue)
        self.schedules = Schedules(desk, self.ledger, self.periods)
        self.customers = Customers(desk, self.catalogue, quirks)
        self.credit = Credit(desk, self.customers, self.catalogue, self.rates, quirks)
        self.orders = Orders(desk, self.customers, self.credit, self.catalogue, quirks)
        self.fulfilments = Fulfilments(desk, self.orders)
        self.books = Subledger(
            desk, self.catalogue, self.customers, self.credit, self.orders, self.periods, self.rates, self.ledger
        )
        self.invoices = Invoices(self.books, self.schedules, quirks)
        self.credit_memos = CreditMemos(self.books, self.invoices, self.schedules, quirks)
        self.payments = Payments(self.books, self.invoices)
        self.deposits = Deposits(self.payments)
        self.refunds = Refunds(self.books, self.credit_memos, self.payments)
        self.cash_sales = CashSales(desk, self.invoices, self.payments)
        self.contacts = Contacts(desk, self.customers)
        self.opportunities = Papers("opportunity", desk, self.customers, self.catalogue)
        self.estimates = Papers("estimate", desk, self.customers, self.catalogue)
        self.returns = Papers("returnAuthorization", desk, self.customers, self.catalogue)
        self.sale_items = SaleItems(desk, self.catalogue)
        self.restlets = Restlets(quirks.restlets)
        self.journals = Journals(desk, self.catalogue, self.periods, self.rates, self.ledger)
