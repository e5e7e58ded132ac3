"""Names that were replaced are accepted, noted, and never silently ignored."""

import pytest

from gateway.deprecations import RENAMES, collected, note, renames, with_new_options
from gateway.errors import ERROR_TABLE, InvalidOptions, error_class
from gateway.jobs.job import Status
from gateway.pipeline.options.parse import read_options
from gateway.pipeline.options.video import VideoOptions
from gateway.settings import Settings

IDENTITY = "idn_" + "0" * 32


def test_an_old_option_is_the_new_one_and_is_noted():
    with collected() as notes:
        options = read_options(VideoOptions, {"film": {"quality": 50}})
    assert options.video.quality == 50
    assert notes == [renames("option")["film"]]


def test_an_option_inside_every_entry_of_a_list():
    with collected() as notes:
        new = with_new_options({"mapping": [{"identity": "a"}, {"position": 0}, 3]})
    assert new == {"mapping": [{"target_id": "a"}, {"position": 0}, 3]}
    assert [rename.old for rename in notes] == ["mapping[].identity"]


@pytest.mark.parametrize("given", [{}, {"video": {}}, {"mapping": 1}, {"mapping": [[]]}])
def test_new_names_are_left_alone(given):
    with collected() as notes:
        assert with_new_options(given) == given
    assert not notes


def test_old_and_new_name_together_are_refused():
    with pytest.raises(InvalidOptions) as raised:
        read_options(VideoOptions, {"film": {}, "video": {}})
    assert raised.value.errors[0]["pointer"] == "/film"


def test_outside_a_request_a_note_is_a_warning():
    with pytest.warns(DeprecationWarning, match="option film is now video; the old name ends with"):
        with_new_options({"film": {}})


def test_old_settings_are_read_from_the_environment(monkeypatch):
    monkeypatch.setenv("SEMBLANT_JOBS", "outside")
    monkeypatch.setenv("SEMBLANT_DRAIN_S", "7")
    with pytest.warns(DeprecationWarning, match="setting") as warned:
        settings = Settings()
    assert (settings.job_execution, settings.shutdown_grace_s) == ("external", 7.0)
    assert len(warned) == 2


def test_a_new_setting_wins_over_its_old_name(monkeypatch):
    monkeypatch.setenv("SEMBLANT_DRAIN_S", "7")
    monkeypatch.setenv("SEMBLANT_SHUTDOWN_GRACE_S", "8")
    with pytest.warns(DeprecationWarning, match="drain_s"):
        assert Settings().shutdown_grace_s == 8.0


def test_every_rename_leads_to_a_name_that_exists():
    fields = {
        "setting": Settings.model_fields,
        "error code": ERROR_TABLE,
        "job status": list(Status),
    }
    for rename in RENAMES:
        if rename.kind in fields:
            assert rename.new in fields[rename.kind], rename
            assert rename.old not in fields[rename.kind], rename


def test_an_old_error_code_is_the_new_class():
    assert error_class("face_not_selected") is error_class("no_matching_face")


def test_each_rename_is_noted_once():
    with collected() as notes:
        for _ in range(2):
            note(RENAMES[0])
    assert notes == [RENAMES[0]]
