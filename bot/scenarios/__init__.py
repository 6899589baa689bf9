"""Shipped scenarios and their catalogs."""

from pathlib import Path

FOLDER = Path(__file__).parent
