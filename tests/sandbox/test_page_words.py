"""How texts are shown: mrkdwn, dates and rich text, in the browser's own engine."""

from __future__ import annotations

import pytest
import pytest_asyncio

from tests.sandbox.page_stage import looking, staged

pytest_plugins = ["tests.sandbox.page_fixtures"]
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

APRIL = 1806613200  # April 1, 2027, 5 pm in New York
NOW = 1795273200  # November 21, 2026


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def module(browser):
    """`await module("mrkdwn", "parse", …)` calls a function of one of the page's modules."""
    async with staged() as stage, looking(browser) as look:
        page = await look(stage.sandbox.url)

        async def call(name, function, *arguments):
            return await page.evaluate(
                "async ([name, called, given]) =>"
                " (await import(`/sandbox/static/js/${name}.js`))[called](...given)",
                [name, function, list(arguments)],
            )

        yield call


def flat(tree):
    """A parsed tree as one line: marks as (kind …)."""
    shown = []
    for node in tree:
        if isinstance(node, str):
            shown.append(node)
        elif "children" in node:
            shown.append(f"({node['kind']} {flat(node['children'])})")
        else:
            rest = [node.get(key) for key in ("href", "conversation", "id", "name", "words") if node.get(key)]
            shown.append(f"({' '.join([node['kind'], *rest])})")
    return "".join(shown)


async def test_mrkdwn_reads_as_slack_reads_it(module):
    cases = {
        "*bold* _it_ ~no~ `c*o*de`": "(bold bold) (italic it) (strike no) (code c*o*de)",
        "*_both_* and _*so*_": "(bold (italic both)) and (italic (bold so))",
        "snake_case_name 2*3*4 a~b~c": "snake_case_name 2*3*4 a~b~c",
        "* not bold * and **": "* not bold * and **",
        "*open": "*open",
        "(*in brackets*), *end*.": "((bold in brackets)), (bold end).",
        "*over\nlines*": "*over(break)lines*",
        "`open": "`open",
        "a &amp; b &lt;c&gt; &amp;lt;": "a & b <c> &lt;",
        "> quoted\n&gt; more\nplain": "(quote quoted(break)more)plain",
        ">>> all\nof it": "(quote all(break)of it)",
        "x\n```\na *b*\n```\ny": "x(pre a *b*)y",
        "```never closed": "```never closed",
        "<https://a.example/x?y=1&amp;z=2|a label>": "(link https://a.example/x?y=1&z=2 a label)",
        "<mailto:a@b.example|write>": "(link mailto:a@b.example write)",
        "see https://a.example/b, then.": "see (link https://a.example/b https://a.example/b), then.",
        "<@U0PRIYA> in <#C0GENERAL|general>": "(user U0PRIYA) in (channel C0GENERAL)",
        "<!channel> <!here> <!everyone>": "(mass channel) (mass here) (mass everyone)",
        "*<https://a.example|bold_link>*": "(bold (link https://a.example bold_link))",
        ":wave: :no_such_emoji: 10:30:00": "👋 :no_such_emoji: 10:30:00",
    }
    for text, wanted in cases.items():
        assert flat(await module("mrkdwn", "parse", text)) == wanted, text


async def test_only_addresses_that_are_safe_become_links(module):
    for text in (
        "<javascript:alert(1)|press>",
        "<data:text/html,x|press>",
        "<vbscript:x|press>",
        "<file:///etc|press>",
    ):
        assert flat(await module("mrkdwn", "parse", text)) == "press"
    # What a person typed shows where it leads, never the label that they made up.
    typed = "&lt;http://evil|good&gt; https://a.example/&gt;"
    assert (
        flat(await module("mrkdwn", "parse", typed, {"verbatim": True}))
        == "<http://evil|good> https://a.example/>"
    )
    assert flat(await module("mrkdwn", "parse", typed)) == (
        "<(link http://evil http://evil)|good> (link https://a.example/ https://a.example/)>"
    )
    assert (
        flat(await module("mrkdwn", "parse", "&lt;!channel&gt; &lt;@U0PRIYA&gt;")) == "<!channel> <@U0PRIYA>"
    )


async def test_verbatim_text_links_nothing_by_itself(module):
    shown = await module("mrkdwn", "parse", "https://a.example <https://b.example|b>", {"verbatim": True})
    assert flat(shown) == "https://a.example (link https://b.example b)"


@pytest.mark.parametrize(
    "address",
    [
        "https://slack.com/app_redirect?channel=C0GENERAL",
        "https://slack.com/app_redirect?team=T1&amp;channel=C0GENERAL",
        "slack://channel?team=T1&amp;id=C0GENERAL",
        "https://downballot.slack.com/archives/C0GENERAL/p1503435956000247",
    ],
)
async def test_slack_addresses_open_the_conversation_here(module, address):
    assert flat(await module("mrkdwn", "parse", f"<{address}|open>")) == "(link C0GENERAL open)"


async def test_a_thousand_open_marks_do_not_hang_the_page(module):
    long = "*a _b ~c `d <e " * 300
    assert flat(await module("mrkdwn", "parse", long.replace("`", ""))) == long.replace("`", "")


async def test_dates_are_shown_in_the_readers_zone(module):
    async def shown(template, zone="America/New_York", now=NOW):
        return await module("dates", "dateTokens", APRIL, template, zone, now)

    assert await shown("{date_short} at {time}") == "Apr 1 at 5:00 PM"
    assert await shown("{date_num} {time_secs}", "America/Los_Angeles") == "2027-04-01 2:00:00 PM"
    assert await shown("{date}", "Asia/Tokyo") == "April 2nd"
    assert await shown("{date_long}", now=NOW - 400 * 86400) == "Thursday, April 1st, 2027"
    assert await shown("{date_pretty} {ago}", now=APRIL - 3600) == "today in 1 hour"
    assert await shown("{date_short_pretty}", now=APRIL + 86400) == "yesterday"
    assert await shown("{unknown} {time}") == "{unknown} 5:00 PM"


async def test_wall_times_become_instants_also_around_a_change_of_clocks(module):
    assert await module("dates", "fromWall", "2027-04-01T17:00", "America/New_York") == APRIL
    # In 2027 the clocks go forward on March 14: 2:30 am does not exist and moves forward.
    gap = await module("dates", "fromWall", "2027-03-14T02:30", "America/New_York")
    assert await module("dates", "isoMinute", gap, "America/New_York") in {
        "2027-03-14T03:30",
        "2027-03-14T01:30",
    }
    for wall in ("2027-11-07T01:30", "2027-07-04T12:00"):
        there = await module("dates", "fromWall", wall, "America/New_York")
        assert await module("dates", "isoMinute", there, "America/New_York") == wall
