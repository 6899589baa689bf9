"""The command line: one module a family of commands. Errors are one sentence and an exit status, never a traceback."""
