"""A PostgreSQL server for the tests: that of TEST_DATABASE_URL, or a private one while they run."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

_SETTINGS = (
    "max_connections=200", "shared_buffers=64MB", "max_wal_size=128MB",
    # The machine will outlive the server, which is all that its crashes in tests need.
    "fsync=off", "full_page_writes=off",
    # Shared memory of the system would outlive a server that is killed.
    "dynamic_shared_memory_type=mmap",
)  # fmt: skip


def binaries() -> Path | None:
    """The folder with initdb and pg_ctl, wherever the system keeps it."""
    found = shutil.which("initdb")
    if found and shutil.which("pg_ctl"):
        return Path(found).parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists()), None)


def available() -> bool:
    """Whether tests can run on PostgreSQL here."""
    return bool(os.environ.get("TEST_DATABASE_URL")) or binaries() is not None


@dataclass
class Cluster:
    """A private server on a spare loopback port."""

    folder: Path
    bin: Path
    port: int
    user: str | None

    @property
    def url(self) -> str:
        """Its address, without a database."""
        return f"postgresql+asyncpg://downballot@127.0.0.1:{self.port}/postgres"

    def control(self, *arguments: str) -> None:
        """Run pg_ctl: "start", "stop", "restart" with its options."""
        self._run(
            str(self.bin / "pg_ctl"), "-D", str(self.folder / "data"), "-w", "-t", "30",
            "-l", str(self.folder / "log"), "-o", self._options(), *arguments,
        )  # fmt: skip

    def _options(self) -> str:
        settings = (*_SETTINGS, f"port={self.port}", "listen_addresses=127.0.0.1", "unix_socket_directories=")
        return " ".join(f"-c {setting}" for setting in settings)

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            command, user=self.user, cwd=self.folder, env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            check=False, text=True,
        )  # fmt: skip
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]} failed: {done.stdout}")

    def prepare(self) -> None:
        """Make its data folder."""
        self._run(
            str(self.bin / "initdb"), "-D", str(self.folder / "data"), "-U", "downballot", "-A", "trust",
            "-E", "UTF8", "--locale=C", "--no-sync",
        )  # fmt: skip


@contextlib.contextmanager
def private_cluster():
    """Start a private server; stopped and removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="downballot-postgres-"))
    user = None
    if os.geteuid() == 0:  # The server refuses to run as root.
        names = {entry.pw_name for entry in pwd.getpwall()}
        user = "postgres" if "postgres" in names else "nobody"
        shutil.chown(folder, user)
    with socket.socket() as spare:
        spare.bind(("127.0.0.1", 0))
        port = spare.getsockname()[1]
    folder_of_programs = binaries()
    assert folder_of_programs is not None
    cluster = Cluster(folder, folder_of_programs, port, user)
    # pg_ctl's server inherits its output; a pipe would never end, so it writes to the log file instead.
    try:
        cluster.prepare()
        cluster.control("start")
        yield cluster
    finally:
        with contextlib.suppress(RuntimeError):
            cluster.control("stop", "-m", "immediate")
        shutil.rmtree(folder, ignore_errors=True)
