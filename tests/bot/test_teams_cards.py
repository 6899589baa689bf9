"""Cards and forms as Teams draws them: golden cards, Teams' own rules, and people's words that stay words."""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.sandbox.teams import check_card
from bot.sandbox.teams_cards import pressables, utf8_size
from bot.teams import cards
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

Json = dict[str, Any]
GOLDEN = Path(__file__).parents[1] / "golden" / "teams"
AT = datetime(2026, 3, 4, 14, 2, tzinfo=UTC)
LINK = "https://teams.microsoft.com/l/message/19%3Aa%40thread.tacv2/1?tenantId=t"
MARKDOWN = MarkdownIt("js-default")


def checked(card: Json) -> Json:
    """The card, found right by Teams' rules as the sandbox enforces them, and small enough."""
    report = check_card(card)
    assert not report.errors
    assert not report.warnings
    assert utf8_size(card) <= cards.CARD_BYTES <= 28 * 1024
    return card


def drawn(card: Card) -> Json:
    """A card as the message shows it."""
    activity = cards.message(card)
    assert activity["type"] == "message"
    assert 0 < len(activity["summary"]) <= cards.SUMMARY_CHARACTERS
    content: Json = activity["attachments"][0]["content"]
    return checked(content)


def objects(value: object) -> Iterator[Json]:
    """Every JSON object, at any depth."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from objects(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from objects(inner)


def texts(card: Json) -> list[str]:
    """The Markdown of every text of a card, in order."""
    found = []
    for one in objects(card):
        if one.get("type") == "TextBlock":
            found.append(one["text"])
        found += [fact[k] for fact in one.get("facts", []) for k in ("title", "value")]
    return found


def shown(markdown: str) -> str:
    """What a reader sees of a text, by the Markdown library whose JavaScript twin Teams' own renderer uses."""
    whole = MARKDOWN.render(markdown)
    inner = re.sub(r"^<p>(.*)</p>\s*$", r"\1", whole, flags=re.DOTALL)
    return html.unescape(re.sub(r"</?(?:strong|a)(?: [^>]*)?>", "", inner)).replace("\u00a0", " ")


def headline() -> Card:
    """A room's live card."""
    return Card(
        "INC-7 Checkout down",
        (
            Fields(
                (
                    ("Severity", (Strong("SEV2"), Text(" (assumed)"))),
                    ("Services", (Text("Checkout & search"),)),
                    ("Commander", (Mention("Ana Ruiz", "U0ANA", "29:ana"),)),
                    ("Next update", (Moment(AT, "Europe/Berlin"),)),
                )
            ),
            small("Latest update"),
            Quote("Half of the nodes are *back*.\n\n- edge_blu_07\n  still down"),
            Buttons(
                (
                    Button("Post update", "update 7", "primary", form=True),
                    Button("Identified", "status 7 identified"),
                    Button("Severity", "severity 7", form=True),
                    Button("Services", "services 7", form=True),
                    Button("Resolve", "resolve 7", confirm="Is the impact over? This stops the reminders."),
                    Button("Timeline", "timeline 7"),
                    Button("Cancel", "cancel 7", "danger"),
                )
            ),
            Small((Text("Also in "), RoomLink("#inc-7-checkout-down", "C0123456789", LINK), Text("."))),
        ),
        "danger",
    )


def reminder() -> Card:
    """A reminder: one person is called, and people's words hold every mark there is."""
    return Card(
        "INC-7 *Checkout* <at>Ana Ruiz</at> & co",
        (
            Line((Mention("Ana Ruiz", "U0ANA", "29:ana", ping=True), Text(": an update is due."))),
            Line(
                (Text("They wrote _loud_ & <at>Ana Ruiz</at> {{DATE(2026-03-04T14:02:00Z, SHORT)}} [x](http://evil)"),)
            ),
            Bullets(((Code("INC-8"), Text(" Search down")), (Strong("INC-9"), Text(" 2 * 3 *bold*")))),
            Divider(),
            small("Say ", Code("undo"), " — or `help`."),
            Line(
                (
                    Link("the status page", "https://status.example.com/?a=(1)&b=2"),
                    Text(" "),
                    Moment(AT, "UTC", "datetime"),
                )
            ),
        ),
        "warning",
    )


def form() -> Form:
    """Every kind of field."""
    return Form(
        "INC-7 update",
        "update 7",
        (
            FormField("title", "What is wrong?", longest=150, hint="Checkout is down", initial="A & B <x>"),
            FormField("text", "How does it stand?", "text"),
            FormField("severity", "Severity", "choice", (("sev1", "SEV1 critical"), ("sev2", "SEV2")), "sev2"),
            FormField(
                "services", "Services", "choices", (("a", "A"), ("b,c", "B")), ("b,c",), optional=True, hint="All"
            ),
            FormField("region", "Region", "choice", tuple((f"r{i}", f"Region {i}") for i in range(13)), optional=True),
            FormField("day", "Day", "date", initial="2026-03-04", optional=True),
            FormField("at", "Time", "time", initial="14:02", optional=True),
            FormField("person", "Who", "person"),
        ),
        "Send",
        (small("Latest update"), Quote("Nodes are back.")),
    )


GOLDENS: dict[str, Json] = {
    "headline": cards.message(headline()),
    "reminder": cards.message(reminder()),
    "said": cards.message(Card("INC-7 Checkout down", (Line((Mention("Ana Ruiz"), Text(" set SEV1"))),), "good")),
    "customer": cards.customer("Dear Contoso,\n\nfrom 14:02 to 15:10 CET you could not pay. We are sorry.\n\nDana Lee"),
    "form": cards.form_message(form()),
    "dialog": cards.dialog(form(), {"text": "Please fill this in.", "": "Not yet."}, {"title": "Down again"}),
    "dialog_card": cards.dialog_card(headline()),
    "toast": cards.toast("INC-7 Checkout down: done."),
}


@pytest.mark.parametrize("name", GOLDENS)
def test_typical_cards_are_drawn_as_in_the_golden_files(name: str) -> None:
    """A change of drawing shows in review; delete a golden file to write it anew."""
    file = GOLDEN / f"{name}.json"
    written = json.dumps(GOLDENS[name], indent=1, ensure_ascii=False) + "\n"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(written)
        pytest.fail(f"{file.name} was written anew: look at it, then run again")
    assert json.loads(written) == json.loads(file.read_text())


@pytest.mark.parametrize("name", ["headline", "reminder", "said", "form", "dialog", "dialog_card"])
def test_golden_cards_pass_teams_own_checks(name: str) -> None:
    """What is kept as golden is also right."""
    kept = json.loads((GOLDEN / f"{name}.json").read_text())
    found = [one["content"] for one in objects(kept) if one.get("contentType") == cards.CONTENT_TYPE]
    assert len(found) == 1
    checked(found[0])


# people's words


def test_threat_06_people_are_called_only_by_our_own_mentions() -> None:
    """What looks like a mention, a function or a link in people's words is shown as it was typed."""
    card = drawn(reminder())
    assert [e["mentioned"] for e in card["msteams"]["entities"]] == [{"id": "29:ana", "name": "Ana Ruiz"}]
    assert [text.count("<at>Ana Ruiz</at>") for text in texts(card)].count(1) == 1
    written = "They wrote _loud_ & <at>Ana Ruiz</at> {{DATE(2026-03-04T14:02:00Z, SHORT)}} [x](http://evil)"
    assert written in [shown(text) for text in texts(card)]
    assert "{{DATE(2026-03-04T14:02:00Z, SHORT)}} [x" not in json.dumps(card)


def test_two_people_of_one_name_are_two_mentions() -> None:
    """Each tag stands for one person; the same person twice has one entity."""
    spans = tuple(Mention("Alex Kim", teams=who, ping=True) for who in ("29:a", "29:b", "29:a"))
    card = drawn(Card("INC-7", (Line(spans),)))
    entities = {e["text"]: e["mentioned"]["id"] for e in card["msteams"]["entities"]}
    assert entities == {"<at>Alex Kim</at>": "29:a", "<at>Alex Kim 2</at>": "29:b"}
    assert texts(card)[1] == "<at>Alex Kim</at><at>Alex Kim 2</at><at>Alex Kim</at>"


def test_threat_06_a_name_cannot_break_out_of_its_mention() -> None:
    """Whatever somebody is called on the platform."""
    card = drawn(Card("INC-7", (Line((Mention("</at>**Eve** <at>x", teams="29:e", ping=True),)),)))
    assert texts(card)[1] == "<at>atEve atx</at>"
    unknown = drawn(Card("INC-7", (Line((Mention("Ana *R*", "U0ANA", ping=True),)),)))
    assert "msteams" not in unknown
    assert shown(texts(unknown)[1]) == "Ana *R*"


@pytest.mark.parametrize(
    "words",
    [
        "- no list",
        "1. no list",
        "12) no list",
        "+",
        "# no heading",
        "> no quote",
        "---",
        "===",
        "* * *",
        "_ _ _",
        "**bold** *italic* __x__ _y_ ~~z~~ `tick",
        "edge_blu_07 and a*b*c and C:\\temp\\*",
        "[x](http://evil) ![y](http://evil/z.png) [x]: http://evil",
        "<b>bold</b> <!-- gone --> <http://evil> <br/>",
        "&lt;at&gt; &#42; AT&T &copy 1 < 2 && 3 > 2",
        "{{TIME(2026-03-04T14:02:00Z)}} {{{x}}}",
        "\\",
        "a \\* b \\\\",
        "INC-7: 3.5 % (+2) #42 50 * 2",
    ],
)
def test_no_mark_in_peoples_words_is_markup(words: str) -> None:
    """Every reader sees exactly what was typed, and no more marks are escaped than must be."""
    for block in (Line((Strong("x"), Text(" "), Text(words))), Quote(words), Bullets(((Text(words),),))):
        card = drawn(Card("INC-7", (block,)))
        assert shown(texts(card)[1]).removeprefix("x ").removeprefix("• ") == words
    assert shown(texts(drawn(Card(words)))[0]) == words
    assert not re.search(r"\{\{(?:DATE|TIME)", json.dumps(drawn(Card("INC-7", (Quote(words),)))))


def test_plain_sentences_need_no_escapes() -> None:
    """What has no marks is sent as it is: phones have shown backslashes before."""
    words = "INC-7: 3.5 % of db_main_1 (+2), see https://status.example.com/a_b?c=d&e=f #7! It's 2 < 3."
    assert texts(drawn(Card("INC-7", (line(words),))))[1] == words


def test_what_nobody_sees_is_taken_out_and_emoji_stay_whole() -> None:
    """Bidirectional and zero-width characters go; joiners inside emoji, flags and Persian stay."""
    family, wales, persian = (
        "👩‍👩‍👧",
        "\U0001f3f4\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f",
        "می‌خواهم",
    )
    typed = f"a\u202eb\u200bc\ufeffd\u2066e\x00f\ud800g{family}{wales}{persian}"
    assert cards.clean(typed) == f"abcdefg{family}{wales}{persian}"
    assert cards.clean("one\r\ntwo\u2028three\tfour") == "one\ntwo\nthree four"
    assert texts(drawn(Card("INC-7", (line(typed),))))[1] == f"abcdefg{family}{wales}{persian}"


def test_a_quote_keeps_its_lines() -> None:
    """One block a line, indentation included; an empty line is a wider gap."""
    card = drawn(Card("A1", (Quote("One\n  two\n\n\nthree"),)))
    quote = card["body"][1]
    assert quote["style"] == "emphasis"
    assert [(i["text"], i["spacing"]) for i in quote["items"]] == [
        ("One", "Default"),
        ("\u00a0\u00a0two", "None"),
        ("three", "Medium"),
    ]


def test_words_to_type_stand_out_and_bold_never_shows_its_stars() -> None:
    """Also next to letters and brackets, where Markdown would not take them as bold."""
    card = drawn(
        Card("INC-7", (line("Say `reopen 7 because …` or ", Code("undo"), "."), line("x", Strong("(y)"), "z")))
    )
    assert texts(card)[1] == "Say **reopen 7 because …** or **undo**."
    assert texts(card)[2] == "x(y)z"
    assert texts(drawn(Card("INC-7", (line(Strong(" y "), "z"),))))[1] == "\u00a0**y** z"
    alone = drawn(Card("INC-7", (line(Code("update [N] <text>")),)))["body"][1]
    assert (alone["fontType"], shown(alone["text"])) == ("Monospace", "update [N] <text>")


# times and links


@pytest.mark.parametrize(
    ("zone", "style", "words"),
    [
        ("Europe/Berlin", "time", "15:02 CET ({{TIME(2026-03-04T14:02:00Z)}} your time)"),
        ("UTC", "datetime", "4 March 2026, 14:02 UTC ({{DATE(2026-03-04T14:02:00Z, SHORT)}} {{TIME(2026-03-04T14:02:00Z)}} your time)"),
        ("America/Sao_Paulo", "time", "11:02 UTC-03:00 ({{TIME(2026-03-04T14:02:00Z)}} your time)"),
        ("Asia/Tokyo", "date", "4 March 2026"),
        ("Nowhere/Else", "time", "14:02 UTC ({{TIME(2026-03-04T14:02:00Z)}} your time)"),
    ],
)  # fmt: skip
def test_moments_name_the_houses_zone_and_tell_the_readers_time(zone: str, style: Any, words: str) -> None:
    """House time in words, the reader's own by a function that the client fills in."""
    moment = Moment(AT.replace(microsecond=5), zone, style)
    assert texts(drawn(Card("INC-7", (Line((moment,)),))))[1] == words
    assert cards.plain((moment,)) == words.partition(" (")[0]


def test_our_links_are_https_or_no_links() -> None:
    """Another scheme leaves the label alone, and nothing in an address ends it early."""
    spans = (Link("here", "javascript:alert(1)"), Text(" "), Link("a]b", "https://x.example/a (b)?c=<d>"))
    text = texts(drawn(Card("INC-7", (Line(spans),))))[1]
    assert text == "here [a\\]b](https://x.example/a%20%28b%29?c=%3Cd%3E)"
    assert shown(text) == "here a]b"


def test_a_room_elsewhere_is_named_and_a_room_here_is_linked() -> None:
    """The address of a Slack channel is of no use in Teams."""
    here = texts(drawn(Card("INC-7", (line("Room: ", RoomLink("#inc-7", "C1", LINK)),))))[1]
    elsewhere = texts(drawn(Card("INC-7", (line("Room: ", RoomLink("#inc-7", "C1")),))))[1]
    assert here == f"Room: [#inc-7]({LINK})"
    assert elsewhere == "Room: #inc-7"


# buttons


def test_buttons_say_the_grammar_six_in_a_row() -> None:
    """An Action.Execute carries its line; one with a form opens a dialog."""
    card = drawn(Card("INC-7", (Buttons(tuple(Button(f"B{i}", f"show {i}", form=i == 6) for i in range(8))),)))
    rows = [one["actions"] for one in card["body"] if one["type"] == "ActionSet"]
    assert [len(row) for row in rows] == [6, 2]
    assert rows[0][0] == {"type": "Action.Execute", "title": "B0", "verb": "say", "data": {"says": "show 0"}}
    asked = {"msteams": {"type": "task/fetch"}, "says": "show 6", "form": True}
    assert rows[1][0] == {"type": "Action.Submit", "title": "B6", "data": asked}


def test_a_button_that_asks_first_shows_its_question_with_the_real_one_under_it() -> None:
    """The second press has another name, so that nobody presses twice by habit."""
    button = Button("Send", "send 3 abc", "danger", confirm="This posts it to 31 *customers*.")
    card = drawn(Card("INC-7", (Buttons((button, Button("SEV1", "x", confirm="Sure?"))),)))
    found = pressables(card)
    assert [p.action["title"] for p in found] == ["Send", "Yes, send", "SEV1", "Yes, SEV1"]
    assert found[0].action["style"] == "destructive"
    assert found[0].action["type"] == "Action.ShowCard"
    assert found[0].action["card"]["body"][0]["text"] == "This posts it to 31 \\*customers\\*."
    assert found[1].action["data"] == {"says": "send 3 abc"}


def test_in_a_dialog_every_button_is_a_submit() -> None:
    """Teams sends nothing else from there."""
    card = checked(cards.adaptive(headline(), "dialog"))
    pressed = [p.action for p in pressables(card) if p.action["type"] != "Action.ShowCard"]
    assert {a["type"] for a in pressed} == {"Action.Submit"}
    assert {"says": "resolve 7"} in [a["data"] for a in pressed]
    assert not any("msteams" in a["data"] for a in pressed)


def test_where_no_dialog_can_be_opened_the_line_is_said() -> None:
    """The Agents Playground ignores dialogs: the form comes as a message instead."""
    card = checked(cards.adaptive(headline(), "plain"))
    found = next(p.action for p in pressables(card) if p.action["title"] == "Post update")
    assert (found["type"], found["verb"], found["data"]) == ("Action.Execute", "say", {"says": "update 7"})


# sizes


def test_a_long_text_is_cut_with_an_honest_note() -> None:
    """The buttons stay, and the reader knows at once that something is missing."""
    card = drawn(Card("A1", (Quote("word " * 10_000), Buttons((Button("Approve", "apology approve 1"),)))))
    assert texts(card)[1].startswith("Shortened to fit in Teams; left out: ")
    assert pressables(card)[0].action["title"] == "Approve"
    assert utf8_size(card) > 4_000


def test_a_card_that_fits_is_never_cut() -> None:
    """Up to the limit everything is there."""
    words = "w" * 20_000
    assert words in json.dumps(drawn(Card("A1", (Quote(words),))))


def test_too_many_parts_are_left_out_from_the_end_and_counted() -> None:
    """Even a thousand buttons leave a card that Teams takes."""
    rows = tuple(Buttons(tuple(Button("Press", "x" * 200) for _ in range(6))) for _ in range(200))
    card = drawn(Card("INC-7", (line("First"), *rows)))
    note = re.fullmatch(r"Shortened to fit in Teams; left out: (\d+) parts\.", texts(card)[1])
    assert note
    kept = sum(one["type"] == "ActionSet" for one in card["body"])
    assert kept > 5
    assert kept + int(note[1]) == 200


# customers


@pytest.mark.parametrize("words", ["We are *sorry* & <b>.\n\n  Dana\n", "{{DATE(x)}} <at>y</at> \u202e"])
def test_a_customer_reads_exactly_the_approved_bytes(words: str) -> None:
    """Raw text, no card, no mention, nothing escaped and nothing taken out."""
    activity = cards.customer(words)
    assert activity["text"] == words
    assert activity["textFormat"] == "plain"
    assert set(activity) == {"type", "text", "textFormat", "summary"}


# forms


def inputs(card: Json) -> dict[str, Json]:
    """The inputs of a form, by id."""
    return {one["id"]: one for one in objects(card) if str(one.get("type")).startswith("Input.")}


def test_each_kind_of_field_has_its_input() -> None:
    """With what is known filled in, and a sentence for what is missing."""
    asked = inputs(checked(cards.form_card(form())))
    assert asked["title"]["type"] == "Input.Text"
    assert (asked["title"]["value"], asked["title"]["placeholder"]) == ("A & B <x>", "Checkout is down")
    assert asked["text"]["isMultiline"] is True
    assert asked["severity"]["value"] == "sev2"
    assert (asked["services"]["isMultiSelect"], asked["services"]["value"]) == (True, "b%2Cc")
    assert asked["region"]["style"] == "filtered"
    assert (asked["day"]["value"], asked["at"]["value"]) == ("2026-03-04", "14:02")
    assert asked["person"]["placeholder"] == "Name or e-mail address"
    required = {name for name, one in asked.items() if one.get("isRequired")}
    assert required == {"title", "text", "severity", "person"}
    assert all(asked[name]["errorMessage"] for name in required)


def test_a_form_comes_back_with_its_faults_and_what_was_typed() -> None:
    """The form travels with its own button, so that it can be shown again by any replica."""
    first = cards.dialog(form())["task"]["value"]["card"]["content"]
    data = first["actions"][0]["data"] | {"title": "Down", "services": "a,b%2Cc", "odd": 7}
    again = cards.form_of(json.loads(json.dumps(data)))
    assert again is not None
    assert again == replace(form(), fields=tuple(replace(one, initial="") for one in form().fields))
    values = cards.answers(data)
    assert values == {"title": "Down", "services": ("a", "b,c")}
    card = checked(
        cards.dialog(again, {"title": "Too *short*.", "": "Not yet."}, values)["task"]["value"]["card"]["content"]
    )
    asked = inputs(card)
    assert (asked["title"]["value"], asked["services"]["value"]) == ("Down", "a,b%2Cc")
    complaints = [one["text"] for one in objects(card) if one.get("color") == "Attention"]
    assert complaints == ["Not yet.", "Too \\*short\\*."]


def test_a_form_in_a_message_executes_and_one_in_a_dialog_submits() -> None:
    """Both carry the line the form goes on from."""
    for dialog, kind in ((False, "Action.Execute"), (True, "Action.Submit")):
        action = cards.form_card(form(), dialog=dialog)["actions"][0]
        assert (action["type"], action["data"]["says"]) == (kind, "update 7")


@pytest.mark.parametrize(
    "carried",
    [
        None,
        True,
        {},
        {"_": "Form"},
        {"_": "Card", "head": "x", "blocks": [], "tone": "plain"},
        {"_": "Form", "title": 1, "says": 2, "fields": 3, "send": 4, "intro": 5},
        {"_": "Form", "title": "x", "says": "y", "fields": [{"_": "Text", "words": "x"}], "send": "z", "intro": []},
        {"_": "Nothing"},
        {"title": "x"},
    ],
)
def test_a_form_that_is_none_of_ours_is_no_form(carried: Any) -> None:
    """Whatever is sent instead of one."""
    assert cards.form_of({"form": carried}) is None


def test_a_large_form_is_made_to_fit() -> None:
    """First it travels without itself, then long lists are cut, then present texts are left out with a note."""
    many = tuple((f"customer-{i}", "A customer with quite a long name " * 3) for i in range(400))
    listed = Form("Affected", "affected 7", (FormField("customer", "Customer", "choice", many),))
    card = checked(cards.form_card(listed))
    assert card["actions"][0]["data"]["form"] is True
    assert 50 < len(inputs(card)["customer"]["choices"]) < 400
    text = FormField("full", "Text", "text", initial="word " * 8_000, longest=60_000)
    card = checked(cards.form_card(Form("A1 edit", "apology edit 1", (text,))))
    assert "value" not in inputs(card)["full"]
    assert any("too long to show here" in text for text in texts(card))
    huge = Form("x", "y", tuple(FormField(f"f{i}", "L" * 200) for i in range(200)))
    assert "too large for Teams" in texts(checked(cards.form_card(huge)))[1]


# every card

words_ = st.text(
    st.one_of(
        st.sampled_from(list("*_[](){}<>@&#`~\\-+=.!|:/ \n\u200d\u202e")), st.characters(), st.sampled_from("aB1é👩")
    ),
    max_size=60,
) | st.sampled_from(["<at>Ana</at>", "{{DATE(2026-03-04T14:02:00Z)}}", "[a](https://evil)", "`x`", "**b**"])
moments = st.builds(
    Moment,
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants them naive
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kolkata", "x"]),
    st.sampled_from(["time", "date", "datetime"]),
)
mentions = st.builds(Mention, words_, st.just(""), st.sampled_from(["", "29:a", "29:b"]), st.booleans())
spans_ = st.lists(
    st.builds(Text, words_)
    | st.builds(Strong, words_)
    | st.builds(Code, words_)
    | mentions
    | moments
    | st.builds(Link, words_, words_.map(lambda tail: f"https://x.example/{tail}"))
    | st.builds(RoomLink, words_, st.just("C1"), st.sampled_from(["", LINK])),
    max_size=6,
).map(tuple)
buttons = st.builds(
    Button,
    words_.filter(lambda label: bool(label.strip())),
    words_.filter(bool),
    st.sampled_from(["plain", "primary", "danger"]),
    st.booleans(),
    words_,
)
long_ = st.builds(lambda text, times: text * times, words_, st.integers(0, 1_500))
blocks = (
    st.builds(Line, spans_)
    | st.builds(Small, spans_)
    | st.builds(Quote, words_ | long_)
    | st.builds(Fields, st.lists(st.tuples(words_, spans_), max_size=10).map(tuple))
    | st.builds(Bullets, st.lists(spans_, max_size=30).map(tuple))
    | st.builds(Divider)
    | st.builds(Buttons, st.lists(buttons, max_size=14).map(tuple))
)
any_card = st.builds(
    Card, words_, st.lists(blocks, max_size=12).map(tuple), st.sampled_from(["plain", "good", "warning", "danger"])
)


@given(any_card, st.sampled_from(["message", "dialog", "plain"]))
@settings(max_examples=60)
def test_every_card_is_drawn_so_that_teams_takes_it(card: Card, where: cards.Where) -> None:
    """Valid, small enough, JSON, and with no mention or function but our own."""
    content = checked_loosely(cards.adaptive(card, where))
    json.dumps(cards.message(card)).encode()
    entities = {e["text"] for e in content.get("msteams", {}).get("entities", [])}
    for text in texts(content):
        for found in re.finditer(r"(?<!\\)<at>.*?</at>", text):
            assert found[0] in entities
        for found in re.finditer(r"\{\{(?:DATE|TIME)\(([^,)]*)", text):
            assert datetime.fromisoformat(found[1]) - AT < timedelta(days=40_000)
            assert f"({found[0]}" in text or "SHORT)}} " in text
    if not any(isinstance(s, Mention) for b in card.blocks for s in _spans(b)):
        assert not entities


def checked_loosely(card: Json) -> Json:
    """As `checked`; a card whose button has a name of nothing that can be seen may be frowned upon."""
    report = check_card(card)
    assert not report.errors
    assert not [warning for warning in report.warnings if "without a title" not in warning]
    assert utf8_size(card) <= cards.CARD_BYTES
    return card


def _spans(block: Any) -> Iterator[Any]:
    yield from getattr(block, "spans", ())
    for item in getattr(block, "items", ()):
        yield from item
    for _, value in getattr(block, "pairs", ()):
        yield from value


@given(words_)
@settings(max_examples=200)
def test_every_word_of_people_is_shown_as_it_was_typed(words: str) -> None:
    """Checked against the Markdown library itself: only what nobody sees is missing."""
    expected = " ".join(cards.clean(words).split("\n"))
    text = cards.escape(words)
    found = shown(f"x{text}x")
    assert found == f"x{expected}x".replace("\u00a0", " ")


@given(words_.filter(lambda words: "\n" not in cards.clean(words)))
@settings(max_examples=200)
def test_no_beginning_of_a_line_is_markup(words: str) -> None:
    """Lists, headings, quotes, rules and code blocks begin a line: none of them does here."""
    expected = cards.clean(words).replace("\u00a0", " ")
    card = cards.adaptive(Card("INC-7", (Quote(words),)))
    if not expected.strip():
        assert len(card["body"]) == 1
        return
    assert shown(texts(card)[1]).strip() == expected.strip()


@given(st.lists(st.builds(Text, words_) | st.builds(Strong, words_) | st.builds(Code, words_), max_size=5).map(tuple))
@settings(max_examples=150)
def test_bold_never_shows_its_stars(spans: tuple[Any, ...]) -> None:
    """Loud words next to any others: the line reads as the words alone."""
    spans = tuple(replace(span, words=span.words.replace("`", "").replace("\n", " ")) for span in spans)
    expected = " ".join("".join(cards.clean(span.words) for span in spans).split("\n")).replace("\u00a0", " ")
    card = cards.adaptive(Card("INC-7", (Line((Text("x"), *spans, Text("x"))),)))
    assert shown(texts(card)[1]) == f"x{expected}x"


def test_a_line_without_a_head_is_said_without_one() -> None:
    """In an incident's own room a change is one line: nothing stands above it, and it is what notifications say."""
    drawn = cards.message(Card("", (Line((Text("INC-7 Ana set SEV1"),)),)))
    assert drawn["summary"] == "INC-7 Ana set SEV1"
    assert [item["type"] for item in drawn["attachments"][0]["content"]["body"]] == ["TextBlock"]
