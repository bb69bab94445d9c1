"""Every block and element once: what the page's tests press, and what its maker looks at."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="320" height="160"><rect width="320" height="160" '
    'fill="#4a7bd8"/><circle cx="160" cy="80" r="46" fill="#fff"/></svg>'
)
STATES = ["Virginia", "North Carolina", "Ohio", "Pennsylvania", "Georgia", "Arizona"]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str, **more: Any) -> Json:
    return {"type": "mrkdwn", "text": text, **more}


def option(text: str, value: str, description: str | None = None) -> Json:
    made: Json = {"text": plain(text), "value": value}
    if description:
        made["description"] = plain(description)
    return made


def states() -> list[Json]:
    return [option(name, name.lower().replace(" ", "-")) for name in STATES]


def groups() -> list[Json]:
    return [
        {"label": plain("South"), "options": [option("Virginia", "va"), option("Georgia", "ga")]},
        {"label": plain("Midwest"), "options": [option("Ohio", "oh"), option("Iowa", "ia")]},
    ]


def field(
    kind: str, action: str, label: str, *, optional: bool = False, hint: str | None = None, **more: Any
) -> Json:
    made: Json = {
        "type": "input",
        "block_id": f"b-{action}",
        "label": plain(label),
        "element": {"type": kind, "action_id": action, **more},
        "optional": optional,
    }
    if hint:
        made["hint"] = plain(hint)
    return made


def shown(person: str, channel: str, at: int, picture: str) -> list[Json]:
    """Blocks that only show something; `at` is an instant in seconds, `picture` an address of PICTURE."""
    return [
        {"type": "header", "block_id": "head", "text": plain("A header with <b>no markup</b> & all")},
        {
            "type": "section",
            "block_id": "words",
            "text": mrkdwn(
                "*Bold*, _italic_, ~struck~, `code &lt;b&gt;`, *_both_*, snake_case_name and 2*3*4 stay.\n"
                "> quoted &lt;script&gt;alert(1)&lt;/script&gt;\n"
                f"Hello <@{person}>, see <#{channel}>, <https://example.org/a?b=1&amp;c=2|the guide> "
                "or https://example.org/bare. "
                "<!channel> and <!here> shout. :wave: :not_an_emoji:\n"
                f"Due <!date^{at}^{{date_short}} at {{time}}|Apr 1, 2027, 5 pm ET>.\n"
                "```\nfn(&lt;b&gt;x&lt;/b&gt;) *not bold*\n```"
            ),
        },
        {
            "type": "section",
            "block_id": "fields",
            "fields": [
                mrkdwn("*State*\nVirginia"),
                mrkdwn("*Office*\nSchool board"),
                plain("Plain *as is*"),
                mrkdwn("*Wave*\n1 of 3"),
            ],
        },
        {"type": "divider", "block_id": "line"},
        {
            "type": "section",
            "block_id": "with-image",
            "text": mrkdwn("A section with a picture beside it."),
            "accessory": {"type": "image", "image_url": picture, "alt_text": "A white dot"},
        },
        {
            "type": "image",
            "block_id": "image",
            "image_url": picture,
            "alt_text": "A white dot on blue",
            "title": plain("Coverage"),
        },
        {
            "type": "rich_text",
            "block_id": "rich",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "text", "text": "Rich "},
                        {"type": "text", "text": "bold", "style": {"bold": True}},
                        {"type": "text", "text": " and "},
                        {"type": "link", "url": "https://example.org", "text": "a link"},
                        {"type": "text", "text": " by "},
                        {"type": "user", "user_id": person},
                    ],
                },
                {
                    "type": "rich_text_list",
                    "style": "bullet",
                    "indent": 0,
                    "elements": [
                        {
                            "type": "rich_text_section",
                            "elements": [{"type": "text", "text": "File the petition"}],
                        },
                        {
                            "type": "rich_text_section",
                            "elements": [{"type": "text", "text": "Open a bank account"}],
                        },
                    ],
                },
                {
                    "type": "rich_text_quote",
                    "elements": [{"type": "text", "text": "Nobody falls through the cracks."}],
                },
                {
                    "type": "rich_text_preformatted",
                    "elements": [{"type": "text", "text": "signatures = 125"}],
                },
            ],
        },
        {
            "type": "context",
            "block_id": "small",
            "elements": [
                {"type": "image", "image_url": picture, "alt_text": "dot"},
                mrkdwn("Small print with *weight*"),
                plain("and plain"),
            ],
        },
    ]


def pressed() -> list[Json]:
    """Blocks with controls, for messages and the Home tab."""
    sure = {
        "title": plain("Hand it back?"),
        "text": plain("Somebody else will be asked."),
        "confirm": plain("Hand back"),
        "deny": plain("Keep it"),
        "style": "danger",
    }
    return [
        {
            "type": "actions",
            "block_id": "buttons",
            "elements": [
                {
                    "type": "button",
                    "action_id": "claim",
                    "text": plain("Claim"),
                    "value": "812",
                    "style": "primary",
                },
                {"type": "button", "action_id": "pass", "text": plain("Pass"), "value": "812"},
                {
                    "type": "button",
                    "action_id": "back",
                    "text": plain("Hand back"),
                    "style": "danger",
                    "confirm": sure,
                },
                {
                    "type": "button",
                    "action_id": "guide",
                    "text": plain("Guide"),
                    "url": "https://example.org",
                },
                {
                    "type": "overflow",
                    "action_id": "more",
                    "options": [option("Away until…", "away"), option("Not my topic", "topic")],
                },
            ],
        },
        {
            "type": "actions",
            "block_id": "selects",
            "elements": [
                {
                    "type": "static_select",
                    "action_id": "state",
                    "placeholder": plain("Choose a state"),
                    "options": states(),
                },
                {"type": "users_select", "action_id": "who", "placeholder": plain("Choose a person")},
                {"type": "datepicker", "action_id": "day", "initial_date": "2027-04-01"},
                {"type": "timepicker", "action_id": "hour", "initial_time": "17:00"},
            ],
        },
        {
            "type": "section",
            "block_id": "toggles",
            "text": mrkdwn("Which ways suit you?"),
            "accessory": {
                "type": "checkboxes",
                "action_id": "ways",
                "options": [option("Call", "call", "Ten minutes"), option("Write", "write")],
            },
        },
    ]


def form(title: str = "Ask a mentor") -> Json:
    """A modal with every input element."""
    return {
        "type": "modal",
        "callback_id": "gallery.form",
        "title": plain(title),
        "submit": plain("Send"),
        "close": plain("Not now"),
        "notify_on_close": True,
        "blocks": [
            {
                "type": "section",
                "block_id": "lead",
                "text": mrkdwn("Mentors who know *your state* see this first."),
            },
            field(
                "plain_text_input",
                "question",
                "Question",
                multiline=True,
                min_length=20,
                max_length=200,
                placeholder=plain("What would you like to know?"),
                hint="Between 20 and 200 characters.",
            ),
            field(
                "static_select", "topic", "Topic", option_groups=groups(), placeholder=plain("Choose a topic")
            ),
            field("multi_static_select", "states", "States", option_groups=groups(), max_selected_items=3),
            field(
                "external_select",
                "office",
                "Office",
                optional=True,
                min_query_length=2,
                placeholder=plain("Type an office"),
            ),
            field("users_select", "advisor", "Advisor", optional=True),
            field("multi_users_select", "guests", "Guests", optional=True),
            field("conversations_select", "where", "Conversation", optional=True),
            field("channels_select", "channel", "Channel", optional=True),
            field("datepicker", "by", "By when", optional=True),
            field("timepicker", "at", "At", optional=True),
            field("datetimepicker", "moment", "Moment", optional=True),
            field(
                "checkboxes",
                "private",
                "Privacy",
                optional=True,
                options=[option("Keep my name private", "yes", "Until a mentor claims it")],
            ),
            field(
                "radio_buttons",
                "grade",
                "Grade",
                optional=True,
                options=[option("Solved it", "3"), option("Helped", "2"), option("Did not help", "1")],
            ),
            field(
                "rich_text_input",
                "story",
                "Story",
                optional=True,
                placeholder=plain("Tell it with lists and links"),
            ),
            field("email_text_input", "mail", "E-mail", optional=True),
            field("url_text_input", "site", "Web site", optional=True),
            field(
                "number_input",
                "seats",
                "Seats",
                optional=True,
                is_decimal_allowed=False,
                min_value="1",
                max_value="9",
            ),
            field("file_input", "papers", "Papers", optional=True, filetypes=["pdf", "png"], max_files=2),
        ],
    }
