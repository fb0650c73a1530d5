"""The tables say what was specified: each arrow, written down a second time and by hand.

`a b > c d` reads: from each of a and b to each of c and d. What the tables add where the text leaves a gap
stands apart, so that nobody takes it for the text.
"""

import pytest

from domain.charts import CHARTS

TEXT = {
    "quote": """
        draft > submitted
        submitted > approved rejected draft
        approved > presented
        presented approved > accepted
        presented > declined
        draft submitted approved presented > superseded expired
        accepted > converted accept_failed
        accept_failed > accepted
    """,
    "approval": """
        pending > approved rejected recalled escalated auto_approved expired
        escalated > approved rejected
    """,
    "subscription": """
        draft > pending_activation
        pending_activation > trialing active cancelled
        trialing > active cancelled
        active > suspended expired renewed
        suspended > active
        active suspended > pending_cancel
        pending_cancel > active
        active suspended pending_cancel > cancelled
    """,
    "amendment": """
        draft > quoted
        quoted > approved
        approved > accepted
        accepted > booked
        booked > applied apply_failed
        draft quoted approved accepted > cancelled superseded
        apply_failed > applied reversed
    """,
    "renewal": """
        not_due > forecast
        forecast > quoted
        quoted > negotiating
        negotiating > accepted
        accepted > booked lost auto_renewed lapsed
        lapsed > reinstated
    """,
    "order": """
        received > validating
        validating > validated fallout waiting_dependency
        validated > credit_hold submitted
        credit_hold > validated cancelled
        submitted > booked submit_unknown rejected
        submit_unknown > booked submitted
        rejected > fallout
        booked > credit_hold_inflight in_fulfilment
        credit_hold_inflight > booked
        in_fulfilment > partially_fulfilled fulfilled
        fulfilled > billed
        billed > closed
        booked in_fulfilment partially_fulfilled > cancelling
        cancelling > compensating
        compensating > cancelled
        fallout > validating cancelled
    """,
    "fulfilment": """
        requested > in_progress
        in_progress > completed partially_completed failed cancelled
        partially_completed > completed
        failed > requested
        completed > reversed
    """,
    "credit": """
        clear > warning
        warning > soft_hold
        soft_hold > hard_hold
        hard_hold > clear
    """,
    "invoice": """
        draft > tax_pending
        tax_pending > ready tax_estimated
        ready tax_estimated > posted
        draft ready > voided
        posted > partially_paid
        posted partially_paid > paid disputed written_off
        disputed > posted partially_paid
        paid > posted partially_paid
    """,
    "credit_memo": """
        draft > approved voided
        approved > posted
        posted > partially_applied
        partially_applied > applied refunded
    """,
    "card_payment": """
        created > requires_action failed
        requires_action > authorized
        authorized > captured voided
        captured > settled
        captured settled > partially_refunded
        partially_refunded > refunded
        settled > disputed
    """,
    "debit_payment": """
        created > submitted
        submitted > processing
        processing > succeeded failed
        succeeded > settled
        succeeded settled > returned
    """,
    "push_payment": """
        received > identified unidentified
        identified > applied
        unidentified > unapplied
        unapplied > applied refunded
    """,
    "dispute": """
        inquiry > closed needs_response
        needs_response > under_review lost
        under_review > won lost
    """,
    "dunning": """
        current > reminder
        reminder > notice_1
        notice_1 > notice_2
        notice_2 > final_notice
        final_notice > suspended
        suspended > collections
        collections > written_off
        reminder notice_1 notice_2 final_notice suspended collections written_off promise_to_pay > current
        current reminder notice_1 notice_2 final_notice suspended collections written_off > promise_to_pay
        promise_to_pay > reminder notice_1 notice_2 final_notice suspended collections written_off
    """,
    "exception_case": """
        new > triaged
        triaged > assigned
        assigned > in_progress
        in_progress > waiting_external resolved
        waiting_external > in_progress
        resolved > verified reopened
        new triaged assigned in_progress waiting_external resolved reopened > escalated
        new triaged > auto_resolved
    """,
    "message": """
        accepted > in_flight
        in_flight > succeeded retry_scheduled dead_lettered
        retry_scheduled > in_flight
        dead_lettered > replayed
        replayed > succeeded discarded parked
        parked > in_flight
        unknown > in_flight
    """,
    "period": """
        future > open
        open > soft_closed
        soft_closed > closed open
        closed > locked open
    """,
    "revenue_slice": """
        planned > on_hold recognised replanned
        on_hold > planned
        recognised > reversed
    """,
}

ADDED = {
    "renewal": "forecast quoted negotiating > lost auto_renewed lapsed",
    "order": "waiting_dependency > validating \n partially_fulfilled > fulfilled \n fulfilled > closed",
    "fulfilment": "requested partially_completed failed > cancelled",
    "credit": "warning soft_hold > clear",
    "credit_memo": "posted > applied refunded",
    "invoice": "partially_paid > posted \n written_off > partially_paid",
    "card_payment": """
        created > authorized
        requires_action > failed
        captured settled > refunded
        disputed > settled
    """,
    "exception_case": "escalated > assigned in_progress \n reopened > in_progress",
    "message": """
        in_flight > unknown
        dead_lettered > discarded
        accepted retry_scheduled > parked
        replayed > dead_lettered
    """,
}

TERMINAL = {
    "quote": "rejected declined superseded expired converted",
    "approval": "approved rejected recalled auto_approved expired",
    "subscription": "cancelled expired renewed",
    "amendment": "applied cancelled superseded reversed",
    "renewal": "booked lost auto_renewed lapsed*",
    "order": "cancelled closed",
    "fulfilment": "completed* cancelled reversed",
    "credit": "",
    "invoice": "voided paid* written_off*",
    "credit_memo": "applied refunded voided",
    "card_payment": "settled* failed voided refunded",
    "debit_payment": "settled* failed",
    "push_payment": "applied",
    "dispute": "closed won lost",
    "dunning": "",
    "exception_case": "verified auto_resolved",
    "message": "succeeded discarded",
    "period": "locked",
    "revenue_slice": "recognised* reversed",
}

ENDS_WITHOUT_A_MARK = {
    "renewal": "reinstated",
    "card_payment": "disputed*",
    "debit_payment": "returned",
    "push_payment": "refunded",
    "revenue_slice": "replanned",
}


def _arrows(text: str) -> set[tuple[str, str]]:
    pairs = set()
    for line in filter(None, map(str.strip, text.splitlines())):
        sources, targets = line.split(">")
        pairs |= {(source, target) for source in sources.split() for target in targets.split()}
    return pairs


def test_every_chart_of_the_text_is_there() -> None:
    assert set(CHARTS) == set(TEXT) == set(TERMINAL)


@pytest.mark.parametrize("name", TEXT)
def test_the_arrows_are_those_of_the_text_and_the_named_additions(name: str) -> None:
    listed = {(row.source, row.target) for row in CHARTS[name].transitions}
    text, added = _arrows(TEXT[name]), _arrows(ADDED.get(name, ""))
    assert not text & added
    assert listed == text | added


@pytest.mark.parametrize("name", TEXT)
def test_an_addition_is_confessed_in_the_notes_of_its_chart(name: str) -> None:
    assert bool(CHARTS[name].notes) >= (name in ADDED or name in ENDS_WITHOUT_A_MARK)


@pytest.mark.parametrize("name", TEXT)
def test_the_ends_are_those_of_the_text(name: str) -> None:
    marks = (TERMINAL[name] + " " + ENDS_WITHOUT_A_MARK.get(name, "")).split()
    assert CHARTS[name].terminal == {mark.rstrip("*") for mark in marks}
    assert CHARTS[name].reopenable == {mark[:-1] for mark in marks if mark.endswith("*")}
