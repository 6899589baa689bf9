"""The subjects of what goes out by e-mail and webhook: public words only, made of the services' public names."""

from collections.abc import Sequence

from handlers.domain.catalog import Catalog
from handlers.domain.incident import Incident
from handlers.domain.letter import CORRECTION, LETTERS, LONGEST_SUBJECT, WITHDRAWN, letter, plain_line, subject_of

_ROOM = LONGEST_SUBJECT - max(len(CORRECTION), len(WITHDRAWN))
"""So that a correction has the same subject, with its mark before it."""
_MAIL = {
    "apology": "Our apology for the problem with {}",
    "follow-up": "Following up on the problem with {}",
    "update": "Update on the problem with {}",
    "holding": "A problem with {}",
    "closure": "Closing update on the problem with {}",
}
_NAME = "Problem with {}"
"""A webhook calls the incident so from its first word to its last: who receives them knows it by that."""
NOTICE = "We have taken back our earlier message. We will write to you again."
"""What follows a message that cannot be replaced where it stands."""


def addressed(
    platform: str, kind: str, words: str, catalog: Catalog, incidents: Sequence[Incident], *, correction: bool = False
) -> str:
    """The text of one channel. `kind`: apology, follow-up, update, holding, closure; chat has no subject."""
    if platform not in LETTERS:
        return words
    if platform == "webhook":
        return letter(_fitted(_NAME, catalog, incidents), words)
    subject = _fitted(_MAIL[kind], catalog, incidents)
    return letter(f"{CORRECTION if correction else ''}{subject}", words)


def taken_back(platform: str, text: str, notice: str) -> str:
    """What takes back `text`: `notice` in its very place, or a follow-up where what was sent stands."""
    if platform not in LETTERS:
        return notice
    subject = subject_of(text) or "Our earlier message"
    return letter(subject if platform == "webhook" else f"{WITHDRAWN}{subject}", NOTICE)


def _fitted(frame: str, catalog: Catalog, incidents: Sequence[Incident]) -> str:
    keys = dict.fromkeys(key for incident in incidents for key in incident.services)
    names = [plain_line(catalog.service_name(key)) for key in keys]
    for kept in range(len(names), 0, -1):
        more = len(names) - kept
        ends = [f"{more} more service{'s' * (more != 1)}"] if more else []
        subject = frame.format(_listed([*names[:kept], *ends]))
        if len(subject) <= _ROOM:
            return subject
    return frame.format(f"{len(names)} of our services" if len(names) > 1 else "our service")


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
