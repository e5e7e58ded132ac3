import json

import pytest

from gateway.operations.schemas.jobs import JobObject
from tests.unit.http.app import client
from tests.unit.http.jobs import TEXT, ended, form, jobs_service
from tests.unit.http.problem import checked
from tests.waiting import until


async def test_a_job_from_order_to_output(tmp_path):
    async with jobs_service(tmp_path) as (http, _):
        answer = await http.post("/v1/jobs", files=form())
        assert answer.status_code == 202
        job = answer.json()
        assert job["status"] == "queued"
        assert answer.headers["location"] == job["urls"]["get"]
        job = await ended(http, job)
        assert job["status"] == "succeeded", job["error"]
        assert job["percent"] == 100
        output = await http.get(job["urls"]["output"])
        assert output.content == TEXT.upper()
        assert output.headers["content-type"].startswith("text/plain")
        assert output.headers["content-disposition"].endswith(f'"{job["id"]}.txt"')
        assert "private" not in json.dumps(job)


async def test_the_object_is_what_is_documented(tmp_path):
    async with jobs_service(tmp_path) as (http, _):
        job = await ended(http, (await http.post("/v1/jobs", files=form())).json())
        assert json.loads(JobObject(**job).model_dump_json()) == job
        assert job.keys() == JobObject.model_fields.keys()


async def test_waiting_for_a_job_ends_with_it_or_with_the_time(tmp_path):
    async with jobs_service(tmp_path) as (http, _):
        answer = await http.post("/v1/jobs", files=form(), headers={"Prefer": "wait=20"})
        assert (answer.status_code, answer.json()["status"]) == (200, "succeeded")
        assert answer.headers["preference-applied"] == "wait=20"
        slow = form(options={"frame_s": 0.5})
        answer = await http.post("/v1/jobs", files=slow, headers={"Prefer": "wait=1"})
        assert answer.status_code == 202
        assert answer.json()["status"] in ("queued", "processing")


async def test_the_same_order_again_is_replayed(tmp_path):
    async with jobs_service(tmp_path, job_execution="external") as (http, _):
        key = {"Idempotency-Key": "k" * 255}
        first = await http.post("/v1/jobs", files=form(), headers=key)
        again = await http.post("/v1/jobs", files=form(), headers=key)
        assert again.json()["id"] == first.json()["id"]
        assert again.headers["idempotent-replayed"] == "true"
        assert "idempotent-replayed" not in first.headers
        other = await http.post("/v1/jobs", files=form(source=b"another"), headers=key)
        checked(other, "idempotency_mismatch")


async def test_an_order_that_is_refused_does_not_use_its_key_up(tmp_path):
    async with jobs_service(tmp_path, job_execution="external") as (http, services):
        key = {"Idempotency-Key": "k"}
        wrong = await http.post("/v1/jobs", files=form(options={"x": 1}), headers=key)
        checked(wrong, "invalid_options")
        assert (await http.post("/v1/jobs", files=form(), headers=key)).status_code == 202
        assert not list(services.jobs.spool.iterdir())


async def test_the_same_key_at_the_same_time_conflicts(tmp_path):
    async with jobs_service(tmp_path, job_execution="external") as (http, services):
        async with services.jobs.idempotency_lock("default", "k"):
            answer = await http.post("/v1/jobs", files=form(), headers={"Idempotency-Key": "k"})
        checked(answer, "idempotency_in_progress")


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        (form(target=...), "missing_field"),
        (form(source=...), "missing_field"),
        (form(target=b""), "empty_upload"),
        (form(target_upload="upl_" + 32 * "0"), "invalid_request"),
        (form(target=..., target_upload="upl_" + 32 * "0"), "upload_not_found"),
        (form(target=..., target_upload="../../etc"), "upload_not_found"),
        (form(options={"unknown": 1}), "invalid_options"),
        (form(priority="urgent"), "invalid_request"),
        (form(retention="25h"), "invalid_request"),
        (form(retention="soon"), "invalid_request"),
        (form(webhook="{"), "invalid_options"),
        (form(webhook='{"url": "https://example.com", "events": ["never"]}'), "invalid_options"),
        (form(webhook='{"url": "https://example.com"}'), "webhook_refused"),
        (form(surplus="1"), "invalid_request"),
    ],
)
async def test_wrong_orders_are_refused(tmp_path, parts, code):
    async with jobs_service(tmp_path, job_execution="external") as (http, services):
        checked(await http.post("/v1/jobs", files=parts), code)
        assert (await http.get("/v1/jobs")).json()["jobs"] == []
        assert not list(services.jobs.spool.iterdir())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Semblant-Tenant", "a/b"),
        ("X-Semblant-Tenant", ""),
        ("Idempotency-Key", "k" * 256),
        ("Idempotency-Key", ""),
        ("Prefer", "wait=61"),
        ("Prefer", "wait=0"),
        ("Cancel-After", "tomorrow"),
        ("Cancel-After", "0s"),
    ],
)
async def test_wrong_headers_are_refused(tmp_path, name, value):
    async with jobs_service(tmp_path, job_execution="external") as (http, _):
        checked(await http.post("/v1/jobs", files=form(), headers={name: value}), "invalid_request")


async def test_an_order_may_be_larger_than_other_requests_up_to_a_limit_of_its_own(tmp_path):
    limits = {
        "max_upload_bytes": 1000,
        "max_job_upload_bytes": 100_000,
        "job_execution": "external",
    }
    async with jobs_service(tmp_path, **limits) as (http, services):
        fits = await http.post("/v1/jobs", files=form(target=b"x" * 50_000))
        assert fits.status_code == 202
        checked(await http.post("/v1/jobs", files=form(target=b"x" * 100_000)), "payload_too_large")
        assert not list(services.jobs.spool.iterdir())


async def test_jobs_are_those_of_the_tenant(tmp_path):
    async with jobs_service(tmp_path, job_execution="external") as (http, _):
        mine, yours = {"X-Semblant-Tenant": "mine"}, {"X-Semblant-Tenant": "yours"}
        job = (await http.post("/v1/jobs", files=form(), headers=mine)).json()
        place = job["urls"]
        calls = [("GET", place["get"]), ("GET", place["events"]), ("GET", place["output"])]
        calls += [("POST", place["cancel"]), ("POST", place["resume"]), ("DELETE", place["get"])]
        for method, url in calls:
            checked(await http.request(method, url, headers=yours), "job_not_found")
        assert (await http.get("/v1/jobs", headers=yours)).json()["jobs"] == []
        assert (await http.get(place["get"], headers=mine)).status_code == 200


async def test_lists_go_on_where_they_stopped(tmp_path):
    async with jobs_service(tmp_path, job_execution="external") as (http, _):
        ids = [(await http.post("/v1/jobs", files=form())).json()["id"] for _ in range(3)]
        first = (await http.get("/v1/jobs", params={"limit": 2})).json()
        token = {"limit": 2, "page_token": first["next"]}
        second = (await http.get("/v1/jobs", params=token)).json()
        assert [job["id"] for job in first["jobs"] + second["jobs"]] == ids[::-1]
        assert second["next"] is None
        none = (await http.get("/v1/jobs", params={"status": "failed"})).json()
        assert none["jobs"] == []


@pytest.mark.parametrize(
    "query", ["status=lost", "limit=0", "limit=x", "page_token=x", "page_token=W10"]
)
async def test_wrong_questions_for_lists_are_refused(tmp_path, query):
    async with jobs_service(tmp_path, job_execution="external") as (http, _):
        checked(await http.get(f"/v1/jobs?{query}"), "invalid_request")


async def test_jobs_are_called_off_and_removed(tmp_path):
    async with jobs_service(tmp_path, job_execution="external") as (http, _):
        job = (await http.post("/v1/jobs", files=form())).json()
        assert job["queue_position"] == 0
        cancelled = await http.post(job["urls"]["cancel"])
        assert (cancelled.status_code, cancelled.json()["status"]) == (200, "canceled")
        checked(await http.post(job["urls"]["resume"]), "job_not_resumable")
        checked(await http.get(job["urls"]["output"]), "job_not_finished")
        assert (await http.delete(job["urls"]["get"])).status_code == 204
        checked(await http.get(job["urls"]["get"]), "job_not_found")


async def test_a_failed_job_tells_why_and_is_resumed(tmp_path):
    async with jobs_service(tmp_path) as (http, _):
        options = {"fail": "for_good", "fail_times": 1, "fails_file": str(tmp_path / "n")}
        job = await ended(http, (await http.post("/v1/jobs", files=form(options=options))).json())
        assert job["status"] == "failed"
        assert job["error"]["code"] == "no_face_in_target"
        assert job["resumable"] is True
        resumed = await http.post(job["urls"]["resume"])
        assert resumed.status_code == 202
        assert (await ended(http, resumed.json()))["status"] == "succeeded"


async def test_a_deadline_ends_a_job(tmp_path):
    async with jobs_service(tmp_path, job_execution="external") as (http, _):
        headers = {"Cancel-After": "0.1s", "Prefer": "wait=10"}
        job = (await http.post("/v1/jobs", files=form(), headers=headers)).json()
        assert job["status"] == "aborted"
        assert job["deadline"] is not None


async def test_a_service_without_jobs_says_so():
    async with client() as http:
        for url in ("/v1/jobs", "/v1/jobs/job_" + 32 * "0"):
            checked(await http.get(url), "jobs_disabled")
        checked(await http.post("/v1/jobs", files=form()), "jobs_disabled")
        checked(await http.options("/v1/uploads"), "jobs_disabled")


async def test_ids_that_are_none_are_not_found(tmp_path):
    async with jobs_service(tmp_path, job_execution="external") as (http, _):
        for id in ("job_" + 32 * "0", "job_x", "x", "job_" + 32 * "G"):
            checked(await http.get(f"/v1/jobs/{id}"), "job_not_found")


async def test_requests_for_jobs_leave_no_place_of_others_taken(tmp_path):
    async with jobs_service(tmp_path, job_execution="external", max_uploads=1) as (http, services):
        with services.intake.ticket():
            checked(await http.post("/v1/jobs", files=form()), "overloaded")
        assert (await http.post("/v1/jobs", files=form())).status_code == 202
        assert services.admission.admitted == 0


async def test_jobs_are_counted(tmp_path):
    async with jobs_service(tmp_path) as (http, _):
        await ended(http, (await http.post("/v1/jobs", files=form())).json())

        async def counted():
            text = (await http.get("/metrics")).text
            return text if 'semblant_jobs_total{code="",status="succeeded"}' in text else ""

        text = await until(counted)
    assert 'semblant_jobs_total{code="",status="succeeded"} 1.0' in text
    assert "semblant_job_frames_total 12.0" in text
    assert "semblant_jobs_queued 0.0" in text
