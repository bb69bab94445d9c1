"""Rich text is kept as it was made, and nothing in it shouts or pretends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community import announcements_text as rich
from community.announcements_book import Words, check_words
from community.refusals import Incomplete
from sandbox.blocks import check_message_blocks


def section(*elements):
    return {"type": "rich_text_section", "elements": list(elements)}


def cleaned(*elements):
    (part,) = rich.clean({"type": "rich_text", "elements": [section(*elements)]})
    return part["elements"]


def test_formatting_lists_quotes_and_code_stay_as_they_are():
    parts = [
        section({"type": "text", "text": "a", "style": {"bold": True, "italic": True}}),
        {
            "type": "rich_text_list",
            "style": "ordered",
            "indent": 2,
            "offset": 3,
            "elements": [section({"type": "text", "text": "one"}), section({"type": "text", "text": "two"})],
        },
        {"type": "rich_text_quote", "elements": [{"type": "text", "text": "q"}]},
        {"type": "rich_text_preformatted", "border": 1, "elements": [{"type": "text", "text": "x = 1\n"}]},
        section(),
        section(
            {"type": "link", "url": "https://example.org/a?b=1", "text": "here", "style": {"code": True}}
        ),
    ]
    assert rich.clean({"type": "rich_text", "elements": parts}) == parts


@pytest.mark.parametrize("whom", ["here", "channel", "everyone"])
def test_mentions_of_everybody_become_plain_words(whom):
    assert cleaned({"type": "broadcast", "range": whom}) == [{"type": "text", "text": f"@{whom}"}]
    assert cleaned({"type": "usergroup", "usergroup_id": "S0ALL"}) == [{"type": "text", "text": "@group"}]
    assert cleaned({"type": "user", "user_id": "U0ANA"}) == [{"type": "user", "user_id": "U0ANA"}]


@pytest.mark.parametrize(
    ("said", "url", "shown"),
    [
        ("the form", "https://example.org/form", "the form"),
        ("https://example.org/form", "https://example.org/form", "https://example.org/form"),
        ("example.org", "https://www.example.org/form", "example.org"),
        ("https://good.example", "https://evil.example", None),
        ("good.example/login", "https://evil.example/login", None),
        ("example.org", "https://example.org.evil.example", None),
        ("www.good.example", "http://evil.example", None),
        ("ana@good.example", "mailto:ana@good.example", "ana@good.example"),
    ],
)
def test_a_link_whose_words_are_another_address_shows_its_own(said, url, shown):
    (link,) = cleaned({"type": "link", "url": url, "text": said})
    assert link["url"] == url
    assert link.get("text") == shown


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://example.org/a", "slack://x", "https://", ""])
def test_what_is_no_address_of_the_web_is_no_link(url):
    assert cleaned({"type": "link", "url": url, "text": "press"}) == [{"type": "text", "text": "press"}]


def test_what_slack_invents_is_kept_as_its_words_or_refused():
    assert cleaned({"type": "sticker", "text": "hi"}) == [{"type": "text", "text": "hi"}]
    with pytest.raises(rich.NotSendable):
        cleaned({"type": "sticker"})
    with pytest.raises(rich.NotSendable):
        rich.clean({"elements": [{"type": "rich_text_table"}]})


def test_nothing_at_all_is_nothing():
    assert rich.clean(None) == []
    assert not rich.says_something(rich.clean({"elements": [section({"type": "text", "text": " \n"})]}))


STYLE = st.dictionaries(st.sampled_from(["bold", "italic", "client_highlight", "unlink"]), st.booleans())
TEXT = st.text(min_size=0, max_size=40)
INLINE = st.one_of(
    st.fixed_dictionaries({"type": st.just("text"), "text": TEXT, "style": STYLE}),
    st.fixed_dictionaries({"type": st.just("link"), "url": TEXT, "text": TEXT, "unsafe": st.booleans()}),
    st.fixed_dictionaries({"type": st.just("link"), "url": st.just("https://example.org/x"), "text": TEXT}),
    st.fixed_dictionaries({"type": st.just("broadcast"), "range": TEXT}),
    st.fixed_dictionaries({"type": st.just("usergroup"), "usergroup_id": TEXT}),
    st.fixed_dictionaries({"type": st.just("user"), "user_id": st.just("U0ANA"), "style": STYLE}),
    st.fixed_dictionaries(
        {"type": st.just("emoji"), "name": st.just("tada"), "skin_tone": st.integers(1, 6)}
    ),
    st.fixed_dictionaries({"type": st.just("color"), "value": TEXT}),
    st.fixed_dictionaries(
        {"type": st.just("date"), "timestamp": st.integers(-5, 2_000_000_000), "format": TEXT, "url": TEXT}
    ),
)
INLINES = st.lists(INLINE, max_size=6)
SECTION = st.fixed_dictionaries({"type": st.just("rich_text_section"), "elements": INLINES})
PART = st.one_of(
    SECTION,
    st.fixed_dictionaries(
        {
            "type": st.just("rich_text_list"),
            "style": st.sampled_from(["bullet", "ordered", "odd"]),
            "indent": st.integers(0, 20),
            "elements": st.lists(SECTION, max_size=4),
        }
    ),
    st.fixed_dictionaries(
        {"type": st.just("rich_text_quote"), "elements": INLINES, "border": st.integers(0, 3)}
    ),
    st.fixed_dictionaries({"type": st.just("rich_text_preformatted"), "elements": INLINES, "language": TEXT}),
)


@given(st.lists(PART, max_size=5))
def test_whatever_is_typed_comes_out_as_slack_takes_it_and_shouts_at_nobody(parts):
    once = rich.clean({"type": "rich_text", "elements": parts})
    assert rich.clean({"type": "rich_text", "elements": once}) == once
    assert not {"broadcast", "usergroup"} & set(kinds(once))
    if once:
        assert not check_message_blocks([{"type": "rich_text", "elements": once}]).found


def kinds(node):
    if isinstance(node, dict):
        yield node.get("type")
        for value in node.values():
            yield from kinds(value)
    elif isinstance(node, list):
        for value in node:
            yield from kinds(value)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org",
        "https://example",
        "https://user:pass@example.org",
        "https://example.org/a b",
        "https://example.org:99999/",
        "javascript:alert(1)",
        "https://" + "x" * 3000 + ".org",
        "https://good.example|evil",
    ],
)
def test_a_button_leads_only_to_a_whole_https_address(url):
    with pytest.raises(Incomplete) as refused:
        check_words(Words(text=rich.plain("Hello"), link_text="Here", link_url=url))
    assert refused.value.problems == {"link_url": "not https"}


def test_a_picture_needs_its_description_and_a_button_its_words():
    with pytest.raises(Incomplete) as refused:
        check_words(Words(link_url="https://example.org", image_url="https://example.org/a.png"))
    assert refused.value.problems == {"text": "missing", "link_text": "missing", "image_alt": "missing"}
    with pytest.raises(Incomplete) as refused:
        check_words(Words(text=rich.plain("x" * 7001), link_text="x" * 76, image_alt="a cat"))
    assert refused.value.problems == {"text": "too long", "link_text": "too long", "link_url": "missing",
                                      "image_url": "missing"}  # fmt: skip
