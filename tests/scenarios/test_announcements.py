"""An announcement, from the first word to the report: to exactly the right people, each exactly once."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest

from sandbox.outcomes import ClientRefused
from tests.scenarios.stage import GENERAL, STAFF

MINUTE = timedelta(minutes=1)


def rich(*elements):
    """What Slack's own field gives for one paragraph."""
    made = [{"type": "text", "text": one} if isinstance(one, str) else one for one in elements]
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": made}]}


def bold(text):
    return {"type": "text", "text": text, "style": {"bold": True}}


HELLO = rich("The ", bold("filing guide"), " is out.")
PEOPLE = ("ada", "ben", "mia", "max", "moe", "sue", "tom")


async def settle_people(stage):
    """Let everybody be known, with what they run for."""
    profiles = {"ada": {"state": "VA", "stage": "filed"}, "ben": {"state": "OH", "stage": "exploring"}}
    async with stage.application.database.transaction() as store:
        for name in PEOPLE:
            await store.members.meet(f"U0{name.upper()}", at=stage.clock.now())
            await store.members.describe(f"U0{name.upper()}", name=name.title(), **profiles.get(name, {}))


async def write(stage, who="sue", text=HELLO, command="", **fields):
    """Write what it says; the form of whom and when is open then."""
    person = stage.person(who)
    await close_all(person)
    await person.command("/announce", command)
    await person.wait_modal("Announcement")
    submitted = await person.submit({"text": text, **fields})
    assert not submitted.errors, submitted.errors
    return person


async def close_all(person):
    while person.modal is not None:
        await person.close_modal()


async def go(stage, minutes=3):
    """Let it go out, and be counted."""
    await stage.pass_time(minutes * MINUTE)
    await stage.pass_time(timedelta(seconds=10))


async def aim(person, **fields):
    submitted = await person.submit({"mode": "now", **fields})
    assert not submitted.errors, submitted.errors
    return person.modal


async def announce(stage, who="sue", text=HELLO, command="", aimed=None, **fields):
    """Write, aim and confirm; give the staff card."""
    person = await write(stage, who, text, command, **fields)
    await aim(person, **(aimed or {}))
    await person.submit({})
    await stage.settle()
    return card(stage)


def card(stage):
    found = [one for one in stage.in_channel(STAFF) if one.words.startswith("Announcement ")]
    assert found, [one.words for one in stage.in_channel(STAFF)]
    return found[-1]


def got(stage, who, words="filing guide"):
    return [one for one in stage.dm(who) if words in one.words and "Announcement from" in one.words]


async def test_staff_writes_looks_confirms_and_everybody_gets_it_after_two_minutes(stage):
    await settle_people(stage)
    sue = await write(stage, link_text="Read it", link_url="https://example.org/guide")
    look = await aim(sue)
    assert "To 7 people" in look.words
    assert "This is what they will see" in look.words
    assert "filing guide" in look.words
    assert "less than a minute" in look.words

    await sue.press(look, "Send to me")
    await stage.settle()
    assert len(got(stage, "sue")) == 1
    await sue.submit({})
    assert "Confirmed." in sue.modal.words
    await stage.settle()
    assert "It starts" in card(stage).words
    await stage.pass_time(timedelta(seconds=119))
    assert not got(stage, "ada")
    await stage.pass_time(timedelta(seconds=2))
    for name in PEOPLE:
        assert len(got(stage, name)) == (2 if name == "sue" else 1), name
    message = got(stage, "ada")[0]
    assert message.blocks[0]["elements"] == HELLO["elements"]
    assert message.buttons == ["Read it"]

    await stage.person("ada").press(message, "Read it")
    await stage.person("ada").press(message, "Read it")
    ben = stage.person("ben")
    await ben.say(ben.dm_channel.id, "Thank you!", thread_ts=got(stage, "ben")[0].ts)
    await stage.settle()
    assert "To answer @U0SUE, write to them directly" in stage.last_dm("ben").words
    await stage.pass_time(timedelta(seconds=10))
    report = card(stage).words
    assert "has gone out" in report
    assert "7 of 7 have it" in report
    assert "Pressed “Read it” 1 person, 2 times" in report.replace("*", "")
    assert "Replied 1 person" in report.replace("*", "")


async def test_cancel_within_two_minutes_stops_all_of_it_and_later_the_rest(stage):
    await settle_people(stage)
    shown = await announce(stage)
    await stage.pass_time(MINUTE)
    await stage.person("tom").press(shown, "Cancel")
    await stage.pass_time(timedelta(minutes=5))
    assert not any(got(stage, name) for name in PEOPLE)
    assert "@U0TOM stopped it. Nobody has got it." in card(stage).words
    assert "Cancel" not in card(stage).buttons

    # Somebody else who still has the card open is told so.
    stale = await announce(stage)
    assert "Confirmed" in stage.person("sue").modal.words
    await stage.person("sue").press(stage.person("sue").modal, "Cancel it")
    await stage.settle()
    assert "Stopped. Nobody has got it." in stage.person("sue").modal.words
    await stage.pass_time(timedelta(minutes=5))
    assert not any(got(stage, name) for name in PEOPLE)
    assert "stopped it" in stale.words


async def test_only_staff_announces_and_help_and_nonsense_have_an_answer(stage):
    await settle_people(stage)
    refused = await stage.person("ada").command("/announce", "everybody vote for me")
    assert "Only staff can do this" in refused.text
    assert stage.person("ada").modal is None
    typed = await stage.person("tom").command("/announce", "Ohio & Iowa <b>file</b> today")
    assert "Ohio & Iowa <b>file</b> today" in (await stage.person("tom").wait_modal("Announcement")).words
    assert not typed.text
    helped = await stage.person("sue").command("/announce", "HELP")
    assert "for staff" in helped.text
    none = await stage.person("sue").command("/announce", "list")
    assert "Nothing has been announced yet" in none.text
    shown = await announce(stage)
    pressed = await stage.person("sue").command("/announce", "list")
    assert "Announcement 1 is about to go out" in pressed.message.words
    # Ada is put into the staff channel, and is still nobody's staff.
    stage.sandbox.workspace.channel(STAFF).members.append("U0ADA")
    await stage.person("ada").press(shown, "Cancel")
    await stage.settle()
    assert "Only staff can do this" in stage.private_answer("ada")
    await go(stage)
    assert got(stage, "ada")


async def test_a_form_says_at_its_field_what_is_wrong_with_it(stage):
    await settle_people(stage)
    sue = stage.person("sue")
    await sue.command("/announce")
    await sue.wait_modal("Announcement")
    submitted = await sue.submit({"text": HELLO, "link_text": "Here", "link_url": "http://example.org"})
    assert "https://" in submitted.errors["link_url"]
    submitted = await sue.submit({"text": HELLO, "link_url": "https://example.org", "link_text": None})
    assert "button" in submitted.errors["link_text"]
    submitted = await sue.submit({"text": HELLO, "link_url": None, "image_url": "https://example.org/a.png"})
    assert "describe" in submitted.errors["image_alt"]
    submitted = await sue.submit({"text": rich("  \n "), "image_url": None})
    assert "write" in submitted.errors["text"]
    submitted = await sue.submit({"text": rich("x" * 7001)})
    assert "too long" in submitted.errors["text"]
    assert not (await sue.submit({"text": HELLO})).errors
    submitted = await sue.submit({"mode": "once"})
    assert set(submitted.errors) == {"day", "time"}
    submitted = await sue.submit({"mode": "once", "day": "2026-11-22", "time": "09:00"})
    assert "over" in submitted.errors["day"]
    submitted = await sue.submit({"mode": "local", "day": "2026-11-23", "time": "09:00"})
    assert "over" in submitted.errors["time"]
    submitted = await sue.submit({"mode": "local", "day": "2030-11-23", "time": "09:00"})
    assert "year" in submitted.errors["day"]
    submitted = await sue.submit({"mode": "now", "role": ["mentor"], "channels": [GENERAL]})
    assert "not both" in submitted.errors["channels"]
    assert not (await sue.submit({"mode": "now", "role": ["mentor"], "channels": []})).errors
    assert "To 3 people: Mentors" in sue.modal.words.replace("*", "")


async def test_a_picture_is_shown_before_it_goes_and_one_that_slack_cannot_fetch_is_named(stage):
    await settle_people(stage)
    picture = {"image_url": "https://example.org/map.png", "image_alt": "A map of nine states"}
    sue = await write(stage, **picture)
    stage.sandbox.faults.add("error", "views.update", code="invalid_arguments")
    await aim(sue)
    await stage.settle()
    assert "Slack cannot show the picture" in sue.modal.words
    await sue.submit({})
    await aim(sue)
    await stage.settle()
    assert "This is what they will see" in sue.modal.words
    await sue.submit({})
    await go(stage)
    (message,) = got(stage, "ada")
    image = next(block for block in message.blocks if block["type"] == "image")
    assert (image["image_url"], image["alt_text"]) == ("https://example.org/map.png", "A map of nine states")


async def test_who_waits_for_a_picture_while_the_network_is_away_is_told(stage):
    await settle_people(stage)
    picture = {"image_url": "https://example.org/map.png", "image_alt": "A map of nine states"}
    sue = await write(stage, **picture)
    stage.sandbox.faults.add("drop_before", "views.update", times=2)
    await aim(sue)
    await stage.settle()
    assert "Nothing was sent, and it is kept" in stage.last_dm("sue").words


async def test_nobody_fits_and_so_nothing_can_be_sent(stage):
    await settle_people(stage)
    sue = await write(stage)
    look = await aim(sue, state=["WY"])
    assert "Nobody would get this" in look.words
    with pytest.raises(ClientRefused):
        await sue.submit({})


async def test_a_draft_waits_and_can_be_thrown_away(stage):
    await settle_people(stage)
    sue = await write(stage, link_text="Read it", link_url="https://example.org/guide")
    await sue.close_modal()
    await sue.command("/announce")
    form = await sue.wait_modal("Announcement")
    assert "You go on with your draft" in form.words
    assert form.state["values"]["link_url"]["link_url"]["value"] == "https://example.org/guide"
    await sue.press(form, "Start afresh")
    await stage.settle()
    assert "The draft is gone" in sue.modal.words
    await sue.close_modal()
    await sue.command("/announce")
    assert "You go on" not in (await sue.wait_modal("Announcement")).words


async def test_what_shouts_in_it_is_made_harmless_and_all_else_arrives_as_it_was_made(stage):
    await settle_people(stage)
    text = {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [
                    {"type": "broadcast", "range": "channel"},
                    {"type": "text", "text": " filing guide <!here> "},
                    {"type": "usergroup", "usergroup_id": "S0ALL"},
                    {"type": "link", "url": "https://evil.example", "text": "https://good.example"},
                    {"type": "user", "user_id": "U0MIA"},
                    {"type": "emoji", "name": "tada", "unicode": "1f389", "skin_tone": 2},
                ],
            },
            {
                "type": "rich_text_list",
                "style": "ordered",
                "indent": 1,
                "elements": [{"type": "rich_text_section", "elements": [bold("one")]}],
            },
        ],
    }
    await announce(stage, text=text, aimed={"state": ["VA"], "role": ["candidate"]})
    await go(stage)
    (message,) = got(stage, "ada")
    first, second = message.blocks[0]["elements"]
    assert first["elements"] == [
        {"type": "text", "text": "@channel"},
        {"type": "text", "text": " filing guide <!here> "},
        {"type": "text", "text": "@group"},
        {"type": "link", "url": "https://evil.example"},
        {"type": "user", "user_id": "U0MIA"},
        {"type": "emoji", "name": "tada", "unicode": "1f389"},
    ]
    assert second == text["elements"][1]
    assert "<!here>" not in message.text


async def test_a_second_member_of_staff_says_yes_above_the_set_number(stage):
    await stage.stop_app()
    stage.settings = stage.settings.model_copy(update={"announcement_approval": 3})
    await stage.start_app()
    await settle_people(stage)
    sue = await write(stage)
    look = await aim(sue)
    assert "second yes" in look.words
    assert look.submit == "Ask for approval"
    await sue.submit({})
    await stage.settle()
    shown = card(stage)
    assert "waits for a second yes" in shown.words
    await sue.press(shown, "Approve")
    await stage.settle()
    assert "You wrote this" in stage.private_answer("sue")
    await stage.pass_time(timedelta(minutes=10))
    assert not got(stage, "ada")
    tom = stage.person("tom")
    await tom.press(card(stage), "Decline")
    await stage.settle()
    assert "declined by" in shown.words
    assert "declined" in stage.last_dm("sue").words

    await write(stage)
    await aim(sue)
    await sue.submit({})
    await stage.settle()
    assert "waits for a second yes" in card(stage).words
    await tom.press(card(stage), "Approve")
    await stage.settle()
    assert "Approved by @U0TOM" in card(stage).words
    await go(stage)
    assert all(len(got(stage, name)) == 1 for name in PEOPLE)

    # A change of what so many people read needs a second yes too.
    await edit(stage, "sue", "The corrected guide is out.")
    assert "waits for a second yes" in card(stage).words
    assert got(stage, "ada")
    await tom.press(card(stage), "Approve")
    await stage.pass_time(timedelta(minutes=1))
    assert all(len(got(stage, name, "corrected guide")) == 1 for name in PEOPLE)
    assert "approved your new text" in stage.last_dm("sue", "announcement 1").words


async def test_whoever_wrote_a_change_hears_that_it_was_declined_and_that_the_old_text_stays(stage):
    await settle_people(stage)
    await announce(stage)
    await go(stage)
    await stage.stop_app()
    stage.settings = stage.settings.model_copy(update={"announcement_approval": 3})
    await stage.start_app()
    await edit(stage, "tom", "The corrected guide is out.")
    await stage.person("sue").press(card(stage), "Decline")
    await stage.settle()
    told = stage.last_dm("tom", "announcement 1").words
    assert "declined your new text" in told
    assert "everybody goes on reading the old one" in told
    assert "draft" not in told
    assert not any("declined" in one.words for one in stage.dm("sue"))
    assert all(len(got(stage, name)) == 1 for name in PEOPLE)


async def edit(stage, who, text):
    person = stage.person(who)
    await person.press(card(stage), "Edit…")
    await person.wait_modal("Edit announcement")
    submitted = await person.submit({"text": rich(text)})
    assert not submitted.errors, submitted.errors
    await stage.settle()


async def test_an_edit_changes_what_was_delivered_and_take_back_deletes_it_everywhere(stage):
    await settle_people(stage)
    await announce(stage, link_text="Read it", link_url="https://example.org/guide")
    await go(stage)
    await edit(stage, "tom", "The corrected guide is out.")
    await stage.pass_time(timedelta(seconds=10))
    for name in PEOPLE:
        assert not got(stage, name), name
        assert len(got(stage, name, "corrected guide")) == 1, name
    assert "Being changed" not in card(stage).words
    await stage.person("tom").press(card(stage), "Take back…")
    await stage.settle()
    await stage.pass_time(timedelta(seconds=10))
    assert not any(got(stage, name, "guide") for name in PEOPLE)
    assert "took it back. It is deleted everywhere." in card(stage).words
    await stage.pass_time(timedelta(hours=1))
    assert not any(got(stage, name, "guide") for name in PEOPLE)


async def test_the_card_says_where_slack_refused_an_edit_and_the_next_edit_tries_anew(stage):
    await settle_people(stage)
    await announce(stage)
    await go(stage)
    faults = stage.sandbox.faults
    faults.add("error", "chat.update", times=2, where=is_no_card, code="cant_update_message")
    await edit(stage, "tom", "The corrected guide is out.")
    await go(stage)
    assert "Not changed 2: Slack refused" in card(stage).words.replace("*", "")
    await edit(stage, "tom", "The guide, corrected twice, is out.")
    await go(stage)
    assert "Not changed" not in card(stage).words
    assert all(len(got(stage, name, "corrected twice")) == 1 for name in PEOPLE)


def is_no_card(call):
    return "Announcement 1" not in str(call.get("text"))


async def test_two_who_edit_at_once_do_not_overwrite_one_another(stage):
    await settle_people(stage)
    await announce(stage)
    await go(stage)
    sue, tom = stage.person("sue"), stage.person("tom")
    for person in (sue, tom):
        await person.press(card(stage), "Edit…")
        await person.wait_modal("Edit announcement")
    assert not (await sue.submit({"text": rich("Sue's guide")})).errors
    assert "meanwhile" in (await tom.submit({"text": rich("Tom's guide")})).errors["text"]
    await stage.settle()
    await stage.pass_time(timedelta(seconds=10))
    assert got(stage, "ada", "Sue's guide")


async def test_what_failed_is_shown_by_reason_and_sent_again(stage):
    await settle_people(stage)
    await announce(stage)
    faults = stage.sandbox.faults
    for who in ("ada", "ben"):
        dm = stage.person(who).id
        faults.add("error", where=lambda call, dm=dm: call.get("channel") == dm, code="restricted_action")
    await go(stage)
    report = card(stage).words
    assert "Failed 2: this workspace does not let the app post there (2)" in report.replace("*", "")
    assert "did not arrive" not in " ".join(one.words for one in stage.in_channel(STAFF))
    await stage.person("sue").press(card(stage), "Retry failed")
    await stage.settle()
    await stage.pass_time(timedelta(seconds=10))
    assert all(len(got(stage, name)) == 1 for name in PEOPLE)
    assert "7 of 7 have it" in card(stage).words
    assert "Retry failed" not in card(stage).buttons


async def test_who_switched_them_off_left_or_is_a_guest_is_left_out_and_requests_still_arrive(stage):
    await settle_people(stage)
    workspace = stage.sandbox.workspace
    workspace.add_user("gus", id="U0GUS", real_name="Gus", is_restricted=True)
    workspace.add_user("lea", id="U0LEA", real_name="Lea", deleted=True)
    await stage.application.jobs.run("members.sync")
    mia = stage.person("mia")
    home = await mia.open_home()
    await stage.settle()
    await mia.press(mia.home, "Switch off")
    await stage.settle()
    assert "Announcements are off" in mia.home.words.replace("*", "")
    sue = await write(stage)
    look = await aim(sue)
    assert "To 6 people" in look.words
    assert "1 left the workspace, 1 is a guest, 1 switched announcements off" in look.words
    await sue.submit({})
    await stage.settle()
    # Switched off in the two minutes, it does not come either.
    max_ = stage.person("max")
    await max_.open_home()
    await stage.settle()
    await max_.press(max_.home, "Switch off")
    await go(stage)
    assert not got(stage, "mia")
    assert not got(stage, "max")
    assert len(got(stage, "ada")) == 1
    assert "Not sent 1: left, or switched announcements off" in card(stage).words.replace("*", "")
    await stage.ask("ada")
    assert "asks" in stage.last_dm("mia").words or stage.last_dm("mia").buttons
    assert home is not None


async def test_the_message_shortcut_begins_with_the_message(stage):
    await settle_people(stage)
    said = await stage.person("tom").say(GENERAL, "Filing closes *Friday*, see <https://example.org|this>")
    await stage.person("sue").shortcut("announcements.announce_this", said)
    form = await stage.person("sue").wait_modal("Announcement")
    assert "Filing closes" in form.words
    await stage.person("ada").shortcut("announcements.announce_this", said)
    await stage.settle()
    assert "Only staff can do this" in stage.private_answer("ada")


async def test_it_goes_to_channels_as_one_post_in_each(stage):
    await settle_people(stage)
    sue = await write(stage)
    look = await aim(sue, channels=[GENERAL])
    assert "To 1 channel" in look.words
    await sue.submit({})
    await go(stage)
    (post,) = [one for one in stage.in_channel(GENERAL) if "filing guide" in one.words]
    assert "switch announcements off" not in post.words
    assert not got(stage, "ada")


async def test_a_channel_without_the_app_is_named_before_it_fails(stage):
    await settle_people(stage)
    stage.sandbox.workspace.add_channel("far", id="C0FAR", members=["U0SUE"])
    sue = await write(stage)
    await aim(sue, channels=["C0FAR"])
    await stage.settle()
    assert "I am not in" in sue.modal.words


async def test_the_report_comes_as_a_file_that_a_spreadsheet_can_read(stage):
    await settle_people(stage)
    stage.person("max").user.real_name = '=HYPERLINK("http://evil")'
    await stage.application.jobs.run("members.sync")
    await announce(stage)
    await go(stage)
    await stage.person("tom").press(card(stage), "CSV")
    await stage.settle()
    file = next(iter(stage.dm("tom")[-1].files))
    content = stage.sandbox.workspace.files[file].content
    content = base64.b64decode(content).decode("utf-8-sig")
    lines = content.split("\r\n")
    assert lines[0].startswith("slack_id,name,outcome")
    assert len(lines) == 1 + 7 + 1
    assert "U0ADA,Ada,delivered" in content
    assert "'=HYPERLINK" in content


async def test_the_audience_that_changed_since_staff_looked_is_shown_again(stage):
    await settle_people(stage)
    sue = await write(stage)
    look = await aim(sue)
    assert "To 7 people" in look.words
    async with stage.application.database.transaction() as store:
        await store.members.meet("U0NEW", at=stage.clock.now())
    await sue.submit({})
    assert "Since you looked, 7 people have become 8 people" in sue.modal.words
    await sue.submit({})
    assert "Confirmed." in sue.modal.words


async def test_a_form_that_is_sent_twice_sends_once(stage):
    await settle_people(stage)
    await announce(stage)
    sue = stage.person("sue")
    # The same draft in a second window, from before it was confirmed.
    async with stage.application.database.reading() as store:
        (one,) = await store.announcements.latest(5)
    assert one.round == 1
    await stage.person("tom").press(card(stage), "Cancel")
    await stage.person("tom").press(card(stage), "Look at it")
    await stage.settle()
    assert "filing guide" in stage.person("tom").modal.words
    assert sue.modal is not None
