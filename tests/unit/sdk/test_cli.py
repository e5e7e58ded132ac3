"""The command line over fake networks: what it takes, says, and ends with."""

import errno
import json
from pathlib import Path

import numpy as np
import pytest
import semblant.cli.models as models_command
import semblant.in_process as semblant_in_process
from PIL import Image
from semblant.cli.console import exit_code
from semblant.client import AsyncClient

from gateway import errors
from gateway.errors import ERROR_TABLE, error_class
from tests.unit.http.app import black, opened, photograph, saved

COMMANDS = {
    "swap": [
        "SOURCE... TARGET",
        "--output",
        "--reference",
        "--map",
        "--source-id",
        "--many",
        "--options",
        "--server",
    ],
    "faces": ["--draw", "--expression", "--json", "--angle", "--thorough", "--server", "--backend"],
    "track": ["VIDEO", "--output", "--every", "--residuals", "--options", "--server"],
    "expressions": ["add", "list", "show", "delete"],
    "expressions add": ["PICTURE...", "--video", "--name", "--count", "--server"],
    "expressions show": ["ID"],
    "identities": ["add", "list", "show", "delete"],
    "identities add": ["PORTRAIT...", "--consent", "--name", "--statement", "--server"],
    "models": ["build", "list", "verify", "pull", "add", "delete", "configure"],
    "models pull": ["NAME...", "--accept-license", "--force"],
    "models add": ["FILE", "--as", "--accept-license"],
    "models configure": ["--profile", "--engine-cache"],
    "models list": ["--json", "--server"],
    "models build": ["--force"],
    "serve": ["--host", "--port", "--backend", "--triton-url", "SEMBLANT_"],
    "triton": ["Triton"],
    "demo": ["--output", "sample portraits"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(semblant, command):
    done = semblant(*command.split(), "--help")
    assert (done.code, done.err) == (0, "")
    for word in COMMANDS[command]:
        assert word in done.words


def test_the_program_explains_itself(semblant):
    done = semblant("--help")
    assert done.code == 0
    assert "consent" in done.words
    for command in COMMANDS:
        assert command.split()[0] in done.words
    for code in (0, 1, 2, 3, 4, 5, 6, 130):
        assert f" {code} " in done.words.partition("Exit codes:")[2]


# swap


def test_a_swap_writes_the_picture_and_says_where(semblant, pictures):
    source, target, output = pictures
    done = semblant("swap", source, target, "-o", output)
    assert (done.code, done.out) == (0, f"{output}\n")
    changed = (np.asarray(opened(output.read_bytes())) != photograph()).any(2)
    assert changed[60, 80]
    assert not changed[0].any()
    assert "1 of 1 faces swapped" in done.err
    assert "decode" in done.err


def test_a_swap_tells_how_good_it_is(semblant, pictures):
    source, target, output = pictures
    plain = semblant("swap", source, target, "-o", output)
    asked = semblant("swap", source, target, "-o", output, "--figures")
    assert "seam_ratio" in plain.err
    assert "identity_distance" not in plain.err
    assert "identity_distance" in asked.err


def test_limits_are_asked_for(semblant, pictures, sent):
    source, target, output = pictures
    limits = ("--limit", "max_seam_ratio=9", "--limit", "max_pose_error_deg=30")
    given = '{"quality": {"retry": false, "limits": {"min_sharpness_ratio": 0}}}'
    semblant("swap", source, target, "-o", output, *limits, "--options", given)
    told = {"min_sharpness_ratio": 0, "max_seam_ratio": 9, "max_pose_error_deg": 30}
    assert sent[0][0] == {"quality": {"retry": False, "limits": told}}


def test_a_swap_that_is_not_good_enough_is_not_written(semblant, pictures):
    source, target, output = pictures
    done = semblant("swap", source, target, "-o", output, "--limit", "max_seam_ratio=0.001")
    assert done.code == 3
    assert "quality_below_threshold" in done.err
    assert not output.exists()


def test_a_quiet_swap_says_only_where(semblant, pictures):
    source, target, output = pictures
    done = semblant("swap", source, source, target, "-q", "-o", output)
    assert (done.code, done.out, done.err) == (0, f"{output}\n", "")


def test_a_path_is_printed_as_it_is(semblant, pictures):
    source, target, output = pictures
    odd = output.parent / ("a:smile:[red]b[/] " + "long " * 30) / "r.png"
    assert semblant("swap", source, target, "-o", odd).out == f"{odd}\n"


def test_warnings_are_told(semblant, pictures):
    source, target, output = pictures
    target.write_bytes(saved(photograph(72, 96)))
    done = semblant("swap", source, target, "-o", output)
    assert (done.code, done.out) == (0, f"{output}\n")
    assert "warning the target's face is small\n" in done.err


@pytest.mark.parametrize(("ending", "format"), [("jpg", "JPEG"), ("webp", "WEBP")])
def test_the_ending_says_the_format(semblant, pictures, ending, format):
    source, target, output = pictures
    path = output.with_suffix(f".{ending}")
    assert semblant("swap", source, target, "-o", path).code == 0
    assert opened(path.read_bytes()).format == format


@pytest.fixture
def sent(monkeypatch):
    """Keep the options that commands send."""
    kept = []
    real = AsyncClient.swap

    async def keep(self, *arguments, options, **others):
        kept.append((options, others))
        return await real(self, *arguments, options=options, **others)

    monkeypatch.setattr(AsyncClient, "swap", keep)
    return kept


def test_switches_join_the_options(semblant, pictures, sent):
    source, target, output = pictures
    options = {
        "output": {"quality": 5, "format": "jpeg"},
        "face_selector": {"mode": "one", "reference_distance": 1.5},
        "masks": {"blur": 0.5},
        "shape": 0.9,
    }
    switches = ["--quality", 90, "--many", "--shape", 0.1, "--color", "none", "--blend", "feather"]
    path = output.with_suffix(".jpg")
    done = semblant("swap", source, target, "-o", path, "--options", json.dumps(options), *switches)
    assert done.code == 0, done.err
    assert sent[0][0] == {
        "output": {"quality": 90, "format": "jpeg"},
        "face_selector": {"mode": "many", "reference_distance": 1.5},
        "masks": {"blur": 0.5},
        "shape": 0.1,
        "color": "none",
        "blend": "feather",
    }


def test_options_are_set_by_name(semblant, pictures, sent):
    source, target, output = pictures
    assignments = ["shape=0.25", "masks.blur=0.4", "quality.limits.max_seam_ratio=9", "color=none"]
    switches = [part for one in assignments for part in ("--set", one)]
    done = semblant("swap", source, target, "-o", output, "--options", '{"shape": 1}', *switches)
    assert (done.code, "note:" in done.err) == (0, False)
    assert sent[0][0] == {
        "shape": 0.25,
        "masks": {"blur": 0.4},
        "quality": {"limits": {"max_seam_ratio": 9}},
        "color": "none",
    }


@pytest.mark.parametrize(
    ("former", "options"),
    [
        (["--shape=0.5"], {"shape": 0.5}),
        (["--factor", "1.2"], {"expression_factor": 1.2}),
        (["--limit", "max_seam_ratio=9"], {"quality": {"limits": {"max_seam_ratio": 9}}}),
        (["--figures"], {"quality": {"report": True}}),
        (["--quality", "80"], {"output": {"quality": 80}}),
    ],
)
def test_former_flags_do_what_they_did_and_are_noted(semblant, pictures, sent, former, options):
    source, target, output = pictures
    done = semblant("swap", source, target, *former, "-q", "-o", output)
    assert done.code == 0
    assert done.err.startswith(f"note: flag {former[0].partition('=')[0]} is now --set ")
    assert sent[0][0] == options


SWAPPED = {"processors": ["face_swapper", "face_enhancer"]}


@pytest.mark.parametrize(
    ("switches", "options"),
    [
        (["--enhance"], SWAPPED),
        (["--enhance-blend", 0.5], {**SWAPPED, "enhancer_blend": 0.5}),
        (
            ["--enhance", "--only-expression"],
            {"processors": ["expression_restorer", "face_enhancer"]},
        ),
        (["--enhance-frame"], {"processors": ["face_swapper", "frame_enhancer"]}),
        (
            ["--frame-blend", 0.5, "--enhance"],
            {
                "processors": ["face_swapper", "face_enhancer", "frame_enhancer"],
                "frame_enhancer_blend": 0.5,
            },
        ),
    ],
)
def test_faces_are_made_clearer_at_the_end(semblant, pictures, sent, switches, options):
    source, target, output = pictures
    done = semblant("swap", source, target, "-o", output, *switches)
    assert done.code == 0, done.err
    assert sent[0][0] == options


def test_restoring_alone_needs_no_source(semblant, pictures, sent):
    _, target, output = pictures
    done = semblant("swap", target, "-o", output, "--only-enhance", "--enhance-blend", 1)
    assert done.code == 0, done.err
    assert "1 of 1 faces enhanced" in done.err
    assert sent[0][0] == {"processors": ["face_enhancer"], "enhancer_blend": 1}
    done = semblant("swap", target, "-o", output, "--only-enhance", "--enhance-frame")
    assert done.code == 0, done.err
    assert sent[1][0] == {"processors": ["face_enhancer", "frame_enhancer"]}


def test_without_switches_nothing_is_chosen(semblant, pictures, sent):
    source, target, output = pictures
    assert semblant("swap", source, target, "-o", output).code == 0
    assert sent[0][0] == {}


def test_a_reference_switches_the_selector(semblant, pictures, sent):
    source, target, output = pictures
    done = semblant("swap", source, target, "-o", output, "--reference", target)
    assert done.code == 0, done.err
    options, others = sent[0]
    assert options == {"face_selector": {"mode": "reference"}}
    assert others["reference"] == [target]


def test_a_map_names_who_goes_to_whom(semblant, pictures, sent):
    source, target, output = pictures
    kept = "idn_" + "0" * 32
    told = ["--map", "0,2:1", "--map", f"{kept}:0", "--map", f"1:{kept}"]
    semblant("swap", *[source] * 3, target, "-o", output, "--reference", target, *told)
    assert sent[0][0] == {
        "mapping": [
            {"sources": [0, 2], "position": 1},
            {"source_id": kept, "position": 0},
            {"sources": [1], "target_id": kept},
        ]
    }


def test_a_mapped_swap(semblant, pictures):
    source, target, output = pictures
    assert semblant("swap", source, target, "-o", output, "--map", "0:0").code == 0
    changed = (np.asarray(opened(output.read_bytes())) != photograph()).any(2)
    assert changed[60, 80]


def test_the_time_asked_for_is_granted(semblant, pictures):
    source, target, output = pictures
    assert semblant("swap", source, target, "-o", output, "--timeout", 75).code == 0
    assert semblant.made[0].request_deadline_s == 75


def test_providers_and_backend(semblant, pictures):
    source, target, output = pictures
    semblant("swap", source, target, "-o", output, "--provider", "cuda", "--provider", "cpu")
    assert semblant.made[0].execution_providers == (
        "CUDAExecutionProvider",
        "CPUExecutionProvider",
    )
    semblant("swap", source, target, "-o", output, "--backend", "embedded")
    assert [settings.backend for settings in semblant.made] == ["local", "embedded"]


# faces


def test_faces_as_a_table(semblant, pictures):
    done = semblant("faces", pictures[1])
    assert (done.code, done.err) == (0, "")
    head, row = done.out.splitlines()
    assert head.split() == ["#", "box", "width", "pitch", "yaw", "roll", "quality", "warnings"]
    assert row.split()[0] == "0"


def test_faces_as_json(semblant, pictures):
    done = semblant("faces", pictures[1], "--json")
    report = json.loads(done.out)
    assert done.code == 0
    assert report["size"] == {"width": 160, "height": 120}
    assert len(report["faces"][0]["landmarks"]) == 478
    assert "analyse" in report["timings_ms"]


def test_a_picture_without_a_face_is_no_error(semblant, pictures):
    pictures[1].write_bytes(saved(black()))
    done = semblant("faces", pictures[1], "--json", "--angle", 90, "--thorough", "no")
    assert done.code == 0
    assert json.loads(done.out)["faces"] == []


@pytest.mark.parametrize(("ending", "format"), [("png", "PNG"), ("jpg", "JPEG"), ("webp", "WEBP")])
def test_faces_can_be_drawn(semblant, pictures, tmp_path, ending, format):
    path = tmp_path / "drawn" / f"faces.{ending}"
    done = semblant("faces", pictures[1], "--draw", path, "--json")
    assert done.code == 0
    assert f"drawn to {path}" in done.err
    assert json.loads(done.out)["faces"]
    drawn = opened(path.read_bytes())
    assert (drawn.format, drawn.size) == (format, (160, 120))
    assert (np.asarray(drawn.convert("RGB")) != photograph())[40:80, 60:100].any()


def test_a_drawing_is_upright_as_the_points_are(semblant, pictures, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    pictures[1].write_bytes(saved(photograph(), "JPEG", exif=exif))
    assert semblant("faces", pictures[1], "--draw", tmp_path / "drawn.png").code == 0
    assert opened((tmp_path / "drawn.png").read_bytes()).size == (120, 160)


# Wrong usage: 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["{target}", "-o", "{output}"], "a source and a target are needed"),
        (["{source}", "{target}"], "Missing option '--output'"),
        (["{source}", "{target}", "-o", "r.tiff"], "ends in .png, .jpg, .jpeg, .webp"),
        (["{source}", "nothing.png", "-o", "{output}"], "does not exist"),
        (["{source}", "{target}", "-o", "{output}", "--options", "{"], "not JSON"),
        (["{source}", "{target}", "-o", "{output}", "--options", "[" * 10**5], "not JSON"),
        (["{source}", "{target}", "-o", "{output}", "--options", "[1]"], "JSON object is needed"),
        (
            ["{source}", "{target}", "-o", "{output}", "--options", '{"output": 1}', "--quality=5"],
            "output: a JSON object is needed",
        ),
        (["{source}", "{target}", "-o", "{output}", "--set", "shape"], "is not NAME=VALUE"),
        (["{source}", "{target}", "-o", "{output}", "--set", "a..b=1"], "is not NAME=VALUE"),
        (["{source}", "{target}", "-o", "{output}", "--map", "0"], "0: not as in 0,2:1"),
        (["{source}", "{target}", "-o", "{output}", "--map", "0:left"], "not as in 0,2:1"),
        (["{source}", "{target}", "-o", "{output}", "--limit", "best"], "is not NAME=VALUE"),
        (["{source}", "{target}", "-o", "{output}", "--server", "localhost:80"], "no address"),
        (
            ["{source}", "{target}", "-o", "{output}", "--server", "http://h", "--provider=cpu"],
            "--provider",
        ),
        (["{source}", "{target}", "-o", "{output}", "--backend", "cloud"], "--backend"),
        (["{source}", "{target}", "-o", "{output}", "--timeout", "0"], "--timeout"),
    ],
)
def test_wrong_usage(semblant, pictures, arguments, told):
    names = dict(zip(("{source}", "{target}", "{output}"), pictures, strict=True))
    done = semblant("swap", *(names.get(argument, argument) for argument in arguments))
    assert (done.code, done.out) == (2, "")
    assert told in done.words
    assert semblant.made == []
    assert not pictures[2].exists()


def test_a_drawing_of_an_unknown_format(semblant, pictures):
    done = semblant("faces", pictures[1], "--draw", "faces.tiff")
    assert (done.code, semblant.made) == (2, [])
    assert "ends in" in done.words


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("SEMBLANT_PORT", "many", "SEMBLANT_PORT: Input should be"),
        ("SEMBLANT_MAX_PIXELS", "0", "SEMBLANT_MAX_PIXELS: Input should be"),
    ],
)
def test_wrong_settings(semblant, pictures, monkeypatch, name, value, told):
    monkeypatch.setenv(name, value)
    done = semblant("faces", pictures[1])
    assert done.code == 2
    assert told in done.words


# Errors


@pytest.mark.parametrize("code", sorted(ERROR_TABLE))
def test_every_error_has_an_exit_code(code):
    kind = error_class(code)
    groups = {errors.InputError: 3, errors.CapacityError: 4, errors.InferenceError: 5}
    expected = next((number for group, number in groups.items() if issubclass(kind, group)), 6)
    assert exit_code(kind()) == expected


@pytest.fixture
def fails(monkeypatch, semblant):
    """Let every analysis end with an error."""

    def fail(error):
        async def work(*arguments, **options):
            raise error

        monkeypatch.setattr("semblant.client.AsyncClient.faces", work)

    return fail


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.NotAnImage(), 3),
        (errors.DeadlineExceeded(), 4),
        (errors.InferenceUnavailable(), 5),
        (errors.SetupIncomplete(), 6),
        (errors.InternalError(), 6),
        (KeyboardInterrupt(), 130),
        (OSError(errno.ENOSPC, "No space left on device", "result.png"), 1),
    ],
)
def test_exit_codes(semblant, pictures, fails, error, code):
    fails(error)
    done = semblant("faces", pictures[1])
    assert (done.code, done.out) == (code, "")
    assert "Traceback" not in done.err


def test_an_error_is_told_with_its_code_and_findings(semblant, pictures):
    source, target, output = pictures
    options = json.dumps({"shape": 7, "masks": {"blur": 0}})
    done = semblant("swap", source, target, "-o", output, "--options", options)
    assert (done.code, done.out) == (3, "")
    assert "error invalid_options Some options are" in done.err
    assert "  /shape: Input should be less than or equal to 1" in done.err
    assert "  /masks/blur: " in done.err
    assert not output.exists()


def test_words_of_an_error_are_no_markup(semblant, pictures, fails):
    fails(errors.InvalidOptions("[bold]x[/bold] [/] :smile:", errors=[{"detail": "[/] no place"}]))
    done = semblant("faces", pictures[1])
    assert done.code == 3
    assert "[bold]x[/bold] [/] :smile:" in done.err
    assert "  /: [/] no place" in done.err


def test_a_file_that_cannot_be_written(semblant, pictures):
    source, target, output = pictures
    (output / "in the way").mkdir(parents=True)
    done = semblant("swap", source, target, "-o", output)
    assert (done.code, done.out) == (1, "")
    assert "error machine" in done.err
    assert str(output) in done.err


def test_no_face(semblant, pictures):
    source, target, output = pictures
    target.write_bytes(saved(black()))
    done = semblant("swap", source, target, "-o", output)
    assert done.code == 3
    assert "no_face_in_target" in done.err


def test_a_server_that_is_not_there(semblant, pictures):
    done = semblant("faces", pictures[1], "--server", "http://127.0.0.1:9")
    assert done.code == 5
    assert "inference_unavailable The server http" in done.err


# models


def test_models_are_listed(semblant):
    done = semblant("models", "list")
    assert done.code == 0
    assert "face_mesh" in done.out
    assert all(len(line) <= 200 for line in done.out.splitlines())


def test_a_model_nobody_knows(semblant):
    done = semblant("models", "verify", "color_of_the_soul")
    assert (done.code, done.out) == (3, "")
    assert "unknown_model" in done.err


def test_models_that_are_not_what_they_should_be(semblant, monkeypatch):
    check = type("Check", (), {"name": "iris", "ok": False, "findings": ["[/] other digest"]})
    monkeypatch.setattr(models_command, "verify_models", lambda *_: [check])
    done = semblant("models", "verify")
    assert done.code == 6
    assert done.out == "iris: NOT OK\n  [/] other digest\n"


def test_a_repository_without_a_catalogue(semblant, tmp_path, monkeypatch):
    monkeypatch.setenv("SEMBLANT_MODEL_REPOSITORY", str(tmp_path))
    done = semblant("models", "list")
    assert done.code == 6
    assert "setup_incomplete" in done.err


# serve and triton


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], {"backend": "auto", "port": 8000}),
        (["--port", 0, "--backend", "local"], {"backend": "local", "port": 0}),
        (["--triton-url", "there:1"], {"backend": "triton", "triton_url": "there:1"}),
        (["--triton-url", "there:1", "--backend", "local"], {"backend": "local"}),
        (["--host", "0.0.0.0"], {"host": "0.0.0.0"}),
    ],
)
def test_serve_joins_switches_and_settings(semblant, monkeypatch, arguments, expected):
    served = []
    monkeypatch.setattr("gateway.main.serve", served.append)
    assert semblant("serve", *arguments).code == 0
    assert {name: getattr(served[0], name) for name in expected} == expected


def test_serve_where_somebody_else_listens(semblant, monkeypatch):
    def end(settings):
        raise SystemExit(3)  # as uvicorn does

    monkeypatch.setattr("gateway.main.serve", end)
    assert semblant("serve").code == 1


def test_serve_refuses_a_port_that_is_none(semblant):
    done = semblant("serve", "--port", 99999)
    assert done.code == 2
    assert "SEMBLANT_PORT: Input should be less than or equal to 65535" in done.words


def test_triton_prints_where_it_is(semblant, monkeypatch):
    def run(repository: Path, environment: Path, *, tell):
        assert (repository.name, environment.name) == ("model_repository", ".venv-triton")
        tell("  gRPC     [::1]:8001")

    monkeypatch.setattr("semblant_triton.serve.serve_triton", run)
    assert semblant("triton").out == "  gRPC     [::1]:8001\n"


# demo


@pytest.fixture
def demo(semblant, monkeypatch, pictures):
    """Run the demonstration on other portraits, with nothing to build."""
    samples = dict(zip(("hopper", "astronaut"), pictures[:2], strict=True))
    monkeypatch.setattr("gateway.models.build.build_models", lambda *_: [])
    monkeypatch.setattr("gateway.models.samples.fetch_samples", lambda *_: samples)
    return lambda folder: semblant("demo", "-o", folder)


def test_the_demonstration(semblant, demo, tmp_path):
    done = demo(tmp_path / "out")
    names = ["astronaut-in-hopper.png", "hopper-in-astronaut.png", "sheet.png"]
    assert done.code == 0, done.err
    assert done.out.splitlines() == [str(tmp_path / "out" / name) for name in names]
    assert opened((tmp_path / "out" / "sheet.png").read_bytes()).size == (3 * 640, 2 * 480)
    assert [settings.backend for settings in semblant.made] == ["embedded"]


def test_the_demonstration_where_triton_does_not_run(semblant, demo, tmp_path, monkeypatch):
    build = semblant_in_process.build_services

    def refuse(settings):
        services = build(settings)
        if settings.backend == "embedded":
            raise errors.PlatformUnsupported()
        return services

    monkeypatch.setattr(semblant_in_process, "build_services", refuse)
    done = demo(tmp_path / "out")
    assert done.code == 0
    assert "Running the models in this process." in done.err
    assert [settings.backend for settings in semblant.made] == ["embedded", "local"]


def test_options_are_checked_before_models_are_loaded(semblant, pictures):
    source, target, output = pictures
    done = semblant("swap", source, target, "-o", output, "--set", "shap=1")
    assert (done.code, semblant.made) == (3, [])
    assert "did you mean `shape`?" in done.words
