"""The threats of docs/security.md, each under its number: what somebody tries, and that nothing comes of it.

What other files show already stands there and is named in the page; here is what belongs to a threat alone.
"""

import asyncio
import contextlib
import http.server
import io
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select
from starlette.requests import Request as HttpRequest
from starlette.types import Message

from bot.channel import Request
from bot.gate import BODY_BYTES
from bot.intake import FLOOD, Intake
from bot.logs import configure
from bot.sandbox.ledger import Fault, Json
from bot.sandbox.slack_records import CONTOSO_TEAM
from bot.teams.keys import KeySet, KeysUnavailableError
from bot.web.door import READ_SECONDS, body_of
from handlers.domain.catalog import Catalog, to_dict
from handlers.domain.incident import Incident, Room
from storage.tables import audit
from tests.bot.doors import CHANNEL, FORM, INCIDENTS, JSON, LASTING, SLACK, TEAMS, House, behind_doors, command, line
from tests.bot.malformed import Seed, recorded
from tests.desk import Desk, buttons, words
from tests.stories.quick import all_of, customer, draft, furnish

# --- 2: a forged Teams request ---------------------------------------------------------------------------------------


@contextmanager
def silent_microsoft() -> Iterator[tuple[str, threading.Event, threading.Event]]:
    """A server for keys that takes a question and says nothing until it is let go: (address, asked, let go)."""
    asked, go = threading.Event(), threading.Event()

    class Silent(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.set()
            go.wait(60)
            self.send_error(503)

        def log_message(self, *_: object) -> None:
            """Not on the screen."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Silent) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/keys", asked, go
        finally:
            go.set()
            server.shutdown()
            thread.join()


def test_threat_02_a_microsoft_that_does_not_answer_holds_nobody_else_up(house: House) -> None:
    """While the keys are awaited, Slack is answered; the request that waits for them is refused, and no other."""
    door = house.box.app.teams_door
    assert door is not None
    before = door._verifier._keys
    activity = line(house, "note 1 signed by a key nobody knows yet")
    headers = {"Content-Type": JSON, "Authorization": house.box.teams.identity.sign(activity)}

    async def both(asked: threading.Event, go: threading.Event) -> tuple[bool, int]:
        waiting = asyncio.create_task(house.straight(TEAMS, json.dumps(activity).encode(), headers))
        await asyncio.to_thread(asked.wait, 30)
        ack = await house.box.slack.command("ana", INCIDENTS, "/incident", "whoami")
        meanwhile = not waiting.done()
        go.set()
        status, _ = await waiting
        return ack.ok and meanwhile, status

    with silent_microsoft() as (address, asked, go):
        door._verifier._keys = KeySet(address, timeout=30)
        try:
            assert house.runner.run(both(asked, go)) == (True, 401)
        finally:
            door._verifier._keys = before
    assert house.runner.run(house.straight(TEAMS, json.dumps(activity).encode(), headers))[0] == 200
    house.settle()


@pytest.mark.parametrize("slow", ["body", "head"])
async def test_threat_02_keys_that_drip_in_are_not_waited_for(slow: str) -> None:
    """A byte now and then is no answer: whoever waits is refused, and does not wait until the server has had enough."""
    over = threading.Event()

    class Dripping(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said = b"HTTP/1.0 200 OK\r\n" + (b"X-Filler: " if slow == "head" else b"\r\n")
            self.wfile.write(said)
            while not over.wait(0.02):
                with contextlib.suppress(OSError):
                    self.wfile.write(b" ")

        def log_message(self, *_: object) -> None:
            """Not on the screen."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Dripping) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            keys = KeySet(f"http://127.0.0.1:{server.server_address[1]}/keys", timeout=0.2)
            with pytest.raises(KeysUnavailableError):
                await asyncio.wait_for(keys.find("anything"), 60)
        finally:
            over.set()
            server.shutdown()
            thread.join()


def test_threat_02_a_rollover_of_keys_costs_no_request(house: House) -> None:
    """The first activity signed with a new key, its first word to us, is let in; forgers' keys are not, meanwhile."""
    identity = house.box.teams.identity
    assert house.teams(line(house, "note 1 before the rollover")) == 200
    door = house.box.app.teams_door
    assert door is not None
    door._verifier._keys._tried_at = None  # the minute between two looks is over
    identity.rotate_keys(keep_old=False)
    statuses = [house.teams(line(house, f"note 1 after the rollover {n}")) for n in range(5)]
    assert statuses.count(401) <= 1
    assert statuses[1:] == [200] * 4
    house.settle()


@pytest.mark.parametrize("twice", ["X-Slack-Signature", "X-Slack-Request-Timestamp", "Content-Type", "Authorization"])
def test_threat_01_a_header_given_twice_lets_nobody_in(house: House, twice: str) -> None:
    """A proxy may have looked at the other one: whichever of the two is genuine, neither counts."""
    for genuine_first in (True, False):
        body = command() if twice != "Authorization" else json.dumps(line(house)).encode()
        signed = house.box.slack.wire.signed(body, FORM)
        if twice == "Authorization":
            signed = {"Content-Type": JSON, twice: house.box.teams.identity.sign(json.loads(body))}
        pairs = [(twice, signed[twice]), (twice, "0000000000" if "Time" in twice else "text/html")]
        others = [(k, v) for k, v in signed.items() if k != twice]
        headers = [*others, *pairs[:: 1 if genuine_first else -1]]
        before = house.trace(*LASTING, "requests")
        assert house.post(TEAMS if twice == "Authorization" else SLACK, body, headers) == 401
        assert house.trace(*LASTING, "requests") == before


# --- 12: a flood -----------------------------------------------------------------------------------------------------


def arriving(*parts: bytes, then_nothing: bool = False) -> HttpRequest:
    """A request whose body arrives in these parts; then it ends, or nothing comes any more."""
    left = list(parts)

    async def receive() -> Message:
        if not left and then_nothing:
            await asyncio.Event().wait()
        part = left.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(left) or then_nothing}

    return HttpRequest({"type": "http", "method": "POST", "path": "/", "headers": []}, receive)


async def test_threat_12_a_body_that_does_not_arrive_is_dropped() -> None:
    """Half a body and then silence is given up after five seconds (here: at once); a whole one is read."""
    assert READ_SECONDS == 5
    assert await body_of(arriving(b"half of it", then_nothing=True), 0.01) is None
    assert await body_of(arriving(b"", b"all ", b"of it")) == b"all of it"


async def test_threat_12_no_more_is_kept_than_is_needed_to_refuse() -> None:
    """Of a body without end one byte too many is kept, which is enough for a 413, and the rest is not waited for."""
    for parts, then_nothing in ((3, True), (1000, False)):
        read = await body_of(
            arriving(*[b"x" * 100_000] * parts, then_nothing=then_nothing), 0.05 if then_nothing else 5
        )
        assert read is not None
        assert len(read) == BODY_BYTES + 1


def test_threat_12_who_sends_far_too_much_reads_so(house: House) -> None:
    """Twenty megabytes over a connection that closes after the answer: the answer is 413, not a broken connection."""
    port = int(house.url.rpartition(":")[2])

    async def sent(path: str) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\nConnection: close\r\nContent-Length: 20000000\r\n\r\n"
        writer.write(head.encode() + b"x" * 20_000_000)
        await writer.drain()
        answer = await reader.readline()
        writer.close()
        return answer

    for path in (SLACK, TEAMS):
        assert b" 413 " in house.runner.run(sent(path))


async def test_threat_12_six_hundred_commands_a_minute_then_a_private_answer(seed_desk: Desk) -> None:
    """One more is answered, to whoever asks alone, and not done; others go on, and so does everybody a minute later."""

    async def say(who: str, text: str, number: int) -> tuple[bool, str]:
        answer = await seed_desk.intake.take(Request(f"{who}{number}", "slack", who, "C0INCIDENTS", text))
        return answer.refused, words(answer.show)

    for number in range(FLOOD):
        refused, _ = await say("U0ANA", "whoami", number)
        assert not refused
    refused, said = await say("U0ANA", "declare One too many", FLOOD)
    assert refused
    assert "very much at once" in said
    assert not await seed_desk.store.book(lambda book: book.search())
    assert not (await say("U0BEN", "whoami", 0))[0]
    seed_desk.clock.wind(seconds=61)
    assert not (await say("U0ANA", "declare A minute later", FLOOD + 1))[0]
    assert len(await seed_desk.store.book(lambda book: book.search())) == 1


async def test_threat_12_six_hundred_commands_a_minute_on_all_replicas_together(seed_desk: Desk) -> None:
    """Whichever replica a flood meets: six hundred are taken, the next one is not, by none of them."""
    replicas = [Intake(seed_desk.store, seed_desk.intake.house) for _ in range(3)]

    async def refused(number: int) -> bool:
        request = Request(f"r{number}", "slack", "U0ANA", "C0INCIDENTS", "whoami")
        return (await replicas[number % 3].take(request)).refused

    assert not any([await refused(number) for number in range(FLOOD)])
    assert all([await refused(FLOOD + number) for number in range(3)])
    seed_desk.clock.wind(seconds=61)
    assert not any([await refused(FLOOD + 3 + number) for number in range(3)])


async def test_threat_12_who_may_do_nothing_cannot_fill_the_audit(seed_desk: Desk) -> None:
    """A guest who presses a thousand times in a minute leaves at most six hundred lines, and reads the same each time."""
    read = set()
    for number in range(FLOOD + 400):
        answer = await seed_desk.intake.take(Request(f"g{number}", "slack", "U0GUEST", "C0INCIDENTS", "declare Mine"))
        assert answer.refused
        read.add(words(answer.show))
    assert len(read) == 1
    lines = select(func.count()).where(audit.c.what == "refused: not a colleague")
    assert await seed_desk.store.rows(lambda connection, _now: connection.scalar(lines)) == FLOOD


# --- 3: an outsider acts ---------------------------------------------------------------------------------------------

OUTSIDERS = {
    "a guest": ("U0GUEST", "T0SANDBOX"),
    "a Slack Connect member": ("U0STRANGER", CONTOSO_TEAM),
}
SECRETS = ("Checkout", "INC-1", "sev2", "Ana Silva")
"""What an outsider must not learn: words of the incident that stands in the house."""


def as_outsider(seed: Seed, user: str, team: str, number: int) -> Json:
    """What a colleague of ours did, done by somebody else: every id is the outsider's, everything else as it was."""
    text = json.dumps(seed.payload).replace("U0ANA", user)
    tree: Json = json.loads(text)
    if isinstance(tree.get("user"), dict):
        tree["user"]["team_id"] = team
    if isinstance(event := tree.get("event"), dict) and "user" in event:
        event |= {"user_team": team, "source_team": team, "team": team}
    for name in ("trigger_id", "event_id"):
        if name in tree:
            tree[name] = f"{tree[name]}.{number}"
    if "view" in tree:
        tree["view"]["id"] += str(number)
    return tree


@pytest.mark.parametrize("who", OUTSIDERS)
def test_threat_03_an_outsider_acts_in_slack_by_any_way_there_is(house: House, who: str) -> None:
    """Command, button, form, shortcut, mention, direct message, edit, pushpin and home tab: nothing comes of any.

    Each thing tried is a line in the audit.
    """
    user, team = OUTSIDERS[who]
    slack, run = house.box.slack, house.runner.run
    if user not in slack.world.channels[INCIDENTS].members:
        slack.world.channels[INCIDENTS].members.append(user)
    seeds = [s for s in recorded(house) if s.kind != "teams" and "challenge" not in s.payload]
    seeds.append(pushpin(house, next(s for s in seeds if s.payload.get("event", {}).get("type") == "reaction_added")))
    lasting, said, tried = house.trace(*LASTING), house.said(), audited(house)
    answers = []
    for number, seed in enumerate(seeds):
        ack = run(slack.wire.deliver(seed.kind, as_outsider(seed, user, team, number)))
        assert ack.ok, (ack.status, seed)
        answers.append(ack.body)
    house.settle()
    assert house.trace(*LASTING) == lasting
    heard = " ".join([*answers, *(repr(e.payload) for e in house.box.ledger.entries[said:])])
    assert "not available" in heard
    assert not [word for word in SECRETS if word in heard]
    # command x3, press, form, shortcut, mention x2, direct message x2, pushpin
    assert audited(house) - tried >= 9


def test_threat_03_an_outsider_acts_in_teams_by_any_way_there_is(house: House) -> None:
    """A guest's line, press, form and edit in the same chats: told alone that nothing is available, and no more."""
    teams, run = house.box.teams, house.runner.run
    seeds = [s for s in recorded(house) if s.kind == "teams"]
    ana, gil = teams.world.person("ana"), teams.world.person("gil")
    operations = teams.world.teams["19:operations@thread.tacv2"]
    teams.world.change_team(operations.id, members=(*operations.members, "gil"))
    chats = teams.world.personal_chat(ana), teams.world.personal_chat(gil)
    lasting, said, tried = house.trace(*LASTING), house.said(), audited(house)
    answers = []
    for number, seed in enumerate(seeds):
        text = json.dumps(seed.payload).replace(ana.id, gil.id).replace(ana.name, gil.name).replace(*chats)
        activity: Json = json.loads(text) | {"id": f"{seed.payload.get('id')}{number}"}
        answers.append(repr(run(teams.deliver(activity)).body))
    house.settle()
    assert house.trace(*LASTING) == lasting
    heard = " ".join([*answers, *(repr(e.payload) for e in house.box.ledger.entries[said:])])
    assert "not available" in heard
    assert not [word for word in SECRETS if word in heard]
    assert audited(house) - tried >= 6


def test_threat_03_a_colleague_who_left_or_became_a_guest_does_nothing_from_then_on(house: House) -> None:
    """Slack tells it as an event; the very next line of theirs is refused, repeats of old ones too."""
    slack, run = house.box.slack, house.runner.run
    for changed in (
        {"deleted": True},
        {"is_restricted": True},
        {"is_ultra_restricted": True},
        {"team_id": CONTOSO_TEAM},
    ):
        old = command(user_id="U0CLEO", text="show 1")
        assert house.slack(old) == 200
        assert b"Checkout" in house.answers[-1]
        user = slack.world.person_json(slack.world.people["U0CLEO"])
        for person in (user | changed, user):
            told = {"type": "user_change", "user": person, "cache_ts": 1}
            envelope = {
                "type": "event_callback",
                "team_id": "T0SANDBOX",
                "event_id": f"Ev{time.time_ns()}",
                "event": told,
            }
            assert house.slack(json.dumps(envelope).encode(), JSON) == 200
            for body in (old, command(user_id="U0CLEO", text="show 1")):
                assert house.slack(body) == 200
                assert (b"Checkout" in house.answers[-1]) is (person is user), changed
    known = "SELECT count(*) FROM accounts WHERE id = 'U0DANA'"
    before = house.beside.execute(known).fetchone()
    dana = slack.world.person_json(slack.world.people["U0DANA"])
    run(
        slack.wire.deliver("event", {**envelope, "event_id": "Ev0DANA", "event": {"type": "user_change", "user": dana}})
    )
    assert house.beside.execute(known).fetchone() == before  # who never came is not written down


def test_threat_03_an_outsiders_word_about_an_id_does_not_lock_a_colleague_out(house: House) -> None:
    """An act that says another workspace is refused, whoever we know by that id; the colleague goes on."""
    seed = next(s for s in recorded(house) if s.payload.get("type") == "block_actions")
    tree: Json = json.loads(json.dumps(seed.payload).replace("U0ANA", "U0NOOR"))
    for number in range(2):
        tree["user"]["team_id"], tree["trigger_id"] = CONTOSO_TEAM, f"9.9.{time.time_ns()}"
        tried, lasting = audited(house), house.trace(*LASTING)
        assert house.runner.run(house.box.slack.wire.deliver(seed.kind, tree)).ok
        house.settle()
        assert (audited(house), house.trace(*LASTING)) == (tried + 1, lasting), number
        assert house.slack(command(user_id="U0NOOR", text="show 1")) == 200
        assert b"Checkout" in house.answers[-1]


def test_threat_04_what_one_person_was_answered_nobody_else_reads(house: House) -> None:
    """The same trigger or activity id under another name is no repeat: a guest and a colleague learn nothing of it."""
    assert house.slack(command(text="declare Hidden breach sev2 private")) == 200
    house.settle()
    number = house.beside.execute("SELECT max(number) FROM incidents").fetchone()[0]
    same = str(time.time_ns())
    for user, reads in (("U0ANA", True), ("U0GUEST", False), ("U0BEN", False), ("U0ANA", True)):
        assert house.slack(command(user_id=user, text=f"show {number}", trigger_id=same)) == 200
        assert (b"Hidden breach" in house.answers[-1]) is reads, user
        assert reads or b"not available" in house.answers[-1]


def pushpin(house: House, seed: Seed) -> Seed:
    """A pushpin on a message of the incident's room, which of a colleague's would go into the timeline."""
    slack = house.box.slack
    room = next(c.id for c in slack.world.channels.values() if c.name.startswith("inc-1"))
    item = {"type": "message", "channel": room, "ts": slack.messages(room)[0].ts}
    return Seed(seed.kind, {**seed.payload, "event": {**seed.payload["event"], "reaction": "pushpin", "item": item}})


def audited(house: House) -> int:
    """How many refusals of outsiders the audit holds."""
    lines = select(func.count()).where(audit.c.what == "refused: not a colleague")
    found: int = house.box.app.database.run(lambda c, _now: c.scalar(lines))
    return found


# --- 4: another workspace, the wrong room ----------------------------------------------------------------------------

FORGED = (
    *("show {n}", "timeline {n}", "facts {n}", "affected {n}", "credit {n}", "join {n}", "note {n} forged"),
    *("update {n} forged", "severity {n} sev4", "status {n} monitoring", "resolve {n}", "cancel {n} because forged"),
    *("role {n} commander <@U0NOOR>", "private {n} off because forged", "merge {n} into 1 because forged"),
    *("affected {n} +contoso because forged", "fact {n} impact forged", "task {n} add forged", "remind {n} every 5m"),
    *("apology draft {n}", "holding {n}", "recap {n}", "update {n} forged to customers", "send {n}", "closure {n}"),
)
FORGED_APOLOGY = (
    *("apology show {a}", "apology status {a}", "apology approve {a}", "apology reject {a} because forged"),
    *("apology publish {a}", "apology edit {a}", "apology submit {a}", "apology retract {a} because forged"),
    *(
        "relay list {a}",
        "relay pack {a}",
        "relay done {a} contoso",
        "relay skip {a} contoso because forged",
        "credit A{a}",
    ),
)


def plain(text: str, number: int) -> str:
    """An answer without the number that was asked for, the one thing in which two answers may differ."""
    return text.replace(f"INC-{number}", "INC-N").replace(f"A{number}", "A-N").replace(str(number), "N")


async def test_threat_04_ids_in_buttons_are_looked_up_again(seed_desk: Desk) -> None:
    """A forged button names a private incident, or its apology: answered like a number that does not exist, by each verb.

    Pressed or typed, on either platform, from the announcements or from another incident's room.
    """
    await furnish(seed_desk, customer("contoso", "slack: C0CONTOSO"))
    await draft(seed_desk, by="ana", extra="private", title="Secret merger leak")
    await all_of(seed_desk, ("cleo", "declare Search is slow sev3 services search"))
    room = (await seed_desk.store.book(lambda b: b.find(Room, incident=2)))[:1]
    places = ["C0INCIDENTS", *(r.address for r in room)]
    before = await seed_desk.posts()
    for line_ in (*FORGED, *FORGED_APOLOGY):
        for on, place in (("slack", places[0]), ("teams", "19:incidents@thread.tacv2"), ("slack", places[-1])):
            answers = {}
            for number in (1, 8_888):
                said = await seed_desk.say("noor", line_.format(n=number, a=number), on=on, channel=place)
                answers[number] = plain(words(said.show), number)
                assert not said.recorded, line_
                assert "Secret" not in words(said.show), line_
                assert "merger" not in words(said.show), line_
            assert answers[1] == answers[8_888], line_
    kept = await seed_desk.store.book(lambda b: b.get(Incident, 1))
    assert kept is not None
    assert (kept.status, kept.severity, kept.private) == ("resolved", "sev1", True)
    after = await seed_desk.posts()
    assert [p.key for p in after if p.audience == "customer"] == [p.key for p in before if p.audience == "customer"]


async def test_threat_04_a_customer_that_is_not_ours_means_nothing(seed_desk: Desk) -> None:
    """A forged customer, task, question, fact or promise is refused with a sentence, and nothing changes."""
    await furnish(seed_desk, customer("contoso", "slack: C0CONTOSO"))
    await draft(seed_desk)
    forged = (
        *("affected 1 +fabrikam because forged", "affected 1 -fabrikam because forged", "customer show fabrikam"),
        *("customer channel fabrikam +<#C0EVIL>", "relay check fabrikam -- forged", "relay done 1 fabrikam"),
        *("fact 1 F999 = forged because forged", "confirm 1 F999", "task 1 done 999", "relay answer 999 -- forged"),
        *("promise done 999 -- forged", "link 1 recurrence-of 999 because forged", "unlink 1 999"),
        *("apology approve 999", "apology publish 999 to 1", "undo 999"),
    )
    for line_ in forged:
        answer = await seed_desk.say("ana", line_)
        assert answer.refused, (line_, words(answer.show))
        assert not answer.recorded
        assert words(answer.show)


# --- 7: templates ----------------------------------------------------------------------------------------------------

BRACES = "{since} {0} {services.__class__.__mro__} {{7*7}} {% for x in range(9**9) %} ${7*7} #{7} %(x)s %s%n"


async def test_threat_07_braces_of_peoples_stay_text(seed_desk: Desk) -> None:
    """A title, a note, a fact and words to customers full of template languages are shown as they were typed.

    The house's own placeholders are filled in one pass: a service whose name is a placeholder stays that name.
    """
    await furnish(seed_desk, customer("acme", "slack: C0ACME001"), policy=HOLDING)
    await all_of(seed_desk, ("ana", f'declare "{BRACES}" sev1 services mail region NA'))
    incident = await seed_desk.store.book(lambda b: b.get(Incident, 1))
    assert incident is not None
    assert incident.title == BRACES
    await all_of(seed_desk, ("ana", f"note 1 -- {BRACES}"))
    shown = await seed_desk.say("ana", "timeline 1")
    assert words(shown.show).count("{services.__class__.__mro__}") >= 1
    assert "49" not in words(shown.show)
    await seed_desk.store.book(lambda b: b.load_catalog(renamed(b.catalog, "Mail {since}"), "renamed"))
    proposed = await seed_desk.say("ana", "holding 1")
    assert "“{since}”" in words(proposed.show), "what a placeholder was filled with is not filled again"
    assert proposed.refused, "and it does not leave like that"


HOLDING = """
policy:
  holding:
    text: "{services} does not answer for customers in {region}. Our next word comes at {next_update}."
    approved_by: [ana@example.com, cleo@example.com]
    until: 2027-12-31T00:00Z
"""


def renamed(catalog: Catalog, name: str) -> Json:
    """The catalog with its first service called so."""
    content = to_dict(catalog)
    content["services"][0]["name"] = name
    return content


# --- 10: leaked secrets ----------------------------------------------------------------------------------------------


def test_threat_10_the_log_of_a_run_holds_no_secret_and_nobodys_words(
    log: None, tmp_path: Path, sqlite_template: Path
) -> None:
    """Everything goes wrong that can, at both doors and on the way out; what the log says of it gives nothing away."""
    database, said = tmp_path / "amends.db", io.StringIO()
    database.write_bytes(sqlite_template.read_bytes())
    configure("json", stream=said)
    with behind_doors(database) as house:
        slack, teams, run = house.box.slack, house.box.teams, house.runner.run
        words_ = "confidentialquokka"
        for fault in ("chat.postMessage", "views.open", "chat.postEphemeral", "users.info", "response_url"):
            house.box.ledger.faults.append(Fault(fault, "status", status=503, times=2))
        house.box.ledger.faults.append(Fault("activity.post", "status", status=403, times=1))
        run(slack.command("ana", INCIDENTS, "/incident", f"note 1 {words_}"))
        run(slack.command("noor", INCIDENTS, "/incident", f"declare {words_} sev3"))
        run(slack.command("ana", INCIDENTS, "/incident", "note 1"))
        run(slack.mention("ben", INCIDENTS, f"update 1 {words_}"))
        run(teams.mention("ben", CHANNEL, f"note 1 {words_}"))
        house.settle()
        secret = slack.signing_secret
        token = teams.identity.sign(line(house))
        for body in (
            command(text=words_),
            command(text=f"{words_} ana@example.com", team_id="T0X"),
            b'{"a": ' + words_.encode(),
        ):
            house.slack(body)
            house.post(SLACK, body, {"Content-Type": FORM, "X-Slack-Signature": f"v0={'ab' * 32}"})
            house.post(TEAMS, body, {"Content-Type": JSON, "Authorization": token})
        house.teams(line(house, words_, serviceUrl=f"https://evil.example/{words_}"))
        house.teams(line(house, words_), authorization=f"{token}x")
        house.settle()
        written = said.getvalue()
        triggers = [a.payload.get("trigger_id", "") for a in slack.wire.acks]
        hooks = [a.payload.get("response_url", "") for a in slack.wire.acks]
    assert written.count("refused") >= 8
    assert "503" in written or "http" in written, "the faults on the way out are told of"
    kept_back = [words_, secret, slack.bot_token, teams.app_password, token.removeprefix("Bearer "), "ab" * 32]
    for text in [*kept_back, *filter(None, triggers), *filter(None, hooks), "@example.com"]:
        assert text not in written, text


# --- 12: declare storms ----------------------------------------------------------------------------------------------


async def test_threat_12_a_storm_of_declarations_offers_to_join(seed_desk: Desk) -> None:
    """Five people declare the same outage: from the second on each is shown the open ones, each with a button to join."""
    await all_of(seed_desk, ("ana", "declare Checkout is down sev1"))
    for who in ("ben", "cleo", "noor"):
        answer = await seed_desk.say(who, f"declare Checkout is dead for {who}")
        assert buttons(answer.show)["Join INC-1"] == "join 1"
