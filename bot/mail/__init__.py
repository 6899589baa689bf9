"""The way out by e-mail."""
