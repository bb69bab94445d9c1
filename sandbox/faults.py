"""Faults on demand: what goes wrong between an app and Slack, switched on by tests and benchmarks."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.limits import RateModel

KINDS = frozenset({
    "rate_limited", "server_error", "slow", "drop_before", "drop_after", "error", "hang",
})  # fmt: skip


@dataclass(slots=True)
class Fault:
    """One thing that will go wrong `times` times for calls of `method` that `where` accepts.

    Params by kind: rate_limited(retry_after=1), server_error(status=500, committed=False), slow(seconds=1,
    before=False: the work is done first and the answer is late), error(code="internal_error",
    committed=False), hang(committed=False). drop_before and drop_after need none. `committed` True means
    that Slack did the work although the answer says otherwise. The method of what is sent to any
    response_url is "response_url".
    """

    kind: str
    method: str
    times: int = 1
    where: Callable[[dict[str, Any]], bool] | None = None
    params: dict[str, Any] = field(default_factory=dict)


class Faults:
    """The switchboard. Nothing goes wrong until something is switched on."""

    def __init__(self) -> None:
        self.planned: list[Fault] = []
        self.limits = False
        self.rates = RateModel()
        self.struck: dict[str, int] = {}
        self.changed: Callable[[], None] | None = None
        self._twice = 0
        self._deaf = False
        self._no_history = False
        self._random: random.Random | None = None
        self._chances: dict[str, float] = {}
        self._random_methods: tuple[str, ...] = ()

    def add(
        self,
        kind: str,
        method: str = "chat.postMessage",
        times: int = 1,
        where: Callable[[dict[str, Any]], bool] | None = None,
        **params: Any,
    ) -> Fault:
        """Plan a fault (see Fault for kinds and params). `method` "*" means every method."""
        if kind not in KINDS:
            raise ValueError(f"unknown fault {kind!r}; there are {', '.join(sorted(KINDS))}")
        fault = Fault(kind, method, times, where, params)
        self.planned.append(fault)
        self._tell()
        return fault

    def random(
        self,
        seed: int,
        rates: Mapping[str, float],
        methods: tuple[str, ...] = ("chat.postMessage", "chat.update", "chat.delete", "views.publish"),
    ) -> None:
        """From now on each call of `methods` meets each kind of fault with its probability.

        Besides the plain kinds there are "server_error_committed" and "error_committed".
        """
        unknown = {kind.removesuffix("_committed") for kind in rates} - KINDS
        if unknown:
            raise ValueError(f"unknown faults {', '.join(sorted(unknown))}")
        self._random = random.Random(seed)
        self._chances = dict(rates)
        self._random_methods = methods
        self._tell()

    def event_twice(self, n: int = 1) -> None:
        """The next `n` events arrive twice, with the same event_id."""
        self._twice += n
        self._tell()

    def deaf(self, deaf: bool = True) -> None:  # noqa: FBT001, FBT002 - reads as a switch: deaf(True)
        """While on, sockets stay open but nothing is delivered: events queue, all else times out."""
        self._deaf = deaf
        self._tell()

    def no_history(self, absent: bool = True) -> None:  # noqa: FBT001, FBT002 - a switch
        """While on, conversations.history and .replies show no messages, as when Slack's read side lags."""
        self._no_history = absent
        self._tell()

    def clear(self) -> None:
        """Everything works again. Rate limits go back to off."""
        self.planned.clear()
        self._twice, self._deaf, self._no_history, self.limits = 0, False, False, False
        self._random, self._chances = None, {}
        self._tell()

    @property
    def is_deaf(self) -> bool:
        """Whether nothing is delivered at the moment."""
        return self._deaf

    @property
    def history_absent(self) -> bool:
        """Whether history reads show nothing at the moment."""
        return self._no_history

    def take_twice(self) -> bool:
        """Whether the event that is about to go out should go out twice; uses one up."""
        if self._twice == 0:
            return False
        self._twice -= 1
        return True

    def strike(self, method: str, args: dict[str, Any]) -> Fault | None:
        """The fault that this call meets, used up; None if it goes through."""
        for fault in self.planned:
            if fault.method in {method, "*"} and (fault.where is None or fault.where(args)):
                fault.times -= 1
                if fault.times <= 0:
                    self.planned.remove(fault)
                return self._count(fault)
        if self._random is None or method not in self._random_methods:
            return None
        draw = self._random.random()
        for kind, chance in self._chances.items():
            if draw < chance:
                committed = {"committed": True} if kind.endswith("_committed") else {}
                return self._count(Fault(kind.removesuffix("_committed"), method, params=committed))
            draw -= chance
        return None

    def describe(self) -> dict[str, Any]:
        """What is switched on, for the page."""
        return {
            "planned": [
                {"kind": f.kind, "method": f.method, "times": f.times, "params": f.params}
                for f in self.planned
            ],
            "limits": self.limits,
            "deaf": self._deaf,
            "no_history": self._no_history,
            "event_twice": self._twice,
            "random": dict(self._chances),
            "struck": dict(self.struck),
        }

    def command(self, order: Mapping[str, Any]) -> None:
        """Do what a process outside asks for over HTTP; ValueError for what makes no sense.

        {"kind": …, "method": …, "times": …, "match": {argument: value}, …params}, or any of {"clear": true},
        {"limits": bool}, {"deaf": bool}, {"no_history": bool}, {"event_twice": n},
        {"random": {"seed": 1, "rates": {…}, "methods": […]}}.
        """
        wish = dict(order)
        if wish.pop("clear", False):
            self.clear()
        if "limits" in wish:
            self.limits = bool(wish.pop("limits"))
        if "deaf" in wish:
            self.deaf(bool(wish.pop("deaf")))
        if "no_history" in wish:
            self.no_history(bool(wish.pop("no_history")))
        if "event_twice" in wish:
            self.event_twice(int(wish.pop("event_twice")))
        if "random" in wish:
            chaos = wish.pop("random")
            methods = chaos.get("methods")
            more = {"methods": tuple(methods)} if methods else {}
            self.random(int(chaos.get("seed", 0)), chaos.get("rates", {}), **more)
        if "kind" in wish:
            match = wish.pop("match", None)
            where = (lambda args: all(args.get(k) == v for k, v in match.items())) if match else None
            kind, method = str(wish.pop("kind")), str(wish.pop("method", "chat.postMessage"))
            self.add(kind, method, int(wish.pop("times", 1)), where, **wish)
        elif wish:
            raise ValueError(f"unknown orders: {', '.join(sorted(wish))}")
        self._tell()

    def _count(self, fault: Fault) -> Fault:
        self.struck[fault.kind] = self.struck.get(fault.kind, 0) + 1
        self._tell()
        return fault

    def _tell(self) -> None:
        if self.changed is not None:
            self.changed()
