"""Announcements in words: what people get, their part of the Home tab, and every refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from community import announcements_book as book
from community import announcements_text as rich
from community.announcements_book import Announcement, Status, Words
from community.refusals import Refused
from messages import payload as p
from messages import payload_fields as f

COMMAND = "/announce"
ANNOUNCE_THIS = "announcements.announce_this"

LINK = "announcements.link"
PROOF_LINK = "announcements.proof_link"
APPROVE = "announcements.approve"
DECLINE = "announcements.decline"
CANCEL = "announcements.cancel"
EDIT = "announcements.edit"
TAKE_BACK = "announcements.take_back"
RETRY = "announcements.retry"
EXPORT = "announcements.export"
LOOK = "announcements.look"
MUTE = "announcements.mute"
UNMUTE = "announcements.unmute"


# What people get


def message(words: Words, one: Announcement, *, proof: bool = False) -> p.Payload:
    """Give an announcement as it is read; in a `proof` a press on its button is not counted."""
    return p.message(p.escape(p.shorten(rich.words(words.text), 1000)), shown(words, one, proof=proof))


def shown(words: Words, one: Announcement, *, proof: bool = False) -> list[p.Block]:
    """Give the blocks of an announcement."""
    blocks = [f.rich_text(words.text)] if words.text else []
    if words.image_url:
        blocks.append(f.image(words.image_url, words.image_alt))
    if words.link_url:
        action = PROOF_LINK if proof else LINK
        blocks.append(p.actions(p.button(words.link_text, action, one.id, url=words.link_url)))
    way_out = "" if one.audience.channels else " You can switch announcements off on my Home tab."
    blocks.append(p.context(f"Announcement from <@{one.author}>.{way_out}"))
    return blocks


# The Home tab


def own(*, muted: bool) -> list[p.Block]:
    """Give everybody's part of the Home tab."""
    if muted:
        text = "Announcements are *off*. Your questions and everything about them still reach you."
        return [p.section(text, accessory=p.button("Switch on", UNMUTE, label="Switch announcements on"))]
    text = "Announcements are on. Your questions reach you either way."
    return [p.section(text, accessory=p.button("Switch off", MUTE, label="Switch announcements off"))]


# Refusals

_OVER = {
    Status.SENT: "It has gone out already. *Take back…* on its card deletes it.",
    Status.CANCELLED: "It was stopped already, so there is nothing left to do. Its card shows who had it.",
    Status.RECALLED: "It was taken back already. There is nothing left to do.",
    Status.DRAFT: f"It is a draft, so nothing goes out. `{COMMAND}` opens it.",
}

REFUSALS: dict[type[Refused], Callable[[Any], str]] = {
    book.AlreadyConfirmed: lambda _: (
        "This one has been confirmed already, so it goes out once. Its card is in the staff channel."
    ),
    book.AlreadyEdited: lambda _: (
        "Somebody else has changed its text while you wrote. Press *Edit…* again to see the new one."
    ),
    book.AudienceChanged: lambda r: (
        f"Since you looked it has become {r.total:,} people. Please look at it once more: `{COMMAND}`."
    ),
    book.NobodyThere: lambda _: f"Nobody would get this. `{COMMAND}` opens it, so that you can change whom.",
    book.HasNoText: lambda _: f"It says nothing yet. `{COMMAND}` opens it.",
    book.TimePassed: lambda _: f"The time that you chose is over. `{COMMAND}` opens it for another one.",
    book.OwnAnnouncement: lambda _: (
        "You wrote this, so somebody else on staff has to approve it. Everybody in the staff channel can."
    ),
    book.NothingToApprove: lambda _: (
        "Somebody else has decided already, so there is nothing left to do. The card shows what."
    ),
    book.AlreadyEnded: lambda r: _OVER.get(r.status, "There is nothing left to stop. Its card shows why."),
    book.NotYet: lambda _: "Nobody has got it yet. *Cancel* on its card stops it.",
    book.NothingFailed: lambda _: "Nothing failed that could be sent again. The card will show that shortly.",
}
"""What each refusal about announcements says."""
