"""Every call of the reference integration, the errors it survives, and the messages it hears, system by system."""

from __future__ import annotations

import msgspec

from contracts.pacting.scene import Heard, Scene, Values
from contracts.pacting.scenes import (
    billing,
    billing_money,
    crm,
    erp,
    erp_books,
    fulfilment,
    heard,
    lists,
    payment,
    tax,
)
from integration.effects import Call
from integration.systems.erp import SECOND as SECOND_ERP

SECOND = SECOND_ERP.name
_FIRST: tuple[Scene, ...] = (
    *crm.SCENES,
    *tax.SCENES,
    *payment.SCENES,
    *billing.SCENES,
    *billing_money.SCENES,
    *erp.SCENES,
    *erp_books.SCENES,
    *fulfilment.SCENES,
    *lists.SCENES,
)


def _of_second(scene: Scene) -> Scene:
    """Return what the integration asks the second ERP, which keeps the books of some legal entities, in its place."""

    def makes(values: Values) -> Call:
        return msgspec.structs.replace(scene.makes(values), system=SECOND)

    return msgspec.structs.replace(scene, system=SECOND, makes=makes)


SCENES: tuple[Scene, ...] = (*_FIRST, *(_of_second(scene) for scene in _FIRST if scene.system == "erp"))
HEARD: tuple[Heard, ...] = heard.HEARD
PROVIDERS: tuple[str, ...] = tuple(dict.fromkeys(scene.system for scene in SCENES))
