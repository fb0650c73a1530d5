"""What the integration asks the CRM."""

from __future__ import annotations

from functools import partial

from contracts.pacting.scene import Scene, pinging
from contracts.pacting.stage import OPENS_US
from contracts.pacting.states.ground import ACCOUNT, NUMBER, REFERENCE
from domain.calendar import HOUR_US
from integration.systems import crm, crm_accounts
from integration.systems.crm_accounts import AccountRow

_ROW = AccountRow(AccountNumber=ACCOUNT, Name="Acme", TaxId__c="12-000001", Duns__c="123456789", MatchKey__c="ACME-US")
_SHOWN = crm.mirrored({"Status": "Converted", "OrderStatus__c": "booked", "OrderNumber__c": "SO000001"}, "536.25", 1)

_scene = partial(Scene, "crm")


SCENES = (
    _scene("limits are asked for", "nothing is there", makes=pinging(crm.SYSTEM)),
    _scene(
        "a quote is read", "an accepted quote", makes=lambda values: crm.read_quote(values["quote"], NUMBER),
        read=lambda answer: (crm.accepted_quote(answer), crm.is_accepted(answer)),
    ),
    _scene(
        "an amendment is read", "an accepted amendment", makes=lambda values: crm.read_quote(values["quote"], NUMBER),
        read=crm.accepted_quote,
    ),
    _scene(
        "a quote that is not there is read", "nothing is there",
        makes=lambda _: crm.read_quote("0Q0000000000099CAA", NUMBER), read=crm.is_accepted,
    ),
    _scene(
        "accepted quotes are swept", "an accepted quote", makes=lambda _: crm.accepted_since(OPENS_US - HOUR_US),
        page=crm.accepted_page,
    ),
    _scene(
        "no quote was accepted", "a quote that waits for its customer",
        makes=lambda _: crm.accepted_since(OPENS_US - HOUR_US), page=crm.accepted_page,
    ),
    _scene(
        "a quote shows what became of it", "an accepted quote",
        makes=lambda values: crm.update_quote(values["quote"], REFERENCE, _SHOWN, 1, NUMBER),
    ),
    _scene(
        "a quote is shown by its reference", "an accepted quote",
        makes=lambda _: crm.update_quote("", REFERENCE, _SHOWN, 1, NUMBER),
    ),
    _scene(
        "a quote nobody knows is shown", "nothing is there",
        makes=lambda _: crm.update_quote("", "Q-999999-v1", _SHOWN, 1, ""), fails="rejected", code="NOT_FOUND",
    ),
    _scene(
        "the place of what a quote shows is asked for", "an accepted quote",
        makes=lambda _: crm.read_place(REFERENCE, NUMBER), read=crm.place_shown,
    ),
    _scene(
        "a status the CRM does not have is refused", "an accepted quote",
        makes=lambda values: crm.update_quote(values["quote"], REFERENCE, {"Status": "Shipped to the moon"}, 2, NUMBER),
        fails="rejected",
    ),
    _scene(
        "an account shows its credit", "a customer",
        makes=lambda _: crm.update_account(ACCOUNT, {"CreditStatus__c": "soft_hold"}, "2026-12-01T15:00:00Z"),
    ),
    _scene(
        "accounts that were touched are swept", "a customer",
        makes=lambda _: crm_accounts.touched_since(OPENS_US - HOUR_US), page=crm_accounts.touched_page,
    ),
    _scene(
        "an account is read", "a customer", makes=lambda _: crm_accounts.read_account(ACCOUNT, NUMBER),
        read=crm_accounts.account_rows,
    ),
    _scene(
        "accounts alike are looked for", "two accounts of one party",
        makes=lambda _: crm_accounts.find_alike(_ROW, NUMBER), page=crm_accounts.account_page,
    ),
    _scene(
        "the CRM has had enough requests", "crm has had enough requests",
        makes=lambda _: crm_accounts.read_account(ACCOUNT, NUMBER), fails="throttled",
    ),
    _scene(
        "the session is over", "the session with crm is over", makes=lambda _: crm_accounts.read_account(ACCOUNT, ""),
        fails="unauthenticated", code="INVALID_SESSION_ID",
    ),
)  # fmt: skip
