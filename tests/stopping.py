"""Stopping a process as a machine that hangs would be, for tests of take-overs."""

import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from tests.waiting import blocking_until


def stop_between_writes(process: subprocess.Popen, database: Path) -> None:
    """Stop a process while it does not hold SQLite's only lock for writing: none could go on."""

    def stopped() -> bool:
        process.send_signal(signal.SIGSTOP)
        with closing(sqlite3.connect(database, timeout=0.2, isolation_level=None)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                process.send_signal(signal.SIGCONT)
                return False
            connection.execute("ROLLBACK")
            return True

    blocking_until(stopped)
