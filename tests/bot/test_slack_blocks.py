"""Cards and forms as Slack draws them: golden cards, Slack's limits, and people's words that stay words."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox import slack_limits as limits
from bot.sandbox.slack_blocks import Check, texts
from bot.slack import blocks
from handlers.card import (
    Bullets,
    Button,
    Buttons,
    Card,
    Code,
    Divider,
    Fields,
    Form,
    FormField,
    Line,
    Link,
    Mention,
    Moment,
    Quote,
    RoomLink,
    Small,
    Strong,
    Text,
    line,
    small,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "slack"
AT = datetime(2026, 3, 4, 13, 2, tzinfo=UTC)
Json = dict[str, Any]
ANGLES = re.compile(
    r"<(?:@[UW][A-Z0-9]+|#[CGD][A-Z0-9]+|!date\^-?\d+\^[^|<>]+\|[^<>]*|https?://[^<>|\s]+(?:\|[^<>]*)?)>", re.IGNORECASE
)


def checked(message: Json, most: int = limits.MESSAGE_BLOCKS) -> Json:
    """The message, found right by Slack's rules as the sandbox enforces them."""
    check = Check()
    check.blocks(message["blocks"], most, "/blocks")
    assert not check.problems
    assert check.characters <= limits.ALL_BLOCKS_CHARACTERS
    assert len(message.get("text", "")) <= limits.TEXT_CHARACTERS
    return message


def checked_view(view: Json) -> Json:
    """The view, found right by Slack's rules as the sandbox enforces them."""
    check = Check()
    check.view(view)
    assert not check.problems
    return view


def objects(value: object) -> Iterator[Json]:
    """Every JSON object, at any depth."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from objects(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from objects(inner)


def seen(value: object) -> str:
    """What is read on the screen, roughly: every text, entities undone."""
    said = " ".join(texts(value))
    return said.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def headline() -> Card:
    """A room's live card."""
    return Card(
        "INC-7 Checkout down",
        (
            Fields(
                (
                    ("Severity", (Strong("SEV2"), Text(" (assumed)"))),
                    ("Services", (Text("Checkout & search"),)),
                    ("Commander", (Mention("Ana Ruiz", "U0ANA"),)),
                    ("Next update", (Moment(AT, "Europe/Berlin"),)),
                )
            ),
            small("Latest update"),
            Quote("Half of the nodes are *back*.\nSee https://status.example.com/7, please."),
            Buttons(
                (
                    Button("Post update", "update 7", "primary", form=True),
                    Button("Identified", "status 7 identified"),
                    Button("Severity", "severity 7", form=True),
                    Button("Services", "services 7", form=True),
                    Button("Resolve", "resolve 7", confirm="Is the impact over? This stops the reminders."),
                    Button("Cancel", "cancel 7", "danger", form=True),
                )
            ),
            small("Also in ", RoomLink("inc-7-checkout-down", "C0123456789"), "."),
        ),
        "danger",
    )


def said() -> Card:
    """A short line in a room."""
    return Card("INC-7 Checkout down", (Line((Mention("Ana Ruiz", "U0ANA"), Text(" set the severity to SEV1"))),))


def reminder() -> Card:
    """A reminder: one person is called, and people's words hold every mark there is."""
    return Card(
        "INC-7 *Checkout* <!channel> & co",
        (
            Line((Mention("Ana Ruiz", "U0ANA", ping=True), Text(": an update is due. The last word was 1 h ago."))),
            Line((Text("They wrote _loud_ & <@U0ANA> :boom: `code` @here"),)),
            Bullets(((Code("INC-8"), Text(" Search down")), (Strong("INC-9"), Text(" 2 * 3 *bold*")))),
            Divider(),
            Small((Text("Say "), Code("undo"), Text(" — or `help`."))),
            Line(
                (
                    Link("the status page", "https://status.example.com/?a=1&b=2"),
                    Text(" · "),
                    Moment(AT, "UTC", "datetime"),
                )
            ),
        ),
        "warning",
    )


def form() -> Form:
    """Every kind of field."""
    return Form(
        "INC-7 everything there is and more",
        "update 7",
        (
            FormField("title", "What is wrong?", longest=150, hint="Checkout is down", initial="A & B <x>"),
            FormField("text", "How does it stand?", "text"),
            FormField("severity", "Severity", "choice", (("sev1", "SEV1 critical"), ("sev2", "SEV2")), "sev2"),
            FormField("services", "Services", "choices", (("a", "A"), ("b", "B")), ("b",), optional=True),
            FormField("day", "Day", "date", initial="2026-03-04", optional=True),
            FormField("at", "Time", "time", initial="14:02", optional=True),
            FormField("person", "Who", "person", initial="U0ANA"),
        ),
        "Send",
        (small("Latest update"), Quote("Nodes are back.")),
    )


GOLDENS: dict[str, Json] = {
    "headline": blocks.message(headline(), "018e0000-0000-7000-8000-000000000001"),
    "said": blocks.message(said()),
    "reminder": blocks.message(reminder()),
    "answer": blocks.ephemeral(Card("INC-7 Checkout down", (line("Declared ", Strong("SEV2"), "."),), "good")),
    "customer": blocks.customer(
        "Dear Contoso,\n\nfrom 14:02 to 15:10 CET you could not pay. We are sorry.\n\nDana Lee"
    ),
    "form": blocks.modal(form(), '{"says":"update 7"}'),
    "home": blocks.home(
        Card("Open incidents", (Buttons((Button("Declare an incident", "declare", "danger", True),)),))
    ),
}


@pytest.mark.parametrize("name", GOLDENS)
def test_typical_cards_are_drawn_as_in_the_golden_files(name: str) -> None:
    """A change of drawing shows in review; delete a golden file to write it anew."""
    file = GOLDEN / f"{name}.json"
    drawn = json.dumps(GOLDENS[name], indent=1, ensure_ascii=False) + "\n"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(drawn)
        pytest.fail(f"{file.name} was written anew: look at it, then run again")
    assert json.loads(drawn) == json.loads(file.read_text())


@pytest.mark.parametrize("name", ["headline", "said", "reminder", "answer", "customer"])
def test_golden_messages_pass_slacks_own_checks(name: str) -> None:
    """What is kept as golden is also right."""
    checked(json.loads((GOLDEN / f"{name}.json").read_text()))


@pytest.mark.parametrize("name", ["form", "home"])
def test_golden_views_pass_slacks_own_checks(name: str) -> None:
    """The modal and the home tab too."""
    checked_view(json.loads((GOLDEN / f"{name}.json").read_text()))


# people's words


def test_threat_06_markup_in_peoples_words_has_no_effect_anywhere() -> None:
    """A title with a broadcast, a mention and formatting calls nobody and formats nothing."""
    drawn = blocks.message(reminder())
    everything = json.dumps(drawn)
    assert "<!channel" not in everything
    assert everything.count("<@U0ANA>") == 2  # the call itself, in its line and in the notification
    assert not any(o.get("type") == "broadcast" for o in objects(drawn))
    assert not any("*bold*" in o["text"] for o in objects(drawn) if o.get("type") == "mrkdwn")


@pytest.mark.parametrize(("head", "kind"), [("INC-7 Checkout", "header"), ("INC-7 R&D <x>", "section")])
def test_a_headline_is_never_read_with_entities_in_it(head: str, kind: str) -> None:
    """A large headline where it holds none of Slack's control characters; else the same words in bold, exactly."""
    top = blocks.message(Card(head, (Buttons((Button("Show", "show 7"),)), line("*"))))["blocks"][0]
    assert top["type"] == kind
    assert seen(top).strip("*") == head


def test_threat_06_only_a_call_mentions_a_person() -> None:
    """Without ping the name is printed; with it, but without a Slack id, too."""
    quiet = blocks.message(Card("INC-7", (Line((Mention("Ana Ruiz", "U0ANA"), Text(" joined"))),)))
    unknown = blocks.message(Card("INC-7", (Line((Mention("Ben", teams="29:x", ping=True), Text(": due"))),)))
    assert "<@" not in json.dumps([quiet, unknown])
    assert "Ana Ruiz joined" in seen(quiet["blocks"])
    assert "Ben: due" in seen(unknown["blocks"])


def test_threat_06_what_nobody_sees_is_taken_out_and_emoji_stay_whole() -> None:
    """Bidirectional and zero-width characters go; joiners inside emoji, flags and Persian stay."""
    family, wales, persian = (
        "👩‍👩‍👧",
        "\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f",
        "می‌خواهم",
    )
    assert (
        blocks.clean(f"a\u202eb\u200bc\ufeffd\u2066e\x00f\ud800g{family}{wales}{persian}")
        == f"abcdefg{family}{wales}{persian}"
    )
    assert blocks.clean("one\r\ntwo\u2028three") == "one\ntwo\nthree"


def test_a_sentence_that_names_words_to_type_shows_them_as_code() -> None:
    """Backticks in our sentences become code on both ways of drawing."""
    plain = blocks.message(Card("INC-7", (line("Say `reopen 7 because …` first."),)))
    marked = blocks.message(Card("INC-7", (line("*Say* `reopen 7` first."),)))
    assert "`reopen 7 because …`" in plain["blocks"][0]["text"]["text"]
    code = [o for o in objects(marked["blocks"]) if o.get("style") == {"code": True}]
    assert [o["text"] for o in code] == ["reopen 7"]


def test_a_quote_keeps_every_character() -> None:
    """What is to be approved is read exactly as it will be sent."""
    words = "*Dear* <b> & _all_,\n\n> not a quote\n`x` :smile:"
    drawn = blocks.message(Card("A1", (Quote(words),)))
    quote = drawn["blocks"][1]["elements"][0]
    assert quote["type"] == "rich_text_quote"
    assert "".join(texts(quote)) == words


def test_addresses_in_peoples_words_can_be_clicked_and_show_where_they_lead() -> None:
    """A link's label is its address, without the full stop behind it."""
    drawn = blocks.message(Card("INC-7", (Quote("See https://grafana.example/d/1?a=b&c=d."),)))
    found = next(o for o in objects(drawn["blocks"]) if o.get("type") == "link")
    assert found["url"] == found["text"] == "https://grafana.example/d/1?a=b&c=d"


def test_our_links_are_https_or_no_links() -> None:
    """Another scheme leaves the label alone."""
    drawn = blocks.message(
        Card("INC-7", (Line((Link("here", "javascript:alert(1)"), Text(" "), Link("there", "https://x.example/"))),))
    )
    assert drawn["blocks"][0]["text"]["text"].endswith("here <https://x.example/|there>")


@pytest.mark.parametrize(
    ("zone", "style", "words"),
    [
        ("Europe/Berlin", "time", "14:02 CET"),
        ("UTC", "datetime", "4 March 2026, 13:02 UTC"),
        ("America/Sao_Paulo", "time", "10:02 UTC-03"),
        ("Nowhere/Else", "date", "4 March 2026"),
    ],
)
def test_moments_fall_back_to_house_time_with_its_zone(zone: str, style: Any, words: str) -> None:
    """Each viewer's own time where Slack can; the house's elsewhere."""
    assert blocks.moment_words(Moment(AT, zone, style)) == words
    text = blocks.message(Card("INC-7", (Line((Moment(AT, zone, style),)),)))["blocks"][0]["text"]["text"]
    assert text.endswith(f"|{words}>")
    assert f"<!date^{int(AT.timestamp())}^" in text


# customers


@pytest.mark.parametrize("size", [1, 2_999, 3_001, 9_000])
def test_a_customer_reads_exactly_the_approved_words(size: int) -> None:
    """However long: nothing but white space at a cut is lost, nothing is read as markup."""
    words = ("We are *sorry* & <fix> it. " * (size // 25 + 1))[:size].strip()
    drawn = checked(blocks.customer(words, "n"))
    assert " ".join("".join(texts(b)) for b in drawn["blocks"]) == words
    assert drawn["text"] == words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert drawn["metadata"] == {"event_type": "amends", "event_payload": {"id": "n"}}


def test_a_very_long_customer_text_goes_without_blocks_and_without_markup() -> None:
    """Beyond what blocks may hold Slack's markup is switched off instead; beyond Slack's own limit nothing is sent."""
    drawn = blocks.customer("word *bold* " * 2_000)
    assert drawn["mrkdwn"] is False
    assert "blocks" not in drawn
    with pytest.raises(ValueError, match="40,000"):
        blocks.customer("word " * 9_000)
    with pytest.raises(ValueError, match="40,000"):
        blocks.customer(" \u200b\n")


def test_texts_are_cut_between_paragraphs_then_sentences_then_words() -> None:
    """A cut falls where a reader would pause."""
    assert blocks.split("One. Two.\n\nThree. Four.", 15) == ["One. Two.", "Three. Four."]
    assert blocks.split("One two. Three four five.", 18) == ["One two.", "Three four five."]
    assert blocks.split("abcdefghij", 4) == ["abcd", "efgh", "ij"]


# buttons


def test_buttons_say_the_grammar_and_stand_five_in_a_row() -> None:
    """action_id tells saying from forms; the value is the line itself."""
    made = checked(
        blocks.message(Card("INC-7", (Buttons(tuple(Button(f"B{i}", f"show {i}", form=i == 6) for i in range(7))),)))
    )
    rows = [b["elements"] for b in made["blocks"] if b["type"] == "actions"]
    assert [len(r) for r in rows] == [5, 2]
    assert [(e["action_id"], e["value"]) for r in rows for e in r][5:] == [("say:5", "show 5"), ("form:6", "show 6")]


def test_a_line_too_long_for_a_button_is_never_cut() -> None:
    """Half a line would say something else: the choice is left out, and that is said."""
    made = checked(
        blocks.message(Card("Which?", (Buttons((Button("A", "update " + "x" * 2_000), Button("B", "list"))),)))
    )
    values = [o["value"] for o in objects(made) if o.get("type") == "button"]
    assert values == ["list"]
    assert blocks.TOO_LONG_TO_SAY in seen(made)


def test_buttons_stay_when_the_text_does_not_fit() -> None:
    """A card that is too long loses text from its end, says so, and keeps what can be done."""
    card = Card(
        "A1", (*(Quote("long words " * 260) for _ in range(9)), Buttons((Button("Approve", "apology approve 1"),)))
    )
    made = checked(blocks.message(card))
    assert made["blocks"][-2]["type"] == "actions"
    assert blocks.SHORTENED in seen(made["blocks"][-1])


# forms


def test_a_form_has_an_input_for_each_kind_of_field() -> None:
    """Names are block ids, and what stands in the record is filled in."""
    view = checked_view(blocks.modal(form(), "{}"))
    inputs = {b["block_id"]: b["element"] for b in view["blocks"] if b["type"] == "input"}
    kinds = {name: element["type"] for name, element in inputs.items()}
    assert kinds == {
        "title": "plain_text_input",
        "text": "plain_text_input",
        "severity": "static_select",
        "services": "checkboxes",
        "day": "datepicker",
        "at": "timepicker",
        "person": "users_select",
    }
    assert inputs["title"]["initial_value"] == "A & B <x>"
    assert inputs["severity"]["initial_option"]["value"] == "sev2"
    assert view["title"]["text"] == "INC-7 everything there…"


def test_a_menu_is_cut_at_a_hundred_and_an_empty_one_is_typed() -> None:
    """Slack takes no menu without options and none with 101."""
    many = FormField("c", "Customer", "choice", tuple((f"c{i}", f"C {i}") for i in range(150)), "c149")
    view = checked_view(blocks.modal(Form("T", "x", (many, FormField("s", "Service", "choices"))), ""))
    first, second = (b["element"] for b in view["blocks"])
    assert len(first["options"]) == 100
    assert "initial_option" not in first
    assert second["type"] == "plain_text_input"


def test_a_text_too_long_for_one_input_is_shown_in_parts_and_joined_again() -> None:
    """An apology of 8,000 characters can be edited without losing a word."""
    words = "\n\n".join(f"Paragraph {i}. " + "It was our fault. " * 20 for i in range(22)).replace(" \n", "\n").strip()
    view = checked_view(
        blocks.modal(Form("A1 edit", "apology edit 1", (FormField("full", "Text", "text", initial=words),)), "")
    )
    values = {b["block_id"]: b["element"]["initial_value"] for b in view["blocks"]}
    assert len(values) > 2
    assert blocks.joined(dict(values)) == {"full": words}


# everything, whatever the card

NASTY = st.one_of(
    st.text(max_size=80),
    st.sampled_from(
        [
            "<!channel>",
            "<@U0ANA>",
            "*b*",
            "_i_ & <a|b>",
            "`x",
            ":boom:",
            "> q",
            "x" * 4_000,
            "& " * 1_600,
            "\u202e",
            "",
            "👩‍👩‍👧" * 900,
        ]
    ),
)
MOMENTS = st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - made aware by the strategy
SPANS = st.lists(
    st.one_of(
        st.builds(Text, NASTY),
        st.builds(Strong, NASTY),
        st.builds(Code, NASTY),
        st.builds(Mention, NASTY, st.sampled_from(["", "U0ANA", "<x>"]), ping=st.booleans()),
        st.builds(
            Moment,
            MOMENTS,
            st.sampled_from(["UTC", "Europe/Berlin", ""]),
            st.sampled_from(["time", "date", "datetime"]),
        ),
        st.builds(
            RoomLink, NASTY, st.sampled_from(["", "C0123", "x>"]), st.sampled_from(["", "https://teams.example/x"])
        ),
        st.builds(Link, NASTY, st.sampled_from(["https://a.example/?a&b", "http://x", "https://a|b>"])),
    ),
    max_size=5,
).map(tuple)
BUTTONS = st.builds(
    Button, NASTY, NASTY, st.sampled_from(["plain", "primary", "danger"]), st.booleans(), st.one_of(st.just(""), NASTY)
)
BLOCKS = st.one_of(
    st.builds(Line, SPANS),
    st.builds(Small, SPANS),
    st.builds(Quote, NASTY),
    st.builds(Fields, st.lists(st.tuples(NASTY, SPANS), max_size=12).map(tuple)),
    st.builds(Bullets, st.lists(SPANS, max_size=12).map(tuple)),
    st.just(Divider()),
    st.builds(Buttons, st.lists(BUTTONS, max_size=12).map(tuple)),
)
CARDS = st.builds(Card, NASTY, st.lists(BLOCKS, max_size=14).map(tuple))
FIELDS = st.builds(
    FormField,
    st.just("f"),
    NASTY,
    st.sampled_from(["line", "text", "choice", "choices", "date", "time", "person"]),
    st.lists(st.tuples(NASTY, NASTY), max_size=6).map(tuple),
    st.one_of(NASTY, st.lists(NASTY, max_size=3).map(tuple)),
    st.booleans(),
    NASTY,
    st.integers(0, 5_000),
)


def no_markup(drawn: Json) -> None:
    """Every angle bracket in a text object is one of ours; in rich text none begins a mention."""
    for thing in objects(drawn):
        kind, words = thing.get("type"), str(thing.get("text"))
        if kind in ("mrkdwn", "plain_text"):
            rest = ANGLES.sub("", words) if kind == "mrkdwn" else words
            assert "<" not in rest, words
            assert ">" not in rest, words
        elif kind == "text":
            assert not re.search(r"<[@#!]", words)
            assert words
    rest = re.sub(r"<@[UW][A-Z0-9]+>", "", drawn.get("text", "") if isinstance(drawn.get("text"), str) else "")
    assert "<" not in rest
    json.dumps(drawn, ensure_ascii=False).encode()  # no half characters


@settings(max_examples=80, deadline=None)
@given(CARDS)
def test_any_card_is_drawn_within_every_limit_and_without_markup_of_peoples(card: Card) -> None:
    """Whatever the words: Slack takes the message, the ephemeral answer and both views."""
    no_markup(checked(blocks.message(card, "n")))
    checked(blocks.ephemeral(card))
    checked_view(blocks.home(card))
    no_markup(checked_view(blocks.card_view(card)))


@settings(max_examples=60, deadline=None)
@given(st.lists(FIELDS, max_size=3), NASTY, st.lists(BLOCKS, max_size=4))
def test_any_form_is_drawn_within_every_limit(fields: list[FormField], title: str, intro: list[Any]) -> None:
    """Whatever stands in the record: Slack opens the modal."""
    named = tuple(
        FormField(f"f{i}", f.label, f.kind, f.options, f.initial, f.optional, f.hint, f.longest)
        for i, f in enumerate(fields)
    )
    no_markup(checked_view(blocks.modal(Form(title, "x", named, "Send", tuple(intro)), "{}")))


@settings(max_examples=80, deadline=None)
@given(st.text(min_size=1, max_size=400).map(lambda t: t * 9))
def test_any_customer_text_is_whole_and_without_markup(words: str) -> None:
    """Every visible character arrives, in order."""
    if not blocks.clean(words).strip():
        return
    drawn = checked(blocks.customer(words))
    no_markup(drawn)
    arrived = "".join("".join(texts(b)) for b in drawn["blocks"])
    assert "".join(arrived.split()) == "".join(blocks.clean(words).split())


def test_private_metadata_is_never_cut() -> None:
    """A form that could not come back whole is not opened."""
    with pytest.raises(ValueError, match="private_metadata"):
        blocks.modal(form(), "x" * 3_001)


def test_far_away_moments_do_not_break_a_card() -> None:
    """The first day of the calendar, in a zone west of it."""
    first = datetime(1, 1, 1, tzinfo=UTC)
    assert blocks.moment_words(Moment(first, "America/New_York"))
    assert blocks.moment_words(Moment(first + timedelta(days=1), "UTC", "date")) == "2 January 1"


def test_a_line_without_a_head_is_said_without_one() -> None:
    """In an incident's own room a change is one line: nothing stands above it, in blocks or in the notification."""
    drawn = blocks.message(Card("", (Line((Text("INC-7 Ana set SEV1"),)),)))
    assert drawn["text"] == "INC-7 Ana set SEV1"
    assert len(drawn["blocks"]) == 1
