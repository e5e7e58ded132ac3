"""`--debug-dir` shows every stage of every face."""

import numpy as np
from PIL import Image

from gateway.media.numbered import NumberedPictures
from gateway.serving.testing import fake_services
from tests.unit.http.app import black, client, photograph, saved
from tests.unit.media.videos import video

STAGES = (
    *("source", "target", "target-expression", "layer", "layer-mask", "layer-support", "matte"),
    *("target-uncovered", "skin", "fused", "correction"),
)


async def test_every_stage_is_a_picture(tmp_path):
    sent = {"source": saved(photograph(seed=1)), "target": saved(photograph())}
    async with client(fake_services(debug_dir=tmp_path / "debug")) as http:
        answer = await http.post("/v1/swaps", files=sent)
    assert answer.status_code == 200
    names = [path.stem.split("-", 2)[2] for path in sorted((tmp_path / "debug").iterdir())]
    assert tuple(names) == STAGES


async def test_without_a_face_what_the_detector_suspected_is_a_picture(tmp_path):
    sent = {"source": saved(photograph(seed=1)), "target": saved(black())}
    async with client(fake_services(debug_dir=tmp_path / "debug")) as http:
        answer = await http.post("/v1/swaps", files=sent)
    assert answer.json()["code"] == "no_face_in_target"
    names = [path.stem.split("-", 2)[2] for path in sorted((tmp_path / "debug").iterdir())]
    assert names == ["detections", "detections"]


def test_the_folder_is_a_setting_of_what_runs_here(semblant, pictures, tmp_path):
    source, target, output = pictures
    folder = tmp_path / "debug"
    done = semblant("swap", source, target, "-o", output, "--debug-dir", folder)
    assert done.code == 0, done.err
    assert semblant.made[0].debug_dir == folder


def test_numbers_rise_and_pixels_are_kept(tmp_path):
    pictures = NumberedPictures(tmp_path / "new")
    red = np.zeros((4, 5, 3), np.uint8)
    red[..., 0] = 200
    pictures.picture("layer", red)
    pictures.picture("mask", red[..., 0])
    pictures.picture("empty", red[:0])
    first, second = sorted((tmp_path / "new").iterdir())
    assert first.name.endswith("-0001-layer.png")
    assert second.name.endswith("-0002-mask.png")
    assert (np.asarray(Image.open(first)) == red).all()
    assert (np.asarray(Image.open(second)) == red[..., 0]).all()


def test_not_on_a_server(semblant, pictures, tmp_path):
    source, target, output = pictures
    arguments = ("--debug-dir", tmp_path, "--server", "http://127.0.0.1:9")
    done = semblant("swap", source, target, "-o", output, *arguments)
    assert done.code == 2
    assert "--debug-dir" in done.words


def test_not_of_a_video(semblant, pictures, tmp_path):
    source, target, output = pictures
    target.write_bytes(video())
    arguments = ("-o", output.with_suffix(".mp4"), "--debug-dir", tmp_path)
    done = semblant("swap", source, target, *arguments)
    assert done.code == 2
    assert "--debug-dir" in done.words


def test_a_former_setting_is_noted_at_once(semblant, monkeypatch):
    noted = []

    def serve(settings):
        noted.append(semblant.said_so_far())
        assert settings.shutdown_grace_s == 7

    monkeypatch.setenv("SEMBLANT_DRAIN_S", "7")
    monkeypatch.setattr("gateway.main.serve", serve)
    assert semblant("serve").code == 0
    assert "note: setting drain_s is now shutdown_grace_s" in noted[0]
