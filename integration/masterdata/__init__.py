"""Master data: who a customer is, what a product is called where, and which entity's books a sale goes to.

    identity         Identity: what is known of a party, and its normal forms (name, tax id, street, domain)
    matching         judge, decide: same, different or ask a steward, with the reasons and thresholds as values
    survivorship     merged: the golden record of two, field by field, by the rules of ownership
    crossreference   rows of the cross-reference table: every external id stands for exactly one canonical id
    products         product mapping with effective dates, per system and legal entity, and bundle explosion

Everything here but `crossreference` is pure; the flows that use it are `integration.flows.customers` and
`integration.flows.merges`.
"""
