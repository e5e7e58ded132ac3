from gateway.serving.testing import fake_services
from tests.unit.http.app import black, client, files, saved


async def metrics(http) -> dict[str, float]:
    text = (await http.get("/metrics")).text
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


async def test_they_tell_what_happened():
    services = fake_services()
    await services.health.look()
    async with client(services) as http:
        await http.post("/v1/swaps", files=files())
        await http.post("/v1/swaps", files=files(target=saved(black())))
        await http.request("BREW", "/teapot")
        seen = await metrics(http)
    route = 'method="POST",route="/v1/swaps"'
    assert seen[f'semblant_requests_total{{{route},status="200"}}'] == 1
    assert seen[f'semblant_requests_total{{{route},status="422"}}'] == 1
    assert seen['semblant_requests_total{method="other",route="unmatched",status="404"}'] == 1
    assert seen['semblant_request_seconds_count{route="/v1/swaps"}'] == 2
    assert seen['semblant_stage_seconds_count{stage="queue"}'] == 2
    assert seen['semblant_stage_seconds_count{stage="fuse"}'] == 1
    assert seen['semblant_rejections_total{code="no_face_in_target"}'] == 1
    assert seen['semblant_faces_total{what="swapped"}'] == 1
    assert seen["semblant_quality_seam_ratio_count"] == 1
    assert seen["semblant_quality_identity_distance_count"] == 0  # nobody asked for it
    assert seen['semblant_model_ready{model="face_mesh"}'] == 1
    assert seen["semblant_requests_limit"] == services.settings.max_concurrency
    assert seen["semblant_streams_limit"] == services.settings.max_streams
    assert seen["semblant_streams_running"] == 0
    assert seen["semblant_requests_running"] == seen["semblant_requests_waiting"] == 0


async def test_they_are_in_the_format_prometheus_reads():
    async with client() as http:
        answer = await http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")


async def test_results_that_are_not_good_enough_are_counted():
    limits = {"options": '{"quality": {"limits": {"max_seam_ratio": 1e-6}}}'}
    lenient = {
        "quality_max_ring_delta_e": 99,
        "quality_max_seam_ratio": 99,
        "quality_max_patchiness": 99,
    }
    async with client(**lenient, quality_min_sharpness_ratio=0) as http:
        await http.post("/v1/swaps", files=files(), data=limits)
        await http.post("/v1/swaps", files=files())
        seen = await metrics(http)
    assert seen["semblant_quality_below_threshold_total"] == 1
    assert seen["semblant_quality_retried_total"] == 1
    assert seen["semblant_quality_retries_total"] == 5
    assert seen["semblant_quality_seam_ratio_count"] == 2
