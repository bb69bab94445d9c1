"""What no database keeps is taken out of a payload where it stands; all else is left as it is."""

from __future__ import annotations

import copy
import json

from hypothesis import example, given
from hypothesis import strategies as st

from handlers.payloads import cleaned

TEXTS = st.text(st.characters(), max_size=8) | st.sampled_from(["\0", "\ud800 half", "a\udc00", "🗳️", "ü"])
PAYLOADS = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc"), inner, max_size=3),
    max_leaves=12,
)


def texts_of(body):
    if isinstance(body, str):
        yield body
    for each in body.values() if isinstance(body, dict) else body if isinstance(body, list) else ():
        yield from texts_of(each)


@given(st.dictionaries(st.text("abc"), PAYLOADS, max_size=3))
@example({"a": [{"b": "\ud83d"}, ["x\0y", "\ud83d\ude00"]], "c": None})
def test_what_is_left_can_be_kept_and_is_the_rest_of_what_was_there(body):
    before = copy.deepcopy(body)
    parts = [each for each in body.values() if isinstance(each, (dict, list))]
    assert cleaned(body) is body
    assert all(any(part is each for each in body.values()) for part in parts), "parts that others hold too"
    json.dumps(body, ensure_ascii=False).encode()
    for was, now in zip(texts_of(before), texts_of(body), strict=True):
        assert "\0" not in now
        assert now == was.encode("utf-8", "ignore").decode().replace("\0", "")
