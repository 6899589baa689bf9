"""The sentences an apology is made of, each with the facts it prints and the rule it serves.

A clause exists only where its facts do. A needed fact that is absent leaves a mark in double braces, which the linter
refuses (W19), so that a draft can be read before it can be sent.
"""

from handlers.domain.compose.ahead import Ahead
from handlers.domain.compose.caused import Caused
from handlers.domain.compose.happened import Happened
from handlers.domain.compose.mended import Mended


class Clauses(Happened, Caused, Mended, Ahead):
    """All sentences that one audience's record gives rise to."""
