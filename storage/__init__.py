"""Remembers: SQLAlchemy Core tables, one transaction per request."""
