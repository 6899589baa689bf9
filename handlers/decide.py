"""The one match: every command to the function that decides it. A command without a case fails type checking."""

from typing import Any, assert_never

from handlers import (
    afterwards,
    apologise,
    approve,
    channels,
    cover,
    credit,
    customer_clock,
    customers,
    declare,
    digest,
    directory,
    facts,
    forms,
    handover,
    look,
    mine,
    nudge,
    oncall,
    packs,
    pins,
    progress,
    promises,
    publish,
    questions,
    recap,
    relay,
    relay_clock,
    remind,
    reviews,
    subscribe,
    trouble,
    unclear,
    watch,
)
from handlers import commands as c
from handlers.book import Book
from handlers.card import Card, Reply, line
from handlers.context import Context
from handlers.domain.errors import Refused
from handlers.domain.people import NOBODY
from handlers.domain.permit import NOT_AVAILABLE, TABLE
from handlers.due import Due


def decide(command: c.Command, ctx: Context, book: Book) -> Reply:
    """What comes of a command: a reply, and in the book the record and the posts. Raises Refused, changing nothing."""
    if not ctx.actor.colleague or (type(command).__name__ in TABLE["machine"].commands and ctx.actor != NOBODY):
        raise Refused(NOT_AVAILABLE, audit=True)
    match command:
        case c.Declare():
            return declare.declare(command, ctx, book)
        case c.ListIncidents():
            return look.list_incidents(command, ctx, book)
        case c.Show():
            return look.show(command, ctx, book)
        case c.Timeline():
            return look.timeline(command, ctx, book)
        case c.Help():
            return look.help_(command, ctx, book)
        case c.WhoAmI():
            return look.who_am_i(ctx, book)
        case c.Here():
            return look.here(ctx, book)
        case c.Stats():
            return look.stats(command, ctx, book)
        case c.CustomerList():
            return look.customers(ctx, book)
        case c.CustomerShow():
            return look.customer(command, ctx, book)
        case c.CustomerChannel():
            return directory.customer_channel(command, ctx, book)
        case c.CustomerManager():
            return directory.customer_manager(command, ctx, book)
        case c.CustomerZone():
            return directory.customer_zone(command, ctx, book)
        case c.CatalogReviewed():
            return reviews.reviewed(command, ctx, book)
        case c.ShowCredit():
            return credit.show(command, ctx, book)
        case c.ServiceList():
            return look.services(ctx, book)
        case c.ServiceShow():
            return look.service(command, ctx, book)
        case c.SetSeverity():
            return progress.set_severity(command, ctx, book)
        case c.SetServices():
            return progress.set_services(command, ctx, book)
        case c.SetRegion():
            return progress.set_region(command, ctx, book)
        case c.SetTitle():
            return progress.set_title(command, ctx, book)
        case c.SetStatus():
            return progress.set_status(command, ctx, book)
        case c.SetPrivate():
            return progress.set_private(command, ctx, book)
        case c.Resolve():
            return progress.resolve(command, ctx, book)
        case c.Reopen():
            return progress.reopen(command, ctx, book)
        case c.Cancel():
            return progress.cancel(command, ctx, book)
        case c.Merge():
            return progress.merge(command, ctx, book)
        case c.Update():
            return progress.update(command, ctx, book)
        case c.CanReport():
            return progress.can_report(command, ctx, book)
        case c.ShowPeople():
            return oncall.who_is_in(command, ctx, book)
        case c.Subscribe():
            return subscribe.subscribe(command, ctx, book)
        case c.Unsubscribe():
            return subscribe.unsubscribe(command, ctx, book)
        case c.ShowSubscriptions():
            return subscribe.subscriptions(ctx, book)
        case c.SetRole():
            return progress.set_role(command, ctx, book)
        case c.AcceptHandOver():
            return handover.accept(command, ctx, book)
        case c.DeclineHandOver():
            return handover.decline(command, ctx, book)
        case c.Join():
            return progress.join(command, ctx, book)
        case c.Leave():
            return progress.leave(command, ctx, book)
        case c.Undo():
            return progress.undo(command, ctx, book)
        case c.Closure():
            return customers.closure(command, ctx, book)
        case c.Holding():
            return customers.holding(command, ctx, book)
        case c.Send():
            return customers.send(command, ctx, book)
        case c.ShowAffected():
            return customers.show_affected(command, ctx, book)
        case c.ChangeAffected():
            return customers.change_affected(command, ctx, book)
        case c.Recap():
            return recap.recap(command, ctx, book)
        case c.Remind():
            return remind.remind(command, ctx, book)
        case c.RemindMe():
            return remind.remind_me(command, ctx, book)
        case c.CancelPing():
            return mine.cancel_ping(command, ctx, book)
        case c.Notify():
            return digest.notify(command, ctx, book)
        case c.OnTrack():
            return remind.on_track(command, ctx, book)
        case c.Note():
            return facts.note(command, ctx, book)
        case c.Pin():
            return pins.pin(command, ctx, book)
        case c.Unpin():
            return pins.unpin(command, ctx, book)
        case c.TaskAdd():
            return facts.task_add(command, ctx, book)
        case c.TaskDone():
            return facts.task_done(command, ctx, book)
        case c.TaskMove():
            return afterwards.task_move(command, ctx, book)
        case c.RecordFact():
            return facts.record(command, ctx, book)
        case c.ReplaceFact():
            return facts.replace_fact(command, ctx, book)
        case c.DropFact():
            return facts.drop(command, ctx, book)
        case c.ConfirmFact():
            return facts.confirm(command, ctx, book)
        case c.ShowFacts():
            return facts.show(command, ctx, book)
        case c.Link():
            return facts.link(command, ctx, book)
        case c.Unlink():
            return facts.unlink(command, ctx, book)
        case c.ApologyDraft():
            return apologise.draft(command, ctx, book)
        case c.ApologyShow():
            return apologise.show(command, ctx, book)
        case c.ApologyWhy():
            return apologise.why(command, ctx, book)
        case c.ApologyLint():
            return apologise.check(command, ctx, book)
        case c.ApologyFill():
            return apologise.fill(command, ctx, book)
        case c.ApologyWaive():
            return apologise.waive(command, ctx, book)
        case c.ApologyEdit():
            return apologise.edit(command, ctx, book)
        case c.ApologyMend():
            return apologise.mend(command, ctx, book)
        case c.ApologySuggest():
            return apologise.suggest(command, ctx, book)
        case c.ApologySubmit():
            return approve.submit(command, ctx, book)
        case c.ApologyApprove():
            return approve.approve(command, ctx, book)
        case c.ApologyReject():
            return approve.reject(command, ctx, book)
        case c.ApologyPublish():
            return publish.publish(command, ctx, book)
        case c.ApologyPause():
            return publish.pause(command, ctx, book)
        case c.ApologyResume():
            return publish.resume(command, ctx, book)
        case c.ApologyCorrect():
            return publish.correct(command, ctx, book)
        case c.ApologyRetract():
            return publish.retract(command, ctx, book)
        case c.ApologyStatus():
            return publish.status(command, ctx, book)
        case c.ApologyFollowUp():
            return publish.follow_up(command, ctx, book)
        case c.Settle():
            return publish.settle(command, ctx, book)
        case c.RelayList():
            return relay.relays(command, ctx, book)
        case c.RelayPack():
            return packs.pack(command, ctx, book)
        case c.RelayCheck():
            return relay.check(command, ctx, book)
        case c.RelayDone():
            return relay.done(command, ctx, book)
        case c.RelayAck():
            return relay.acknowledge(command, ctx, book)
        case c.RelaySkip():
            return relay.skip(command, ctx, book)
        case c.RelayClose():
            return relay.close(command, ctx, book)
        case c.RelayAsk():
            return questions.ask(command, ctx, book)
        case c.RelayAnswer():
            return questions.answer(command, ctx, book)
        case c.Cover():
            return cover.cover(command, ctx, book)
        case c.ShowPromises():
            return promises.show(command, ctx, book)
        case c.PromiseDone():
            return promises.done(command, ctx, book)
        case c.PromiseMove():
            return promises.move(command, ctx, book)
        case c.PromiseWithdraw():
            return promises.withdraw(command, ctx, book)
        case c.OpenForm():
            return Reply(forms.form(command, ctx, book))
        case c.RoomOpened():
            declare.room_opened(command, ctx, book)
        case c.CannotDo():
            declare.cannot(command, ctx, book)
        case c.MessageChanged():
            pins.followed(command, ctx, book)
        case c.PostSettled():
            publish.advance(command, ctx, book)
        case c.LookedFor():
            unclear.looked_for(command, ctx, book)
        case c.ChannelSeen():
            channels.seen(command, ctx, book)
        case c.ChannelTouched():
            channels.touched(command, ctx, book)
        case c.ChannelMoved():
            channels.moved(command, ctx, book)
        case c.Trouble():
            trouble.trouble(command, ctx, book)
        case c.RoomShut():
            trouble.shut(command, ctx, book)
        case c.Audited():
            watch.audited(command, ctx, book)
        case c.Tick():
            tick(ctx, book)
        case _:
            assert_never(command)
    return Reply(Card("Amends", (line("Done."),)))


DUE: tuple[Due[Any], ...] = (
    channels.LISTED,
    remind.UPDATES,
    customer_clock.WORDS,
    remind.PINGS,
    handover.UNANSWERED,
    relay_clock.RELAYS,
    packs.STALE,
    cover.ENDED,
    publish.PUBLICATIONS,
    promises.SOON,
    promises.LATE,
    promises.PROGRESS,
    afterwards.APOLOGIES,
    afterwards.TASKS,
    afterwards.WAIVERS,
    reviews.LISTED,
    reviews.REVIEWS,
    nudge.KEPT,
    digest.ROUNDS,
    digest.MORNINGS,
)
"""What the clock asks for, in this order."""


def tick(ctx: Context, book: Book) -> int:
    """The clock: what is due now, each said once. Returns how much there was."""
    total = 0
    for due in DUE:
        found = due.found(book)
        for record in found:
            due.act(record, ctx, book)
        if due.then is not None and found:
            due.then(found, ctx, book)
        total += len(found)
    return total
