import base64
import hashlib

import pytest

from tests.unit.http.jobs import TEXT, ended, form, jobs_service
from tests.unit.http.problem import checked

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {**TUS, "Content-Type": "application/offset+octet-stream"}


WHOLE = len(TEXT)


async def begun(http, length=WHOLE, **headers):
    return await http.post("/v1/uploads", headers={**TUS, "Upload-Length": str(length), **headers})


async def test_an_upload_in_pieces_becomes_a_job(tmp_path):
    async with jobs_service(tmp_path) as (http, _):
        made = await begun(http, **{"Upload-Metadata": "filename ZmlsbS5tcDQ="})
        assert made.status_code == 201
        url, id = made.headers["location"], made.json()["id"]
        early = await http.post("/v1/jobs", files=form(target=..., target_upload=id))
        checked(early, "upload_incomplete")
        for start in range(0, len(TEXT), 10):
            piece = TEXT[start : start + 10]
            answer = await http.patch(
                url, content=piece, headers={**PIECE, "Upload-Offset": str(start)}
            )
            assert answer.status_code == 204
            assert answer.headers["upload-offset"] == str(start + len(piece))
        seen = await http.head(url, headers=TUS)
        assert seen.headers["upload-offset"] == seen.headers["upload-length"] == str(len(TEXT))
        assert seen.headers["upload-metadata"] == "filename ZmlsbS5tcDQ="
        assert seen.headers["tus-resumable"] == "1.0.0"
        order = await http.post("/v1/jobs", files=form(target=..., target_upload=id))
        job = await ended(http, order.json())
        assert (await http.get(job["urls"]["output"])).content == TEXT.upper()
        assert (await http.head(url, headers=TUS)).status_code == 404


async def test_a_first_piece_may_come_with_the_beginning(tmp_path):
    async with jobs_service(tmp_path, job_execution="external") as (http, _):
        headers = {**PIECE, "Upload-Length": "10"}
        made = await http.post("/v1/uploads", content=b"12345", headers=headers)
        assert made.headers["upload-offset"] == "5"


async def test_what_goes_wrong_with_a_piece(tmp_path):
    async with jobs_service(tmp_path, job_execution="external") as (http, services):
        url = (await begun(http)).headers["location"]

        async def patch(content, **headers):
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return await http.patch(url, content=content, headers={**PIECE, **named})

        checked(await patch(b"1", Upload_Offset="3"), "upload_offset_mismatch")
        checked(await patch(b"1", Upload_Offset="x"), "invalid_request")
        checked(await patch(b"1" * 99, Upload_Offset="0"), "payload_too_large")
        checked(await patch(b"1", Content_Type="text/plain"), "unsupported_request_type")
        old = await patch(b"1", Tus_Resumable="0.2.0")
        checked(old, "tus_version_unsupported")
        assert old.headers["tus-version"] == "1.0.0"
        id = url.rpartition("/")[2]
        offset = (await http.head(url, headers=TUS)).headers["upload-offset"]
        with services.jobs.uploads.writing("default", id, int(offset)):
            checked(await patch(b"1", Upload_Offset=offset), "upload_locked")


async def test_a_piece_that_does_not_come_to_its_checksum_is_taken_back(tmp_path):
    async with jobs_service(tmp_path, job_execution="external") as (http, _):
        url = (await begun(http)).headers["location"]

        def headers(data, offset):
            digest = base64.b64encode(hashlib.sha1(data, usedforsecurity=False).digest())
            return {
                **PIECE,
                "Upload-Offset": str(offset),
                "Upload-Checksum": f"sha1 {digest.decode()}",
            }

        good = await http.patch(url, content=b"123", headers=headers(b"123", 0))
        assert good.status_code == 204
        bad = await http.patch(url, content=b"456", headers=headers(b"457", 3))
        checked(bad, "upload_checksum_mismatch")
        assert (await http.head(url, headers=TUS)).headers["upload-offset"] == "3"
        odd = {**headers(b"4", 3), "Upload-Checksum": "crc32 AAAA"}
        checked(await http.patch(url, content=b"4", headers=odd), "invalid_request")


async def test_what_is_spoken_here(tmp_path):
    async with jobs_service(tmp_path, job_execution="external", max_job_upload_bytes=99) as (
        http,
        _,
    ):
        answer = await http.options("/v1/uploads")
        assert answer.status_code == 204
        assert answer.headers["tus-version"] == "1.0.0"
        assert answer.headers["tus-max-size"] == "99"
        assert "termination" in answer.headers["tus-extension"]
        checked(await begun(http, 100), "payload_too_large")


async def test_uploads_are_removed_limited_and_the_tenants_own(tmp_path):
    async with jobs_service(tmp_path, job_execution="external", max_uploads=1) as (http, _):
        url = (await begun(http)).headers["location"]
        checked(await begun(http), "overloaded")
        other = {**TUS, "X-Semblant-Tenant": "other"}
        assert (await http.head(url, headers=other)).status_code == 404
        checked(await http.delete(url, headers=other), "upload_not_found")
        assert (await http.delete(url, headers=TUS)).status_code == 204
        checked(await http.delete(url, headers=TUS), "upload_not_found")
        assert (await begun(http)).status_code == 201


@pytest.mark.parametrize("length", ["", "-1", "1e3", "9" * 19])
async def test_a_length_that_is_none(tmp_path, length):
    async with jobs_service(tmp_path, job_execution="external") as (http, _):
        checked(await begun(http, length), "invalid_request")
