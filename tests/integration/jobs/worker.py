"""A process that carries jobs out: `python worker.py FOLDER PACE SETTINGS`."""

import asyncio
import json
import logging
import signal
import sys
from pathlib import Path

from gateway.jobs.execution.intervals import Intervals
from gateway.jobs.testing import running_engine


async def main(folder: str, pace: str, settings: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with running_engine(
        Path(folder), pace=Intervals(**json.loads(pace)), **json.loads(settings)
    ):
        print("running", flush=True)
        await stop.wait()


if __name__ == "__main__":
    logging.basicConfig(level="INFO", format="%(asctime)s %(levelname)s %(name)s %(message)s")
    asyncio.run(main(*sys.argv[1:]))
