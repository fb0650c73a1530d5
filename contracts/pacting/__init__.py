"""Pacts of the reference integration: recorded from its own calls, linted, and verified against any provider.

stage         the mocks on a clock that stands still: where a state is set up and a call is tried
states        what must be so before a call: the state handlers of the mocks, by name
scenes        every call of the reference integration, the errors it survives, and the messages it reads
reading       what a reader really reads of a reply, found out by taking things away
matching      how each field is matched: money, status, currency and dates never by type
recording     the pact files, made by pact-python from the calls themselves: `python -m contracts.pacting.recording`
lint          what a pact must not leave open, with rules
verification  a provider against pact files, with guards; the suite `pacts` of `q2c verify`
"""
