"""Files of races as tests write them."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

from community.races_csv import races, races_header
from community.races_people import people, people_header
from community.races_rows import BadRow, RaceRow, Row, together

SOURCE = "Virginia Department of Elections"
VA = "ocd-division/country:us/state:va"
COUNCIL = {
    "ocd_division_id": f"{VA}/place:richmond/council_district:4",
    "office": "Richmond City Council",
    "district": "District 4",
    "election_date": "2027-11-02",
}


def sheet(*rows: dict[str, str], delimiter: str = ",", newline: str = "\n") -> str:
    """A CSV file with these rows."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    file = io.StringIO()
    writer = csv.DictWriter(file, columns, delimiter=delimiter, lineterminator=newline, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def rows_of(text: str, source: str = SOURCE) -> list[Row]:
    lines = iter(io.StringIO(text, newline=""))
    return list(together(races(lines, races_header(lines), source=source)))


def row_of(**cells: str) -> RaceRow:
    (only,) = rows_of(sheet(COUNCIL | cells))
    assert isinstance(only, RaceRow), only
    return only


def reasons(**cells: str) -> tuple[str, ...]:
    (only,) = rows_of(sheet(COUNCIL | cells))
    assert isinstance(only, BadRow), only
    return only.reasons


def people_of(text: str, source: str = SOURCE) -> list[Row]:
    lines = iter(io.StringIO(text, newline=""))
    return list(people(lines, people_header(lines), source=source))


FEED = {
    "election": "id,date,name,election_type,state_id\ne1,11-02-2027,2027 General Election,State,st51\n",
    "source": "id,date_time,description,name,organization_uri,vip_id,version\n"
    "s1,2026-11-20T10:24:08,,Virginia Department of Elections,https://elections.example.gov,51,5.2\n",
    "state": "id,name\nst51,Virginia\n",
    "electoral_district": (
        "id,external_identifier_type,external_identifier_othertype,external_identifier_value,name,number,"
        "type,other_type\n"
        f"ed1,ocd-id,,{VA}/sldl:12,House District 12,12,state-house,\n"
        f"ed2,ocd-id,,{VA}/place:richmond,Richmond,,city,\n"
        "ed3,other,community-board,4,CB 4,4,other,community-board\n"
    ),
    "office": (
        "id,electoral_district_id,external_identifier_type,external_identifier_othertype,"
        "external_identifier_value,filing_deadline,is_partisan,name,office_holder_person_ids,term_type,"
        "term_start_date,term_end_date\n"
        "o1,ed1,,,,2027-06-15,true,House of Delegates,p9,full-term,2028-01-12,\n"
        "o2,ed2,,,,06/15/2027,false,Mayor,,unexpired-term,2028-01-12,\n"
    ),
    "person": "id,first_name,last_name,middle_name,suffix\np9,Holly,Odell,,Jr.\n",
    "party": "id,abbreviation,name\npar1,DEM,Democratic\npar2,REP,Republican\n",
    "candidate": (
        "id,ballot_name,file_date,is_incumbent,party_id,person_id,post_election_status,pre_election_status\n"
        "c1,Ana Ruiz,2027-05-01,false,par1,,,qualified\n"
        "c2,Holly Odell Jr.,2027-05-02,true,par2,p9,,filed\n"
        "c3,Gone Already,2027-05-02,false,par2,,,withdrawn\n"
    ),
    "candidate_selection": (
        "id,sequence_order,candidate_ids,endorsement_party_ids,is_write_in\n"
        "cs1,1,c1,par1,false\ncs2,2,c2,par2,false\ncs3,3,c3,,false\n"
    ),
    "candidate_contest": (
        "id,ballot_selection_ids,electoral_district_id,name,number_elected,office_ids,primary_party_ids\n"
        "k1,cs1 cs2 cs3,ed1,House of Delegates 12,1,o1,\n"
        "k2,,ed2,Mayor of Richmond,1,o2,\n"
    ),
}
"""A feed in the shape of the CSV specification's examples, with invented people."""


def feed_lines(tables=FEED):
    return lambda name: iter(io.StringIO(tables[name])) if name in tables else None


def zipped(path: Path, tables=FEED, *, folder: str = "vip/", ending: str = ".txt") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in tables.items():
            archive.writestr(f"{folder}{name}{ending}", text)
    return path
