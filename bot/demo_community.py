"""A small community for the demo: who is in it, and what they did before you came, done through Slack itself.

Every name is invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bot import demo_events
from community.mentoring_requests import Rating
from messages import announcements as announcement_words
from messages import announcements_forms as announcing
from messages import journeys as journey_words
from messages import members as member_words
from messages import mentoring as words
from messages import mentoring_forms as forms

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sandbox.model import Channel, Message
    from sandbox.person import Person
    from sandbox.server import Sandbox

TEAM = "T0DOWNBALLOT"
TEAM_NAME = "Run Local"

GENERAL, MENTORS, STAFF, WINS = "C0GENERAL", "C0MENTORS", "C0STAFFDESK", "C0WINS"

STARTS_BEFORE = timedelta(hours=27)
"""How long before the visitor comes the story of the community begins."""

PATIENCE = 30.0
"""Real seconds that anything in the story may take; a small machine may be busy."""

_ZONE = ZoneInfo("America/New_York")
_MIDDAY = time(14, 0)
_TUESDAY, _FRIDAY = 1, 4


def present(now: datetime) -> datetime:
    """Give the moment at which a visitor comes: the next one when all of the country is at work.

    The day before is a working day as well, for the story to happen on.
    """
    day = now.astimezone(_ZONE)
    moment = datetime.combine(day.date(), _MIDDAY, tzinfo=_ZONE)
    while moment < day or not _TUESDAY <= moment.weekday() <= _FRIDAY:
        # Dates are counted, not hours: the day on which the clocks change has another number of them.
        moment = datetime.combine(moment.date() + timedelta(days=1), _MIDDAY, tzinfo=_ZONE)
    return moment.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Somebody:
    """One person of the community; `zone` is an IANA name, `title` what their profile says."""

    id: str
    name: str
    zone: str
    title: str


@dataclass(frozen=True, slots=True)
class Offer:
    """What a mentor of the community offers, as a row of a sheet: empty topics or offices mean all."""

    user: str
    states: str
    topics: str
    kind: str
    offices: str
    capacity: int


CANDIDATES = (
    Somebody("U0JONAH", "Jonah Whitehorse", "America/Denver", "Running for state house, NM"),
    Somebody("U0MAYA", "Maya Okafor", "America/New_York", "Running for school board, Norfolk VA"),
    Somebody("U0LUIS", "Luis Herrera", "America/Phoenix", "Running for city council, Tucson AZ"),
    Somebody("U0GRACE", "Grace Tran", "America/Los_Angeles", "Running for school board, Sacramento CA"),
    Somebody("U0PRIYA", "Priya Raman", "America/Indiana/Indianapolis", "Thinking about county office, IN"),
)
PEOPLE_WHO_HELP = (
    Somebody("U0MARCUS", "Marcus Reed", "America/Phoenix", "Field director, three cycles in the Southwest"),
    Somebody("U0ELENA", "Elena Vasquez", "America/Denver", "Regional lead, Mountain West"),
    Somebody("U0DENISE", "Denise Carter", "America/New_York", "Compliance and ballot access, Richmond"),
    Somebody("U0TOM", "Tom Kowalski", "America/New_York", "Finance director, Pittsburgh"),
    Somebody("U0AISHA", "Aisha Bello", "America/New_York", "School board member since 2021"),
    Somebody("U0SAM", "Sam Nguyen", "America/Los_Angeles", "City council member since 2022"),
    Somebody("U0RUTH", "Ruth Lindqvist", "America/Chicago", "Organizer, Great Lakes"),
    Somebody("U0HANNAH", "Hannah Brooks", "America/New_York", "Campaign manager, Atlanta"),
)
STAFF_PEOPLE = (
    Somebody("U0OLIVIA", "Olivia Park", "America/New_York", "Community lead"),
    Somebody("U0BEN", "Ben Adeyemi", "America/Chicago", "Candidate support"),
)

NEWCOMER = "U0PRIYA"
"""Joins while the story is told, and so begins her first seven days."""

# Hannah is not among them: she signs up in Slack and waits for staff.
OFFERS = (
    Offer("U0MARCUS", "AZ;NM;NV", "field;voter_contact;volunteers", "operative", "", 3),
    Offer("U0ELENA", "NM;CO;UT;AZ", "", "regional", "", 4),
    Offer("U0DENISE", "VA;NC;MD", "filing;budget", "operative", "", 3),
    Offer("U0TOM", "VA;PA", "budget;communications", "operative", "", 2),
    Offer("U0AISHA", "VA", "", "alumni", "school_board", 2),
    Offer("U0SAM", "CA", "debate;communications;after", "alumni", "city_council;school_board", 2),
    Offer("U0RUTH", "IN;OH;MI;IL", "volunteers;field", "operative", "", 3),
)

TRY = "Be Jonah and type /askmentor; then be Marcus and press Claim."


def tour() -> list[dict[str, Any]]:
    """The steps that the page shows a visitor."""
    return [
        {
            "title": "Ask as a candidate",
            "text": "Be Jonah, who runs for the state house in New Mexico. Type /askmentor and a question, "
            "or choose “Ask a mentor” in the menu of his message here. The receipt comes from the app.",
            "act_as": "U0JONAH",
            "go_to": GENERAL,
        },
        {
            "title": "Claim as a mentor",
            "text": "Marcus knows New Mexico and was just asked. Press Claim on his card: everybody else "
            "who was asked sees at once that the question is taken.",
            "act_as": "U0MARCUS",
            "go_to": "app",
        },
        {
            "title": "Talk, then close it",
            "text": "A conversation with Jonah and Marcus has opened. Write something as Marcus, then press "
            "Answered on his card. Jonah is asked how much it helped.",
            "act_as": "U0MARCUS",
        },
        {
            "title": "See what mentors see",
            "text": "Every open question stands in #mentors, always in its true state. Any approved mentor "
            "can claim from here: Maya's question still waits.",
            "act_as": "U0DENISE",
            "go_to": MENTORS,
        },
        {
            "title": "Be staff",
            "text": "Hannah wants to be a mentor and waits in #staff-desk. Approve her, then ask something "
            "for Georgia as any candidate.",
            "act_as": "U0OLIVIA",
            "go_to": STAFF,
        },
        {
            "title": "Post once, to the right people",
            "text": "Olivia announced something yesterday: its card here shows who has it. Type /announce, "
            "write, choose whom and when, and look before it goes. It leaves two minutes later.",
            "act_as": "U0OLIVIA",
            "go_to": STAFF,
        },
        {
            "title": "Everybody's own page",
            "text": "The app's Home shows each person what is theirs: a candidate's questions, what a mentor "
            "holds, who waits longest.",
            "act_as": "U0MARCUS",
            "go_to": "home",
        },
        {
            "title": "Your first seven days",
            "text": "Priya joined yesterday and gets one short lesson a day, at nine of her own morning. "
            "Press Done, Skip or Pause, then skip ahead a day, up to seven times. Olivia sees with /journey "
            "who is where.",
            "act_as": "U0PRIYA",
            "go_to": "app",
        },
        {
            "title": "What can I run for?",
            "text": "Priya asks what most newcomers ask. Type /races 40202, /races Virginia or /races 53703 "
            "school board: what is elected there, the soonest filing deadline first. Press Details, "
            "then Save: a calendar file comes, her Home lists the race, and from then on the countdown to "
            "its filing deadline comes by itself.",
            "act_as": "U0PRIYA",
            "go_to": "app",
        },
        {
            "title": "An Armchair Chat",
            "text": "Tom speaks in two days, and two have signed up. Press Sign me up as Maya: the card and "
            "a calendar file come by message. Skip ahead, and the reminders arrive. Olivia schedules the "
            "next one with /chats.",
            "act_as": "U0MAYA",
            "go_to": GENERAL,
        },
        {
            "title": "Let time pass",
            "text": "Skip ahead a day: whoever was asked and says nothing is not asked for ever, the circle "
            "widens, and a mentor who claimed and went quiet is nudged.",
        },
    ]


def settle(sandbox: Sandbox, bot_user: str) -> None:
    """Put people and channels in place; what is there already stays as it is."""
    workspace = sandbox.workspace
    for each in (*CANDIDATES, *PEOPLE_WHO_HELP, *STAFF_PEOPLE):
        workspace.add_user(
            each.name.lower().replace(" ", "."),
            id=each.id,
            real_name=each.name,
            tz=each.zone,
            title=each.title,
            is_admin=each in STAFF_PEOPLE,
        )
    everybody = [each.id for each in (*CANDIDATES, *PEOPLE_WHO_HELP, *STAFF_PEOPLE)]
    helpers = [each.user for each in OFFERS]
    staff = [each.id for each in STAFF_PEOPLE]
    settled = [each for each in everybody if each != NEWCOMER]
    workspace.add_channel(
        "general", id=GENERAL, members=[*settled, bot_user], is_general=True, purpose="For everybody."
    )
    workspace.add_channel(
        "mentors",
        id=MENTORS,
        private=True,
        members=[*staff, *helpers, bot_user],
        purpose="Every open question, for whoever can help.",
    )
    workspace.add_channel(
        "staff-desk", id=STAFF, private=True, members=[*staff, bot_user], purpose="What needs a human."
    )
    workspace.add_channel(
        "wins", id=WINS, members=[*everybody, bot_user], purpose="On the ballot, endorsed, elected."
    )


def sheet() -> bytes:
    """The mentors as staff would import them."""
    names = {each.id: each.name for each in PEOPLE_WHO_HELP}
    lines = ["slack_user_id,name,states,topics,kind,offices,capacity"]
    lines += [
        f"{each.user},{names[each.user]},{each.states},{each.topics},{each.kind},{each.offices},{each.capacity}"
        for each in OFFERS
    ]
    return "\n".join(lines).encode()


class Story:
    """What happened before the visitor came; `pass_time` moves the clock and lets happen what is due."""

    def __init__(self, sandbox: Sandbox, pass_time: Callable[[timedelta], Awaitable[None]]) -> None:
        self._sandbox = sandbox
        self._pass_time = pass_time
        self._left = STARTS_BEFORE

    async def tell(self) -> None:
        """Let it all happen; at the end it is the present."""
        olivia, aisha = self._person("U0OLIVIA"), self._person("U0AISHA")
        await olivia.say(
            GENERAL,
            "Welcome, everybody. Stuck on anything? Type `/askmentor`: somebody who knows your state and "
            "your kind of race will come to you. And `/races` with a ZIP code shows what is elected there.",
        )
        await self._joins()
        await self._answered()
        await self._announced()
        await self._later(timedelta(hours=4, minutes=50))
        await self._wants_to_help()
        await self._person("U0PRIYA").say(
            GENERAL, "Is it normal to read the county code at 11 pm and enjoy it? Asking for a friend."
        )
        await aisha.say(WINS, "Chesapeake certified its list this morning: four of us are on the ballot!")
        await self._later(timedelta(hours=17, minutes=10))
        await self._in_conversation()
        await self._later(timedelta(hours=2, minutes=20))
        await self._still_open()
        await self._person("U0JONAH").say(
            GENERAL, "Does anybody know whether I can gather signatures outside a public library here in NM?"
        )
        await demo_events.plan(self._sandbox, PATIENCE)
        await self._later(self._left)
        for user in ("U0MAYA", "U0MARCUS", "U0OLIVIA", "U0JONAH"):
            await self._person(user).open_home()

    async def _joins(self) -> None:
        priya = self._person(NEWCOMER)
        await priya.join_workspace()
        await self._later(timedelta(minutes=1))
        await priya.press(await self._card(priya, journey_words.TELL), journey_words.TELL)
        await self._form(priya, journey_words.TELL_FORM)
        goal = "Find out by New Year whether running for county council is for me."
        await priya.submit({"state": "IN", "office": "county", "stage": "exploring", "goal": goal})

    async def _answered(self) -> None:
        grace, sam = self._person("U0GRACE"), self._person("U0SAM")
        await self._ask(
            grace,
            "My first candidate forum is on Thursday and I have never debated anyone. How do I prepare in "
            "three evenings, and what do I do when I do not know an answer?",
            topic="debate",
            state="CA",
            office="school_board",
        )
        await self._later(timedelta(minutes=40))
        await self._claim(sam)
        room = await self._room(sam, grace)
        await sam.say(
            room.id,
            "Hi Grace! Three evenings are enough. Tonight: write the five questions you fear most, and two "
            "sentences for each. Tomorrow a friend asks them in a row while you stand.",
        )
        await self._later(timedelta(minutes=6))
        await grace.say(room.id, "And if I do not know something?")
        await self._later(timedelta(minutes=2))
        await sam.say(
            room.id,
            "Say so, say how you will find out, and by when. People trust that more than a made-up number.",
        )
        await self._later(timedelta(minutes=35))
        await grace.say(room.id, "I can do that. Thank you so much!")
        await sam.press(await self._card(sam, words.ANSWERED), words.ANSWERED)
        grade = f"{words.RATE}.{Rating.A_LOT}"
        await grace.press(await self._card(grace, grade), grade)

    async def _announced(self) -> None:
        olivia, jonah = self._person("U0OLIVIA"), self._person("U0JONAH")
        await olivia.command("/announce")
        await self._form(olivia, announcing.WRITE_FORM)
        said = [
            {"type": "text", "text": "Armchair Chat on Thursday, 7 pm ET", "style": {"bold": True}},
            {"type": "text", "text": ": first forum, no notes. Bring the question that scares you most."},
        ]
        await olivia.submit(
            {
                "text": {
                    "type": "rich_text",
                    "elements": [{"type": "rich_text_section", "elements": said}],
                },
                "link_text": "Prepare a question",
                "link_url": "https://example.org/forum-night",
            }
        )
        await olivia.submit({"role": ["candidate"], "mode": "now"})
        await olivia.submit({})
        await olivia.close_modal(all=True)
        await self._later(timedelta(minutes=5))
        await jonah.press(await self._card(jonah, announcement_words.LINK), announcement_words.LINK)
        await self._later(timedelta(minutes=5))

    async def _wants_to_help(self) -> None:
        hannah = self._person("U0HANNAH")
        await hannah.command("/mentor")
        await self._form(hannah, member_words.MENTOR_FORM)
        await hannah.submit(
            {
                "kind": "operative",
                "states": ["GA", "SC", "AL"],
                "topics": ["field", "volunteers", "budget"],
                "capacity": "2",
            }
        )

    async def _in_conversation(self) -> None:
        luis, marcus = self._person("U0LUIS"), self._person("U0MARCUS")
        await self._ask(
            luis,
            "I have eleven volunteers and two precincts that nobody has canvassed in years. Where do I send "
            "them first, and how many doors is realistic on a Saturday?",
            topic="field",
            state="AZ",
            office="city_council",
        )
        await self._later(timedelta(minutes=15))
        await self._claim(marcus)
        room = await self._room(marcus, luis)
        await marcus.say(
            room.id,
            "Hi Luis. Eleven people is a real team. In pairs, count on 40 doors an hour in town, less in the "
            "heat. Which of the two precincts had the closer result last time?",
        )
        await self._later(timedelta(minutes=9))
        await luis.say(room.id, "Precinct 47, by 112 votes. The other one was never contested.")

    async def _still_open(self) -> None:
        await self._ask(
            self._person("U0MAYA"),
            "The registrar says I need 125 signatures and my petition has 131. Two neighbors signed with "
            "their old address. Should I collect more before the deadline, and how many spare ones are wise?",
            topic="filing",
            state="VA",
            office="school_board",
        )

    def _person(self, user: str) -> Person:
        return self._sandbox.person(user)

    async def _later(self, by: timedelta) -> None:
        self._left -= by
        await self._pass_time(by)

    async def _form(self, person: Person, callback: str) -> None:
        """Wait until the form itself is there, after whatever stood in its place while it loaded."""
        await person.wait_until(
            lambda: person.modal is not None and person.modal.callback_id == callback, PATIENCE
        )

    async def _ask(self, person: Person, question: str, **answers: str) -> None:
        await person.command("/askmentor", question)
        await self._form(person, forms.ASK_FORM)
        await person.submit({"question": question, **answers})
        await self._card(person, words.CANCEL)

    async def _claim(self, mentor: Person) -> None:
        await mentor.press(await self._card(mentor, words.CLAIM), words.CLAIM)

    async def _card(self, person: Person, action: str) -> Message:
        """Wait for a message from the app that can be answered with this action, and give it."""

        def offers(message: Message) -> bool:
            elements = [each for block in message.blocks or [] for each in block.get("elements", [])]
            return any(each.get("action_id") == action for each in elements)

        card: Message = await person.wait_until(
            lambda: next(filter(offers, reversed(person.dm)), None), PATIENCE
        )
        return card

    async def _room(self, mentor: Person, asker: Person) -> Channel:
        """Give the conversation of the two, once the app has introduced them."""

        def found() -> Channel | None:
            rooms = [each for each in mentor.conversations() if each.is_mpim and asker.id in each.members]
            return next((each for each in rooms if mentor.messages(each.id)), None)

        room: Channel = await mentor.wait_until(found, PATIENCE)
        return room
