"""The state handlers of the mocks: what must be so before a call, by the state's name in the pacts.

A handler sets up the stage and returns what the provider alone can know (ids it gave), by name; those values stand in
the request where the pact says so. Another provider brings handlers of its own with the same names.
"""

from __future__ import annotations

from collections.abc import Callable

from contracts.pacting.scene import Values
from contracts.pacting.stage import Stage
from contracts.pacting.states import billing, crm, erp, fulfilment, ground, lists, payment, tax

State = Callable[[Stage], Values]


def _expired(system: str) -> State:
    def state(stage: Stage) -> Values:
        found = ground.a_customer(stage)
        known = stage.authorization(system)
        stage.later(3 * 3600)  # longer than any session lives
        return {**found, **known}

    return state


def _named() -> dict[str, State]:
    found: dict[str, State] = {
        "nothing is there": ground.nothing,
        "a customer": ground.a_customer,
        "two accounts of one party": ground.a_twin,
        "a customer whose card is lost": ground.a_customer_whose_card_is_declined,
        "a customer who pays by debit": ground.a_customer_who_pays_by_debit,
        "a quote that waits for its customer": crm.a_quote_that_waits,
        "an accepted quote": crm.an_accepted_quote,
        "an accepted amendment": crm.an_accepted_amendment,
        "a committed tax document": tax.a_committed_document,
        "a task": fulfilment.a_task,
        "a completed task": fulfilment.a_completed_task,
        "a payment": payment.a_payment,
        "a debit on its way": payment.a_debit,
        "a debit that arrived": payment.a_debit_that_succeeded,
        "a declined payment": payment.a_declined_payment,
        "a refund": payment.a_refund,
        "a payout": payment.a_payout,
        "a dispute": payment.a_dispute,
        "a request with the same key still runs": payment.a_key_in_use,
        "a customer in billing": billing.a_billing_customer,
        "a subscription": billing.a_subscription,
        "a subscription to come": billing.a_subscription_to_come,
        "a due invoice": billing.a_due_invoice,
        "a paid invoice": billing.a_paid_invoice,
        "an unused payment": billing.an_unused_payment,
        "a credit note": billing.a_credit_note,
        "an unused credit note": billing.an_unused_credit_note,
        "a subscription that will end": billing.a_cancelled_subscription,
        "a paused subscription": billing.a_paused_subscription,
        "a resumed subscription": billing.a_resumed_subscription,
        "a lost dispute": payment.a_lost_dispute,
        "an invoice nobody is reminded of": billing.a_stopped_dunning,
        "a customer in the ERP": erp.an_erp_customer,
        "a customer on hold": erp.a_customer_on_hold,
        "a booked order": erp.an_order,
        "a fulfilled order": erp.a_fulfilled_order,
        "a posted invoice": erp.an_invoice,
        "a posted and paid invoice": erp.a_paid_invoice,
        "a posted credit memo": erp.a_credit_memo,
        "an unused credit memo": erp.an_unused_memo,
        "a closed period": erp.a_closed_period,
        "a client that may sign in": lists.a_client,
        "two payments": lists.two_payments,
        "two invoices that wait": lists.two_invoices,
        "two booked orders": lists.two_orders,
        "two customers on hold": lists.two_customers_on_hold,
        "three accepted quotes": lists.three_accepted_quotes,
    }
    for system in ("crm", "erp", "billing", "tax", "payment", "fulfilment"):
        found[f"{system} has had enough requests"] = ground.throttled(system)
    for system in ("crm", "erp"):
        found[f"the session with {system} is over"] = _expired(system)
    return found


STATES: dict[str, State] = _named()
