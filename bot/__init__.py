"""Talks: every socket, clock and process of Amends."""
