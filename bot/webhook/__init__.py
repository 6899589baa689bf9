"""The way out to customers' webhooks, and to whoever is on call."""
