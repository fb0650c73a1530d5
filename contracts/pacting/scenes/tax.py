"""What the integration asks the tax engine."""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from contracts.pacting.scene import Scene, pinging
from contracts.pacting.stage import TODAY
from contracts.pacting.states.ground import NUMBER
from contracts.pacting.states.tax import TAXABLE
from integration.systems import tax

_RETURN = replace(TAXABLE, code="CN-0000001", original_day=TODAY)
_NOBODY = replace(TAXABLE, customer="")

_scene = partial(Scene, "tax")


SCENES = (
    _scene("the tax engine is pinged", "nothing is there", makes=pinging(tax.SYSTEM)),
    _scene("the tax of a quote is estimated", "a customer", makes=lambda _: tax.estimate(TAXABLE), read=tax.shares),
    _scene("the tax of an invoice is committed", "a customer", makes=lambda _: tax.commit(TAXABLE), read=tax.shares),
    _scene(
        "the tax of a credit note is committed", "a committed tax document", makes=lambda _: tax.commit_return(_RETURN),
        read=tax.shares,
    ),
    _scene(
        "a committed document is committed again", "a committed tax document", makes=lambda _: tax.commit(TAXABLE),
        fails="rejected", code=tax.GET_TAX_ERROR,
    ),
    _scene(
        "a document is read", "a committed tax document", makes=lambda _: tax.read_document(TAXABLE.code, NUMBER),
        read=lambda answer: (tax.shares(answer), tax.is_committed(answer)),
    ),
    _scene(
        "a document that is not there is read", "a customer", makes=lambda _: tax.read_document("INV-9999999", NUMBER),
        fails="rejected", code="EntityNotFoundError",
    ),
    _scene(
        "a document of no customer is refused", "a customer", makes=lambda _: tax.commit(_NOBODY), fails="rejected"
    ),
    _scene(
        "the tax engine has had enough requests", "tax has had enough requests", makes=lambda _: tax.estimate(TAXABLE),
        fails="throttled", retries_after=True,
    ),
)  # fmt: skip
