"""Reads CivicEngine's races: what they are called here, what is left out, and who stands in them.

Meanings of the fields: BallotReady's schema descriptions. What is null was not collected, it is never a no.
"""

from __future__ import annotations

import math
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from civic import divisions
from civic.geographies import legislative
from community.races import COUNTRY, Candidate, Division, Filing, Kind, Level, Office, Race
from community.races_offices import office_kind
from community.states import find_state

KEY = re.compile(r"civicengine:([0-9]{1,12})")
_LEVELS = {each.value.upper(): each for each in Level}
_NOTES_MOST = 2000


def race_id(number: int | str) -> str:
    """Give the id by which a race is asked for: a global id as Rails makes them."""
    return b64encode(f"gid://ballot-factory/Race/{number}".encode()).decode()


def nodes(connection: Any) -> Iterator[dict[str, Any]]:
    """Give the nodes of a connection; its edges and each of them may be null."""
    for edge in (connection or {}).get("edges") or ():
        node = (edge or {}).get("node")
        if node:
            yield node


def position_of(told: Mapping[str, Any]) -> str:
    """Name the position of a race."""
    return f"civicengine:position:{told['position']['databaseId']}"


def electable(told: Mapping[str, Any]) -> bool:
    """Whether somebody can run for it: no recall, no retention vote, nothing appointed."""
    position = told["position"]
    return not (told.get("isRecall") or position.get("appointed") or position.get("retention"))


def race_of(told: Mapping[str, Any], *, source: str, as_of: date) -> Race:
    """Read one race without who stands in it.

    One that is disabled will not be on the ballot, so it counts as cancelled. Raises KeyError, TypeError or
    ValueError where it is not as the schema says.
    """
    position, election = told["position"], told["election"]
    name = _text(position["name"])
    division = division_of(position)
    disabled = told.get("isDisabled") is True
    return Race(
        key=f"civicengine:{int(told['databaseId'])}",
        office=_office(position, name, division, told.get("isPartisan")),
        election_day=date.fromisoformat(election["electionDay"]),
        kind=_kind(told, _text(election.get("name"))),
        filings=tuple(_filings(told.get("filingPeriods"), _zone(election.get("timezone")))),
        seats=_whole(told.get("seats")) or _whole(position.get("seats")),
        unexpired=told.get("isUnexpired") is True,
        source=source,
        as_of=as_of,
        cancelled=disabled,
        note="It will not be on the ballot." if disabled else "",
    )


def _office(position: Mapping[str, Any], name: str, division: Division, partisan: Any) -> Office:
    judicial = position.get("judicial") is True
    if partisan is None:
        partisan = {"partisan": True, "nonpartisan": False}.get(
            _text(position.get("partisanType")).casefold()
        )
    fee = position.get("maximumFilingFee")
    known_fee = isinstance(fee, (int, float)) and not isinstance(fee, bool) and math.isfinite(fee)
    return Office(
        name=name,
        level=_LEVELS[position["level"]],
        division=division,
        kind=office_kind(name, division, judicial=judicial),
        district=" ".join(
            filter(None, (_text(position.get("subAreaName")), _text(position.get("subAreaValue"))))
        ),
        seats=_whole(position.get("seats")),
        term_years=_term(position.get("electionFrequencies")),
        partisan=partisan if isinstance(partisan, bool) else None,
        judicial=judicial,
        salary=_text(position.get("salary")),
        eligibility=_text(position.get("eligibilityRequirements")),
        requirements=_text(position.get("filingRequirements")),
        fee=f"Up to ${fee:,.2f}".removesuffix(".00") if known_fee and fee else "",
        file_where=_text(position.get("filingAddress")),
        file_how=_text(position.get("paperworkInstructions")),
        phone=_text(position.get("filingPhone")),
        minimum_age=_whole(position.get("minimumAge")),
        must_live_there=_flag(position.get("mustBeResident")),
        must_be_registered=_flag(position.get("mustBeRegisteredVoter")),
        boundaries_unknown=position.get("hasUnknownBoundaries") is True,
    )


def division_of(position: Mapping[str, Any]) -> Division:
    """Give the division that elects: with its OCD id where the Census class and id tell it."""
    census, geoid = _text(position.get("mtfcc")).upper(), _text(position.get("geoId"))
    state = _text(position.get("state")).upper()
    if find_state(state) is None:
        return Division(COUNTRY if not geoid and not state else "", "", census, geoid)
    if census == divisions.STATE:
        return divisions.state_division(state)
    if census in {divisions.UPPER, divisions.LOWER}:
        # One Census district of Idaho is two districts here, and its id does not say which.
        drawn = legislative(state, census, geoid, "")
        return drawn[0] if len(drawn) == 1 else Division("", "", census, geoid)
    if census == divisions.CONGRESS and (code := geoid[2:]).isdigit():
        number = "at-large" if code in {"00", "98"} else str(int(code))
        return Division(f"{divisions.prefix(state)}/cd:{number}", "", census, geoid)
    return divisions.table(state).division(census, geoid) or Division("", "", census, geoid)


def candidates(told: Mapping[str, Any]) -> tuple[Candidate, ...] | None:
    """Give who stands in a race, but for hidden ones and losers; None where the answer does not say."""
    said = told.get("candidacies")
    if said is None:
        return None
    return tuple(
        _candidate(each)
        for each in said
        if each and not each.get("isHidden") and each.get("result") != "LOST"
    )


def _candidate(each: Mapping[str, Any]) -> Candidate:
    person = each["candidate"]
    links = [_text((link or {}).get("url")) for link in person.get("urls") or ()]
    return Candidate(
        name=_text(person["fullName"]),
        party=", ".join(filter(None, (_text(party.get("name")) for party in each.get("parties") or ()))),
        certified=_flag(each.get("isCertified")),
        withdrawn=each.get("withdrawn") is True,
        url=next((link for link in links if re.match(r"https?://\S+$", link)), ""),
    )


def incumbents(position: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Give who holds a position now; () where its seats are vacant, None where the answer does not say."""
    holders = (position.get("officeHolders") or {}).get("nodes")
    if not holders:
        return None
    people = (each.get("person") for each in holders if each and not each.get("isVacant"))
    return tuple(name for each in people if each and (name := _text(each.get("fullName"))))


def _kind(told: Mapping[str, Any], election: str) -> Kind:
    if told.get("isPrimary"):
        return Kind.PRIMARY
    if told.get("isRunoff"):
        return Kind.RUNOFF
    # BallotReady's names of special elections always say so.
    return Kind.SPECIAL if re.search(r"\bspecial\b", election, re.IGNORECASE) else Kind.GENERAL


def _filings(periods: Iterable[Mapping[str, Any]] | None, zone: str) -> Iterator[Filing]:
    for each in periods or ():
        opens, closes = each.get("startOn"), each.get("endOn")
        yield Filing(
            opens=date.fromisoformat(opens) if opens else None,
            closes=date.fromisoformat(closes) if closes else None,
            zone=zone,
            what=_text(each.get("type")).casefold(),
            note=_text(each.get("notes"))[:_NOTES_MOST],
        )


def _term(frequencies: Iterable[Mapping[str, Any]] | None) -> int | None:
    """Give the years of a term: the first of the frequencies that hold now, as its other clients do."""
    now = [each for each in frequencies or () if not each.get("validTo")]
    years = next((each.get("frequency") for each in now), None)
    return _whole(years[0]) if years else None


def _zone(name: Any) -> str:
    try:
        return ZoneInfo(_text(name)).key
    except (ValueError, OSError, LookupError):
        return ""


def _text(said: Any) -> str:
    return said.strip() if isinstance(said, str) else ""


def _whole(said: Any) -> int | None:
    return said if isinstance(said, int) and not isinstance(said, bool) and said > 0 else None


def _flag(said: Any) -> bool | None:
    return said if isinstance(said, bool) else None
