"""A Slack and a Teams over HTTP, with a ledger and a fault script: the sandbox page and the tests' fake platform in one."""
