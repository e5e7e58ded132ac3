"""The reference pages are what `make docs` writes."""

import pytest

from gateway.errors import ERROR_TABLE
from gateway.settings import Settings
from tools import sdk
from tools.reference import FOLDER, PAGES, operations


@pytest.mark.parametrize("name", PAGES)
def test_the_committed_page_is_current(name):
    committed = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert committed == PAGES[name](), "run `make docs`"


def test_nothing_else_lies_among_the_pages():
    assert {path.stem for path in FOLDER.iterdir()} == set(PAGES)


def test_every_error_setting_and_address_has_a_row():
    errors, settings, http = (PAGES[name]() for name in ("errors", "settings", "http"))
    assert all(f"`{code}`" in errors for code in ERROR_TABLE)
    assert all(f"`SEMBLANT_{name.upper()}`" in settings for name in Settings.model_fields)
    assert all(f"`{path}`" in http for _, path, _ in operations())


def test_the_client_for_threads_is_written_from_the_other():
    committed = {
        name: (sdk.FOLDER / "_sync" / name).read_text(encoding="utf-8") for name in sdk.FILES
    }
    assert committed == sdk.written(), "run `make sdk`"
