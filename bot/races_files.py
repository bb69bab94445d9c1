"""Files of races on the disk: which kind they are, how they are encoded, and their rows one at a time."""

from __future__ import annotations

import codecs
import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from community import races_csv, races_people, races_vip
from community.races_rows import FileUnreadable, Row, together

_CHUNK = 1 << 20
LARGEST_TABLE = 512 * 1024 * 1024
"""Bytes of one table of a VIP feed that is held in memory: more is no feed of one state's candidates."""

Progress = Callable[[int], None]
"""Is told how many bytes of the file have been read since it was told last."""


@dataclass(slots=True)
class RacesFile:
    """A file that can be read several times; what it says of itself is known once it was opened.

    `encoding` is how it is read; `ignored` are columns that nobody here knows; `feed` is what a VIP feed says
    before its contests, and None for a CSV file.
    """

    path: Path
    people: bool = False
    size: int = 0
    encoding: str = "utf-8-sig"
    zipped: bool = False
    ignored: tuple[str, ...] = ()
    feed: races_vip.Feed | None = field(default=None, repr=False)

    @classmethod
    def opened(cls, path: Path, *, people: bool = False) -> RacesFile:
        """Look at a file; raises FileUnreadable where it has no rows that could be read, and OSError."""
        made = cls(path, people=people, size=path.stat().st_size)
        made.zipped = zipfile.is_zipfile(path)
        if made.zipped:
            if people:
                raise FileUnreadable("People come in a CSV file; those of a VIP feed are in the feed itself.")
            with made._zip() as lines:
                made.feed = races_vip.open_feed(lines)
        else:
            made.encoding = _encoding(path)
            with made._text() as file:
                head = made._lines(file, None)
                read = races_people.people_header(head) if people else races_csv.races_header(head)
                made.ignored = read.ignored
        return made

    def rows(self, source: str, progress: Progress | None = None) -> Iterator[Row]:
        """Read all rows, from the start, in the name of a source."""
        if self.feed is not None:
            with self._zip() as lines:
                yield from races_vip.contests(lines, self.feed, source=source)
            if progress is not None:
                progress(self.size)
            return
        with self._text() as file:
            lines_ = self._lines(file, progress)
            if self.people:
                yield from races_people.people(lines_, races_people.people_header(lines_), source=source)
            else:
                read = races_csv.races_header(lines_)
                yield from together(races_csv.races(lines_, read, source=source))

    def _text(self) -> TextIO:
        # Line ends stay as they are: one within quotes belongs to its cell.
        return self.path.open(encoding=self.encoding, errors="replace", newline="")

    def _lines(self, file: TextIO, progress: Progress | None) -> Iterator[str]:
        told = 0
        for number, line in enumerate(file):
            yield line
            if progress is not None and number % 500 == 0:
                now = file.buffer.tell()
                progress(now - told)
                told = now
        if progress is not None:
            progress(self.size - told)

    @contextmanager
    def _zip(self) -> Iterator[races_vip.Lines]:
        try:
            with zipfile.ZipFile(self.path) as archive, ExitStack() as opened:
                names = {Path(info.filename).name.casefold(): info for info in archive.infolist()}

                def lines(name: str) -> Iterator[str] | None:
                    info = names.get(f"{name}.txt") or names.get(f"{name}.csv")
                    if info is None:
                        return None
                    if name != "candidate_contest" and info.file_size > LARGEST_TABLE:
                        raise FileUnreadable(f"{name}.txt is too large for a feed of one state's election.")
                    file = io.TextIOWrapper(archive.open(info), "utf-8-sig", errors="replace", newline="")
                    return opened.enter_context(file)

                yield lines
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as fault:
            # Damaged, packed in an unusual way, or with a password.
            raise FileUnreadable(f"The zip file cannot be opened ({type(fault).__name__}).") from None


def _encoding(path: Path) -> str:
    """Say how a file is encoded: UTF-8 and UTF-16 by their marks, UTF-8 if it is that, else Windows-1252."""
    with path.open("rb") as file:
        if file.read(2) in {b"\xff\xfe", b"\xfe\xff"}:
            return "utf-16"
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8-sig"
