"""Sentences each wording rule must catch, and sentences a careful editor would leave alone: one file a rule."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import yaml

FOLDER: Final = Path(__file__).with_name("sentences")
_FILES: Final[dict[str, dict[str, list[str]]]] = {
    f"W{int(path.stem[1:])}": yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted(FOLDER.glob("W*.yaml"))
}

CAUGHT: Final = {rule: tuple(both["caught"]) for rule, both in _FILES.items()}
INNOCENT: Final = {rule: tuple(both["innocent"]) for rule, both in _FILES.items()}
