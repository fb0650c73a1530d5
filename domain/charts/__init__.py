"""The state charts of quote-to-cash, one module per object, each a table.

    CHARTS             every chart by its name
    Chart, Transition  the values
    IllegalTransition  what `require` and `next_state` raise

Payments have three charts (card, debit, push), so the seventeen machines make nineteen charts.
"""

from collections.abc import Mapping
from types import MappingProxyType

from domain.charts.amendment import AMENDMENT
from domain.charts.approval import APPROVAL
from domain.charts.chart import Chart, IllegalTransition, Transition
from domain.charts.credit import CREDIT
from domain.charts.credit_memo import CREDIT_MEMO
from domain.charts.dispute import DISPUTE
from domain.charts.dunning import DUNNING
from domain.charts.exception_case import EXCEPTION_CASE
from domain.charts.fulfilment import FULFILMENT
from domain.charts.invoice import INVOICE
from domain.charts.message import MESSAGE
from domain.charts.order import ORDER
from domain.charts.payment import CARD_PAYMENT, DEBIT_PAYMENT, PUSH_PAYMENT
from domain.charts.period import PERIOD
from domain.charts.quote import QUOTE
from domain.charts.renewal import RENEWAL
from domain.charts.revenue_slice import REVENUE_SLICE
from domain.charts.subscription import SUBSCRIPTION

CHARTS: Mapping[str, Chart] = MappingProxyType(
    {
        chart.name: chart
        for chart in (
            QUOTE,
            APPROVAL,
            SUBSCRIPTION,
            AMENDMENT,
            RENEWAL,
            ORDER,
            FULFILMENT,
            CREDIT,
            INVOICE,
            CREDIT_MEMO,
            CARD_PAYMENT,
            DEBIT_PAYMENT,
            PUSH_PAYMENT,
            DISPUTE,
            DUNNING,
            EXCEPTION_CASE,
            MESSAGE,
            PERIOD,
            REVENUE_SLICE,
        )
    }
)

__all__ = [
    "CHARTS",
    "Chart",
    "IllegalTransition",
    "Transition",
    "AMENDMENT",
    "APPROVAL",
    "CARD_PAYMENT",
    "CREDIT",
    "CREDIT_MEMO",
    "DEBIT_PAYMENT",
    "DISPUTE",
    "DUNNING",
    "EXCEPTION_CASE",
    "FULFILMENT",
    "INVOICE",
    "MESSAGE",
    "ORDER",
    "PERIOD",
    "PUSH_PAYMENT",
    "QUOTE",
    "RENEWAL",
    "REVENUE_SLICE",
    "SUBSCRIPTION",
]
