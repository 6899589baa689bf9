"""The composer: rendered facts with plain sentences around them, for one audience at a time. Pure and deterministic."""

from handlers.domain.compose.gaps import gaps
from handlers.domain.compose.page import words_in
from handlers.domain.compose.source import (
    PUBLIC,
    Audience,
    Clause,
    Composed,
    Gap,
    Locked,
    Source,
    carried_over,
    default_next_report,
    fact_id,
)
from handlers.domain.compose.variants import (
    DO_NOT_SAY,
    compose,
    compose_closure,
    compose_holding,
    leaves_nothing_open,
)

__all__ = [
    "DO_NOT_SAY",
    "PUBLIC",
    "Audience",
    "Clause",
    "Composed",
    "Gap",
    "Locked",
    "Source",
    "carried_over",
    "compose",
    "compose_closure",
    "compose_holding",
    "default_next_report",
    "fact_id",
    "gaps",
    "leaves_nothing_open",
    "words_in",
]
