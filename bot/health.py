"""What the process tells a load balancer, an orchestrator and Prometheus about itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from aiohttp.web_routedef import AbstractRouteDef

    Check = Callable[[], Awaitable[str | None]]
    Measured = float | Mapping[str, float] | None
    Measure = Callable[[], Awaitable[Measured]]
    Note = Callable[[], Awaitable[str]]

CHECK_WITHIN = 2.0
"""Seconds that one check or measurement may take; a prober gives up soon after."""

log = structlog.get_logger(__name__)


class Health:
    """Alive, ready, and the figures.

    `ready` says whether start-up is over and shutdown has not begun; the checks say what else
    readiness depends on. A check answers None when all is well, else a sentence for the operator.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self._ready = Gauge("downballot_ready", "1 when the process takes work", registry=self.registry)
        self._listeners = Histogram(
            "downballot_listener_seconds",
            "How long each listener took",
            ["listener"],
            registry=self.registry,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3),
        )
        self._checks: dict[str, Check] = {}
        self._measures: dict[str, _Measured] = {}
        self._notes: dict[str, Note] = {}
        self.ready = False

    @property
    def ready(self) -> bool:
        """Whether the process takes work."""
        return self._is_ready

    @ready.setter
    def ready(self, value: bool) -> None:
        self._is_ready = value
        self._ready.set(value)

    def observe(self, listener: str, seconds: float) -> None:
        """Note how long a listener took; Slack waits three seconds."""
        self._listeners.labels(listener).observe(seconds)

    def check(self, name: str, check: Check) -> None:
        """Let readiness depend on `check`."""
        self._checks[name] = check

    def measure(self, name: str, about: str, measure: Measure, *, by: str = "") -> None:
        """Publish a figure under `name`, taken anew at each scrape; None leaves the last one standing.

        With `by`, the measure gives a figure for each value of that label.
        """
        self._measures[name] = _Measured(name, about, by, measure)

    def count(self, name: str, about: str, read: Callable[[], float]) -> None:
        """Publish what only ever grows while the process lives; `name` without the _total at its end."""
        self.registry.register(_Counted(name, about, read))

    def note(self, name: str, note: Note) -> None:
        """Say something more on the page of readiness, in words."""
        self._notes[name] = note

    def routes(self) -> list[AbstractRouteDef]:
        """Give the routes to put into a web application."""
        return [
            web.get("/healthz", self._healthz),
            web.get("/readyz", self._readyz),
            web.get("/metrics", self._metrics),
        ]

    async def problems(self) -> dict[str, str]:
        """Give what stands in the way of being ready, by check; empty when nothing does."""
        answers = await asyncio.gather(*map(_asked, self._checks.values()))
        found = {} if self.ready else {"process": "starting or stopping"}
        named = zip(self._checks, answers, strict=True)
        return found | {name: said for name, said in named if said is not None}

    async def _healthz(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readyz(self, _request: web.Request) -> web.Response:
        problems = await self.problems()
        await self._take_figures()
        said = await asyncio.gather(*map(_asked, self._notes.values()))
        figures = {name: self.registry.get_sample_value(name) for name in self._measures}
        return web.json_response(
            {
                "ready": not problems,
                "checks": dict.fromkeys(self._checks, "ok") | problems,
                "notes": dict(zip(self._notes, said, strict=True)),
                # For whoever looks: a long queue is no reason to take a process out of service.
                "figures": {name: value for name, value in figures.items() if value is not None},
            },
            status=503 if problems else 200,
        )

    async def _metrics(self, _request: web.Request) -> web.Response:
        await self._take_figures()
        body = generate_latest(self.registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _take_figures(self) -> None:
        for name, figure in self._measures.items():
            try:
                async with asyncio.timeout(CHECK_WITHIN):
                    value = await figure.measure()
            except TimeoutError:
                log.warning("measurement took too long", figure=name)
            except Exception:
                log.exception("measurement failed", figure=name)
            else:
                figure.show(value, self.registry)


class _Measured:
    """A figure that is measured; it is published from its first value on, because a gauge starts at zero."""

    def __init__(self, name: str, about: str, by: str, measure: Measure) -> None:
        self._name = name
        self._about = about
        self._by = by
        self._gauge: Gauge | None = None
        self.measure = measure

    def show(self, value: Measured, registry: CollectorRegistry) -> None:
        """Publish this value from now on."""
        if value is None:
            return
        if self._gauge is None:
            self._gauge = Gauge(self._name, self._about, [self._by] if self._by else [], registry=registry)
        if not isinstance(value, Mapping):
            self._gauge.set(value)
            return
        self._gauge.clear()
        for label, each in value.items():
            self._gauge.labels(label).set(each)


class _Counted(Collector):
    """A counter that somebody else keeps."""

    def __init__(self, name: str, about: str, read: Callable[[], float]) -> None:
        self._name = name
        self._about = about
        self._read = read

    def collect(self) -> Iterable[CounterMetricFamily]:
        """Read it."""
        yield CounterMetricFamily(self._name, self._about, value=self._read())


async def _asked(check: Check | Note) -> str | None:
    try:
        async with asyncio.timeout(CHECK_WITHIN):
            return await check()
    except TimeoutError:
        return f"no answer within {CHECK_WITHIN:g} seconds"
    except Exception:
        # The caller is a prober on the network: it learns that something is wrong, the log learns what.
        log.exception("readiness check failed")
        return "failed; the log says why"
