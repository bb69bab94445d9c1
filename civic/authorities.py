"""Who can confirm a date: each state's own election authority, and where it is on the web."""

from __future__ import annotations

from community.states import state_name

EVERY_STATE = "https://www.usa.gov/state-election-office"
"""The federal government's list of state election offices, for the states whose address is not known here."""

_SITES = {
    "AK": "https://www.elections.alaska.gov",
    "AL": "https://www.sos.alabama.gov",
    "AR": "https://www.sos.arkansas.gov",
    "AZ": "https://azsos.gov",
    "CA": "https://www.sos.ca.gov/elections",
    "CO": "https://www.coloradosos.gov",
    "DC": "https://www.dcboe.org",
    "DE": "https://elections.delaware.gov",
    "FL": "https://dos.fl.gov/elections",
    "GA": "https://sos.ga.gov",
    "HI": "https://elections.hawaii.gov",
    "IA": "https://sos.iowa.gov",
    "ID": "https://voteidaho.gov",
    "IL": "https://www.elections.il.gov",
    "IN": "https://www.in.gov/sos/elections",
    "KS": "https://sos.ks.gov",
    "KY": "https://elect.ky.gov",
    "LA": "https://www.sos.la.gov",
    "MA": "https://www.sec.state.ma.us",
    "MD": "https://elections.maryland.gov",
    "ME": "https://www.maine.gov/sos",
    "MN": "https://www.sos.mn.gov",
    "MO": "https://www.sos.mo.gov/elections",
    "MS": "https://www.sos.ms.gov",
    "MT": "https://sosmt.gov/elections",
    "NC": "https://www.ncsbe.gov",
    "ND": "https://www.sos.nd.gov",
    "NE": "https://sos.nebraska.gov",
    "NH": "https://www.sos.nh.gov",
    "NJ": "https://www.nj.gov/state/elections",
    "NM": "https://www.sos.nm.gov",
    "NV": "https://www.nvsos.gov",
    "NY": "https://elections.ny.gov",
    "OH": "https://www.ohiosos.gov",
    "OK": "https://oklahoma.gov/elections.html",
    "OR": "https://sos.oregon.gov",
    "RI": "https://elections.ri.gov",
    "SC": "https://scvotes.gov",
    "SD": "https://sdsos.gov",
    "TN": "https://sos.tn.gov/elections",
    "TX": "https://www.sos.state.tx.us/elections",
    "UT": "https://vote.utah.gov",
    "VA": "https://www.elections.virginia.gov",
    "WA": "https://www.sos.wa.gov/elections",
    "WI": "https://elections.wi.gov",
    "WV": "https://sos.wv.gov",
    "WY": "https://sos.wyo.gov",
}


def site(state: str) -> str:
    """Give the address of a state's election authority, by postal code, or of the list of all of them."""
    return _SITES.get(state, EVERY_STATE)


def authority(state: str) -> str:
    """Give what to call whoever runs elections in a state: "Virginia's election authority"."""
    return f"{state_name(state)}'s election authority"
