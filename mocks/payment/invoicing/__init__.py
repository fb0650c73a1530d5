"""The payment system's own billing: catalogue, subscriptions and invoices of the Stripe-compatible dialect."""
