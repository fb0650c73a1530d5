"""The payment system's own billing: catalogue, subscriptions and invoices of the Stripe-compatible dialect.

An invoice here is a document of this billing, shown in the history as an invoice of the system `payment`; it has
nothing to do with the invoices of the billing platform (`mocks.billing`), which a business bills with *instead*. Both
are paid in one world: paying an invoice here makes a payment intent, a charge, fees and a payout like any other.
"""
