"""The builder of payloads: nothing typed comes to life, nothing is lost, nothing Slack refuses is built."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messages import payload as p
from tests.messages import slack_rules as slack

ANY = st.text(st.characters(codec="utf-8"), max_size=400)
HOSTILE = st.lists(
    st.sampled_from(
        [
            "<!channel>",
            "<http://evil|https://good>",
            "&lt;",
            "&amp;",
            "&",
            "<",
            ">",
            "\N{GRINNING FACE}",
            "\u202e",
            "a",
            " ",
            "\n",
            "*",
            "|",
        ]
    )
    | ANY,
    max_size=60,
).map("".join)
LONG = st.integers(0, 4000).flatmap(
    lambda size: st.sampled_from(
        ["a", "\N{GRINNING FACE}", "a\N{GRINNING FACE}", "\u05d0\u200f ", "&", "\n", "\u0301e"]
    ).map(lambda unit: (unit * (size // len(unit) + 1))[:size])
)


@given(HOSTILE)
def test_escaped_text_holds_no_markup_and_can_be_read_back(text):
    safe = p.escape(text)
    assert not set("<>") & set(safe)
    assert not re.search(r"&(?!amp;|lt;|gt;)", safe)
    assert p.unescape(safe) == text


@given(HOSTILE, st.integers(1, 200))
def test_cutting_breaks_no_entity_and_keeps_to_the_limit(text, most):
    shown = p.cut(p.escape(text), most)
    assert slack.units(shown) <= most
    assert not re.search(r"&(?!amp;|lt;|gt;)", shown)
    shown.encode("utf-8")
    if shown != p.escape(text):
        assert shown.endswith("…")
        assert p.escape(text).startswith(shown[:-1])


@given(HOSTILE, st.integers(1, 200))
def test_shortening_plain_text_loses_only_its_end(text, most):
    shown = p.shorten(text, most)
    assert slack.units(shown) <= most
    shown.encode("utf-8")
    if shown != text:
        kept = shown.removesuffix("…")
        assert text.startswith(kept)
        # Nothing but white space and half an emoji was given up beyond what had to go.
        gone = text[len(kept) :]
        gap = gone[: len(gone) - len(gone.lstrip())]
        assert slack.units(kept + gap + gone.lstrip()[:1] + "…") > most
        assert slack.units(kept) >= most - 2 or text[len(kept)].isspace()


def test_a_smaller_sign_in_plain_text_is_no_reason_to_cut():
    text = "if turnout < 20 % then " + "x" * 100
    assert p.plain(text, 75)["text"] == text[:74] + "…"


def test_a_link_of_ours_is_never_cut_in_half():
    assert p.cut("see <@U0123456789> there", 12) == "see…"
    assert p.cut("see <@U01> there", 12) == "see <@U01>…"


@given(st.one_of(ANY, HOSTILE, LONG).map(lambda text: text[:4000]))
def test_what_was_typed_is_shown_whole(text):
    blocks = p.typed(text)
    shown = "".join(block["text"]["text"] for block in blocks)
    assert shown == (text or " ")
    for block in blocks:
        assert block["text"]["type"] == "plain_text"
        assert block["text"]["emoji"] is False
        assert 1 <= slack.units(block["text"]["text"]) <= 3000


@given(st.text(st.characters(), max_size=300))
def test_half_an_emoji_is_no_reason_to_fail(text):
    p.typed(text)
    p.plain(text, 75)
    p.section(text)
    p.message("x", [p.quoted(text, 20), *p.typed(text)])


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        ("Hi <@U0123|ann>", "Hi @ann"),
        ("Hi <@U0123>", "Hi @someone"),
        ("<#C01|general> and <#C01>", "#general and #channel"),
        ("<!channel> <!here> <!everyone>", "@channel @here @everyone"),
        ("<!subteam^S01|@team> and <!subteam^S01>", "@team and @group"),
        ("<!date^1392734382^{date_short}|Feb 18> it is", "Feb 18 it is"),
        ("<https://a.org> <https://a.org|https://a.org>", "https://a.org https://a.org"),
        ("<http://evil.org|https://good.org>", "https://good.org (http://evil.org)"),
        ("<mailto:a@b.org|a@b.org>", "a@b.org (mailto:a@b.org)"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2 &amp;lt;", "1 < 2 && 3 > 2 &lt;"),
    ],
)
def test_a_message_is_read_as_its_author_saw_it(sent, seen):
    assert p.as_typed(sent) == seen


OPTION = {"text": {"type": "plain_text", "text": "x"}, "value": "x"}


@pytest.mark.parametrize(
    "build",
    [
        pytest.param(lambda: p.message("x", [p.divider()] * 51), id="51 blocks"),
        pytest.param(lambda: p.home([p.divider()] * 101), id="101 blocks of a view"),
        pytest.param(lambda: p.home([]), id="an empty view"),
        pytest.param(lambda: p.message("x", p.typed("x" * 10_001)), id="too much text in one message"),
        pytest.param(lambda: p.message("x", [p.actions()]), id="empty actions"),
        pytest.param(lambda: p.message("x", [p.context("", "")]), id="empty context"),
        pytest.param(lambda: p.fields(("Topic", "")), id="no fields"),
        pytest.param(lambda: p.fields(*[("a", "b")] * 11), id="eleven fields"),
        pytest.param(
            lambda: p.message("x", [p.actions(p.button("a", "same"), p.button("b", "same"))]),
            id="one action id twice",
        ),
        pytest.param(
            lambda: p.message("x", [p.actions(*[p.button("a", f"a{n}") for n in range(26)])]), id="26 buttons"
        ),
        pytest.param(
            lambda: p.message(
                "x",
                [
                    p.actions(p.button("a", "a"), block_id="same"),
                    p.actions(p.button("a", "a"), block_id="same"),
                ],
            ),
            id="one block id twice",
        ),
        pytest.param(lambda: p.message("x", [p.actions(p.button("a", "a" * 256))]), id="a long action id"),
        pytest.param(lambda: p.message("x", [p.actions(p.button("a", "a", "v" * 2001))]), id="a long value"),
        pytest.param(
            lambda: p.message("x", [p.section("x", accessory=p.button("a", "a", "v" * 2001))]),
            id="a long value at the right",
        ),
        pytest.param(
            lambda: p.message("x", [p.actions(p.button("a", "a", url="https://" + "x" * 3000))]),
            id="a long url",
        ),
        pytest.param(lambda: p.select("a", []), id="no options"),
        pytest.param(lambda: p.select("a", [OPTION] * 101), id="101 options"),
        pytest.param(lambda: p.multi_select("a", [OPTION] * 101), id="101 options of many"),
        pytest.param(lambda: p.checkboxes("a", [OPTION] * 11), id="eleven boxes"),
        pytest.param(lambda: p.option("v" * 151, "x"), id="a long option value"),
        pytest.param(lambda: p.text_input("a", least=10, most=5), id="least above most"),
        pytest.param(lambda: p.text_input("a", most=3001), id="a field for too much"),
        pytest.param(lambda: p.modal("x" * 25, [p.section("x")]), id="a long title"),
        pytest.param(lambda: p.modal("\N{GRINNING FACE}" * 13, [p.section("x")]), id="a title of 13 emoji"),
        pytest.param(lambda: p.modal("", [p.section("x")]), id="no title"),
        pytest.param(lambda: p.modal("x", [p.section("x")], close="x" * 25), id="a long close"),
        pytest.param(lambda: p.modal("x", [p.section("x")], submit="x" * 25), id="a long submit"),
        pytest.param(
            lambda: p.modal("x", [p.field("a", "A", p.text_input("a"))]), id="inputs without submit"
        ),
        pytest.param(lambda: p.modal("x", [p.section("x")], metadata="x" * 3001), id="long metadata"),
    ],
)
def test_what_slack_would_refuse_is_not_built(build):
    with pytest.raises(p.PayloadInvalid):
        build()


def test_a_fault_of_ours_never_repeats_what_was_typed():
    with pytest.raises(p.PayloadInvalid) as fault:
        p.modal("secret words that are too long", [p.section("x")])
    assert "secret" not in str(fault.value)


@given(HOSTILE)
def test_whatever_the_texts_are_each_part_is_within_its_limit(text):
    question = p.sure(text, text, text, text, danger=True)
    slack.check_message(
        p.message(
            text or "x",
            [
                p.section(
                    p.escape(text), accessory=p.button(text, "a", confirm=question, label=text or None)
                ),
                p.fields(("A", p.escape(text) or "-")),
                p.header(text),
                p.context(p.escape(text) or "-"),
                p.quoted(text, 140),
            ],
        )
    )
    choices = [p.option("a", text, text or None)]
    slack.check_modal(
        p.modal(
            "Title",
            [
                p.field("a", text, p.text_input("a", initial=text, placeholder=text, most=100), hint=text),
                p.field("b", text, p.select("b", choices, chosen="a", placeholder=text)),
                p.field("c", text, p.multi_select("c", choices, chosen=["a"])),
                p.field("d", text, p.checkboxes("d", choices, chosen=["a"])),
            ],
            submit="Go",
        )
    )
