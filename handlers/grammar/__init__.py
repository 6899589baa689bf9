"""Text ⇄ command: one grammar for both platforms. Usage, help and the manifests derive from its table.

`read` turns what somebody typed into a command, a question back or a sentence that helps; `write` spells a command;
`form_fields` and `from_form` do the same for forms. Buttons say what `write` gives.
"""

from handlers.grammar.fields import NOT_KNOWN
from handlers.grammar.forms import FormFault, filled, form_fields, form_title, from_form
from handlers.grammar.lines import ALIASES, FAMILIES, USAGE, VERBS, Usage, help_lines, usage
from handlers.grammar.outcome import Ambiguous, Misread, Reading
from handlers.grammar.read import read
from handlers.grammar.words import nearest, normalise
from handlers.grammar.write import write

__all__ = [
    "ALIASES",
    "FAMILIES",
    "NOT_KNOWN",
    "USAGE",
    "VERBS",
    "Ambiguous",
    "FormFault",
    "Misread",
    "Reading",
    "Usage",
    "filled",
    "form_fields",
    "form_title",
    "from_form",
    "help_lines",
    "nearest",
    "normalise",
    "read",
    "usage",
    "write",
]
