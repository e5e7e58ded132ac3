"""Imports point inwards: pictures know nothing of faces, faces nothing of requests."""

import sys

import pytest

from tests.unit.structure.tree import PACKAGES, below, modules, names

BASICS = (
    "gateway.arrays",
    "gateway.errors",
    "gateway.deadline",
    "gateway.compute",
    "gateway.deprecations",
    "gateway.disk",
    "gateway.telemetry.attributes",
    "gateway.telemetry.log_scope",
    "gateway.telemetry.spans",
    "gateway.telemetry.traceparent",
)

OURS = {
    "gateway": (),
    "gateway.arrays": (),
    "gateway.deprecations": (),
    "gateway.errors": ("gateway.deprecations",),
    "gateway.deadline": ("gateway.errors",),
    "gateway.compute": ("gateway.errors",),
    "gateway.disk": ("gateway.errors",),
    "gateway.database": ("gateway.errors",),
    "gateway.paths": ("gateway.errors",),
    "gateway.logs": ("gateway.telemetry.log_scope",),
    "gateway.telemetry": ("gateway.errors",),
    "gateway.settings": (
        "gateway.deprecations",
        "gateway.logs",
        "gateway.paths",
    ),
    "gateway.imaging": ("gateway.arrays", "gateway.errors"),
    "gateway.media": ("gateway.imaging", "gateway.arrays", "gateway.errors"),
    "gateway.models": ("gateway.errors", "gateway.disk"),
    # A network of our own is written from the calculation it repeats.
    "gateway.models.face_3dmm": (
        "gateway.models",
        "gateway.faces.morphable",
        "gateway.arrays",
        "gateway.errors",
    ),
    "gateway.models.unrolled_network": (
        "gateway.models",
        "gateway.faces",
        "gateway.arrays",
        "gateway.errors",
    ),
    "gateway.inference": (
        "gateway.errors",
        "gateway.deadline",
        "gateway.telemetry.attributes",
        "gateway.telemetry.spans",
    ),
    "gateway.faces": ("gateway.imaging", "gateway.inference.protocol", *BASICS),
    "gateway.trust": ("gateway.imaging", "gateway.arrays", "gateway.disk", "gateway.errors"),
    "gateway.trust.audit": (
        "gateway.trust",
        "gateway.database",
        "gateway.errors",
    ),
    "gateway.trust.watermark": ("gateway.imaging", "gateway.arrays", "gateway.errors"),
    # Who calls is known to all that keep something for them; how that is found out, to few.
    "gateway.access": ("gateway.database", "gateway.errors"),
    "gateway.access.caller": ("gateway.errors",),
    "gateway.storage": (
        "gateway.trust.consent",
        "gateway.trust.sealed",
        "gateway.access.caller",
        "gateway.database",
        "gateway.faces",
        "gateway.media",
        "gateway.arrays",
        "gateway.disk",
        "gateway.errors",
    ),
    "gateway.networks": (
        "gateway.faces.alignment",
        "gateway.faces.blazeface",
        "gateway.faces.attributes",
        "gateway.imaging",
        "gateway.inference.protocol",
        *BASICS,
    ),
    "gateway.jobs": (
        "gateway.access.caller",
        "gateway.database",
        "gateway.storage",
        "gateway.settings",
        *BASICS,
    ),
    "gateway.processors": (
        "gateway.networks",
        "gateway.faces",
        "gateway.imaging",
        "gateway.inference.protocol",
        *BASICS,
    ),
    "gateway.pipeline": (
        "gateway.trust.consent",
        "gateway.trust.label",
        "gateway.processors",
        "gateway.networks",
        "gateway.storage",
        "gateway.faces",
        "gateway.imaging",
        "gateway.inference.protocol",
        *BASICS,
    ),
    # Which encoders there are, and what holds their videos, is told once.
    "gateway.pipeline.options.video": (
        "gateway.pipeline",
        "gateway.media.encoders",
        "gateway.errors",
    ),
    "gateway.rendering": (
        "gateway.trust",
        "gateway.inference.protocol",
        "gateway.jobs.work",
        "gateway.media",
        "gateway.pipeline",
        "gateway.storage",
        *BASICS,
    ),
    "gateway.serving": (
        "gateway.trust",
        "gateway.access",
        "gateway.database",
        "gateway.rendering",
        "gateway.jobs",
        "gateway.pipeline",
        "gateway.storage",
        "gateway.processors",
        "gateway.faces",
        "gateway.imaging",
        "gateway.inference",
        "gateway.media.numbered",
        "gateway.models",
        "gateway.networks",
        "gateway.settings",
        "gateway.paths",
        "semblant_triton.environment",
        "semblant_triton.launcher",
        *BASICS,
    ),
    # How traces are sent is known where the parts are made, and nowhere else.
    "gateway.serving.tracing": ("gateway.settings", "gateway.telemetry"),
    # Pictures are read there only to calibrate networks with.
    "gateway.serving.calibration": (
        "gateway.faces",
        "gateway.imaging",
        "gateway.inference.protocol",
        "gateway.media.image",
        "gateway.models.quantize",
        "gateway.networks",
        "gateway.processors.maskers",
        *BASICS,
    ),
    # What is installed here is found out by asking every part.
    "gateway.serving.doctor": (
        "gateway.database",
        "gateway.errors",
        "gateway.inference.local",
        "gateway.media.capabilities",
        "gateway.models",
        "gateway.paths",
        "gateway.settings",
        "semblant_triton.environment",
    ),
    # What is done for a caller, whatever protocol brings the request.
    "gateway.operations": (
        "gateway.trust",
        "gateway.access",
        "gateway.serving.admission",
        "gateway.serving.services",
        "gateway.settings",
        "gateway.jobs",
        "gateway.pipeline",
        "gateway.faces",
        "gateway.media",
        "gateway.storage",
        *BASICS,
    ),
    "gateway.http": (
        "gateway.operations",
        "gateway.access",
        "gateway.serving",
        "gateway.settings",
        "gateway.jobs",
        "gateway.pipeline",
        "gateway.faces",
        "gateway.media",
        "gateway.storage",
        *BASICS,
    ),
    "gateway.rpc": (
        "gateway.trust",
        "gateway.access",
        "gateway.operations",
        "gateway.serving.admission",
        "gateway.serving.services",
        "gateway.settings",
        "gateway.jobs",
        "gateway.pipeline",
        "gateway.media",
        "semblant.rpc.documents",
        "semblant.v1",
        *BASICS,
    ),
    "gateway.main": (
        "gateway.access",
        "gateway.http.app",
        "gateway.rpc.server",
        "gateway.logs",
        "gateway.serving.jobs",
        "gateway.serving.services",
        "gateway.settings",
        "gateway.compute",
    ),
    # The fakes: tests and other fakes use them, nothing else does.
    "gateway.testing": ("gateway.inference", *BASICS),
    "gateway.testing_faces": (
        "gateway.arrays",
        "gateway.testing",
        "gateway.faces",
        "gateway.imaging.color.skin_model",
        "gateway.inference",
    ),
    "gateway.jobs.testing": ("gateway.jobs", "gateway.settings", *BASICS),
    "gateway.storage.testing": ("gateway.storage", "gateway.errors"),
    "gateway.serving.testing": (
        "gateway.telemetry.spans",
        "gateway.testing",
        "gateway.testing_faces",
        "gateway.storage",
        "gateway.serving",
        "gateway.jobs",
        "gateway.models.catalog",
        "gateway.inference.protocol",
        "gateway.networks.available",
        "gateway.settings",
    ),
    "semblant": (
        "gateway.access",  # keys are made on the machine of the service
        "gateway.compute",
        "gateway.deprecations",
        "gateway.errors",
        "gateway.settings",
        "gateway.models",
        "gateway.serving",
        "gateway.http.app",
        "gateway.pipeline.options",  # checked before models are loaded
        "gateway.faces.topology",
        "gateway.main",
        "gateway.media.containers",  # first bytes only: no library is needed for them
        "gateway.trust.credentials.trial",  # certificates are made on the machine of the service
        "gateway.trust.audit",  # the log is read there
        "semblant_triton.serve",
        "gateway.paths",
        "semblant_triton.environment",
    ),
    "semblant_triton": ("gateway.errors", "gateway.paths"),
    "semblant_triton.supervisor": (),  # runs as a program of its own, started in no time
    "triton_backend": (),
}
"""Who may import whom of ours, besides itself; the longest name that fits counts."""

FOREIGN = {
    # The edges.
    "fastapi": ("gateway.http",),
    "starlette": ("gateway.http",),
    "python_multipart": ("gateway.http.request.forms",),
    "uvicorn": ("gateway.main",),
    "opentelemetry": ("gateway.telemetry.otlp", "semblant.tracing"),
    "prometheus_client": ("gateway.serving.metrics",),
    "grpc": (
        "gateway.inference",
        "gateway.rpc",
        "semblant.rpc",
        "semblant._sync.wire",
    ),
    "grpc_health": ("gateway.rpc.server",),
    "grpc_reflection": ("gateway.rpc.server",),
    "grpc_status": ("gateway.rpc.serve_call",),
    "tritonclient": ("gateway.inference",),
    # protobuf
    "google": (
        "gateway.inference",
        "gateway.models",
        "gateway.rpc",
        "semblant.rpc",
        "semblant._async.grpc_calls",
        "semblant._async.wire",
        "semblant._sync.grpc_calls",
        "semblant._sync.streams",
        "semblant._sync.wire",
    ),
    "jwt": ("gateway.access.tokens",),
    "httpx": (
        "gateway.access.issuer",
        "gateway.jobs.notify.webhooks",
        "gateway.jobs.engine",
        "gateway.jobs.testing",
        "gateway.models.download",
        "semblant.access",
        "semblant.calls",
        "semblant.expressions",
        "semblant.jobs",
        "semblant.people",
        "semblant.verification",
        "semblant._async",
        "semblant._sync",
        "semblant.in_process",
        "semblant.local",
    ),
    "anyio": ("semblant.local",),
    "pythonjsonlogger": ("gateway.logs",),
    "filelock": ("gateway.models", "gateway.storage.folder_uploads", "gateway.jobs"),
    "platformdirs": ("gateway.paths",),
    "httpx_retries": ("semblant._async", "semblant._sync"),
    "typer": ("semblant.cli",),
    "rich": ("semblant.cli",),
    "triton_python_backend_utils": ("triton_backend",),
    "obstore": ("gateway.storage.objects",),
    "alembic": ("gateway.jobs.database",),
    "dbos": ("gateway.jobs.database.queues", "gateway.jobs.execution.worker"),
    "sqlalchemy": (
        "gateway.access",
        "gateway.database",
        "gateway.jobs",
        "gateway.serving.access",
        "gateway.serving.audit_log",
        "gateway.serving.database",
        "gateway.serving.shared_stores",
        "gateway.trust.audit.log",
        "gateway.storage.shared",
        "gateway.storage.shared_uploads",
    ),
    "standardwebhooks": ("gateway.jobs.notify.webhooks",),
    # Networks.
    "onnxruntime": (
        "gateway.inference.local",
        "gateway.models.build",
        "gateway.models.onnx_measure",
        "gateway.models.quantize",
        "triton_backend",
    ),
    "onnx": ("gateway.models",),
    "tflite": ("gateway.models",),
    # Videos, pictures and numbers.
    "av": ("gateway.media",),
    "PIL": ("gateway.media", "gateway.trust.label", "semblant.cli", "semblant.calls"),
    "pi_heif": ("gateway.media.image",),
    "cv2": ("gateway.imaging", "gateway.faces", "gateway.media", "gateway.trust.watermark"),
    "numba": ("gateway.imaging", "gateway.trust.watermark"),
    "numpy": (
        "gateway",
        "triton_backend",
        "semblant.calls",
        "semblant.frames",
        "semblant.rpc.frames",
    ),
    "c2pa": ("gateway.trust.credentials.manifest",),
    "cryptography": ("gateway.trust",),
    # Descriptions of data.
    "pydantic": (
        "gateway.settings",
        "gateway.pipeline.options",
        "gateway.models",
        "gateway.operations.schemas",
        "gateway.rpc.messages",
        "gateway.http",
        "semblant.cli.common",
    ),
    "pydantic_core": ("gateway.pipeline.options.choices",),
    "pydantic_settings": ("gateway.settings", "semblant.cli.common"),
}
"""Which modules may import a library; none may import another one."""

MODULES = pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)


ONLY_BY_GRPC = ("semblant.rpc", "semblant.v1")
"""What a client by HTTP does not load, as it needs the extra `grpc`."""
OF_GRPC = {
    f"semblant.{package}.{name}"
    for package in ("_async", "_sync")
    for name in ("grpc_calls", "streams", "wire")
}
LAZY = {
    f"semblant.{package}.{name}"
    for package in ("_async", "_sync")
    for name in ("client", "connection")
}
"""Modules that import it inside functions, or for types alone."""


@MODULES
def test_grpc_is_met_in_modules_of_grpc_only(module):
    if module.name.split(".")[0] == "semblant" and not below(module.name, "semblant.rpc"):
        used = {
            n for n in module.imports() if n in OF_GRPC or any(below(n, p) for p in ONLY_BY_GRPC)
        }
        assert not used or module.name in OF_GRPC | LAZY


@MODULES
def test_imports_point_inwards(module):
    rule = max((name for name in OURS if below(module.name, name)), key=len)
    allowed = OURS[rule] if rule == "gateway" else (rule, *OURS[rule])
    for name in module.imports():
        if name.split(".")[0] in PACKAGES:
            assert any(below(name, prefix) for prefix in allowed), f"{module.name} uses {name}"


@MODULES
def test_libraries_are_met_at_their_edges(module):
    libraries = {name.split(".")[0] for name in module.imports()}
    for library in libraries - set(PACKAGES) - set(sys.stdlib_module_names):
        edges = FOREIGN.get(library, ())
        assert any(below(module.name, edge) for edge in edges), f"{module.name} uses {library}"


def test_the_rules_are_about_what_there_is():
    assert set(OURS) - set(PACKAGES) <= names()
    assert {edge for edges in FOREIGN.values() for edge in edges} - set(PACKAGES) <= names()
    used = {name.split(".")[0] for module in modules() for name in module.imports()}
    assert set(FOREIGN) <= used


def test_nothing_but_fakes_imports_fakes():
    fakes = {name for name in names() if name.split(".")[-1].startswith("testing")}
    for module in modules():
        assert module.name in fakes or not module.imports() & fakes, module.name
