import pytest

from tests.unit.http.jobs import TEXT, form, jobs_service
from tests.unit.http.problem import checked

WHOLE = TEXT.upper()


@pytest.mark.parametrize(
    ("range", "start", "end"),
    [
        ("bytes=0-3", 0, 4),
        ("bytes=4-", 4, len(WHOLE)),
        ("bytes=-5", len(WHOLE) - 5, len(WHOLE)),
        ("bytes=0-999", 0, len(WHOLE)),
        ("bytes=-999", 0, len(WHOLE)),
    ],
)
async def test_a_part_of_the_output(tmp_path, range, start, end):
    async with jobs_service(tmp_path) as (http, _):
        job = (await http.post("/v1/jobs", files=form(), headers={"Prefer": "wait"})).json()
        part = await http.get(job["urls"]["output"], headers={"Range": range})
        assert part.status_code == 206
        assert part.content == WHOLE[start:end]
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{len(WHOLE)}"


async def test_conditions(tmp_path):
    async with jobs_service(tmp_path) as (http, _):
        job = (await http.post("/v1/jobs", files=form(), headers={"Prefer": "wait"})).json()
        url = job["urls"]["output"]

        async def get(**headers):
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return await http.get(url, headers=named)

        whole = await get()
        etag = whole.headers["etag"]
        assert (whole.status_code, whole.content) == (200, WHOLE)
        assert (await get(If_None_Match=f'"x", {etag}')).status_code == 304
        assert (await get(Range="bytes=0-3", If_Range=etag)).status_code == 206
        assert (await get(Range="bytes=0-3", If_Range='"x"')).status_code == 200
        for ignored in ("bytes=0-1,3-4", "lines=1-2", "bytes=-", "bytes=9-3", "x"):
            assert (await get(Range=ignored)).status_code == 200
        beyond = await get(Range="bytes=999-")
        checked(beyond, "range_not_satisfiable")
        assert beyond.headers["content-range"] == f"bytes */{len(WHOLE)}"
