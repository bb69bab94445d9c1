"""Every limit of Block Kit: what is at it passes, what is over it is refused with a pointer."""

from __future__ import annotations

import pytest

from sandbox.blocks import check_message_blocks, check_options, check_view, text_length
from tests.sandbox.tiny import actions, button, modal, question, text


def many(length):
    return "x" * length


def mrkdwn(words):
    return {"type": "mrkdwn", "text": words}


def option(words="o", value="v", **more):
    return {"text": text(words), "value": value, **more}


def options(count):
    return [option(value=str(number)) for number in range(count)]


def section(**more):
    return {"type": "section", **more}


def accessory(element):
    return section(text=mrkdwn("s"), accessory=element)


def select(**more):
    return {"type": "static_select", "action_id": "a", "options": options(1), **more}


def confirm(**more):
    return {"title": text("t"), "text": text("t"), "confirm": text("y"), "deny": text("n"), **more}


def typed(**more):
    return question({"type": "plain_text_input", "action_id": "a", **more})


def image(**more):
    return {"type": "image", "image_url": "https://example.org/a.png", "alt_text": "a", **more}


# What is measured, a block built to a length, the limit, and where the pointer points when it is over.
LENGTHS = [
    ("section text", lambda n: section(text=mrkdwn(many(n))), 3000, "/text/text"),
    ("section field", lambda n: section(fields=[mrkdwn(many(n))]), 2000, "/fields/0/text"),
    ("header", lambda n: {"type": "header", "text": text(many(n))}, 150, "/text/text"),
    ("context text", lambda n: {"type": "context", "elements": [mrkdwn(many(n))]}, 3000, "/elements/0/text"),
    ("block_id", lambda n: {"type": "divider", "block_id": many(n)}, 255, "/block_id"),
    ("action_id", lambda n: actions(button(many(n))), 255, "/elements/0/action_id"),
    ("button text", lambda n: actions(button("a", many(n))), 75, "/elements/0/text/text"),
    ("button value", lambda n: actions(button("a", value=many(n))), 2000, "/elements/0/value"),
    ("button url", lambda n: actions(button("a", url="https://" + many(n - 8))), 3000, "/elements/0/url"),
    (
        "button label",
        lambda n: actions(button("a", accessibility_label=many(n))),
        75,
        "/elements/0/accessibility_label",
    ),
    (
        "option text",
        lambda n: accessory(select(options=[option(many(n))])),
        75,
        "/accessory/options/0/text/text",
    ),
    (
        "option value",
        lambda n: accessory(select(options=[option(value=many(n))])),
        150,
        "/accessory/options/0/value",
    ),
    (
        "option description",
        lambda n: accessory(select(options=[option(description=text(many(n)))])),
        75,
        "/accessory/options/0/description/text",
    ),
    (
        "overflow option url",
        lambda n: accessory(
            {"type": "overflow", "action_id": "a", "options": [option(url="https://" + many(n - 8))]}
        ),
        3000,
        "/accessory/options/0/url",
    ),
    (
        "group label",
        lambda n: accessory(
            {
                "type": "static_select",
                "action_id": "a",
                "option_groups": [{"label": text(many(n)), "options": options(1)}],
            }
        ),
        75,
        "/accessory/option_groups/0/label/text",
    ),
    (
        "placeholder",
        lambda n: accessory(select(placeholder=text(many(n)))),
        150,
        "/accessory/placeholder/text",
    ),
    (
        "confirm title",
        lambda n: actions(button("a", confirm=confirm(title=text(many(n))))),
        100,
        "/elements/0/confirm/title/text",
    ),
    (
        "confirm text",
        lambda n: actions(button("a", confirm=confirm(text=text(many(n))))),
        300,
        "/elements/0/confirm/text/text",
    ),
    (
        "confirm yes",
        lambda n: actions(button("a", confirm=confirm(confirm=text(many(n))))),
        30,
        "/elements/0/confirm/confirm/text",
    ),
    (
        "confirm no",
        lambda n: actions(button("a", confirm=confirm(deny=text(many(n))))),
        30,
        "/elements/0/confirm/deny/text",
    ),
    ("input label", lambda n: typed() | {"label": text(many(n))}, 2000, "/label/text"),
    ("input hint", lambda n: typed() | {"hint": text(many(n))}, 2000, "/hint/text"),
    ("initial value", lambda n: typed(initial_value=many(n)), 3000, "/element/initial_value"),
    ("image url", lambda n: image(image_url="https://" + many(n - 8)), 3000, "/image_url"),
    ("image alt text", lambda n: image(alt_text=many(n)), 2000, "/alt_text"),
    ("image title", lambda n: image(title=text(many(n))), 2000, "/title/text"),
    ("markdown", lambda n: {"type": "markdown", "text": many(n)}, 12_000, "/text"),
]


@pytest.mark.parametrize(
    ("build", "limit", "pointer"), [row[1:] for row in LENGTHS], ids=[row[0] for row in LENGTHS]
)
def test_a_text_may_be_as_long_as_its_limit_and_no_longer(build, limit, pointer):
    assert check_message_blocks([build(limit)]).found == []
    over = check_message_blocks([build(limit + 1)])
    assert over.messages == [
        f"[ERROR] must be less than {limit + 1} characters [json-pointer:/blocks/0{pointer}]"
    ]


COUNTS = [
    ("section fields", lambda n: section(fields=[mrkdwn("f")] * n), 10, "/fields"),
    ("context elements", lambda n: {"type": "context", "elements": [mrkdwn("c")] * n}, 10, "/elements"),
    ("buttons", lambda n: actions(*(button(str(i)) for i in range(n))), 25, "/elements"),
    ("options", lambda n: accessory(select(options=options(n))), 100, "/accessory/options"),
    (
        "option groups",
        lambda n: accessory(
            {
                "type": "static_select",
                "action_id": "a",
                "option_groups": [{"label": text("g"), "options": options(1)}] * n,
            }
        ),
        100,
        "/accessory/option_groups",
    ),
    (
        "overflow",
        lambda n: accessory({"type": "overflow", "action_id": "a", "options": options(n)}),
        5,
        "/accessory/options",
    ),
    (
        "checkboxes",
        lambda n: accessory({"type": "checkboxes", "action_id": "a", "options": options(n)}),
        10,
        "/accessory/options",
    ),
    (
        "radio",
        lambda n: accessory({"type": "radio_buttons", "action_id": "a", "options": options(n)}),
        10,
        "/accessory/options",
    ),
    (
        "table rows",
        lambda n: {"type": "table", "rows": [[{"type": "raw_text", "text": "c"}]] * n},
        100,
        "/rows",
    ),
]


@pytest.mark.parametrize(
    ("build", "limit", "pointer"), [row[1:] for row in COUNTS], ids=[row[0] for row in COUNTS]
)
def test_there_may_be_as_many_items_as_the_limit_and_at_least_one(build, limit, pointer):
    assert check_message_blocks([build(limit)]).found == []
    over = check_message_blocks([build(limit + 1)])
    assert over.found == [f"no more than {limit} items allowed [json-pointer:/blocks/0{pointer}]"]
    assert check_message_blocks([build(0)]).found == [
        f"no fewer than 1 items allowed [json-pointer:/blocks/0{pointer}]"
    ]


@pytest.mark.parametrize(
    ("check", "limit", "at"),
    [
        (check_message_blocks, 50, "/blocks"),
        (lambda blocks: check_view(modal(*blocks)), 100, "/view/blocks"),
        (lambda blocks: check_view({"type": "home", "blocks": blocks}), 100, "/view/blocks"),
    ],
    ids=["message", "modal", "home"],
)
def test_a_surface_holds_so_many_blocks(check, limit, at):
    assert check([{"type": "divider"}] * limit).found == []
    assert check([{"type": "divider"}] * (limit + 1)).found == [
        f"no more than {limit} items allowed [json-pointer:{at}]"
    ]


@pytest.mark.parametrize(
    ("name", "limit", "wrap"),
    [
        ("title", 24, text),
        ("submit", 24, text),
        ("close", 24, text),
        ("private_metadata", 3000, str),
        ("callback_id", 255, str),
        ("external_id", 255, str),
    ],
)
def test_the_frame_of_a_view_has_limits(name, limit, wrap):
    assert check_view(modal({"type": "divider"}, **{name: wrap(many(limit))})).found == []
    over = check_view(modal({"type": "divider"}, **{name: wrap(many(limit + 1))}))
    pointer = f"/view/{name}/text" if wrap is text else f"/view/{name}"
    assert over.found == [f"must be less than {limit + 1} characters [json-pointer:{pointer}]"]


WRONG = [
    ("an unknown block", {"type": "banner"}, "unsupported type: banner", "/type"),
    ("no type", {"text": text("x")}, "missing required field: type", ""),
    ("an unknown key", {"type": "divider", "colour": "red"}, "invalid additional property: colour", ""),
    ("an empty text", section(text=mrkdwn("")), "must be more than 0 characters", "/text/text"),
    ("a section of nothing", section(), "missing required field: text", ""),
    ("a bare string", section(text="hello"), "must provide an object", "/text"),
    ("a number as text", section(text=mrkdwn(5)), "must provide a string", "/text/text"),
    (
        "mrkdwn in a header",
        {"type": "header", "text": mrkdwn("h")},
        "must be of type plain_text",
        "/text/type",
    ),
    (
        "mrkdwn on a button",
        actions({"type": "button", "text": mrkdwn("b")}),
        "must be of type plain_text",
        "/elements/0/text/type",
    ),
    (
        "mrkdwn in a select option",
        accessory(select(options=[{"text": mrkdwn("o"), "value": "v"}])),
        "must be of type plain_text",
        "/accessory/options/0/text/type",
    ),
    (
        "emoji in mrkdwn",
        section(text={"type": "mrkdwn", "text": "x", "emoji": True}),
        "invalid additional property: emoji",
        "/text",
    ),
    ("an unknown element", actions({"type": "slider"}), "unsupported type: slider", "/elements/0/type"),
    (
        "an input in actions",
        actions({"type": "plain_text_input"}),
        "unsupported type: plain_text_input",
        "/elements/0/type",
    ),
    ("a button in an input", question(button("a")), "unsupported type: button", "/element/type"),
    (
        "an e-mail field in a message",
        question({"type": "email_text_input"}),
        "unsupported type: email_text_input is not available in a message",
        "/element/type",
    ),
    (
        "an unknown style",
        actions(button("a", style="loud")),
        "must be one of the allowed values: primary, danger",
        "/elements/0/style",
    ),
    (
        "the same action twice",
        actions(button("a"), button("a")),
        '`action_id` "a" already exists in this block',
        "/elements/1/action_id",
    ),
    (
        "no alt text",
        {"type": "image", "image_url": "https://example.org/a.png"},
        "missing required field: alt_text",
        "",
    ),
    (
        "no picture",
        {"type": "image", "alt_text": "a"},
        "must have exactly one of image_url and slack_file",
        "",
    ),
    ("a picture that is no address", image(image_url="picture.png"), "must be a valid URL", "/image_url"),
    (
        "a select without options",
        accessory({"type": "static_select"}),
        "missing required field: options",
        "/accessory",
    ),
    (
        "an initial option from elsewhere",
        accessory(select(initial_option=option(value="z"))),
        "initial_option must match one of the options",
        "/accessory/initial_option",
    ),
    (
        "a confirm without a no",
        actions(button("a", confirm={k: v for k, v in confirm().items() if k != "deny"})),
        "missing required field: deny",
        "/elements/0/confirm",
    ),
    (
        "a type on a confirm",
        actions(button("a", confirm=confirm(type="confirm"))),
        "invalid additional property: type",
        "/elements/0/confirm",
    ),
    (
        "a date that is none",
        accessory({"type": "datepicker", "initial_date": "2027-13-01"}),
        "must be a valid date like 2027-04-01",
        "/accessory/initial_date",
    ),
    (
        "a time that is none",
        accessory({"type": "timepicker", "initial_time": "5pm"}),
        "must be a valid time like 17:00",
        "/accessory/initial_time",
    ),
    ("a length above 3,000", typed(max_length=3001), "must be less than 3001", "/element/max_length"),
    (
        "a least length above the most",
        typed(min_length=5, max_length=4),
        "min_length must not be more than max_length",
        "/element/min_length",
    ),
    ("a flag that is a string", typed(multiline="yes"), "must provide a boolean", "/element/multiline"),
    (
        "more chosen than allowed",
        accessory(
            {
                "type": "multi_static_select",
                "options": options(3),
                "initial_options": options(2),
                "max_selected_items": 1,
            }
        ),
        "no more than 1 items allowed",
        "/accessory/initial_options",
    ),
]


@pytest.mark.parametrize(("block", "why", "at"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_slack_would_refuse_is_refused_with_the_place(block, why, at):
    assert check_message_blocks([block]).found == [f"{why} [json-pointer:/blocks/0{at}]"]


def test_block_ids_differ_within_a_message():
    twice = check_message_blocks([{"type": "divider", "block_id": "d"}] * 2)
    assert twice.found == ['`block_id` "d" already exists [json-pointer:/blocks/1/block_id]']


def test_a_form_needs_a_title_and_with_inputs_a_submit():
    form = modal(typed())
    assert check_view(form).found == []
    without = {key: form[key] for key in form.keys() - {"title", "submit"}}
    assert check_view(without).found == [
        "missing required field: title [json-pointer:/view]",
        "missing required field: submit, needed with input blocks [json-pointer:/view]",
    ]


def test_one_element_of_a_view_gets_the_focus():
    focused = typed(focus_on_load=True)
    assert check_view(modal(focused)).found == []
    assert check_view(modal(focused, focused | {"block_id": "other"})).found != []


@pytest.mark.parametrize("kind", ["markdown", "table"])
def test_some_blocks_live_in_messages_only(kind):
    block = {"markdown": {"type": "markdown", "text": "m"}, "table": {"type": "table", "rows": [[]]}}[kind]
    assert "is not available in a modal" in check_view(modal(block)).found[0]


def test_all_markdown_of_a_message_counts_together():
    half = {"type": "markdown", "text": many(6_000)}
    assert check_message_blocks([half, half]).found == []
    assert check_message_blocks([half, half, {"type": "markdown", "text": "x"}]).found != []


def test_all_text_of_a_message_is_counted():
    assert (
        text_length([section(text=mrkdwn(many(10)), fields=[mrkdwn(many(5))]), actions(button("a", many(3)))])
        == 18
    )


def test_a_message_may_carry_what_the_app_uses():
    blocks = [
        {"type": "header", "text": text("h")},
        section(text=mrkdwn("*s*"), accessory=button("a", style="primary", confirm=confirm(style="danger"))),
        {
            "type": "context",
            "elements": [
                mrkdwn("c"),
                {"type": "image", "image_url": "https://example.org/a.png", "alt_text": "a"},
            ],
        },
        actions(
            select(initial_option=option(value="0")),
            {"type": "overflow", "action_id": "more", "options": options(2)},
            {"type": "datepicker", "action_id": "day", "initial_date": "2027-04-01"},
        ),
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [{"type": "text", "text": "r", "style": {"bold": True}}],
                }
            ],
        },
        typed(),
    ]
    assert check_message_blocks(blocks).found == []


def test_suggestions_hold_to_the_limits_of_options():
    assert check_options({"options": options(100)}).found == []
    assert check_options({"options": []}).found == []
    assert check_options({"options": options(101)}).found == [
        "no more than 100 items allowed [json-pointer:/options]"
    ]
    assert check_options({}).found != []
