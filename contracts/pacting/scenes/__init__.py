"""Every call of the reference integration, the errors it survives, and the messages it hears, system by system."""

from __future__ import annotations

from contracts.pacting.scene import Heard, Scene
from contracts.pacting.scenes import billing, billing_money, crm, erp, erp_books, fulfilment, heard, payment, tax

SCENES: tuple[Scene, ...] = (
    *crm.SCENES,
    *tax.SCENES,
    *payment.SCENES,
    *billing.SCENES,
    *billing_money.SCENES,
    *erp.SCENES,
    *erp_books.SCENES,
    *fulfilment.SCENES,
)
HEARD: tuple[Heard, ...] = heard.HEARD
PROVIDERS: tuple[str, ...] = tuple(dict.fromkeys(scene.system for scene in SCENES))
