"""Declines: why a card is refused and why a bank debit comes back, as the vendor and the networks name it."""

from __future__ import annotations

from collections.abc import Mapping

from mocks.payment.records import Behaviour, Failure

SOFT = "insufficient_funds"
HARD = "lost_card"
HARD_CODES = frozenset(
    {"lost_card", "stolen_card", "pickup_card", "fraudulent", "invalid_account", "revocation_of_authorization"}
)
_CODES_OF_THEIR_OWN = frozenset({"expired_card", "incorrect_cvc", "processing_error"})
RETURNS: Mapping[str, tuple[str, str]] = {
    "insufficient_funds": ("R01", "The account has insufficient funds."),
    "account_closed": ("R02", "The account has been closed."),
    "no_account": ("R03", "There is no such account."),
    "invalid_account": ("R04", "The account number is not valid."),
    "debit_not_authorized": ("R10", "The customer says the debit was not authorised."),
}
"""Vendor failure code -> (network return code, message)."""


def card(behaviour: Behaviour, confirmation: int, off_session: bool) -> Failure | None:
    """Return why the nth confirmation of a card is refused, or None when it is not."""
    if behaviour.challenge and off_session:
        text = "The card needs the customer to authenticate, who is not there."
        return Failure("authentication_required", "authentication_required", text)
    if not behaviour.hard and confirmation > behaviour.declines:
        return None
    reason = behaviour.decline_code or (HARD if behaviour.hard else SOFT)
    code = reason if reason in _CODES_OF_THEIR_OWN else "card_declined"
    return Failure(code, reason, f"The card was declined: {reason}.")


def debit(behaviour: Behaviour) -> Failure:
    """Return why a bank debit comes back."""
    reason = behaviour.decline_code if behaviour.decline_code in RETURNS else "insufficient_funds"
    network_code, text = RETURNS[reason]
    return Failure(reason, reason, text, network_code, "card_error")
