"""Decide: every rule of the field, as plain functions and frozen dataclasses. No I/O library of any kind."""
