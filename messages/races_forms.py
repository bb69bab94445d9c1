"""The forms of the race look-up, what stands there while it looks, and what is said when it cannot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from community.offices import Office
from community.races import Place, Unlocated
from community.races_list import Lookup, Wish
from community.states import state_name
from messages import payload as p
from messages import races as words

FORM = "races.look_up"
SHARE_FORM = "races.share_in"
WHERE_MOST = 300
CHOICES_MOST = 20
"""Places that one can choose among; more than that is no question any more."""

LOOKING = "Looking up your districts… The answer follows in a moment."


UNREACHABLE = "unreachable"
SLOW = "slow"
FAULT = "fault"

_SAID: Mapping[str, str] = {
    Unlocated.NOTHING: (
        "Where do you live? A street address knows the most, and it is forgotten at once. "
        "A ZIP code, a city with its state, or a state works too: `/races 23220`."
    ),
    Unlocated.UNKNOWN_ZIP: (
        "There is no such ZIP code. Please check its five digits, or name the city and the state: "
        "`/races Richmond, VA`."
    ),
    Unlocated.MILITARY_ZIP: (
        "That is a military address, and it does not say where in the country you vote. "
        "Use the ZIP code or the city where you are registered."
    ),
    Unlocated.ABROAD: (
        "That ZIP code belongs to another country. Use the ZIP code or the city where you are registered "
        "to vote in the United States."
    ),
    Unlocated.UNKNOWN_PLACE: (
        "No city, county or state is called that. Please check the spelling, add the state "
        "(`Richmond, VA`), or use the five-digit ZIP code."
    ),
    Unlocated.NO_MATCH: (
        "Nobody could find that address. Please check the number and the street and add the ZIP code, "
        "or use the ZIP code alone: `/races 23220`."
    ),
    Unlocated.TOO_LONG: "That is longer than any address. Please type the street, the city and the state.",
    UNREACHABLE: (
        "The Census Bureau's address service does not answer now. Try again in a few minutes, or use your "
        "ZIP code: that works without it."
    ),
    SLOW: "That took too long, so we stopped looking. Please try again in a moment, or use your ZIP code.",
    FAULT: (
        "Something went wrong on our side while we looked. Nothing of what you typed was kept. "
        "Please try again in a moment, or use your ZIP code."
    ),
}

FORM_PROBLEMS: Mapping[str, Mapping[str, str]] = {
    "where": {str(what): said.replace("`", "") for what, said in _SAID.items()},
    "office": {"unknown": "Please choose one of the offices, or leave it empty."},
}

SHARE_PROBLEMS: Mapping[str, Mapping[str, str]] = {
    "channel": {
        "missing": "Please choose a channel.",
        "not there": "I am not in that conversation. Say /invite @downballot there, then press Post again.",
        "unreachable": "Slack did not say whether I am in there. Please press Post again in a moment.",
    }
}


def trouble(what: str) -> str:
    """Say why there is no answer, and what to do: `what` is an Unlocated or one of those above."""
    return _SAID.get(what, _SAID[FAULT])


def form(*, state: str | None = None, office: str | None = None) -> p.Payload:
    """The form: where somebody lives, and for which office if they know."""
    offices = [p.option(each.value, each.label) for each in Office if each is not Office.OTHER]
    hint = f" Or just {state_name(state)}." if state else ""
    return p.modal(
        words.TITLE,
        [
            p.section(
                "More offices are elected where you live than most people think, and many have one candidate "
                "or none."
            ),
            p.field(
                "where",
                "Where do you live?",
                p.text_input("where", most=WHERE_MOST, placeholder="Street, city, state"),
                hint="A street address knows your exact districts. "
                f"A ZIP code, city or state works too.{hint}",
            ),
            p.field(
                "office",
                "Office",
                p.select("office", offices, chosen=office, placeholder="Any"),
                optional=True,
            ),
            p.context(
                "An address is used for this one look-up and forgotten. Only district numbers are kept."
            ),
        ],
        callback=FORM,
        submit="Look up",
        close="Cancel",
    )


def looking() -> p.Payload:
    """What stands in the modal until the answer is there."""
    return p.modal(words.TITLE, [p.section(LOOKING)])


def sorry(what: str) -> p.Payload:
    """Say in the modal why there is no answer."""
    return p.modal(words.TITLE, [p.section(trouble(what)), p.actions(p.button("Try again", words.OPEN))])


def sorry_message(what: str) -> p.Payload:
    """Say in a message why there is no answer."""
    return p.message(
        trouble(what), [p.section(trouble(what)), p.actions(p.button("Open the form", words.OPEN))]
    )


def _choice_blocks(lookup: Lookup, wish: Wish) -> list[p.Block]:
    places = lookup.places
    labels = [place.label for place in places]
    blocks = [p.section("That could be several places. Which one do you mean?")]
    # Five to a row; every button of a block has an id of its own.
    for at in range(0, min(len(places), CHOICES_MOST), 5):
        buttons = [
            p.button(_label(place, labels), f"{words.CHOOSE}.{number}", number)
            for number, place in enumerate(places[at : at + 5], at)
        ]
        blocks.append(p.actions(*buttons, block_id=words.state_id(f"choices{at}", lookup.id, wish)))
    hidden = len(places) - CHOICES_MOST
    if hidden > 0:
        blocks.append(p.context(f"{hidden} more are called that: add the state or the ZIP code."))
    return blocks


def _label(place: Place, labels: Sequence[str]) -> str:
    """Name a place so that it differs from the others: by county or districts where the label does not."""
    if labels.count(place.label) == 1:
        return p.shorten(place.label, 70)
    inner = [each.name for each in place.certain if each.layer in {"sldl", "sldu", "county"} and each.name]
    apart = place.county if place.county and place.county not in place.label else ", ".join(inner[:2])
    return p.shorten(f"{place.label} · {apart}" if apart else place.label, 70)


def choices(lookup: Lookup, wish: Wish) -> p.Payload:
    """Ask in a message which place is meant."""
    return p.message("Which place do you mean?", _choice_blocks(lookup, wish))


def choices_view(lookup: Lookup, wish: Wish) -> p.Payload:
    """Ask in the modal which place is meant."""
    return p.modal(words.TITLE, _choice_blocks(lookup, wish))


def share_form(preview: p.Payload, *, about: str, channel: str) -> p.Payload:
    """Ask where to post a race, with the card as it will look; nothing is posted before that."""
    shown = [block for block in preview["blocks"] if block["type"] != "actions"]
    return p.modal(
        "Share this race",
        [
            p.field(
                "channel",
                "Where?",
                p.conversation_select("channel", chosen=channel),
                hint="Everybody there will see it, with your name. Your address is not in it.",
            ),
            p.divider(),
            *shown,
        ],
        callback=SHARE_FORM,
        submit="Post",
        close="Cancel",
        metadata=about,
    )


def is_posted(channel: str) -> p.Payload:
    """Say that the race is on its way to the channel."""
    return p.modal("Shared", [p.section(f"It will be in <#{channel}> in a moment.")])
