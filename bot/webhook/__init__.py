"""The way out to customers' webhooks."""
