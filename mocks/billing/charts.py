"""The charts of the platform's documents: the domain's, with what the vendor allows beyond them."""

from __future__ import annotations

import msgspec

from domain.charts import CREDIT_MEMO, INVOICE, SUBSCRIPTION
from domain.charts.chart import Chart, rows


def _extended(chart: Chart, *more: tuple[str, str, str, str]) -> Chart:
    added = [row for sources, target, trigger, guard in more for row in rows(sources, target, trigger, guard)]
    reopened = frozenset(row.source for row in added) & chart.terminal
    return msgspec.structs.replace(
        chart, transitions=(*chart.transitions, *added), reopenable=chart.reopenable | reopened, exits={}
    )


CHARTS = {
    "subscription": _extended(
        SUBSCRIPTION,
        ("cancelled expired", "active", "reactivate", "the vendor lets a cancelled subscription live again"),
        ("trialing", "suspended", "suspend", "paused while in trial"),
    ),
    "invoice": _extended(
        INVOICE,
        ("tax_pending posted partially_paid", "voided", "void", "quirk voids_closed: nothing is paid or credited"),
    ),
    "credit_memo": _extended(CREDIT_MEMO, ("posted partially_applied", "voided", "void", "nothing of it was used")),
}
