"""Pictures that are not files: bytes, open files, arrays and Pillow's own, in and out."""

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from semblant import process_image, run
from semblant.calls import in_memory, read, several
from semblant.core import outputs
from semblant.local_jobs import is_video

from tests.unit.http.app import photograph, saved
from tests.unit.media.animations import animation
from tests.unit.media.videos import video

PORTRAIT = Image.fromarray(photograph(seed=1))


@pytest.fixture
def here(semblant, tmp_path):
    """Work in this process over fake networks."""
    semblant.over_fakes(videos=True, data_dir=tmp_path / "data")


def kinds(image: Image.Image, folder) -> dict:
    path = folder / "picture.png"
    image.save(path)
    data = path.read_bytes()
    return {
        "bytes": data,
        "bytearray": bytearray(data),
        "name": str(path),
        "path": path,
        "file": io.BytesIO(data),
        "array": np.asarray(image),
        "pillow": image,
    }


KINDS = ["bytes", "bytearray", "name", "path", "file", "array", "pillow"]


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_a_picture_is_it_is_one_picture(tmp_path, kind):
    given = kinds(PORTRAIT, tmp_path)[kind]
    assert len(several(given)) == 1
    assert len(several([given, given])) == 2
    with Image.open(io.BytesIO(read(given))) as image:
        assert (np.asarray(image) == np.asarray(PORTRAIT)).all()


def test_a_picture_of_pillows_is_sent_upright_with_its_profile():
    image = Image.fromarray(np.zeros((4, 8, 3), np.uint8))
    image.getexif()[0x0112] = 6
    image.info["icc_profile"] = b"profile"
    with Image.open(io.BytesIO(read(image))) as sent:
        assert sent.size == (4, 8)
        assert sent.info["icc_profile"] == b"profile"


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4, 3)),
        np.zeros((4, 4, 3), np.uint16),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros(16, np.uint8),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_arrays_that_are_no_pictures_are_refused(array):
    with pytest.raises(ValueError, match="uint8"):
        read(array)


@pytest.mark.parametrize("what", [None, 7, object(), io.StringIO("text")])
def test_what_is_no_picture_is_refused(what):
    with pytest.raises(TypeError):
        read(what)


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_in_an_array_out(here, tmp_path, kind):
    given = kinds(PORTRAIT, tmp_path)
    target = photograph(seed=2)
    wanted = process_image(saved(PORTRAIT), saved(target)).image
    result = process_image(given[kind], target)
    assert result.image.dtype == np.uint8
    assert result.image.shape == target.shape
    assert (result.image == wanted).all()
    assert result.faces_swapped == 1


def test_run_takes_and_returns_them_too(here, tmp_path):
    targets = [photograph(seed=2), saved(photograph(seed=3))]
    named = run(source=PORTRAIT, targets=targets, output=tmp_path / "out")
    loose = run(source=io.BytesIO(saved(PORTRAIT)), targets=targets)
    for number, (one, other) in enumerate(zip(named, loose, strict=True)):
        assert (one.image == other.image).all()
        with Image.open(tmp_path / "out" / f"{number}.png") as image:
            assert (np.asarray(image.convert("RGB")) == one.image).all()


def test_a_video_needs_an_output(here):
    with pytest.raises(ValueError, match="needs an output"):
        run(source=PORTRAIT, targets=video(2))
    assert outputs(video(2), "out")[0][1].name == "0.mp4"


def test_the_target_tells_what_a_webp_is():
    assert is_video("out.webp", animation("WEBP"))
    assert is_video("out.webp", video(2))
    assert not is_video("out.webp", saved(PORTRAIT))
    assert not is_video("out.webp")
    assert is_video("out.gif")
    assert in_memory("a name") == "a name"


@pytest.mark.parametrize("ending", [".gif", ".webp", ".mp4"])
def test_an_animation_becomes_a_video(here, tmp_path, ending):
    data = animation("GIF", frames=[Image.fromarray(photograph(seed=n)) for n in range(3)])
    (job,) = run(source=PORTRAIT, targets=data, output=tmp_path / f"out{ending}")
    assert job.report["frames"] == 3
    assert (tmp_path / f"out{ending}").exists()


def test_a_client_of_files_needs_neither_numpy_nor_pillow(tmp_path):
    (tmp_path / "a.png").write_bytes(b"content")
    script = (
        "import sys\n"
        "for name in ('numpy', 'PIL', 'cv2', 'av'): sys.modules[name] = None\n"
        "from semblant.calls import read, swap_request\n"
        "import semblant\n"
        f"assert read({str(tmp_path / 'a.png')!r}) == b'content'\n"
        "swap_request(b'a', b'b', None, media_type=None, reference=None, timeout_s=1.0)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
