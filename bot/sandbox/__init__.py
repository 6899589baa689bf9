"""A Slack and a Teams over HTTP, with a ledger and a fault script: sandbox page and fake platforms in one."""
