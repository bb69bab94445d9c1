"""In which order tests run, and which of them keep to one process."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests import scheduling


def item(takes, nodeid="tests/a/test_b.py::test_c", **marks):
    marks |= {"slow": SimpleNamespace(args=(takes,))} if takes else {}
    return SimpleNamespace(nodeid=nodeid, get_closest_marker=marks.get)


def test_what_takes_longest_begins_and_the_rest_keeps_its_order():
    items = [item(takes, f"{number}") for number, takes in enumerate([0, 5, 0, 50, 0])]
    scheduling.pytest_collection_modifyitems(items)
    assert [each.nodeid for each in items] == ["3", "1", "0", "2", "4"]


def test_all_that_look_at_a_page_are_one():
    of_a_page = ("tests/a/test_page_b.py::test_c", "tests/b/test_story_browser.py::test_d")
    scopes = [scheduling.Scheduling._split_scope(None, nodeid) for nodeid in of_a_page]
    assert scopes == ["browser", "browser"]
    alone = "tests/b/test_paged.py::test_browser[x]"
    assert scheduling.Scheduling._split_scope(None, alone) == alone


def test_a_browser_that_would_start_in_another_process_is_refused():
    scheduling.pytest_itemcollected(item(0, "tests/b/test_story_browser.py::test_d", browser=True))
    with pytest.raises(pytest.UsageError, match="test_page_"):
        scheduling.pytest_itemcollected(item(0, "tests/b/test_story.py::test_d", browser=True))
