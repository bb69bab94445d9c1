"""The elections whose days and deadlines statutes fix, state by state.

What is here was checked against dates that were (tests/community/test_calendar.py). Left out, because no
source that we trust bears the date out: Chicago's own offices, Ohio, Oklahoma, North Carolina, Kansas, New
Jersey's school boards, and the primaries of 2028.
"""

from __future__ import annotations

from datetime import date, time

from community.calendar import (
    FRIDAY,
    MONDAY,
    SATURDAY,
    TUESDAY,
    WEDNESDAY,
    Calendar,
    Deadline,
    days_after,
    days_before,
    feasts,
    first_after,
    fixed,
    moved,
    next_if_holiday,
    nth,
    nth_before,
    week_earlier_if,
)

NOVEMBER = first_after(TUESDAY, nth(1, MONDAY, 11))
"""The general election day: the first Tuesday after the first Monday in November."""


def odd(year: int) -> bool:
    """Whether it is an odd year."""
    return year % 2 == 1


def before_president(year: int) -> bool:
    """Whether it is the year before one in which a president is elected."""
    return year % 4 == 3  # noqa: PLR2004 - 2023, 2027, 2031


_VA_PRIMARY = moved(nth(3, TUESDAY, 6), {2026: date(2026, 8, 4)})
_VA_INDEPENDENT = Deadline(
    closes=_VA_PRIMARY,
    closes_at=time(19),
    law="Va. Code §§ 24.2-507, 24.2-510",
    what="independents and party nominees without a primary",
)
VIRGINIA = Calendar(
    key="va:november",
    state="VA",
    name="November general election",
    election=NOVEMBER,
    primary=_VA_PRIMARY,
    years=odd,
    deadlines=(
        Deadline(
            opens=days_before(92, _VA_PRIMARY),
            opens_at=time(12),
            closes=days_before(75, _VA_PRIMARY),
            closes_at=time(17),
            law="Va. Code § 24.2-522",
            what="party primary",
        ),
        _VA_INDEPENDENT,
    ),
    note="The General Assembly has moved a primary before, in 2026 within months of it.",
)
VIRGINIA_NONPARTISAN = Calendar(
    key="va:nonpartisan",
    state="VA",
    name="November general election",
    election=NOVEMBER,
    years=odd,
    deadlines=(
        Deadline(closes=_VA_PRIMARY, closes_at=time(19), law="Va. Code § 24.2-507", what="all candidates"),
    ),
)

_NJ_PRIMARY = moved(first_after(TUESDAY, nth(1, MONDAY, 6)), {2025: date(2025, 6, 10)})
NEW_JERSEY = Calendar(
    key="nj:november",
    state="NJ",
    name="November general election",
    election=NOVEMBER,
    primary=_NJ_PRIMARY,
    years=odd,
    deadlines=(
        Deadline(
            closes=days_before(71, _NJ_PRIMARY),
            closes_at=time(16),
            law="N.J.S.A. 19:23-14",
            what="party primary",
        ),
        Deadline(closes=_NJ_PRIMARY, law="N.J.S.A. 19:13-9", what="independents"),
    ),
)

_MS_PRIMARY = first_after(TUESDAY, nth(1, MONDAY, 8))
MISSISSIPPI = Calendar(
    key="ms:november",
    state="MS",
    name="November general election",
    election=NOVEMBER,
    primary=_MS_PRIMARY,
    runoff=days_after(21, _MS_PRIMARY),
    years=before_president,
    deadlines=(Deadline(closes=fixed(2, 1), law="Miss. Code § 23-15-299", what="party primary"),),
    note="The Secretary of State's own calendar may name an hour and other days.",
)

_LA_PRIMARY = week_earlier_if(feasts, nth(-3, SATURDAY, 10))
_LA_OPENS = first_after(TUESDAY, nth(1, MONDAY, 8))
LOUISIANA = Calendar(
    key="la:fall",
    state="LA",
    name="fall election",
    election=days_after(35, _LA_PRIMARY),
    primary=_LA_PRIMARY,
    years=before_president,
    law="La. R.S. 18:402",
    deadlines=(
        Deadline(
            opens=_LA_OPENS,
            closes=days_after(2, _LA_OPENS),
            law="La. R.S. 18:467",
            what="qualifying",
            note="This section was amended in August 2025: ask before you count on these days.",
        ),
    ),
    note="Whoever wins more than half in the primary is elected then.",
)

KENTUCKY = Calendar(
    key="ky:november",
    state="KY",
    name="November general election",
    election=NOVEMBER,
    primary=first_after(TUESDAY, nth(3, MONDAY, 5)),
    years=before_president,
    deadlines=(
        Deadline(
            opens=first_after(WEDNESDAY, nth(1, MONDAY, 11, years=-1)),
            closes=first_after(FRIDAY, nth(1, MONDAY, 1)),
            closes_at=time(16),
            law="KRS 118.165",
            what="party primary",
        ),
    ),
)

WISCONSIN = Calendar(
    key="wi:spring",
    state="WI",
    name="spring election",
    election=nth(1, TUESDAY, 4),
    primary=nth(3, TUESDAY, 2),
    deadlines=(
        Deadline(
            opens=fixed(12, 1, years=-1),
            closes=next_if_holiday(nth(1, TUESDAY, 1)),
            closes_at=time(17),
            law="Wis. Stat. § 8.10",
            note="Nomination papers may be passed around from the first day on.",
        ),
    ),
)

_MO_APRIL = first_after(TUESDAY, nth(1, MONDAY, 4))
MISSOURI = Calendar(
    key="mo:april",
    state="MO",
    name="general municipal election",
    election=_MO_APRIL,
    deadlines=(
        Deadline(
            opens=nth_before(17, TUESDAY, _MO_APRIL),
            opens_at=time(8),
            closes=nth_before(14, TUESDAY, _MO_APRIL),
            closes_at=time(17),
            law="RSMo 115.127",
            note="Some cities with a charter of their own have other days.",
        ),
    ),
)

_TX_MAY = nth(1, SATURDAY, 5)
_TX_LAW = "Tex. Elec. Code §§ 41.001, 143.007, 144.005"
TEXAS_MAY = Calendar(
    key="tx:may",
    state="TX",
    name="May uniform election",
    election=_TX_MAY,
    deadlines=(
        Deadline(
            opens=days_before(30, days_before(78, _TX_MAY)),
            closes=days_before(78, _TX_MAY),
            closes_at=time(17),
            law=_TX_LAW,
        ),
    ),
    note="Some cities and districts vote in November instead.",
)
TEXAS_NOVEMBER = Calendar(
    key="tx:november",
    state="TX",
    name="November uniform election",
    election=NOVEMBER,
    years=odd,
    deadlines=(Deadline(closes=days_before(78, NOVEMBER), closes_at=time(17), law=_TX_LAW),),
    note="Most cities and districts vote in May instead.",
)

_PA_PRIMARY = nth(3, TUESDAY, 5)
PENNSYLVANIA = Calendar(
    key="pa:municipal",
    state="PA",
    name="municipal election",
    election=NOVEMBER,
    primary=_PA_PRIMARY,
    years=odd,
    deadlines=(
        Deadline(
            opens=nth_before(13, TUESDAY, _PA_PRIMARY),
            closes=nth_before(10, TUESDAY, _PA_PRIMARY),
            law="25 P.S. §§ 2868, 2873",
            what="party primary",
            note="Petitions may be passed around from the first day on.",
        ),
    ),
)

_WA_OPENS = nth(1, MONDAY, 5)
WASHINGTON = Calendar(
    key="wa:local",
    state="WA",
    name="local general election",
    election=NOVEMBER,
    primary=nth(1, TUESDAY, 8),
    years=odd,
    deadlines=(Deadline(opens=_WA_OPENS, closes=days_after(4, _WA_OPENS), law="RCW 29A.24.050"),),
)

_IL_APRIL = nth(1, TUESDAY, 4)
_IL_PRIMARY = nth(-1, TUESDAY, 2)
_IL_LAW = "10 ILCS 5 as amended by P.A. 103-0586 and 103-0600"
ILLINOIS = Calendar(
    key="il:consolidated",
    state="IL",
    name="consolidated election",
    election=_IL_APRIL,
    years=odd,
    deadlines=(
        Deadline(
            opens=next_if_holiday(days_before(141, _IL_APRIL)),
            closes=next_if_holiday(days_before(134, _IL_APRIL)),
            law=_IL_LAW,
        ),
    ),
    note="Offices that have a primary in February file four weeks earlier.",
)
ILLINOIS_PRIMARY = Calendar(
    key="il:consolidated-primary",
    state="IL",
    name="consolidated election with a primary",
    election=_IL_APRIL,
    primary=_IL_PRIMARY,
    years=odd,
    deadlines=(
        Deadline(
            opens=next_if_holiday(days_before(127, _IL_PRIMARY)),
            closes=next_if_holiday(days_before(120, _IL_PRIMARY)),
            law=_IL_LAW,
        ),
    ),
    note="Only some towns and cities hold a primary in February.",
)

CALENDARS = (
    VIRGINIA,
    VIRGINIA_NONPARTISAN,
    NEW_JERSEY,
    MISSISSIPPI,
    LOUISIANA,
    KENTUCKY,
    WISCONSIN,
    MISSOURI,
    TEXAS_MAY,
    TEXAS_NOVEMBER,
    PENNSYLVANIA,
    WASHINGTON,
    ILLINOIS,
    ILLINOIS_PRIMARY,
)
