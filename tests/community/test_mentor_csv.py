"""A sheet of mentors as people really save them: read whole, and every bad row named with its reasons."""

from __future__ import annotations

import contextlib
import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community import mentor_csv
from community.members import CAPACITY_MOST, MentorKind, MentorProfile
from community.mentor_csv import BadRow, MentorRow, SheetUnreadable
from community.offices import Office
from community.states import every_state
from community.topics import MENTOR_TOPICS, Topic

AT = datetime(2026, 11, 21, 15, tzinfo=UTC)
HEADER = "slack_user_id,email,name,states,topics,kind,offices,capacity\n"
CODES = [state.code for state in every_state()]


def row(text: str) -> MentorRow:
    sheet = mentor_csv.read((HEADER + text).encode())
    assert sheet.bad == ()
    (only,) = sheet.rows
    return only


def reasons(text: str) -> tuple[str, ...]:
    sheet = mentor_csv.read((HEADER + text).encode())
    assert sheet.rows == ()
    (only,) = sheet.bad
    return only.reasons


def test_a_full_row_is_read():
    assert row("U07ABC,,Rosa Delgado,VA;NC,filing;Field plan,alumni,School board;judge,5") == MentorRow(
        line=2,
        user="U07ABC",
        email=None,
        name="Rosa Delgado",
        states=frozenset({"VA", "NC"}),
        topics=frozenset({Topic.FILING, Topic.FIELD}),
        kind=MentorKind.ALUMNI,
        offices=frozenset({Office.SCHOOL_BOARD, Office.JUDGE}),
        capacity=5,
    )


def test_empty_topics_and_offices_mean_all_and_the_rest_has_its_usual_value():
    read = row("U07ABC,,,virginia,,,,")
    assert (read.topics, read.offices) == (frozenset(), frozenset())
    assert (read.kind, read.capacity) == (MentorKind.OPERATIVE, mentor_csv.CAPACITY_USUAL)


def test_all_states_can_be_said_in_a_word():
    assert row("U07ABC,,,All,all,,*,").states == frozenset(CODES)


def test_a_name_of_a_state_with_a_comma_in_it_is_one_state():
    assert row('U07ABC,,,"Washington, D.C.",,,,').states == frozenset({"DC"})


def test_every_reason_of_a_bad_row_is_given_at_once():
    assert reasons("dana,not an address,,Virgina,filling;juggling,friend,sherif,many") == (
        "“dana” is not a Slack member id such as U0123456789",
        "the e-mail address is not one",
        "“Virgina” is not a state; did you mean Virginia?",
        "“filling” is not a topic",
        "“juggling” is not a topic",
        "“sherif” is not a kind of office",
        "“friend” is not a kind: say operative, alumni or regional",
        f"capacity must be a whole number from 1 to {CAPACITY_MOST}",
    )


def test_an_address_of_a_person_is_never_repeated():
    assert not any("dana" in reason for reason in reasons(",dana at example.org,,VA,,,,"))


@pytest.mark.parametrize("capacity", ["0", "21", "-1", "2.5", "²", "9" * 5000])
def test_a_capacity_out_of_range_is_refused(capacity):
    assert len(reasons(f"U07ABC,,,VA,,,,{capacity}")) == 1


@pytest.mark.parametrize("topic", ["unsafe", "I feel unsafe", "other"])
def test_nobody_is_a_mentor_for_what_goes_to_staff(topic):
    assert reasons(f"U07ABC,,,VA,{topic},,,") == (f"“{topic}” is not a topic",)


def test_a_row_without_a_state_or_without_a_person_is_bad():
    assert len(reasons("U07ABC,,Rosa,,,,,")) == 1
    assert len(reasons(",,Rosa,VA,,,,")) == 1


def test_the_line_named_is_the_one_in_the_file():
    sheet = mentor_csv.read((HEADER + '\nU07ABC,,"Rosa\nDelgado",VA,,,,\n\nU07ABD,,,Atlantis,,,,\n').encode())
    assert [each.line for each in sheet.rows] == [3]
    assert sheet.rows[0].name == "Rosa Delgado"
    assert [each.line for each in sheet.bad] == [6]


def test_a_cell_too_many_is_explained():
    assert "quotes" in reasons("U07ABC,,Rosa,VA,NC,filing,alumni,,,5")[0]


def test_columns_come_in_any_order_and_case_and_strangers_are_named():
    sheet = mentor_csv.read(b"Phone,States,Slack User ID\n555,VA,U07ABC\n")
    assert sheet.rows[0].user == "U07ABC"
    assert sheet.ignored == ("phone",)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (HEADER.encode(), "no rows"),
        (b"name,states\nRosa,VA\n", "slack_user_id"),
        (b"email,name\na@example.org,Rosa\n", "states"),
        (b"email,email,states\na,b,VA\n", "twice"),
    ],
)
def test_what_is_no_sheet_is_refused_in_a_sentence(content, why):
    with pytest.raises(SheetUnreadable, match=why):
        mentor_csv.read(content)


def test_excel_on_windows_is_understood():
    sheet = mentor_csv.read("slack_user_id;name;states\r\nU07ABC;José Núñez;VA,NC\r\n".encode("cp1252"))
    assert sheet.rows[0].name == "José Núñez"
    assert sheet.rows[0].states == frozenset({"VA", "NC"})


words = st.text(
    st.characters(exclude_categories=["C", "Z"], exclude_characters="\ufeff"), min_size=1, max_size=12
)
good_rows = st.lists(
    st.builds(
        MentorRow,
        line=st.just(0),
        user=st.from_regex(r"[UW][A-Z0-9]{8,10}", fullmatch=True),
        email=st.none() | st.just("rosa@example.org"),
        name=st.lists(words, max_size=3).map(" ".join),
        states=st.frozensets(st.sampled_from(CODES), min_size=1, max_size=5),
        topics=st.frozensets(st.sampled_from(MENTOR_TOPICS), max_size=4),
        kind=st.sampled_from(MentorKind),
        offices=st.frozensets(st.sampled_from(Office), max_size=4),
        capacity=st.integers(1, CAPACITY_MOST),
    ),
    min_size=1,
    max_size=8,
)


def written(rows: list[MentorRow], delimiter: str, newline: str, *, titles: bool) -> str:
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, lineterminator=newline)
    writer.writerow(mentor_csv.COLUMNS)
    for each in rows:
        writer.writerow(
            [
                each.user,
                each.email,
                each.name,
                ";".join(each.states),
                ";".join(topic.label if titles else topic.value for topic in each.topics),
                each.kind.label if titles else each.kind.value,
                ";".join(office.label if titles else office.value for office in each.offices),
                each.capacity,
            ]
        )
    return file.getvalue()


@given(
    rows=good_rows,
    delimiter=st.sampled_from(",;\t"),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    titles=st.booleans(),
)
def test_what_a_spreadsheet_writes_is_read_back_the_same(rows, delimiter, newline, encoding, titles):
    sheet = mentor_csv.read(written(rows, delimiter, newline, titles=titles).encode(encoding))
    assert sheet.bad == ()
    assert [mentor_csv.replace(each, line=0) for each in sheet.rows] == rows


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_file_at_all_is_read_or_refused_and_never_breaks(content):
    for start in (b"", HEADER.encode()):
        with contextlib.suppress(SheetUnreadable):
            sheet = mentor_csv.read(start + content)
            lines = [each.line for each in (*sheet.rows, *sheet.bad)]
            assert lines
            assert len(lines) == len(set(lines))
            assert all(each.reasons for each in sheet.bad)


@given(good_rows, st.data())
def test_one_row_is_kept_for_each_person_and_a_contradiction_is_named(rows, data):
    numbered = [mentor_csv.replace(each, line=line) for line, each in enumerate(rows, 2)]
    again = data.draw(st.lists(st.sampled_from(numbered)))
    kept, bad = mentor_csv.one_each([*numbered, *again])
    assert {each.user for each in kept} == {each.user for each in rows}
    assert len(kept) == len({each.user for each in kept})
    firsts = {each.user: each for each in reversed(numbered)}
    for each in bad:
        (said,) = [known for known in numbered if known.line == each.line][:1]
        assert mentor_csv.replace(said, email=None) != mentor_csv.replace(firsts[said.user], email=None)


def test_the_same_person_said_differently_is_a_bad_row():
    first = row("U07ABC,,Rosa,VA,,,,")
    second = mentor_csv.replace(first, line=9, states=frozenset({"NC"}))
    kept, bad = mentor_csv.one_each([first, mentor_csv.replace(first, line=5), second])
    assert kept == [first]
    assert bad == [BadRow(9, ("U07ABC stands on line 2 already, differently",))]


def test_an_imported_mentor_is_approved():
    made = mentor_csv.profile(row("U07ABC,,Rosa,VA,,,,"), None, at=AT)
    assert made.approved_at == AT
    assert made.states == frozenset({"VA"})


@given(good_rows)
def test_importing_the_same_row_again_changes_nothing(rows):
    first = mentor_csv.profile(rows[0], None, at=AT)
    assert mentor_csv.profile(rows[0], first, at=AT + timedelta(days=9)) == first


def test_what_only_the_mentor_could_say_survives_an_import():
    before = MentorProfile(
        user="U07ABC", away_until=AT + timedelta(days=3), against=frozenset({"U09"}), declined_at=AT
    )
    after = mentor_csv.profile(row("U07ABC,,Rosa,VA,,,,"), before, at=AT)
    assert (after.away_until, after.against) == (before.away_until, before.against)
    assert after.declined_at is None
    assert after.approved
