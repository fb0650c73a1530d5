"""The reference quote-to-cash integration: flows as coroutines over a closed set of effects, and a journal.

    effects      Call, Sleep, Receive, Emit, Start, Park, Now, Lookup, Assign, All: what a flow may ask for
    outcomes     Answer, Failed, Unknown, Message, ...: what came of it; CallFailed, OutcomeUnknown, Conflict
    flow         Flow, FlowContext, Program, Diverged: replay, and the next effect
    retry        call_with_retries, Probe: retries as flow code
    settings     Settings: timeouts, limits, thresholds
    system       System, TokenSource, classify: what an adapter tells the core of a system
    intake       Source, Route: what an adapter tells the core of a sender of webhooks
    limits       Gate: token bucket, slots, breaker, retry budget, token cache
    lanes        Lane: the calls of one system on their way through its gate
    journal/     Journal, Lease, Write; SqliteJournal; the audit chain; Crash, CrashPoint, Fenced
    exceptions   ExceptionCase: why a flow is parked, who acts and until when; desk: the open ones
    casework     what people may do with a case, as rules; people: their acts as a table
    engine       Engine: one incarnation; live, launch, waiting, parking, mailbox, mailroom, outbox,
                 entities, adoption and transaction are its parts
    process      Integration, Parts: start, kill, restart, receive, act, cases
    drivers/     simpy_driver.simulated: the integration in virtual time; asyncio_driver.AsyncioHost: in real time,
                 with clock, timers and wire
    schedule     Schedule: sweeps, every so often
    service/     Node: one process of the live integration; configuration, credentials, door, companions
    cdc/         change data capture: the CRM's stream as another way to learn of accepted quotes
    api/         the interface: process and experience APIs; tower/: the control tower, for people
    relay/       events to brokers; observability/: traces, metrics, logs, alerts; analytics/: figures from events
    masterdata/  who is who, and what is called how; facade/: other ERPs made to look like the one
    systems/     adapters, one for each vendor API
    flows/       the flows of quote-to-cash

The seam for a simulator (or any other driver):

    journal = SqliteJournal(crash_points={CrashPoint(7, after=True)})
    integration = simulated(time, settings, Parts(programs=..., systems=..., sources=..., routes=...), journal,
                            send, record, crashed)
    integration.start()                      # claims the journal, takes up what is open
    integration.receive(request)             # a webhook: Reply, or None when the process is down
    integration.launch(Start(...))           # a flow from outside (a sweep, say)
    integration.act(act)                     # take, re_drive, discard, approve_discard, add_mapping, ...: people.py
    integration.open_cases(); integration.re_drive(case_id, actor); integration.re_drive_all("DEPENDENCY", actor)
    integration.kill(); integration.restart()
    integration.open_flows(); integration.seal(state_changes)

`send(request, call, done)` calls `done` later with a Reply, Failed or Unknown. `record(record)` takes history records
(Applied, Flow, Case, Emitted). `crashed(crash)` says that a crash point struck: the incarnation is dead already, the
simulator decides when to restart. Another driver provides a `Host` (engine.py) and shares all the rest.
"""
