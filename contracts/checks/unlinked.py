"""Documents of the ERP that name nothing: what a black box may have posted under any number.

Whether such a document is the one that is looked for, nobody can say. So each of them excuses one document that is
missed, of the same customer or transaction, in the same currency and over the same amount.
"""

from __future__ import annotations

from collections import Counter

from contracts.checks.facts import Facts, base_of, intent_of
from contracts.checks.lives import Life

UNLINKED = (
    "{} documents have no ERP document that names them, and the ERP holds some that name nothing: it cannot be said"
)
"""Why a check cannot know: who posts names what he posts, or it is not to be told from something lost."""
_KINDS = ("invoice", "credit_memo", "cash")
Excuse = tuple[str, str, str, int]


class Excuses:
    """The excuses of one check: each can be taken once."""

    def __init__(self, facts: Facts) -> None:
        self._left = Counter(facts.once(_unlinked))
        self.taken = 0

    def takes(self, life: Life, amount_minor: int | None = None) -> bool:
        """Tell whether an ERP document for this one may exist without telling so, and use that document up.

        `amount_minor` is what it would be over, when that is not what the document itself is over.
        """
        kind = "cash" if life.last.kind == "payment" else life.last.kind
        amount = _amount(life) if amount_minor is None else amount_minor
        for name in (life.txn, getattr(life.document, "customer", "")):
            excuse = (kind, name, life.document.currency, amount)
            if name and self._left[excuse] > 0:
                self._left[excuse] -= 1
                self.taken += 1
                return True
        return False

    @property
    def unjudged(self) -> str:
        """Why the check cannot tell, empty when no excuse was needed."""
        return UNLINKED.format(self.taken) if self.taken else ""


def _amount(life: Life) -> int:
    document = life.document
    amount: int = document.captured_minor if life.last.kind == "payment" else document.total_minor
    return amount


def _unlinked(facts: Facts) -> Counter[Excuse]:
    """Return the ERP documents whose reference names nothing in another system; our own always name something."""
    if facts.context.inside:
        return Counter()
    billed = {**facts.lives("invoice", "billing"), **facts.lives("credit_memo", "billing")}
    known = billed.keys() | {intent_of(key) for key in facts.lives("payment", "payment")}
    return Counter(
        (kind, life.txn or life.document.customer, life.document.currency, _of_erp(life))
        for kind in _KINDS
        for life in facts.lives(kind, "erp").values()
        if not life.is_seeded and base_of(life.document.ref) not in known
    )


def _of_erp(life: Life) -> int:
    document = life.first_document
    amount: int = document.amount_minor if life.last.kind == "cash" else document.total_minor
    return amount
