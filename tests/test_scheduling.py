"""In which order tests run, and which of them keep to one process."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import scheduling


def item(takes, nodeid="tests/a/test_b.py::test_c", **marks):
    marks |= {"slow": SimpleNamespace(args=(takes,))} if takes else {}
    return SimpleNamespace(takes=takes, nodeid=nodeid, get_closest_marker=marks.get)


@given(st.lists(st.sampled_from([0, 0, 0, 0, 5, 10, 50]), max_size=300))
def test_all_run_the_longest_first_and_none_of_them_last(times):
    items = [item(takes) for takes in times]
    order = scheduling.spread(items)
    assert {id(each) for each in order} == {id(each) for each in items}
    assert len(order) == len(items)
    long = [each.takes for each in order if each.takes]
    assert long == sorted(long, reverse=True)
    quick = [each for each in order if not each.takes]
    assert quick == [each for each in items if not each.takes], "the others keep their order"
    if long:
        after = order[[number for number, each in enumerate(order) if each.takes][-1] :]
        assert sum(1 for each in after if not each.takes) >= round(0.3 * len(quick)) - 1


def test_between_two_that_take_long_there_is_work_for_the_other_processes():
    order = scheduling.spread([item(takes) for takes in [0] * 300 + [10, 20, 10]])
    assert [number for number, each in enumerate(order) if each.takes] == [0, 106, 160]


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
