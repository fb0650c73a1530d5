"""The integration as a service: one process with a journal, a clock, a wire and doors of its own.

configuration  Configuration: from q2c.toml, the environment and files; secrets never from the first
secrets        Secret: a value that is read again when its file changes
vendors        the adapters with the credentials of a deployment
node           Node: the integration, its reader and what others may ask of it
app            the HTTP application: webhooks, health, and what API and tower mount
"""
