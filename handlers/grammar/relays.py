"""Reading relays, promises, the catalog's look-ups, numbers, and the lines that only buttons say."""

import re
from typing import Literal

from handlers import commands as c
from handlers.domain.when import Unreadable, parse_due, parse_zone
from handlers.grammar.apologies import digest
from handlers.grammar.cursor import Cursor, split_list
from handlers.grammar.incidents import person, service_option, since_option
from handlers.grammar.reminders import round_of
from handlers.grammar.words import bare_number, lettered, shown, surely_lettered, unquote

Via = Literal["", "phone", "email", "chat"]
_VIA: dict[str, Via] = {
    "phone": "phone", "call": "phone", "telephone": "phone", "email": "email", "mail": "email", "e-mail": "email",
    "chat": "chat",
}  # fmt: skip


VIA = ("phone", "email", "chat")


def customers(cursor: Cursor, first: int, last: int) -> tuple[str, ...]:
    """Customers between two tokens: `a,b,c`, `a, b and c`; names of several words that the catalog knows stay whole."""
    known = cursor.reading.is_customer
    text = " ".join("," if t.raw.casefold() in {"and", "&"} else t.raw for t in cursor.tokens[first:last])
    found: list[str] = []
    for piece in split_list(text):
        words = piece.split()
        each = len(words) > 1 and known is not None and not known(piece) and all(known(word) for word in words)
        found.extend(words if each else [" ".join(words)])
    return tuple(dict.fromkeys(found))


def _apology(cursor: Cursor, last: int) -> int | None:
    """The apology before a list of customers: only where a customer still follows."""
    token = cursor.peek()
    if token is None or (last - cursor.at < 2 and surely_lettered(token, "a") is None and bare_number(token) is None):
        return None
    if token.raw.endswith(","):
        return None
    return cursor.letter("a")


def read_list(cursor: Cursor) -> c.Command:
    """`relay list [mine|A] [page 2]`."""
    mine, page = False, 1
    number: int | None = None
    while not cursor.done:
        following = cursor.peek(1)
        if cursor.word() == "mine" and not mine:
            mine = True
            cursor.at += 1
        elif cursor.word() == "page" and following is not None and (wanted := bare_number(following)) is not None:
            page = wanted
            cursor.at += 2
        elif number is None and (found := cursor.letter("a")) is not None:
            number = found
        else:
            cursor.finish()
    return c.RelayList(number, mine, page)


def read_pack(cursor: Cursor) -> c.Command:
    """`relay pack [A] <customer>`."""
    number = _apology(cursor, len(cursor.tokens))
    customer = " ".join(cursor.free(cursor.at).split())
    if not customer:
        cursor.gap("customer", says=_head(cursor, number))
    return c.RelayPack(number, customer)


def _customer_and_words(cursor: Cursor, field: str) -> tuple[str, str]:
    """`<customer> -- <words>`; without a dash the first word is the customer, unless the catalog says otherwise."""
    if cursor.done:
        cursor.gap("customer", field)
    dash = cursor.split(because=False, dash=True)
    first = cursor.tokens[cursor.at]
    known = cursor.reading.is_customer
    if dash == len(cursor.tokens) and len(cursor.tokens) - cursor.at > 1:
        if known is not None and not known(first.value):
            cursor.wrong("Put two dashes between the customer and the words: contoso -- …")
        dash = cursor.at + 1
        words = cursor.free(dash)
    else:
        words = cursor.free(dash + 1) if dash < len(cursor.tokens) else ""
    customer = " ".join(unquote(cursor.slice(cursor.at, dash).rstrip(",;")).split())
    if not customer:
        cursor.wrong("Say the customer first: contoso -- …")
    if not words:
        cursor.gap(field, given=("customer",), says=cursor.without_because())
    return customer, words


def read_check(cursor: Cursor) -> c.Command:
    """`relay check <customer> -- <text>`."""
    return c.RelayCheck(*_customer_and_words(cursor, "text"))


def read_ask(cursor: Cursor) -> c.Command:
    """`relay ask <customer> -- <question>`."""
    return c.RelayAsk(*_customer_and_words(cursor, "question"))


def read_done(cursor: Cursor) -> c.Command:
    """`relay done [A] <customer,…> [via phone|email|chat] [to <whom>] [because …] [-- …]`."""
    dash = cursor.split(because=False, dash=True)
    words = cursor.free(dash + 1) if dash < len(cursor.tokens) else ""
    number = _apology(cursor, dash)
    marks = [i for i in range(cursor.at, dash) if cursor.tokens[i].word in _OF_DONE]
    told = customers(cursor, cursor.at, marks[0] if marks else dash)
    via: Via = ""
    to, because = "", ""
    while marks:
        at, word = marks[0], cursor.tokens[marks[0]].word
        end = dash if word == "because" else next((i for i in marks[1:] if i > at), dash)  # a reason is free text
        marks = [i for i in marks if i >= end]
        if word in {"via", "by"}:
            via = _via(cursor, at, end)
            continue
        said = " ".join(cursor.free(at + 1, end).split()) if word == "to" else cursor.free(at + 1, end)
        if not said:
            cursor.wrong("Say to whom: to their CIO" if word == "to" else "Say why: because they asked for it")
        if word == "to":
            to = said
        else:
            because = said
    if not told:
        cursor.gap("customers", says=_head(cursor, number), given=())
    return c.RelayDone(number, told, via, words, to, because)


_OF_DONE = frozenset({"via", "by", "to", "because"})
"""What may follow the customers that were told."""


def _via(cursor: Cursor, at: int, end: int) -> Via:
    """How they were told, between two tokens."""
    if at + 1 >= end:
        cursor.choose("", VIA, "way to tell somebody")
    via = _VIA.get(cursor.tokens[at + 1].word, "")
    if not via:
        cursor.choose(cursor.tokens[at + 1].raw, VIA, "way to tell somebody")
    if at + 2 < end:
        left = shown(cursor.slice(at + 2, end))
        cursor.wrong(f"Put two dashes before what was said: via {via} -- {left}")
    return via


def _head(cursor: Cursor, number: int | None) -> str:
    return cursor.head if number is None else f"{cursor.head} A{number}"


def read_ack(cursor: Cursor) -> c.Command:
    """`relay ack [A] <customer,…> [-- …]`."""
    dash = cursor.split(because=False, dash=True)
    words = cursor.free(dash + 1) if dash < len(cursor.tokens) else ""
    number = _apology(cursor, dash)
    told = customers(cursor, cursor.at, dash)
    if not told:
        cursor.gap("customers", says=_head(cursor, number))
    return c.RelayAck(number, told, words)


def read_skip(cursor: Cursor) -> c.Command:
    """`relay skip [A] <customer,…> because …`."""
    return c.RelaySkip(*_customers_and_reason(cursor))


def read_close(cursor: Cursor) -> c.Command:
    """`relay close [A] <customer,…> because …`."""
    return c.RelayClose(*_customers_and_reason(cursor))


def _customers_and_reason(cursor: Cursor) -> tuple[int | None, tuple[str, ...], str]:
    split = cursor.split(because=True, dash=True)
    number = _apology(cursor, split)
    named = customers(cursor, cursor.at, split)
    if not named:
        cursor.gap("customers", "because", says=_head(cursor, number))
    cursor.at = split
    return number, named, cursor.needed_reason(given=("customers",))


def read_answer(cursor: Cursor) -> c.Command:
    """`relay answer Q -- <answer>`."""
    question = cursor.letter("q")
    if question is None:
        if not cursor.done:
            cursor.wrong("Say the question's number first: relay answer 2 -- No.")
        cursor.gap("question", "answer")
    if (token := cursor.peek()) is not None and token.is_dash:
        cursor.at += 1
    answer = cursor.free(cursor.at)
    if not answer:
        cursor.gap("answer", given=("question",), says=cursor.without_because())
    return c.RelayAnswer(question, answer)


def read_cover(cursor: Cursor) -> c.Command:
    """`cover @colleague until <date>`."""
    if cursor.done:
        cursor.gap("person", "until")
    found = next((i for i in range(cursor.at, len(cursor.tokens)) if cursor.tokens[i].word == "until"), None)
    who = person(cursor, cursor.at, len(cursor.tokens) if found is None else found)
    if not who:
        cursor.wrong("Say who covers for you: cover @Dana until 15 September")
    if found is None or found + 1 >= len(cursor.tokens):
        says = f"cover {cursor.slice(cursor.at, len(cursor.tokens) if found is None else found)}"
        cursor.gap("until", given=("person",), says=says)
    return c.Cover(who, _date(cursor, found + 1, len(cursor.tokens)))


def _date(cursor: Cursor, first: int, last: int) -> str:
    typed = unquote(cursor.slice(first, last)).rstrip(".,;")
    try:
        return parse_due(typed, cursor.reading.now, cursor.reading.zone).written
    except Unreadable as fault:
        cursor.wrong(fault.sentence)


# --- promises --------------------------------------------------------------------------------------------------------
def read_promises(cursor: Cursor) -> c.Command:
    """`promises [mine|open|customer c]`."""
    if cursor.done:
        return c.ShowPromises()
    word = cursor.word()
    if word == "customer":
        cursor.at += 1
        customer = " ".join(cursor.free(cursor.at).split())
        if not customer:
            cursor.wrong("Name the customer: promises customer contoso")
        return c.ShowPromises("customer", customer)
    if word not in {"mine", "open"}:
        cursor.choose(cursor.tokens[cursor.at].raw, ("mine", "open", "customer"), "selection of promises")
    cursor.at += 1
    cursor.finish()
    return c.ShowPromises("mine" if word == "mine" else "open")


def _promise(cursor: Cursor, *fields: str) -> int:
    number = cursor.letter("p")
    if number is None:
        if not cursor.done:
            cursor.wrong("Say the promise's number first, like P4.")
        cursor.gap("promise", *fields)
    return number


def read_promise_done(cursor: Cursor) -> c.Command:
    """`promise done P -- <evidence>`."""
    number = _promise(cursor, "evidence")
    if (token := cursor.peek()) is not None and token.is_dash:
        cursor.at += 1
    evidence = cursor.free(cursor.at)
    if not evidence:
        cursor.gap("evidence", given=("promise",), says=cursor.without_because())
    return c.PromiseDone(number, evidence)


def read_promise_move(cursor: Cursor) -> c.Command:
    """`promise move P due … because …`."""
    number = _promise(cursor, "due", "because")
    if cursor.word() in {"due", "to", "by", "until"}:
        cursor.at += 1
    split = cursor.split(because=True, dash=True)
    if split == cursor.at:
        cursor.gap("due", "because", given=("promise",), says=f"promise move P{number}")
    date = _date(cursor, cursor.at, split)
    cursor.at = split
    return c.PromiseMove(number, date, cursor.needed_reason(given=("promise", "due")))


def read_promise_withdraw(cursor: Cursor) -> c.Command:
    """`promise withdraw P because …`."""
    number = _promise(cursor, "because")
    return c.PromiseWithdraw(number, cursor.needed_reason(given=("promise",)))


# --- catalog, numbers ------------------------------------------------------------------------------------------------
def _name(cursor: Cursor, field: str) -> str:
    name = " ".join(cursor.free(cursor.at).split())
    if not name:
        cursor.gap(field)
    return name


def read_customer_show(cursor: Cursor) -> c.Command:
    """`customer show <customer>`."""
    return c.CustomerShow(_name(cursor, "customer"))


def read_service_show(cursor: Cursor) -> c.Command:
    """`service show <service>`."""
    return c.ServiceShow(_name(cursor, "service"))


def read_customer_channel(cursor: Cursor) -> c.Command:
    """`customer channel <customer> +#x|-#x`."""
    if cursor.done:
        cursor.gap("customer", "change", "channel")
    signed = next(
        (i for i in range(cursor.at + 1, len(cursor.tokens)) if cursor.tokens[i].raw[:1] in "+-–—"),
        None,
    )
    last = len(cursor.tokens) if signed is None else signed
    customer = " ".join(unquote(cursor.slice(cursor.at, last).rstrip(",;")).split())
    if signed is None:
        if re.search(r"[#<]", customer):
            cursor.wrong("Put + or - before the channel: customer channel contoso +#contoso")
        cursor.gap("change", "channel", given=("customer",))
    raw = cursor.slice(signed, len(cursor.tokens))
    sign, channel = raw[0], raw.lstrip("+-–— ").strip()
    if not re.search(r"\w", channel) or re.search(r"\s", channel):
        cursor.wrong("Name one channel: customer channel contoso +#contoso")
    return c.CustomerChannel(customer, channel, sign == "+")


LONGEST_NAME = 12
"""Words of a customer's name."""


def _known_customer(cursor: Cursor, last: int) -> int:
    """Where a customer that begins here ends: the longest name that the catalog knows before `last`, else one word."""
    known = cursor.reading.is_customer
    for end in range(min(last, cursor.at + LONGEST_NAME), cursor.at + 1, -1):
        if known is not None and known(unquote(cursor.slice(cursor.at, end))):
            return end
    return min(cursor.at + 1, last)


def read_customer_manager(cursor: Cursor) -> c.Command:
    """`customer manager <customer> @person`."""
    if cursor.done:
        cursor.gap("customer", "person")
    last = len(cursor.tokens)
    mention = next((i for i in range(cursor.at + 1, last) if cursor.tokens[i].raw[:1] in "@<"), None)
    split = _known_customer(cursor, last) if mention is None else mention
    customer = " ".join(unquote(cursor.slice(cursor.at, split).rstrip(",;:")).split())
    if split >= last:
        cursor.gap("person", given=("customer",))
    who = person(cursor, split, last)
    if not who:
        cursor.wrong("Say who looks after them: customer manager contoso @Dana")
    return c.CustomerManager(customer, who)


def read_customer_zone(cursor: Cursor) -> c.Command:
    """`customer zone <customer> <time zone>`."""
    if cursor.done:
        cursor.gap("customer", "zone")
    last = len(cursor.tokens)
    split = _known_customer(cursor, last)
    customer = " ".join(unquote(cursor.slice(cursor.at, split).rstrip(",;:")).split())
    if split >= last:
        cursor.gap("zone", given=("customer",))
    try:
        zone = parse_zone(unquote(cursor.slice(split, last)))
    except Unreadable as fault:
        cursor.wrong(fault.sentence)
    return c.CustomerZone(customer, zone.name)


def read_credit(cursor: Cursor) -> c.Command:
    """`credit [N|A] [customer]`."""
    known = cursor.reading.is_customer
    whole = " ".join(unquote(cursor.slice(cursor.at, len(cursor.tokens))).split())
    if whole and known is not None and known(whole):
        return c.ShowCredit(customer=whole)  # a customer may be called 7
    token = cursor.peek()
    apology = surely_lettered(token, "a") if token is not None else None
    incident = None
    if apology is not None:
        cursor.at += 1
    else:
        incident = cursor.number()
    said = cursor.slice(cursor.at, len(cursor.tokens))
    if len(split_list(said)) > 1:
        cursor.wrong("One customer at a time, or none for all: credit 7 contoso")
    return c.ShowCredit(incident, apology, " ".join(unquote(said).split()))


def read_stats(cursor: Cursor) -> c.Command:
    """`stats [service a] [since 90d]`."""
    end, found = cursor.tail(cursor.at, len(cursor.tokens), {"service": service_option, "since": since_option})
    if end > cursor.at:
        cursor.finish()
    return c.Stats(found.get("service"), found.get("since"))


# --- what buttons say ------------------------------------------------------------------------------------------------
def read_send(cursor: Cursor) -> c.Command:
    """`send P [digest]`."""
    number = cursor.letter("p")
    if number is None:
        if not cursor.done:
            cursor.wrong("Say the proposal's number: send 4")
        cursor.gap("proposal")
    shown_hash = digest(cursor)
    cursor.finish()
    return c.Send(number, shown_hash)


def read_settle(cursor: Cursor) -> c.Command:
    """`settle <id> look|arrived|again|drop [r3]`: a button names the attempt it is about."""
    token = cursor.peek()
    number = lettered(token, "o") if token else None
    if number is None:
        if not cursor.done:
            cursor.wrong("Say the post's number: settle 12 arrived")
        cursor.gap("post", "verdict")
    cursor.at += 1
    if cursor.done:
        cursor.gap("verdict", given=("post",))
    word = cursor.word()
    cursor.at += 1
    tried = round_of(cursor.peek())
    cursor.at += bool(tried)
    cursor.finish()
    match word:
        case "look" | "arrived" | "again" | "drop":
            return c.Settle(number, word, tried)
        case _:
            return cursor.choose(word, ("look", "arrived", "again", "drop"), "answer")
