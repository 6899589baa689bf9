"""Customers by e-mail and webhook: the same apology, the same care, real servers at the other end."""

import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from bot.mail.carry import MailCarrier
from bot.mail.server import mail_sender, mail_server
from bot.sandbox.hooks import FakeHooks
from bot.sandbox.house import post_office
from bot.sandbox.ledger import Fault, SandboxClock
from bot.sandbox.ledger import Ledger as Seen
from bot.sandbox.mailbox import FakeMail
from bot.webhook.carry import WebhookCarrier
from bot.webhook.reach import networks
from bot.webhook.shape import secret_of
from handlers.card import Quote
from handlers.domain.catalog import parse_bytes
from handlers.domain.letter import LONGEST_SUBJECT, opened
from storage.database import Database, make_engine
from tests.conftest import hurried
from tests.desk import Clock, Desk, buttons, words
from tests.stories.quick import SERVICES, all_of, approved, customer, draft, furnish, people, refused, told, version

HOOK = "https://status.bolt.example/hooks/secret-7"
ACME = customer("acme", "email: it@acme.example")
BOLT = customer("bolt", f'webhook: "{HOOK}"')
CARGO = customer("cargo", "slack: C0CARGO01")
NOTICE = "We have taken back our earlier message. We will write to you again."
TOLD = "It lasted longer than we first said"


@dataclass
class Post:
    """The desk, and what the customers' own servers have."""

    desk: Desk
    mail: FakeMail
    hooks: FakeHooks
    seen: Seen

    def subjects(self) -> list[str]:
        """Of every mail, in order."""
        return [m["subject"] for m in self.mail.mails]

    def entries(self) -> list[tuple[str, str]]:
        """Name and words of every call."""
        found = [c["body"]["incident"] for c in self.hooks.calls]
        return [(i["name"], i["incident_updates"][0]["body"]) for i in found]


@pytest.fixture
async def post(sqlite_template: Path, tmp_path: Path) -> AsyncIterator[Post]:
    """A house with a customer each on e-mail, webhook and Slack."""
    shutil.copy(sqlite_template, tmp_path / "letters.db")
    clock = Clock()
    desk = Desk(
        Database(hurried(make_engine(f"sqlite:///{tmp_path / 'letters.db'}")), clock),
        clock,
        outlets=("email", "webhook"),
    )
    await furnish(desk, ACME, BOLT, CARGO)
    catalog = parse_bytes((SERVICES + people() + "customers:\n" + BOLT).encode(), filename="x.yaml")
    stamped = SandboxClock(clock.at)
    seen = Seen(stamped)
    async with post_office(catalog, seen, stamped) as office:
        sender = mail_sender(office.settings["mail_from"])
        server = mail_server(office.settings["smtp_url"].get_secret_value())
        key = secret_of(office.settings["webhook_secret"].get_secret_value())
        desk.delivery.carriers["email"] = MailCarrier(server, sender, clock=clock)
        desk.delivery.carriers["webhook"] = WebhookCarrier(
            desk.store, key, public_url="https://amends.example", private=networks("127.0.0.0/8"),
            resolve=office.hooks.resolve, tls=office.trust,
        )  # fmt: skip
        yield Post(desk, office.mail, office.hooks, seen)
    desk.store.close()


async def published(post: Post) -> None:
    """An apology that everybody has."""
    await approved(post.desk)
    await all_of(post.desk, ("cleo", "apology publish 1"))
    await post.desk.settle()


async def corrected(post: Post, because: str = TOLD) -> None:
    """A correction written, signed and published."""
    await all_of(
        post.desk,
        ("ben", f"apology correct 1 because {because}"),
        ("ben", "apology submit 1"),
        ("ana", "apology approve 1"),
        ("cleo", "apology approve 1"),
        ("cleo", "apology publish 1"),
    )
    await post.desk.settle()


async def states(post: Post, prefix: str = "apology-1/") -> dict[str, str]:
    """Customer to the state of their post."""
    return {p.key.split("/")[1]: p.state for p in await post.desk.posts(prefix) if p.audience == "customer"}


async def test_one_apology_reaches_mail_webhook_and_slack(post: Post) -> None:
    """Published once, read in three ways: the long text by mail and webhook, the short one in chat."""
    await published(post)
    assert await states(post) == {"acme": "sent", "bolt": "sent", "cargo": "sent"}
    rows = {r.customer: r.text for r in (await version(post.desk)).recipients}
    full = opened(rows["acme"])[1]
    assert [m["to"] for m in post.mail.mails] == ["it@acme.example"]
    assert post.subjects() == ["Our apology for the problem with Mail"]
    assert post.mail.mails[0]["text"] == full
    assert post.entries() == [("Problem with Mail", full)]
    assert post.hooks.calls[0]["body"]["incident"]["status"] == "postmortem"
    assert "What happens next" in full
    assert told(post.desk)["C0CARGO01"] == rows["cargo"]
    assert "What happens next" not in rows["cargo"]


async def test_what_leaves_is_what_was_shown_and_hashed(post: Post) -> None:
    """The preview shows the subject with the words, and the hash covers it: another subject is another hash."""
    await draft(post.desk)
    shown = words((await post.desk.say("cleo", "apology show 1")).show)
    found = await version(post.desk)
    rows = {r.customer: r for r in found.recipients}
    assert rows["acme"].text.startswith("Subject: Our apology for the problem with Mail\n\n")
    assert rows["bolt"].text.startswith("Subject: Problem with Mail\n\n")
    for name in ("acme", "bolt"):
        assert rows[name].text in shown
    assert HOOK not in shown  # whoever knows it could write there
    assert "Webhook https://status.bolt.example/…" in shown
    from handlers.customers import digest_of

    other = [replace(r, text=r.text.replace("Subject: Our", "Subject: An")) for r in found.recipients]
    assert digest_of(other) != digest_of(found.recipients)


async def test_a_spare_with_other_words_is_shown_too(post: Post) -> None:
    """Mail that only goes out if Slack fails was read by whoever signed."""
    await furnish(post.desk, customer("cargo", "slack: C0CARGO01", "email: it@cargo.example"))
    await draft(post.desk)
    shown = words((await post.desk.say("cleo", "apology show 1")).show)
    assert "Only if the channel before fails, to Cargo Ltd (E-mail)" in shown
    spare = next(r for r in (await version(post.desk)).recipients if r.spare)
    assert spare.text in shown


async def test_updates_holding_and_closing_words_stay_in_one_thread(post: Post) -> None:
    """Each with a subject of its own; every later mail answers the first, and the webhook keeps one incident."""
    desk = post.desk
    await all_of(
        desk,
        ("ana", "declare Mail is down sev1 services mail region NA"),
        ("ana", 'fact 1 impact "could not send mail" source support public'),
        ("ana", "role 1 comms @ben"),
        ("ana", "holding 1"),
        ("ben", "send 1"),
    )
    await desk.settle()
    await all_of(desk, ("ana", "update 1 Half of it is back to customers"), ("ben", "send 2"))
    await desk.settle()
    assert post.subjects() == ["A problem with Mail", "Update on the problem with Mail"]
    first, second = (m["headers"] for m in post.mail.mails)
    assert second["In-Reply-To"] == second["References"] == first["Message-ID"]
    assert [name for name, _ in post.entries()] == ["Problem with Mail"] * 2
    incidents = [c["body"]["incident"] for c in post.hooks.calls]
    assert len({i["id"] for i in incidents}) == 1
    assert len({i["incident_updates"][0]["id"] for i in incidents}) == 2


async def test_a_correction_is_a_mail_in_the_thread_and_an_updated_entry(post: Post) -> None:
    """The mail says so in its subject; the webhook's entry is the same one; only Slack gets the reply that names it."""
    await published(post)
    await corrected(post)
    assert post.subjects() == [
        "Our apology for the problem with Mail",
        "Correction: Our apology for the problem with Mail",
    ]
    first, second = post.mail.mails
    assert second["headers"]["In-Reply-To"] == first["headers"]["Message-ID"] != second["headers"]["Message-ID"]
    assert second["text"].endswith(f"{TOLD}.")
    updates = [c["body"]["incident"]["incident_updates"][0] for c in post.hooks.calls]
    assert updates[0]["id"] == updates[1]["id"]
    assert TOLD in updates[1]["body"]
    assert [name for name, _ in post.entries()] == ["Problem with Mail"] * 2
    assert {p.key.split("/")[1] for p in await post.desk.posts("correction-")} == {"cargo"}
    await corrected(post, "Its zone was named wrongly")
    assert post.subjects()[2:] == ["Correction: Our apology for the problem with Mail"]
    assert post.mail.mails[2]["headers"]["In-Reply-To"] == first["headers"]["Message-ID"]


async def test_a_pause_holds_corrections_that_are_mails_of_their_own(post: Post) -> None:
    """An edit in Slack may go through, a second mail may not; taken back, everybody who read it hears so."""
    await furnish(post.desk, ACME, customer("bolt", "email: it@bolt.example"))
    await published(post)
    await all_of(
        post.desk,
        ("ben", f"apology correct 1 because {TOLD}"),
        ("ben", "apology submit 1"),
        ("ana", "apology approve 1"),
        ("cleo", "apology approve 1"),
        ("cleo", "apology publish 1"),
        ("cleo", "apology pause 1"),
    )
    await post.desk.settle()
    assert len(post.mail.mails) == 2
    await all_of(post.desk, ("cleo", "apology retract 1 because it was for others"))
    await post.desk.settle()
    assert {(m["to"], m["subject"]) for m in post.mail.mails[2:]} == {
        (to, "Taken back: Our apology for the problem with Mail") for to in ("it@acme.example", "it@bolt.example")
    }
    assert len(post.mail.mails) == 4


async def test_taking_it_back_is_a_follow_up_and_a_notice(post: Post) -> None:
    """What stands in a mailbox stands: a mail in the thread says it was taken back; the entry becomes a notice."""
    await published(post)
    await all_of(post.desk, ("cleo", "apology retract 1 because wrong customer"))
    await post.desk.settle()
    assert post.subjects()[1:] == ["Taken back: Our apology for the problem with Mail"]
    assert post.mail.mails[1]["text"] == NOTICE
    assert post.mail.mails[1]["headers"]["In-Reply-To"] == post.mail.mails[0]["headers"]["Message-ID"]
    assert post.entries()[1:] == [("Problem with Mail", NOTICE)]


@pytest.mark.parametrize(
    ("fault", "who"),
    [(Fault("mail.data", "accept_then_drop"), "acme"), (Fault("webhook.post", "accept_then_500"), "bolt")],
)
async def test_taken_and_then_silence_is_a_persons_to_settle(post: Post, fault: Fault, who: str) -> None:
    """One message there; nothing more by itself, however long; somebody is asked, and *It arrived* settles it."""
    post.seen.faults.append(fault)
    await published(post)
    for _ in range(3):
        await post.desk.delivery.settle()
        await post.desk.pass_time(minutes=10)
    assert (await states(post))[who] == "unknown"
    method = fault.method
    assert len(list(post.seen.find(method))) == 1
    asked = next(s for s in post.desk.screens("unclear/") if who in words(s.card))
    assert "log knows" in words(asked.card)
    answer = await post.desk.say("ana", buttons(asked.card)["It arrived"])
    assert not answer.refused
    await all_of(post.desk, ("cleo", "apology resume 1"))
    await post.desk.settle()
    assert set((await states(post)).values()) == {"sent"}
    assert len(list(post.seen.find(method))) == 1


async def test_what_a_person_saw_arrive_is_corrected_in_its_thread(post: Post) -> None:
    """The first mail's answer was lost; its id is ours, so the correction still finds the thread."""
    post.seen.faults.append(Fault("mail.data", "accept_then_drop"))
    await published(post)
    await post.desk.pass_time(minutes=1)
    await post.desk.delivery.settle()
    await post.desk.settle()
    asked = next(s for s in post.desk.screens("unclear/") if "acme" in words(s.card))
    await all_of(post.desk, ("ana", buttons(asked.card)["It arrived"]), ("cleo", "apology resume 1"))
    await post.desk.settle()
    await corrected(post)
    first, second = post.mail.mails
    assert second["subject"].startswith("Correction: ")
    assert second["headers"]["In-Reply-To"] == first["headers"]["Message-ID"] != second["headers"]["Message-ID"]


async def test_a_correction_whose_answer_is_lost_is_not_sent_again(post: Post) -> None:
    """An edit in Slack may be repeated, a second mail may not."""
    await published(post)
    post.seen.faults += [Fault("mail.data", "accept_then_drop"), Fault("webhook.post", "accept_then_drop")]
    await corrected(post)
    for _ in range(3):
        await post.desk.delivery.settle()
        await post.desk.pass_time(minutes=10)
    found = await states(post)
    assert "unknown" in (found["acme"], found["bolt"])
    assert len(post.mail.mails) <= 2
    assert len(post.hooks.calls) <= 2


async def test_a_refused_address_falls_to_the_next_channel(post: Post) -> None:
    """`deliver: first`: a definite no of the mail server leads to Slack, silence does not."""
    await furnish(post.desk, customer("acme", "email: it@acme.example", "slack: C0ACME001"))
    post.seen.faults.append(Fault("mail.rcpt", "status", status=550, error="no such user"))
    await published(post)
    posts = {p.place.platform: p for p in await post.desk.posts("apology-1/acme/")}
    assert (posts["email"].state, posts["slack"].state) == ("dead", "sent")
    assert posts["email"].error == "550 no such user"
    assert post.mail.mails == []


async def test_all_four_kinds_at_once(post: Post) -> None:
    """`deliver: all` tells a customer everywhere, each kind in its own words."""
    four = customer(
        "acme",
        "slack: C0ACME001",
        "teams: '19:acme@thread.tacv2'",
        "email: it@acme.example",
        f'webhook: "{HOOK}"',
        deliver="all",
    )
    await furnish(post.desk, four)
    await published(post)
    found = await version(post.desk)
    texts = {r.platform: r.text for r in found.recipients}
    assert texts["slack"] == texts["teams"]
    assert opened(texts["email"])[1] == opened(texts["webhook"])[1] != texts["slack"]
    assert {p.state for p in await post.desk.posts("apology-1/acme/")} == {"sent"}


async def test_chat_and_mail_state_the_same_facts(post: Post) -> None:
    """One version has one hash of its facts, and every fact that chat prints stands in the mail as well."""
    await published(post)
    found = await version(post.desk)
    assert found.facts_hash
    mail, chat = post.mail.mails[0]["text"], told(post.desk)["C0CARGO01"]
    facts = re.findall(r"\d{1,2}:\d\d|[A-Z][a-z]+ \d{1,2}, \d{4}|configuration change|support@\S+\w|Morgan Cole", chat)
    assert len(facts) > 5
    assert [fact for fact in facts if fact not in mail] == []


async def test_each_customer_reads_its_own_clock(post: Post) -> None:
    """The long text in the customer's zone and English, beside UTC."""
    zoned = ACME.replace("deliver:", "timezone: America/New_York, locale: en-US, deliver:")
    await furnish(post.desk, zoned, BOLT)
    await published(post)
    mail, call = post.mail.mails[0]["text"], post.entries()[0][1]
    assert "November 19, 2026" in mail
    assert "EST (" in mail
    assert "EST" not in call
    assert "November 20, 2026, 02:00 to 03:00 UTC" in call


async def test_without_a_mail_server_people_tell_them(post: Post) -> None:
    """Not set up here: the customer is named among those to tell by hand, and nothing waits for a carrier."""
    post.desk.intake.house = replace(post.desk.intake.house, outlets=())
    await draft(post.desk)
    found = await version(post.desk)
    assert {r.customer for r in found.recipients} == {"cargo"}
    shown = words((await post.desk.say("cleo", "apology show 1")).show)
    assert "To be told by hand: Acme Ltd, Bolt Ltd" in shown
    hit = words((await post.desk.say("ana", "affected 1")).show)
    assert hit.count("no channel the bot can post to") == 2


async def test_many_services_still_fit_a_subject(post: Post) -> None:
    """However long the services' names are, the subject holds, and so does a correction's."""
    from handlers.domain.catalog import Catalog, Service
    from handlers.domain.incident import Incident
    from handlers.letters import addressed

    at = post.desk.clock()
    for names in (
        ["Mail"],
        ["x" * 200],
        ["Mail", "Search\r\nBcc: eve@evil.example"],
        [f"Service number {n}" for n in range(30)],
    ):
        catalog = Catalog(services=tuple(Service(f"s{n}", name) for n, name in enumerate(names)))
        incident = Incident(1, "t", "sev1", "resolved", at, "ana", tuple(f"s{n}" for n in range(len(names))))
        for kind in ("apology", "follow-up", "update", "holding", "closure"):
            for platform in ("email", "webhook"):
                text = addressed(platform, kind, "Words", catalog, (incident,), correction=True)
                subject, rest = opened(text)
                assert len(subject) <= LONGEST_SUBJECT
                assert "\n" not in subject
                assert rest == "Words"
        assert addressed("slack", "update", "Words", catalog, (incident,)) == "Words"


async def test_the_linter_refuses_a_subject_that_cannot_go_out() -> None:
    """Rule L: too long, or with something hidden in it."""
    from handlers.domain.lint import lint_subject

    assert lint_subject("Subject: Fine\n\nWords") == ()
    for head in ("x" * 79, "a\rb", "a\u202eb", ""):
        (finding,) = lint_subject(f"Subject: {head}\n\nWords")
        assert (finding.rule, finding.severity, finding.waivable) == ("L", "error", False)


async def test_an_admin_binds_addresses_in_chat(post: Post) -> None:
    """Mail and web addresses like channels, by an admin alone; what is none is refused and nothing changes."""
    desk = post.desk
    assert (await desk.say("ana", "customer channel cargo +desk@cargo.example")).refused
    await all_of(desk, ("adam", "customer channel cargo +<mailto:desk@cargo.example|desk@cargo.example>"))
    await all_of(desk, ("adam", "customer channel cargo +https://hooks.cargo.example/in/abc"))
    shown = words((await desk.say("adam", "customer show cargo")).show)
    assert "desk@cargo.example" in shown
    assert "https://hooks.cargo.example/…" in shown
    assert "abc" not in shown
    for wrong in ("+http://hooks.cargo.example/", "+desk@", "+https://u:p@cargo.example/", "+https://"):
        assert (await desk.say("adam", f"customer channel cargo {wrong}")).refused, wrong
    taken = refused(await desk.say("adam", "customer channel cargo +IT@acme.example"))
    assert "belongs to Acme Ltd" in taken
    await all_of(desk, ("adam", "customer channel cargo -DESK@cargo.example"))
    assert "desk@cargo.example" not in words((await desk.say("adam", "customer show cargo")).show)


async def test_each_kind_is_counted_by_what_became_of_it(post: Post) -> None:
    """The metric names them beside Slack and Teams."""

    def count(platform: str) -> float:
        return REGISTRY.get_sample_value("amends_posts_total", {"platform": platform, "outcome": "sent"}) or 0.0

    before = {p: count(p) for p in ("email", "webhook")}
    await published(post)
    assert {p: count(p) - before[p] for p in before} == {"email": 1.0, "webhook": 1.0}


async def test_the_same_words_once_more_are_no_second_mail(post: Post) -> None:
    """Signed anew with nothing changed for this customer: what they have stands."""
    await published(post)
    from handlers.customers import customer_post

    found = await version(post.desk)
    row = next(r for r in found.recipients if r.customer == "acme")
    await post.desk.store.book(lambda b: b.send(customer_post("apology-1", row, "another digest", 1, threads={})))
    await post.desk.settle()
    assert len(post.mail.mails) == 1


async def test_account_managers_read_what_became_of_mail_and_webhook_and_have_the_mail_s_own_words(post: Post) -> None:
    """The pack's e-mail is the approved mail, subject and all; sent on as it is, or told in short, it holds."""
    desk = post.desk
    await approved(desk)
    await all_of(desk, ("cleo", "apology publish 1"))
    await desk.settle()
    await desk.pass_time(seconds=30)
    said = words(next(s.card for s in desk.screens("relay-1/1/dana")))
    assert "sent by e-mail" in said
    assert "sent to their webhook" in said
    assert "sent in their Slack channel" in said
    await all_of(desk, ("dana", "relay pack 1 acme"))
    await desk.settle()
    mail = next(s.card for s in desk.screens("pack-1/") if s.card and "E-mail, to be copied" in words(s.card))
    letter = next(r.text for r in (await version(desk)).recipients if r.customer == "acme")
    subject, body = opened(letter)
    assert f"Subject: {subject}" in words(mail)
    assert body in [b.words for b in mail.blocks if isinstance(b, Quote)]
    chat = next(s.card for s in desk.screens("pack-1/") if s.card and "Chat message, to be copied" in words(s.card))
    (short,) = [b.words for b in chat.blocks if isinstance(b, Quote)]
    assert "Subject" not in short
    assert len(short) < len(body)
    for text in (body, short):
        assert "These words hold" in words((await desk.say("dana", f"relay check acme -- {text}")).show)
