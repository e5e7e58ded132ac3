import asyncio
import inspect
import threading

import httpx
import numpy as np
import pytest
import semblant.images
import semblant.in_process
from semblant import Client, process_image, run
from semblant.images import MEDIA_TYPES
from semblant.in_process import SHORT_NAMES, provider_names

from gateway.errors import InvalidOptions, NoFaceInTarget
from gateway.serving.testing import fake_services
from tests.unit.http.app import black, opened, photograph, saved
from tests.unit.media.videos import video
from tests.unit.sdk.answers import PICTURE, Server, swapped

SOURCE, TARGET = saved(photograph(seed=1)), saved(photograph())


@pytest.fixture
def made(monkeypatch):
    """Run the service over fake networks; gives the settings it was made with."""
    made = []

    def build(settings):
        made.append(settings)
        return fake_services(request_deadline_s=settings.request_deadline_s)

    monkeypatch.setattr(semblant.in_process, "build_services", build)
    return made


@pytest.fixture
def server(monkeypatch):
    """Let clients reach a server that gives one answer."""
    server = Server(swapped())

    def client(address, **arguments):
        return Client(address, transport=httpx.MockTransport(server), **arguments)

    monkeypatch.setattr(semblant.images, "Client", client)
    return server


def test_the_signature_is_the_promised_one():
    parameters = inspect.signature(process_image).parameters
    assert list(parameters)[:5] == [
        "source_path",
        "target_path",
        "output_path",
        "execution_providers",
        "frame_processors",
    ]


def test_it_runs_in_this_process(made, tmp_path):
    (tmp_path / "source.png").write_bytes(SOURCE)
    (tmp_path / "target.png").write_bytes(TARGET)
    output = tmp_path / "out" / "result.png"
    result = process_image(tmp_path / "source.png", str(tmp_path / "target.png"), output)
    changed = (np.asarray(opened(output.read_bytes())) != photograph()).any(2)
    assert changed[60, 80]
    assert not changed[0].any()
    assert (result.faces_found, result.faces_swapped) == (1, 1)
    assert made[0].backend == "local"


@pytest.mark.parametrize(
    ("ending", "format"),
    [(".png", "PNG"), (".JPG", "JPEG"), (".jpeg", "JPEG"), (".webp", "WEBP")],
)
def test_the_ending_says_the_format(made, tmp_path, ending, format):
    process_image(SOURCE, TARGET, tmp_path / f"result{ending}")
    assert opened((tmp_path / f"result{ending}").read_bytes()).format == format


@pytest.mark.parametrize("name", ["result", "result.tiff", ".png", "result.png.bak"])
def test_an_unknown_ending_is_told_before_any_work(made, tmp_path, name):
    with pytest.raises(ValueError, match=r"ends in \.png, \.jpg, \.jpeg, \.webp"):
        process_image(tmp_path / "not even there", TARGET, tmp_path / name)
    assert made == []
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_told_before_anything_starts(made, tmp_path):
    with pytest.raises(FileNotFoundError):
        process_image(SOURCE, TARGET, tmp_path / "a.png", reference_path=tmp_path / "none")
    assert made == []


def test_several_sources_options_and_a_reference(made, tmp_path):
    result = process_image(
        [SOURCE, SOURCE],
        TARGET,
        tmp_path / "result.png",
        options={"face_selector": {"mode": "reference"}},
        reference_path=TARGET,
    )
    assert result.faces_swapped == 1


@pytest.mark.parametrize("enhance", [True, 0.5])
def test_faces_are_made_clearer_if_asked_for(made, tmp_path, enhance):
    plain = process_image(SOURCE, TARGET, tmp_path / "plain.png")
    clear = process_image(SOURCE, TARGET, tmp_path / "clear.png", enhance=enhance)
    assert "enhance" in clear.timings_ms
    assert "enhance" not in plain.timings_ms


def test_restoring_alone_takes_no_source(made, tmp_path):
    output = tmp_path / "clear.png"
    result = process_image([], TARGET, output, frame_processors="face_enhancer")
    assert result.faces_swapped == 1
    assert (np.asarray(opened(output.read_bytes())) != photograph()).any()


def test_all_of_the_picture_is_made_clearer_last(made, tmp_path):
    result = process_image(
        SOURCE,
        TARGET,
        tmp_path / "clear.png",
        frame_processors=["face_swapper", "frame_enhancer"],
        enhance=True,
        options={"frame_enhancer_blend": 0.5},
    )
    assert result.faces_swapped == 1
    without_faces = process_image(
        [], saved(black()), tmp_path / "black.png", frame_processors="frame_enhancer"
    )
    assert without_faces.faces_found == 0


def test_errors_come_as_their_class_and_nothing_is_written(made, tmp_path):
    with pytest.raises(NoFaceInTarget):
        process_image(SOURCE, saved(black()), tmp_path / "result.png")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("names", ["face_swapper", ["face_swapper"], ("face_swapper",)])
def test_processors_are_named(made, tmp_path, names):
    result = process_image(SOURCE, TARGET, tmp_path / "result.png", frame_processors=names)
    assert result.faces_swapped == 1


def test_an_unknown_processor(made, tmp_path):
    with pytest.raises(InvalidOptions) as raised:
        process_image(SOURCE, TARGET, tmp_path / "a.png", frame_processors=["face_polisher"])
    assert raised.value.errors[0]["pointer"] == "/processors/0"


@pytest.mark.parametrize("names", ["cpu", ["CPU"], ["CPUExecutionProvider"]])
def test_providers_have_short_names(made, tmp_path, names):
    process_image(SOURCE, TARGET, tmp_path / "result.png", execution_providers=names)
    assert made[0].execution_providers == ("CPUExecutionProvider",)


def test_short_names_stand_for_onnxruntime_s():
    assert provider_names(list(SHORT_NAMES)) == tuple(SHORT_NAMES.values())
    assert provider_names(["OtherExecutionProvider"]) == ("OtherExecutionProvider",)
    ort = pytest.importorskip("onnxruntime")
    assert set(SHORT_NAMES.values()) <= set(ort.get_all_providers())


def test_the_time_asked_for_is_granted(made, tmp_path):
    process_image(SOURCE, TARGET, tmp_path / "result.png", timeout_s=90)
    assert made[0].request_deadline_s == 90


async def test_it_works_inside_an_event_loop(made, tmp_path):
    assert process_image(SOURCE, TARGET, tmp_path / "result.png").faces_swapped == 1
    assert (tmp_path / "result.png").exists()
    await asyncio.sleep(0)  # the loop is as it was


async def test_an_error_inside_an_event_loop_is_the_same(made, tmp_path):
    with pytest.raises(NoFaceInTarget):
        process_image(SOURCE, saved(black()), tmp_path / "result.png")
    assert not any("ThreadPool" in thread.name for thread in threading.enumerate())


def test_a_server_is_asked_instead(made, server, tmp_path):
    process_image(
        [SOURCE, TARGET],
        TARGET,
        tmp_path / "result.jpg",
        options={"shape": 0.1, "processors": []},
        reference_path=SOURCE,
        server="http://elsewhere:1234",
        timeout_s=5,
    )
    assert made == []
    assert server.request.url == "http://elsewhere:1234/v1/swaps"
    assert [name for name, _ in server.form if name != "options"] == [
        *["source"] * 2,
        "target",
        "reference",
    ]
    assert server.options == {"shape": 0.1, "processors": ["face_swapper"]}
    assert server.request.headers["accept"] == MEDIA_TYPES[".jpg"]
    assert server.request.headers["x-request-timeout"] == "5"
    assert (tmp_path / "result.jpg").read_bytes() == PICTURE


def test_options_are_checked_before_models_are_loaded(made, tmp_path):
    (tmp_path / "video.mp4").write_bytes(video(2))
    with pytest.raises(InvalidOptions) as refused:
        run(source=SOURCE, targets=TARGET, options={"shap": 1})
    assert refused.value.errors[0]["detail"] == "unknown option; did you mean `shape`?"
    with pytest.raises(InvalidOptions):
        run(
            source=SOURCE,
            targets=tmp_path / "video.mp4",
            output=tmp_path / "out.mp4",
            options={"video": {"encode": 1}},
        )
    assert made == []
