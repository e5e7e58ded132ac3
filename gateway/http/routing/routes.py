"""Every address of the service, and how each is documented."""

from __future__ import annotations

from gateway.http.endpoints.docs import get_docs
from gateway.http.endpoints.expressions import (
    delete_expression,
    get_expression,
    get_expressions,
    post_expressions,
    post_match,
)
from gateway.http.endpoints.faces import post_faces
from gateway.http.endpoints.identities import (
    delete_identity,
    get_identities,
    get_identity,
    post_identities,
)
from gateway.http.endpoints.livez import get_livez
from gateway.http.endpoints.metrics import get_metrics
from gateway.http.endpoints.models import get_models
from gateway.http.endpoints.openapi import get_openapi
from gateway.http.endpoints.problems import get_problem
from gateway.http.endpoints.readyz import get_readyz
from gateway.http.endpoints.swaps import post_swaps
from gateway.http.endpoints.tracks import post_tracks
from gateway.http.examples import identities as identity_examples
from gateway.http.examples import swaps as examples
from gateway.http.examples import videos as video_examples
from gateway.http.routing.error_docs import (
    ENROL_ERRORS,
    FACES_ERRORS,
    IDENTIFY_ERRORS,
    IDENTITY_ERRORS,
    LIBRARY_ERRORS,
    MATCH_ERRORS,
    PROBE_ERRORS,
    READ_ERRORS,
    SWAP_ERRORS,
    TRACK_ERRORS,
)
from gateway.http.routing.jobs import JOB_ROUTES
from gateway.http.routing.route import Route
from gateway.http.schemas import faces as face_schemas
from gateway.http.schemas import identities as identity_schemas
from gateway.http.schemas import libraries as library_schemas
from gateway.http.schemas import swaps as schemas

ROUTES = (
    Route(
        method="POST",
        path="/v1/swaps",
        handler=post_swaps,
        tag="faces",
        summary="Put the face of the source pictures into the target picture.",
        description=examples.SWAPS_DESCRIPTION,
        model=schemas.SwapReport,
        example=examples.SWAP_REPORT,
        media_types=("image/png", "image/jpeg", "image/webp"),
        headers=examples.SWAP_HEADERS,
        errors=SWAP_ERRORS,
        extra=examples.SWAPS_REQUEST,
    ),
    Route(
        method="POST",
        path="/v1/faces",
        handler=post_faces,
        tag="faces",
        summary="Find the faces of a picture: boxes, landmarks, head pose, quality.",
        description=examples.FACES_DESCRIPTION,
        model=face_schemas.FacesReport,
        example=examples.FACES_REPORT,
        errors=FACES_ERRORS,
        extra=examples.FACES_REQUEST,
    ),
    Route(
        method="POST",
        path="/v1/tracks",
        handler=post_tracks,
        tag="faces",
        summary="Track a face through a video: its expression in every frame.",
        description=video_examples.TRACKS_DESCRIPTION,
        content=video_examples.TRACK,
        headers=video_examples.TRACK_HEADERS,
        errors=TRACK_ERRORS,
        extra=video_examples.TRACKS_REQUEST,
    ),
    Route(
        method="POST",
        path="/v1/expression-libraries",
        handler=post_expressions,
        tag="expressions",
        summary="Create a library of a person's expressions from pictures or a video.",
        description=video_examples.ENROL_DESCRIPTION,
        model=library_schemas.NewLibrary,
        example=video_examples.NEW_LIBRARY,
        headers=video_examples.ENROL_HEADERS,
        status=201,
        errors=ENROL_ERRORS,
        extra=video_examples.ENROL_REQUEST,
    ),
    Route(
        method="GET",
        path="/v1/expression-libraries",
        handler=get_expressions,
        tag="expressions",
        summary="List the libraries of expressions.",
        model=library_schemas.LibraryList,
        example=video_examples.LIBRARY_LIST,
        errors=READ_ERRORS,
    ),
    Route(
        method="GET",
        path="/v1/expression-libraries/{id}",
        handler=get_expression,
        tag="expressions",
        summary="Show a library of expressions.",
        model=library_schemas.LibraryBody,
        example=video_examples.LIBRARY,
        errors=LIBRARY_ERRORS,
        extra=video_examples.LIBRARY_PARAMETERS,
    ),
    Route(
        method="DELETE",
        path="/v1/expression-libraries/{id}",
        handler=delete_expression,
        tag="expressions",
        summary="Delete a library of expressions.",
        status=204,
        errors=LIBRARY_ERRORS,
        extra=video_examples.LIBRARY_PARAMETERS,
    ),
    Route(
        method="POST",
        path="/v1/expression-libraries/{id}/match",
        handler=post_match,
        tag="expressions",
        summary="Find the entry of a library that is nearest to an expression.",
        model=library_schemas.LibraryMatch,
        example=video_examples.LIBRARY_MATCH,
        errors=MATCH_ERRORS,
        extra=video_examples.MATCH_REQUEST,
    ),
    Route(
        method="POST",
        path="/v1/identities",
        handler=post_identities,
        tag="identities",
        summary="Enrol a person who has given consent.",
        description=identity_examples.IDENTIFY_DESCRIPTION,
        model=identity_schemas.IdentityReport,
        example=identity_examples.IDENTITY,
        headers=identity_examples.IDENTIFY_HEADERS,
        status=201,
        errors=IDENTIFY_ERRORS,
        extra=identity_examples.IDENTIFY_REQUEST,
    ),
    Route(
        method="GET",
        path="/v1/identities",
        handler=get_identities,
        tag="identities",
        summary="List the enrolled identities.",
        model=identity_schemas.IdentityList,
        example=identity_examples.IDENTITY_LIST,
        errors=READ_ERRORS,
    ),
    Route(
        method="GET",
        path="/v1/identities/{id}",
        handler=get_identity,
        tag="identities",
        summary="Show an enrolled identity.",
        model=identity_schemas.IdentityReport,
        example=identity_examples.IDENTITY,
        errors=IDENTITY_ERRORS,
        extra=identity_examples.IDENTITY_PARAMETERS,
    ),
    Route(
        method="DELETE",
        path="/v1/identities/{id}",
        handler=delete_identity,
        tag="identities",
        summary="Delete an enrolled identity and all that is kept of it.",
        status=204,
        errors=IDENTITY_ERRORS,
        extra=identity_examples.IDENTITY_PARAMETERS,
    ),
    *JOB_ROUTES,
    Route(
        method="GET",
        path="/v1/models",
        handler=get_models,
        tag="operations",
        summary="List the models with their licenses and states.",
        model=schemas.ModelList,
        example=examples.MODEL_LIST,
        errors=READ_ERRORS,
    ),
    Route(
        method="GET",
        path="/livez",
        handler=get_livez,
        tag="operations",
        summary="Report whether the process is alive.",
        model=schemas.HealthState,
        example={"status": "alive"},
    ),
    Route(
        method="GET",
        path="/readyz",
        handler=get_readyz,
        tag="operations",
        summary="Report whether requests may be sent: models are ready, no shutdown has begun.",
        model=schemas.HealthState,
        example={"status": "ready"},
        errors=PROBE_ERRORS,
    ),
    Route(
        method="GET",
        path="/metrics",
        handler=get_metrics,
        tag="operations",
        summary="Return metrics in Prometheus' text format.",
        media_types=("text/plain",),
    ),
    Route(
        method="GET",
        path="/problems/{code}",
        handler=get_problem,
        tag="documentation",
        summary="Explain an error code; the `type` of every problem points here.",
        model=schemas.ProblemPage,
        example=examples.PROBLEM_PAGE,
        media_types=("text/html",),
        errors=READ_ERRORS,
        extra=examples.PROBLEM_PARAMETERS,
    ),
    Route(
        method="GET",
        path="/docs",
        handler=get_docs,
        tag="documentation",
        summary="List the addresses.",
        media_types=("text/html",),
    ),
    Route(
        method="GET",
        path="/openapi.json",
        handler=get_openapi,
        tag="documentation",
        summary="Return this description.",
        media_types=("application/json",),
    ),
)
