import pytest

from gateway.errors import NotAcceptable
from gateway.http.request.negotiate import acceptable
from tests.unit.http.app import client, files, photograph, saved

OFFERS = ("image/png", "image/jpeg", "image/webp", "application/json")
OWN_FIRST = ("image/jpeg", *OFFERS)  # the target was a JPEG


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "image/jpeg"),
        ("", "image/jpeg"),
        ("*/*", "image/jpeg"),
        ("image/*", "image/jpeg"),
        ("image/png", "image/png"),
        ("IMAGE/PNG", "image/png"),
        ("image/png;q=0.5, image/webp", "image/webp"),
        ("image/png;q=0.5, image/webp;q=0.4", "image/png"),
        ("image/*;q=0.9, application/json", "application/json"),
        ("application/json, text/plain, */*", "application/json"),  # axios
        ("text/html, image/avif, image/webp, */*;q=0.8", "image/webp"),  # a browser
        ("image/*, image/jpeg;q=0", "image/png"),
        ("image/png, image/jpeg", "image/jpeg"),
        ("image/gif, */*;q=0.1", "image/jpeg"),
        ("image/png;q=2, image/webp;q=0.1", "image/webp"),
        ("image/png;q=x, image/webp;q=0.1", "image/webp"),
        ("image/png; level=1; q=0.1, image/webp;q=0.2", "image/webp"),
    ],
)
def test_choice(accept, chosen):
    assert acceptable(accept, OFFERS).best(OWN_FIRST) == chosen


@pytest.mark.parametrize("accept", ["image/gif", "text/*", "*/*;q=0", "nonsense", ",", "image"])
def test_nothing_on_offer_is_taken(accept):
    with pytest.raises(NotAcceptable) as caught:
        acceptable(accept, OFFERS)
    assert caught.value.extra == {"available": list(OFFERS)}


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "BMP"])
async def test_the_target_decides_about_the_format(format):
    async with client() as http:
        target = saved(photograph(), format)
        answer = await http.post("/v1/swaps", files=files(target=target))
    assert answer.headers["content-type"] == f"image/{format.lower()}".replace("bmp", "png")


async def test_the_options_decide_before_the_target():
    async with client() as http:
        options = {"options": '{"output": {"format": "webp"}}'}
        answer = await http.post("/v1/swaps", files=files(), data=options)
    assert answer.headers["content-type"] == "image/webp"
    assert 'filename="swap.webp"' in answer.headers["content-disposition"]


@pytest.mark.parametrize("path", ["/v1/faces", "/v1/models"])
async def test_other_addresses_answer_json_only(path):
    method = "POST" if path == "/v1/faces" else "GET"
    async with client() as http:
        answer = await http.request(method, path, headers={"Accept": "image/png"})
    assert answer.status_code == 406
