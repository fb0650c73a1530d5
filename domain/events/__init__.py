"""The canonical events of quote-to-cash as typed records in CloudEvents 1.0 envelopes.

registry    REGISTRY, BY_NAME, type_of: every event type with its keys
envelope    wrap, encode, decode
schemas     schema, schemas: JSON Schema of the payloads
fact        Fact, EventType: what all payloads share, and one row of the registry
parts       the small values inside payloads
<object>    the payload types: quote, customer, product, credit, order, fulfilment, subscription,
            amendment, renewal, billing, invoice, payment, dispute, dunning, revenue, ledger, partner,
            exception, message, contract
"""
