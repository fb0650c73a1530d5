"""Conformance: does an API keep its promises about repeated requests, does a caller repeat as it should, does a
receiver of webhooks survive what webhooks do? Against any address, in any language.

    profiles     what vendors and drafts promise, as data
    assertion    one promise: its id, level, sentence and source; and what came of trying it
    target       the operation to try, as a file says it
    wire         requests to the target, with a record of every exchange
    server/      promises of an API that takes idempotency keys (I01-I28)
    client/      promises of who calls one (C01-C14)
    webhooks/    promises of who receives webhooks, and of who sends them (W01-W16, S01-S08)
    lifecycle    promises about operations that are going, and about limits (D01-D03, R01)
    suite        all of them as suites
"""
