"""The first seven days for staff: who is where, who is put on it, and what the lessons say."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime

from slack_bolt.async_app import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from community import journeys_notices as notices
from community.clock import Clock
from community.journeys_steps import Came, HasLeft
from community.members import require_staff
from community.mentoring_drafts import keepable
from community.refusals import Incomplete, NotFound
from handlers.answering import notice, put
from handlers.journeys_start import begin
from handlers.listening import House, Listening, May, Work
from handlers.opening import open_known, show_in
from handlers.payloads import Actor, Json, entered, number, part
from messages import journeys_desk as words
from messages.journeys_lessons import Lesson, Words, find_lesson, first_week, lessons, words_of
from storage.journeys_texts import Version
from storage.store import Store

MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
AT_ONCE_MOST = 25
"""People that one `/journey start` takes; their answer has to fit into one message."""


def register(listen: Listening) -> None:
    """Hear everything that staff does with the journey."""
    listen.action(words.PREVIEW, previewed, may=May.STAFF)
    listen.action(re.compile(rf"^{re.escape(words.SHOW)}\.(\w+)\.(\w+)$"), turned_page, may=May.STAFF)
    listen.action(words.EDIT, opened_lesson, may=May.STAFF)
    listen.form(words.EDIT_FORM, submitted_lesson, may=May.STAFF)
    listen.action(words.ORIGINAL, went_back, may=May.STAFF)


async def start_people(work: Work, staff: str, text: str, *, at: datetime) -> str:
    """Put the people who are mentioned on the journey; give what came of it, one line each."""
    people = list(dict.fromkeys(MENTION.findall(text)))
    if not people:
        return words.START_USAGE
    said = []
    async with work() as store:
        await require_staff(store.members, staff)
        for user in people[:AT_ONCE_MOST]:
            await store.members.meet(user, at=at)
            try:
                begun = await begin(store, user, Came.STAFF, at=at, by=staff)
            except HasLeft:
                begun = None
            said.append(words.started(user, begun[0] if begun else None, new=bool(begun and begun[1])))
    left = len(people) - AT_ONCE_MOST
    return "\n".join([*said, *([words.too_many(left)] if left > 0 else [])])


def show_desk(house: House, client: AsyncWebClient, body: Json) -> None:
    """Open the view of the whole journey."""
    open_known(house, client, body, lambda store: read_desk(store, {}), words.waiting())


async def read_desk(store: Store, pages: Mapping[str, int]) -> Json:
    """Read who is where, each list at its page."""
    key, desk = first_week().key, store.journeys_desk
    shown = {
        name: await getattr(desk, name)(key, page=pages.get(name, 0), size=words.SIZE) for name in words.LISTS
    }
    changed = await store.journeys_texts.latest_of_all()
    texts = [_text(lesson, changed.get(lesson.key)) for lesson in lessons()]
    return words.desk(words.Desk(counts=await desk.counts(key), texts=texts, **shown))


def _text(lesson: Lesson, version: Version | None) -> words.Text:
    if version is None:
        return words.Text(lesson, lesson.words)
    said = words_of(lesson, version.words)
    return words.Text(lesson, said, version.number, version.by if version.words is not None else None)


async def previewed(ack: AsyncAck, actor: Actor, work: Work, clock: Clock) -> None:
    """Staff pressed "Send all to me"."""
    async with work() as store:
        at = clock.now()
        await store.tell(notices.preview(actor.id, [lesson.key for lesson in lessons()], at=at), at=at)
    await ack()


async def turned_page(ack: AsyncAck, action: Json, body: Json, house: House, client: AsyncWebClient) -> None:
    """Staff turned to another page of a list."""
    await ack()
    which = str(action.get("action_id") or "").split(".")[-2]
    view = part(body, "view")
    pages = _pages(str(view.get("private_metadata") or "")) | {which: number(action.get("value"))}
    turned = show_in(house, client, body, str(view.get("id")), lambda store: read_desk(store, pages))
    house.errands.start(turned, what="turn a page")


def _pages(metadata: str) -> dict[str, int]:
    try:
        read = json.loads(metadata)
    except ValueError:
        return {}
    return {name: number(page) for name, page in read.items()} if isinstance(read, dict) else {}


async def opened_lesson(
    ack: AsyncAck, action: Json, client: AsyncWebClient, body: Json, house: House
) -> None:
    """Staff pressed "Edit…" beside a lesson."""
    lesson = find_lesson(str(action.get("value") or ""))
    if lesson is None:
        raise NotFound
    await ack()

    async def build(store: Store) -> Json:
        return words.edit_form(_text(lesson, await store.journeys_texts.latest(lesson.key)))

    open_known(house, client, body, build, words.waiting(f"Day {lesson.day}"))


async def submitted_lesson(
    ack: AsyncAck,
    view: Json,
    body: Json,
    actor: Actor,
    work: Work,
    clock: Clock,
    house: House,
    client: AsyncWebClient,
) -> None:
    """Staff saved what a lesson says from now on."""
    lesson, base = _which(str(view.get("private_metadata") or ""))
    said = _entered_words(view, lesson)
    async with work() as store:
        version = Version(lesson.key, base + 1, said.kept(), actor.id, clock.now())
        if not await store.journeys_texts.keep_version(version):
            raise Incomplete({"text": "edited"})
    await ack()
    root = str(view.get("root_view_id") or "")
    if root and root != view.get("id"):
        anew = show_in(house, client, body, root, lambda store: read_desk(store, {}))
        house.errands.start(anew, what="show the new text")


def _which(metadata: str) -> tuple[Lesson, int]:
    key, _, base = metadata.rpartition(":")
    lesson = find_lesson(key)
    if lesson is None:
        raise NotFound
    return lesson, number(base)


def _entered_words(view: Json, lesson: Lesson) -> Words:
    problems = {}
    said = {}
    stages = {stage.value: stage for stage in lesson.words.variants}
    for name in ("title", "task", "text", *stages):
        said[name] = keepable(entered(view, name))
        if not said[name]:
            problems[name] = "missing"
        elif len(said[name]) > words.LONGEST.get(name, words.LONGEST["text"]):
            problems[name] = "too long"
    if problems:
        raise Incomplete(problems)
    variants = {stage: said[name] for name, stage in stages.items()}
    return Words(said["title"], said["task"], said["text"], variants)


async def went_back(
    ack: AsyncAck,
    action: Json,
    body: Json,
    actor: Actor,
    work: Work,
    clock: Clock,
    house: House,
    client: AsyncWebClient,
) -> None:
    """Staff pressed "Back to the original" and confirmed it."""
    lesson, base = _which(str(action.get("value") or ""))
    async with work() as store:
        back = await store.journeys_texts.keep_version(
            Version(lesson.key, base + 1, None, actor.id, clock.now())
        )
    await ack()
    view = part(body, "view")
    shown = notice(words.back_to_original(lesson, changed=back))
    house.errands.start(put(client, body, str(view.get("id")), shown), what="say that it is the original")
    root = str(view.get("root_view_id") or "")
    if root and root != view.get("id"):
        anew = show_in(house, client, body, root, lambda store: read_desk(store, {}))
        house.errands.start(anew, what="show the original text")
