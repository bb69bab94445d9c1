from __future__ import annotations

import asyncio
import sys

import pytest
import zipcodes

from civic import postal
from civic.postal import NotRead, Postal, read_apart


@pytest.fixture
def nothing_read(monkeypatch):
    monkeypatch.setattr(postal._Shelf, "postal", None)


def test_it_says_of_every_zip_code_what_the_package_says():
    known = postal.postal()
    every = {row["zip_code"]: row for row in zipcodes.list_all()}
    assert {each.code for each in known} == set(every)
    for each in known:
        row = every[each.code]
        assert known.find(each.code) == each
        assert (each.city, each.state, each.county) == (row["city"], row["state"], row["county"])
        assert list(each.also) == row["acceptable_cities"]
        assert each.active == row["active"]
        assert each.box == (row["zip_code_type"] in {"PO BOX", "UNIQUE"})


def test_it_finds_the_zip_codes_of_a_city_and_of_a_county_by_any_spelling():
    known = postal.postal()
    richmond = known.of_city("RICHMOND", "VA")
    assert "23220" in {each.code for each in richmond}
    assert {each.state for each in richmond} == {"VA"}
    assert {each.county for each in known.of_county("fairfax COUNTY", "VA")} == {"Fairfax County"}
    assert known.of_city("Richmond", "ZZ") == known.of_county("Nowhere County", "VA") == []
    assert known.find("00000") is None


def test_it_counts_the_states_that_have_a_city_or_a_county_of_a_name():
    known = postal.postal()
    assert set(known.states_with_county("Fairfax County")) == {"VA"}
    springfields = known.states_with_city("springfield")
    assert springfields["IL"] == len(known.of_city("Springfield", "IL")) > 1
    assert not known.states_with_city("nowhere at all")
    assert not known.states_with_county("")


async def test_read_in_a_process_of_its_own_it_is_the_same(nothing_read):
    here = list(Postal(postal.postal_table.table()))
    await read_apart()
    assert list(postal.postal()) == here
    apart = postal.postal()
    await read_apart()
    assert postal.postal() is apart, "once is enough"


async def test_a_process_that_fails_is_said_and_one_not_waited_for_is_ended(nothing_read, monkeypatch):
    begun = []
    begin = asyncio.create_subprocess_exec

    async def noting(*command, **options):
        begun.append(await begin(*command, **options))
        return begun[-1]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noting)
    reading = asyncio.create_task(read_apart())
    while not begun:
        await asyncio.sleep(0.001)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert begun[0].returncode == -9
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(NotRead):
        await read_apart()
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(OSError, match="nowhere"):
        await read_apart()
