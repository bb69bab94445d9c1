"""What the machine is and how noisy it is, and what a process costs it, read from /proc."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path
from statistics import median

from tests.bench.figures import quantile

_TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """The processor time that a process has used so far, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def _status(pid: int, name: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    return 0.0


def resident(pid: int) -> float:
    """The memory that a process holds now, in MiB."""
    return _status(pid, "VmRSS")


def peak(pid: int) -> float:
    """The most memory that a process has held, in MiB."""
    return _status(pid, "VmHWM")


class Noise:
    """How much the same small piece of work differs from one moment to the next."""

    def __init__(self) -> None:
        self._spins: list[float] = []
        self._load: list[float] = []

    def listen(self, times: int = 15) -> None:
        """Do the work a few times, and note how long each took."""
        self._load.append(os.getloadavg()[0])
        for _ in range(times):
            began = time.perf_counter()
            total = 0
            for number in range(100_000):
                total += number & 3
            self._spins.append((time.perf_counter() - began) * 1000)

    def said(self) -> str:
        """Sum it up in a sentence."""
        typical = median(self._spins)
        worst = quantile(self._spins, 0.95)
        return (
            f"the same loop took {typical:.1f} ms (fastest {min(self._spins):.1f}, "
            f"95th percentile {worst:.1f}, {worst / min(self._spins):.1f}× the fastest); "
            f"load average {min(self._load):.1f} to {max(self._load):.1f} on {os.cpu_count()} cores"
        )


def described(folder: Path) -> str:
    """Say what machine this is, and what the databases lie on."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    inside = [(len(at), kind) for _, at, kind, *_ in mounts if folder.is_relative_to(at)]
    return (
        f"{os.cpu_count()} cores ({model}), {memory:.0f} GiB, {platform.system()}, "
        f"Python {platform.python_version()}, databases on {max(inside)[1] if inside else 'an unknown disk'}"
    )
