"""How a video is written."""

import pytest

from gateway.errors import InvalidOptions
from gateway.pipeline.options.parse import read_options
from gateway.pipeline.options.video import VideoOptions


@pytest.mark.parametrize(
    ("video", "encoder"),
    [
        ("{}", "libx264"),
        ('{"container": "webm"}', "libvpx-vp9"),
        ('{"container": "webm", "encoder": "libsvtav1"}', "libsvtav1"),
        ('{"container": "mkv"}', "libx264"),
        ('{"container": "mp4", "encoder": "libvpx-vp9"}', "libvpx-vp9"),
    ],
)
def test_a_container_brings_its_usual_encoder(video, encoder):
    assert read_options(VideoOptions, f'{{"video": {video}}}').video.encoder == encoder


def test_an_encoder_that_does_not_go_with_the_container_is_refused():
    with pytest.raises(InvalidOptions):
        read_options(VideoOptions, '{"video": {"container": "webm", "encoder": "libx264"}}')


def test_options_that_were_kept_are_the_same_again():
    options = read_options(VideoOptions, '{"video": {"container": "webm"}}')
    assert VideoOptions.model_validate(options.model_dump(mode="json")) == options
