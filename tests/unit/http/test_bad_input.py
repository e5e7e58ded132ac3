"""Everything a caller can get wrong has a code of its own."""

import json
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from gateway.serving.testing import fake_services
from tests.unit.http.app import black, client, files, photograph, saved
from tests.unit.http.problem import checked

PNG, JPEG = saved(photograph()), saved(photograph(), "JPEG")


def bomb() -> bytes:
    """Return the header of a PNG of 60000 × 60000 pixels."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + chunk + b"\0\0\0\0IDAT5\xaf\x06\x1e"


def animation(format: str) -> bytes:
    frames = [Image.fromarray(photograph(seed=n)) for n in range(2)]
    return saved(frames[0], format, save_all=True, append_images=frames[1:])


PICTURES = [
    ("empty_upload", 400, b""),
    ("not_an_image", 415, b"hello"),
    ("not_an_image", 415, b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    ("not_an_image", 415, saved(photograph(), "PPM")),
    ("image_truncated", 422, PNG[: len(PNG) // 2]),
    ("image_truncated", 422, JPEG[: len(JPEG) // 2]),
    ("image_truncated", 422, PNG[:20]),
    ("too_many_pixels", 413, bomb()),
    ("multi_frame_image", 422, animation("PNG")),
    ("multi_frame_image", 422, animation("WEBP")),
    ("multi_frame_image", 422, animation("TIFF")),
]


@pytest.mark.parametrize(("code", "status", "data"), PICTURES)
@pytest.mark.parametrize(
    ("field", "called"),
    [("source", "Source 0"), ("target", "The target"), ("reference", "The reference")],
)
async def test_unusable_pictures(code, status, data, field, called):
    async with client() as http:
        problem = checked(await http.post("/v1/swaps", files=files(**{field: data})), code)
    assert problem["status"] == status
    assert problem["detail"].startswith(called)
    assert "private" not in json.dumps(problem)


@pytest.mark.parametrize(("code", "status", "data"), PICTURES)
async def test_unusable_pictures_to_analyse(code, status, data):
    async with client() as http:
        problem = checked(await http.post("/v1/faces", files={"image": data}), code)
    assert problem["status"] == status
    assert problem["detail"].startswith("The image")


FACES = [
    ("no_face_in_source", {"source": saved(black())}, "Source 0"),
    ("no_face_in_target", {"target": saved(black())}, "The target"),
    ("face_too_small", {"source": saved(photograph(16, 16))}, "Source 0"),
    ("face_too_small", {"target": saved(photograph(16, 16))}, "The target"),
]


@pytest.mark.parametrize(("code", "pictures", "called"), FACES)
async def test_pictures_without_a_usable_face(code, pictures, called):
    async with client() as http:
        problem = checked(await http.post("/v1/swaps", files=files(**pictures)), code)
    assert problem["status"] == 422
    assert problem["detail"].startswith(called)


OPTIONS = [
    ("invalid_options", "{", {""}),
    ("invalid_options", "[]", {""}),
    ("invalid_options", "[" * 100_00, {""}),
    (
        "invalid_options",
        '{"shape": 2, "masks": {"blur": 0}, "a/b": 1}',
        {"/shape", "/masks/blur", "/a~1b"},
    ),
    ("invalid_options", '{"shape": NaN}', {"/shape"}),
    (
        "invalid_options",
        '{"output": {"quality": 0, "format": "gif"}}',
        {"/output/quality", "/output/format"},
    ),
    ("unknown_model", '{"swapper_model": "best"}', {"/swapper_model"}),
    ("no_matching_face", '{"face_selector": {"position": 3}}', set()),
]


@pytest.mark.parametrize(("code", "options", "pointers"), OPTIONS)
async def test_unusable_options(code, options, pointers):
    async with client() as http:
        answer = await http.post("/v1/swaps", files=files(), data={"options": options})
    problem = checked(answer, code)
    assert {error["pointer"] for error in problem.get("errors", [])} == pointers


FORMS = [
    ("missing_field", files(target=...), {"/target"}),
    ("missing_field", files(source=...), {"/source"}),
    ("missing_field", [("options", (None, b"{}"))], {"/source", "/target"}),
    ("invalid_request", [*files(), ("face", ("f", b"x"))], {"/face"}),
    ("invalid_request", [*files(), ("a/b~", (None, b"x"))], {"/a~1b~0"}),
    ("invalid_request", [*files(), ("source", ("s", PNG)), ("source", ("s", PNG))], {"/source"}),
    ("invalid_request", [*files(), ("target", ("t", PNG))], {"/target"}),
    ("invalid_request", [*files(target=...), ("target", (None, b"text"))], {"/target"}),
    ("invalid_request", [*files(), ("options", ("o", b" " * 70_000))], {"/options"}),
    ("invalid_request", [*files(), ("options", (None, b" " * 70_000))], set()),
    ("invalid_request", [("source", ("s", b"x"))] * 40, set()),
    ("invalid_request", [("options", (None, b"x"))] * 40, set()),
]


@pytest.mark.parametrize(("code", "form", "pointers"), FORMS)
async def test_unusable_forms(code, form, pointers):
    async with client(max_sources=2) as http:
        problem = checked(await http.post("/v1/swaps", files=form), code)
    assert problem["status"] == 400
    assert {error["pointer"] for error in problem.get("errors", [])} == pointers


BOUNDARY = "multipart/form-data; boundary=b"
NAMELESS = b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--"
BODIES = [
    ("unsupported_request_type", 415, "application/json", b"{}", {}),
    ("unsupported_request_type", 415, "application/x-www-form-urlencoded", b"a=b", {}),
    ("unsupported_request_type", 415, "", b"", {}),
    ("unsupported_request_type", 415, BOUNDARY, b"", {"Content-Encoding": "gzip"}),
    ("invalid_request", 400, "multipart/form-data", b"--b\r\n", {}),
    ("invalid_request", 400, BOUNDARY, b"nonsense", {}),
    ("invalid_request", 400, BOUNDARY, NAMELESS, {}),
    ("missing_field", 400, BOUNDARY, b"--b--\r\n", {}),
]


@pytest.mark.parametrize(("code", "status", "kind", "body", "headers"), BODIES)
async def test_bodies_that_are_no_form(code, status, kind, body, headers):
    async with client() as http:
        answer = await http.post(
            "/v1/swaps", content=body, headers={"Content-Type": kind, **headers}
        )
    assert checked(answer, code)["status"] == status


async def test_a_form_that_ends_in_the_middle_is_malformed_or_incomplete():
    body = b'--b\r\nContent-Disposition: form-data; name="source"; filename="s"\r\n\r\n' + PNG[:99]
    async with client() as http:
        answer = await http.post("/v1/swaps", content=body, headers={"Content-Type": BOUNDARY})
    checked(answer, "invalid_request")


HEADERS = [
    ("not_acceptable", {"Accept": "image/gif"}),
    ("not_acceptable", {"Accept": "image/*;q=0, application/json;q=0"}),
    ("invalid_request", {"X-Request-Timeout": "soon"}),
    ("invalid_request", {"X-Request-Timeout": "-1"}),
    ("invalid_request", {"Request-Timeout": "nan"}),
]


@pytest.mark.parametrize(("code", "headers"), HEADERS)
async def test_unusable_headers_are_refused_before_any_work(code, headers):
    services = fake_services(max_upload_bytes=1)  # reading the body would be another error
    async with client(services) as http:
        checked(await http.post("/v1/swaps", files=files(), headers=headers), code)


async def test_options_and_accept_must_not_contradict():
    async with client() as http:
        answer = await http.post(
            "/v1/swaps",
            files=files(),
            data={"options": '{"output": {"format": "jpeg"}}'},
            headers={"Accept": "image/png"},
        )
    checked(answer, "not_acceptable")


async def test_inline_is_a_truth_value():
    async with client() as http:
        checked(await http.post("/v1/swaps?inline=maybe", files=files()), "invalid_request")


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/", "not_found"),
        ("GET", "/v1/swap", "not_found"),
        ("POST", "/v1/swaps/", "not_found"),
        ("GET", "/problems/none", "not_found"),
        ("GET", "/v1/swaps", "method_not_allowed"),
        ("DELETE", "/v1/models", "method_not_allowed"),
        ("PROPFIND", "/livez", "method_not_allowed"),
    ],
)
async def test_unknown_addresses_and_methods(method, path, code):
    async with client() as http:
        answer = await http.request(method, path)
    checked(answer, code)
    assert ("allow" in answer.headers) == (code == "method_not_allowed")


async def test_a_field_name_is_not_told_in_the_sentence():
    name = "<script>" + "x" * 200
    async with client() as http:
        answer = await http.post("/v1/swaps", files=[*files(), (name, (None, b""))])
    problem = checked(answer, "invalid_request")
    assert "script" not in problem["detail"]
    assert len(problem["errors"][0]["pointer"]) <= 65


def test_the_bomb_is_a_bomb():
    assert len(bomb()) < 100
    assert np.prod([60_000, 60_000]) > 1e9
