"""Races and places as JSON and back: what is kept of them outlives the version that wrote it.

A field that has its usual value is left out; one that this version does not know is ignored, and one that an
older version did not write has its usual value. So the usual values in community/races.py are part of the
format: a field may be added with one, but one that is there may not get another.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass, replace
from datetime import date, time
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from community.races import Candidate, Place, Race

T = TypeVar("T")
_Turn = Callable[[Any], Any]


class KeptUnreadable(ValueError):
    """What was kept is no race or place: something that has to be there is missing, or of another kind."""


def kept_race(race: Race) -> dict[str, Any]:
    """Give a race as what JSON can say; `race_of` gives it back."""
    return _kept(race)


def race_of(kept: dict[str, Any]) -> Race:
    """Give the race that was kept so; raises KeptUnreadable where it is none."""
    return _read(Race, kept)


def kept_place(place: Place) -> dict[str, Any]:
    """Give a place as what JSON can say, without its point: that is an address in other words."""
    return _kept(replace(place, point=None))


def place_of(kept: dict[str, Any]) -> Place:
    """Give the place that was kept so; it has no point. Raises KeptUnreadable where it is none."""
    return replace(_read(Place, kept), point=None)


def kept_candidate(candidate: Candidate) -> dict[str, Any]:
    """Give somebody who stands in a race as what JSON can say; `candidate_of` gives them back."""
    return _kept(candidate)


def candidate_of(kept: dict[str, Any]) -> Candidate:
    """Give the candidate who was kept so; raises KeptUnreadable where it is none."""
    return _read(Candidate, kept)


@dataclass(frozen=True, slots=True)
class _Part:
    """One field: how it becomes JSON and what it is again, and what it is where nothing is said."""

    name: str
    usual: Any
    keep: _Turn
    read: _Turn


def _same(value: Any) -> Any:
    return value


def _read(kind: type[T], kept: Any) -> T:
    plain: Any = kind
    try:
        return cast("T", _turns(plain)[1](kept))
    except (TypeError, ValueError, AttributeError, KeyError) as fault:
        raise KeptUnreadable(f"a {kind.__name__.lower()} that was kept cannot be read") from fault


def _kept(value: Any) -> dict[str, Any]:
    return {
        part.name: part.keep(there)
        for part in _parts(value.__class__)
        if (there := getattr(value, part.name)) != part.usual
    }


@cache
def _parts(kind: Any) -> tuple[_Part, ...]:
    hints = get_type_hints(kind)
    return tuple(_Part(each.name, _usual(each), *_turns(hints[each.name])) for each in fields(kind))


def _usual(each: Field[Any]) -> Any:
    if each.default_factory is not MISSING:
        return each.default_factory()
    return each.default


@cache
def _turns(hint: Any) -> tuple[_Turn, _Turn]:
    """Give the two ways, there and back, for a type as the fields of community/races.py have them."""
    origin = get_origin(hint)
    if origin in {types.UnionType, Union}:
        (inner,) = (each for each in get_args(hint) if each is not types.NoneType)
        keep, read = _turns(inner)
        return (
            lambda value: None if value is None else keep(value),
            lambda kept: None if kept is None else read(kept),
        )
    if origin is tuple or origin is frozenset:
        keep, read = _turns(get_args(hint)[0])
        arranged: Callable[[Any], Any] = sorted if origin is frozenset else list
        return (
            lambda value: arranged(keep(each) for each in value),
            lambda kept: origin(read(each) for each in _list(kept)),
        )
    return _plain_turns(hint)


def _plain_turns(kind: Any) -> tuple[_Turn, _Turn]:
    if is_dataclass(kind):
        return _kept, lambda kept: _made(kind, kept)
    if issubclass(kind, StrEnum):
        return lambda value: value.value, kind
    if kind in {date, time}:
        return lambda value: value.isoformat(), kind.fromisoformat
    return _same, lambda kept: _just(kind, kept)


def _made(kind: Any, kept: dict[str, Any]) -> Any:
    return kind(**{part.name: part.read(kept[part.name]) for part in _parts(kind) if part.name in kept})


def _list(kept: Any) -> list[Any]:
    if not isinstance(kept, list):
        raise TypeError("a list is expected")
    return kept


def _just(kind: type[Any], kept: Any) -> Any:
    # A whole number is a number too, but True is no number.
    fits = isinstance(kept, (int, float) if kind is float else kind) and (kind is bool) == isinstance(
        kept, bool
    )
    if not fits:
        raise TypeError(f"{kind.__name__} is expected")
    return kept
