"""Who runs what: each process takes the next test, but one process has all that look at a page.

A Chromium in every process cost more than the tests themselves. xdist's own way to keep tests together
(`--dist loadgroup`) keeps nothing together under this version of pytest (pytest-xdist, issue 1386).
"""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from xdist.scheduler import LoadScopeScheduling


def looks_at_a_page(nodeid):
    """Whether a test with this name needs a browser, as far as its file says so."""
    name = PurePosixPath(nodeid.partition("::")[0]).stem
    return name.startswith("test_page_") or name.endswith("_browser")


class Scheduling(LoadScopeScheduling):
    """Every test goes alone, in the order below; those of the browser are one, and begin first."""

    def _split_scope(self, nodeid):
        return "browser" if looks_at_a_page(nodeid) else nodeid


def pytest_xdist_make_scheduler(config, log):
    """Distribute like this, whichever way is asked for."""
    return Scheduling(config, log)


def seconds(item):
    """How long the test says that it takes; 0 for one that is soon over."""
    mark = item.get_closest_marker("slow")
    return mark.args[0] if mark and mark.args else 0


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Begin with what takes longest: nobody waits for it in the end, while the other processes are idle."""
    items.sort(key=seconds, reverse=True)


def pytest_itemcollected(item):
    """Refuse what would start a browser elsewhere."""
    if item.get_closest_marker("browser") and not looks_at_a_page(item.nodeid):
        raise pytest.UsageError(f"{item.nodeid}: a browser is for test_page_*.py and test_*_browser.py only.")
