"""Grafana's dashboards, written from tables of panels."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_WIDTH, _HEIGHT, _COLUMNS = 8, 8, 3
_SOURCE = {"type": "prometheus", "uid": "${source}"}


@dataclass(frozen=True, slots=True)
class Panel:
    """A graph.

    Attributes:
        title: What it shows.
        unit: Grafana's name of the unit.
        queries: PromQL by legend.
    """

    title: str
    unit: str
    queries: Mapping[str, str]


def _rate(metric: str, by: str, where: str = "") -> str:
    return f"sum by ({by}) (rate({metric}{where}[$__rate_interval]))"


def _quantile(share: float, metric: str, by: str, where: str = "") -> str:
    return f"histogram_quantile({share}, {_rate(f'{metric}_bucket', f'le, {by}', where)})"


_TRITON = '{job="semblant-triton"}'
SERVICE = (
    Panel(
        "Requests",
        "reqps",
        {"{{route}} {{status}}": _rate("semblant_requests_total", "route, status")},
    ),
    Panel(
        "Duration of swaps",
        "s",
        {
            f"p{share * 100:.0f}": f"histogram_quantile({share}, sum by (le) (rate("
            'semblant_request_seconds_bucket{route="/v1/swaps"}[$__rate_interval])))'
            for share in (0.5, 0.95, 0.99)
        },
    ),
    Panel("Stages, p95", "s", {"{{stage}}": _quantile(0.95, "semblant_stage_seconds", "stage")}),
    Panel(
        "Places",
        "short",
        {
            "worked on": "sum(semblant_requests_running)",
            "waiting": "sum(semblant_requests_waiting)",
            "limit": "sum(semblant_requests_limit)",
        },
    ),
    Panel(
        "Live streams",
        "short",
        {"now": "sum(semblant_streams_running)", "limit": "sum(semblant_streams_limit)"},
    ),
    Panel("Errors by code", "reqps", {"{{code}}": _rate("semblant_rejections_total", "code")}),
    Panel(
        "gRPC calls",
        "reqps",
        {
            "{{grpc_method}} {{grpc_code}}": _rate(
                "grpc_server_handled_total", "grpc_method, grpc_code"
            )
        },
    ),
    Panel("Faces", "reqps", {"{{what}}": _rate("semblant_faces_total", "what")}),
    Panel("Models that answer", "short", {"{{model}}": "min by (model) (semblant_model_ready)"}),
    Panel(
        "Findings",
        "reqps",
        {"{{figure}}": _rate("semblant_quality_findings_total", "figure")},
    ),
    Panel(
        "Colour difference around faces, median",
        "short",
        {
            "CIEDE2000": "histogram_quantile(0.5, sum by (le) "
            "(rate(semblant_quality_ring_delta_e_bucket[$__rate_interval])))"
        },
    ),
    Panel(
        "Distance to the source, median",
        "short",
        {
            "distance": "histogram_quantile(0.5, sum by (le) "
            "(rate(semblant_quality_identity_distance_bucket[$__rate_interval])))"
        },
    ),
)
JOBS = (
    Panel(
        "Jobs",
        "short",
        {"queued": "max(semblant_jobs_queued)", "processing": "max(semblant_jobs_running)"},
    ),
    Panel(
        "Jobs that ended",
        "reqps",
        {"{{status}} {{code}}": _rate("semblant_jobs_total", "status, code")},
    ),
    Panel(
        "Wait for a turn",
        "s",
        {
            f"p{share * 100:.0f}": f"histogram_quantile({share}, sum by (le) "
            "(rate(semblant_job_wait_seconds_bucket[$__rate_interval])))"
            for share in (0.5, 0.95)
        },
    ),
    Panel(
        "Frames rendered",
        "reqps",
        {"frames": "sum(rate(semblant_job_frames_total[$__rate_interval]))"},
    ),
    Panel(
        "Segments, p95",
        "s",
        {
            "p95": "histogram_quantile(0.95, sum by (le) "
            "(rate(semblant_job_segment_seconds_bucket[$__rate_interval])))"
        },
    ),
    Panel(
        "Failed attempts",
        "reqps",
        {"{{code}}": _rate("semblant_job_attempts_failed_total", "code")},
    ),
    Panel(
        "Triton: requests",
        "reqps",
        {"{{model}}": _rate("nv_inference_request_success", "model", _TRITON)},
    ),
    Panel(
        "Triton: failures",
        "reqps",
        {"{{model}} {{reason}}": _rate("nv_inference_request_failure", "model, reason", _TRITON)},
    ),
    Panel(
        "Triton: pending",
        "short",
        {"{{model}}": f"sum by (model) (nv_inference_pending_request_count{_TRITON})"},
    ),
    Panel(
        "Triton: queue over compute",
        "percentunit",
        {
            "ratio": f"sum(rate(nv_inference_queue_duration_us{_TRITON}[$__rate_interval])) / "
            f"sum(rate(nv_inference_compute_infer_duration_us{_TRITON}[$__rate_interval]))"
        },
    ),
    Panel(
        "Triton: rows of a batch",
        "short",
        {
            "{{model}}": f"{_rate('nv_inference_count', 'model', _TRITON)} / "
            f"{_rate('nv_inference_exec_count', 'model', _TRITON)}"
        },
    ),
    Panel(
        "Triton: GPU",
        "percentunit",
        {
            "utilisation": f"avg(nv_gpu_utilization{_TRITON})",
            "memory": f"sum(nv_gpu_memory_used_bytes{_TRITON})"
            f" / sum(nv_gpu_memory_total_bytes{_TRITON})",
        },
    ),
)


def dashboards() -> dict[str, str]:
    """Return the text of every dashboard by its file's name."""
    return {
        "semblant-service.json": _written("semblant-service", "Semblant: requests", SERVICE),
        "semblant-jobs.json": _written("semblant-jobs", "Semblant: jobs and Triton", JOBS),
    }


def _written(uid: str, title: str, panels: Sequence[Panel]) -> str:
    whole: dict[str, Any] = {
        "uid": uid,
        "title": title,
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "tags": ["semblant"],
        "templating": {
            "list": [
                {
                    "name": "source",
                    "label": "Prometheus",
                    "type": "datasource",
                    "query": "prometheus",
                }
            ]
        },
        "panels": [_panel(number, panel) for number, panel in enumerate(panels)],
    }
    return json.dumps(whole, indent=1) + "\n"


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    row, column = divmod(number, _COLUMNS)
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "datasource": _SOURCE,
        "gridPos": {"x": column * _WIDTH, "y": row * _HEIGHT, "w": _WIDTH, "h": _HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + index), "expr": query, "legendFormat": legend}
            for index, (legend, query) in enumerate(panel.queries.items())
        ],
    }
