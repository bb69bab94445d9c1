"""What a person typed after `/races`, taken apart: where they mean, and which office if they named one."""

from __future__ import annotations

import re
import unicodedata

from community.offices import Office
from community.races import Asked, Level

LONGEST = 300
"""No address is longer than this many characters; what comes after is not looked at."""

_PHRASES: dict[str, tuple[Level | None, Office | None]] = {
    "school board": (Level.LOCAL, Office.SCHOOL_BOARD),
    "school boards": (Level.LOCAL, Office.SCHOOL_BOARD),
    "school committee": (Level.LOCAL, Office.SCHOOL_BOARD),
    "board of education": (Level.LOCAL, Office.SCHOOL_BOARD),
    "school trustee": (Level.LOCAL, Office.SCHOOL_BOARD),
    "city council": (Level.CITY, Office.CITY_COUNCIL),
    "town council": (Level.CITY, Office.CITY_COUNCIL),
    "village board": (Level.CITY, Office.CITY_COUNCIL),
    "city offices": (Level.CITY, None),
    "city office": (Level.CITY, None),
    "city races": (Level.CITY, None),
    "alderman": (Level.CITY, Office.CITY_COUNCIL),
    "alderwoman": (Level.CITY, Office.CITY_COUNCIL),
    "alderperson": (Level.CITY, Office.CITY_COUNCIL),
    "mayor": (Level.CITY, Office.MAYOR),
    "county offices": (Level.COUNTY, Office.COUNTY),
    "county office": (Level.COUNTY, Office.COUNTY),
    "county races": (Level.COUNTY, Office.COUNTY),
    "county board": (Level.COUNTY, Office.COUNTY),
    "county council": (Level.COUNTY, Office.COUNTY),
    "county commission": (Level.COUNTY, Office.COUNTY),
    "county commissioner": (Level.COUNTY, Office.COUNTY),
    "county supervisor": (Level.COUNTY, Office.COUNTY),
    "board of supervisors": (Level.COUNTY, Office.COUNTY),
    "county clerk": (Level.COUNTY, Office.COUNTY),
    "sheriff": (Level.COUNTY, Office.COUNTY),
    "coroner": (Level.COUNTY, Office.COUNTY),
    "state house": (Level.STATE, Office.STATE_HOUSE),
    "house of delegates": (Level.STATE, Office.STATE_HOUSE),
    "house of representatives": (Level.STATE, Office.STATE_HOUSE),
    "state representative": (Level.STATE, Office.STATE_HOUSE),
    "state rep": (Level.STATE, Office.STATE_HOUSE),
    "state assembly": (Level.STATE, Office.STATE_HOUSE),
    "general assembly": (Level.STATE, Office.STATE_HOUSE),
    "delegate": (Level.STATE, Office.STATE_HOUSE),
    "state senate": (Level.STATE, Office.STATE_SENATE),
    "state senator": (Level.STATE, Office.STATE_SENATE),
    "senate": (Level.STATE, Office.STATE_SENATE),
    "state legislature": (Level.STATE, None),
    "legislature": (Level.STATE, None),
    "state offices": (Level.STATE, None),
    "state office": (Level.STATE, None),
    "state races": (Level.STATE, None),
    "statewide": (Level.STATE, None),
    "governor": (Level.STATE, Office.OTHER),
    "attorney general": (Level.STATE, Office.OTHER),
    "secretary of state": (Level.STATE, Office.OTHER),
    "district attorney": (Level.COUNTY, Office.DISTRICT_ATTORNEY),
    "commonwealth's attorney": (Level.COUNTY, Office.DISTRICT_ATTORNEY),
    "prosecutor": (Level.COUNTY, Office.DISTRICT_ATTORNEY),
    "judgeship": (None, Office.JUDGE),
    "judgeships": (None, Office.JUDGE),
    "judge": (None, Office.JUDGE),
    "judges": (None, Office.JUDGE),
    "local offices": (Level.LOCAL, None),
    "local office": (Level.LOCAL, None),
    "local races": (Level.LOCAL, None),
    "federal offices": (Level.FEDERAL, None),
    "federal races": (Level.FEDERAL, None),
    "congress": (Level.FEDERAL, None),
}
"""What people call offices. Words that are also part of a place's name ("city", "county", "house",
"federal": Kansas City, Dane County, Federal Way) count only inside a longer phrase."""

_BY_LENGTH = sorted(_PHRASES, key=lambda phrase: -len(phrase))
_ANY = "|".join(re.escape(phrase) for phrase in _BY_LENGTH)
_EDGE = r"[\s,;:.!?\-]*"
_FIRST = re.compile(rf"{_EDGE}(?P<office>{_ANY})(?![\w'])(?P<rest>.*)", re.IGNORECASE)
_LAST = re.compile(rf"(?P<rest>.*?)(?<![\w'])(?P<office>{_ANY}){_EDGE}", re.IGNORECASE)
_BETWEEN = re.compile(rf"(?P<before>.+?)(?<![\w'])(?P<office>{_ANY})(?![\w'])(?P<after>.+)", re.IGNORECASE)
_LINKING = re.compile(r"(?:seats?|races?|elections?|in|at|near|around|for|of)\s+", re.IGNORECASE)
_HERE = re.compile(r"(?:near|around|by|close to|for) (?:me|here)|here|me please", re.IGNORECASE)
_ASKING = re.compile(
    r"^(?:what\s+can\s+i\s+run\s+for|what\s+races(?:\s+are\s+there)?|races?|elections?)\b", re.IGNORECASE
)
_MARKUP = re.compile(r"<[^<>]*>")
_HOUSE_NUMBER = re.compile(r"\d+[a-z]?(?:-\d+)?(?:\s+1/2)?\s+(?=\S*[^\W\d_])", re.IGNORECASE)
_STREET_AND_ZIP = re.compile(r"\S.*\s\S.*\d{5}(?:-\d{4})?$")
_KINDS_OF_STREET = (
    r"\b(?:street|st|avenue|ave|road|rd|drive|dr|lane|ln|boulevard|blvd|court|ct|way|place|pl|circle|cir|"
    r"highway|hwy|parkway|pkwy|terrace|ter|trail|route|rte|box)\b\.?"
)
_STREET = re.compile(_KINDS_OF_STREET, re.IGNORECASE)
_STREET_END = re.compile(rf"{_KINDS_OF_STREET}$", re.IGNORECASE)


def asked(text: str) -> Asked:
    """Take apart what was typed; never raises, whatever it is.

    `where` is what is left when the words for an office are taken away ("" where nothing is), without markup
    and with single spaces; `words` is the office as it was typed. An office is looked for at either end, and
    in the middle only where nothing looks like a street: "1600 Judge Perez Dr" is no judgeship.
    """
    plain = tidy(text)
    plain = _trimmed(_ASKING.sub("", plain))
    words, where = _split(plain) or ("", _place(plain))
    # Patterns that ignore case take "cıty" for "city" as well; such letters name no office.
    known = _PHRASES.get(words.casefold())
    if known is None:
        return Asked(where=_place(plain))
    level, kind = known
    return Asked(where=where, level=level, kind=kind, words=words)


def is_address(where: str) -> bool:
    """Whether this has a house number and a street, so that only a geocoder can tell where it is."""
    if _HOUSE_NUMBER.match(where):
        # "23220 Virginia" and "23220 Richmond VA" are a ZIP code and its city, not the house 23,220.
        return not re.match(r"\d{5}(?:-\d{4})?\s", where) or bool(_STREET.search(where))
    return bool(_STREET_AND_ZIP.match(where) and re.search(r"\d", where[:-5]) and _STREET.search(where))


def tidy(text: str) -> str:
    """Give the text in one line, in ordinary letters and digits, without markup, at most LONGEST long."""
    head = unicodedata.normalize("NFKC", text[: LONGEST * 2])
    head = head.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    head = _MARKUP.sub(" ", head).replace("<", " ").replace(">", " ")
    # Control and format characters (line ends, zero-width joiners, direction marks) say nothing here.
    head = "".join(" " if unicodedata.category(each).startswith(("C", "Z")) else each for each in head)
    return _trimmed(" ".join(head.replace("’", "'").split())[:LONGEST])


def _split(plain: str) -> tuple[str, str] | None:
    """Give the words for an office and what is left, or None where there are none."""
    for pattern in (_FIRST, _LAST):
        match = pattern.fullmatch(plain)
        if match is not None and not (pattern is _FIRST and _is_a_street(match["rest"])):
            return match["office"], _place(match["rest"])
    if not is_address(plain):
        match = _BETWEEN.fullmatch(plain)
        if match is not None:
            return match["office"], _place(f"{_trimmed(match['before'])}, {_place(match['after'])}")
    return None


def _is_a_street(rest: str) -> bool:
    """Whether "Judge" or "Mayor" at the beginning is only the name of a street ("Judge Perez Dr, LA")."""
    head = rest.partition(",")[0]
    return not re.match(r"\s*\d", rest) and "," in rest and bool(_STREET_END.search(head))


def _place(rest: str) -> str:
    """Give what is left without "in" and "near" before it; the last word stays, as Indiana is called IN."""
    left = _trimmed(rest)
    if _HERE.fullmatch(left):
        return ""
    while (match := _LINKING.match(left)) and (shorter := _trimmed(left[match.end() :])):
        left = shorter
    return left


def _trimmed(text: str) -> str:
    return text.strip(" ,;:.!?-\"'`*_~|")
