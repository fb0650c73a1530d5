"""Analytics from events alone: a consumer that builds tables, key figures from them, and their reconciliation.

    told        Told: an event as the consumer sees it, from the log or from a broker
    store       Store: the tables in SQLite; what an event writes into them, whatever the order of arrival
    consumer    consume, consume_stream: from the event log, or from a NATS JetStream stream
    kpis        kpis: the key figures of the domain (4.6) that events can tell
    totals      totals: booked, billed, cash, credit, tax by entity, currency and period
    ledgers     read_ledgers: what the ERP says, read through its adapter by a flow of our own
    reconcile   differences: where the two disagree, and why

Nothing here reads the journal beyond its event log: another team can build the same from the broker.
"""
