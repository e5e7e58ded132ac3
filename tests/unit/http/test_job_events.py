import asyncio
import json

from tests.unit.http.jobs import ended, form, jobs_service
from tests.unit.http.problem import checked
from tests.waiting import until


def events(text: str) -> list[tuple[int, str, dict]]:
    """Return id, name and data of the events of a stream."""
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "data" in lines:
            found.append((int(lines["id"]), lines["event"], json.loads(lines["data"])))
    return found


async def test_they_tell_of_every_change_and_end_with_the_job(tmp_path):
    async with jobs_service(tmp_path) as (http, _):
        job = (await http.post("/v1/jobs", files=form(options={"frame_s": 0.05}))).json()
        answer = await http.get(job["urls"]["events"])
        assert answer.headers["content-type"].startswith("text/event-stream")
        seen = events(answer.text)
        ids = [id for id, _, _ in seen]
        assert ids == sorted(set(ids))
        assert [name for _, name, _ in seen].count("completed") == 1
        assert seen[-1][2] == (await http.get(job["urls"]["get"])).json() | {
            "resumable": seen[-1][2]["resumable"]
        }
        percents = [data["percent"] for _, _, data in seen]
        assert percents == sorted(percents)
        assert percents[-1] == 100


async def test_they_go_on_after_the_last_one_that_was_seen(tmp_path):
    async with jobs_service(tmp_path) as (http, services):
        job = await ended(http, (await http.post("/v1/jobs", files=form())).json())
        await until(lambda: not services.jobs._store.untidy(0))
        url = job["urls"]["events"]
        (last,) = events((await http.get(url)).text)
        assert (await http.get(url, headers={"Last-Event-ID": str(last[0])})).status_code == 204
        assert events((await http.get(url, headers={"Last-Event-ID": "1"})).text) == [last]
        checked(await http.get(url, headers={"Last-Event-ID": "x"}), "invalid_request")
        checked(await http.get(url, headers={"Accept": "application/json"}), "not_acceptable")


async def test_they_end_when_the_job_is_removed_or_the_service_leaves(tmp_path, monkeypatch):
    begun = asyncio.Event()
    async with jobs_service(tmp_path, job_execution="external") as (http, services):
        changes = services.jobs.changes

        async def watched(*args):
            async for seen in changes(*args):
                begun.set()
                yield seen

        monkeypatch.setattr(services.jobs, "changes", watched)
        job = (await http.post("/v1/jobs", files=form())).json()
        stream = asyncio.create_task(http.get(job["urls"]["events"]))
        await begun.wait()
        await http.delete(job["urls"]["get"])
        assert (await stream).status_code == 200
        job = (await http.post("/v1/jobs", files=form())).json()
        services.health.leave()
        assert (await http.get(job["urls"]["events"])).status_code == 200
