"""Settings of jobs: where they are kept, how many there are, and how they are carried out."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import NoDecode


class JobsSettings(BaseModel):
    """What jobs, uploads and webhooks need to know."""

    job_execution: Literal["embedded", "external", "disabled"] = Field(
        "embedded",
        description="embedded: accept jobs and execute them in this process; external: accept "
        "jobs and leave their execution to workers; disabled: accept none.",
    )
    jobs_database_url: str = Field(
        "",
        description="`postgresql://…` or `sqlite:///…` of the database of jobs; empty: a "
        "SQLite file in `SEMBLANT_DATA_DIR`.",
    )
    jobs_database_upgrade: Literal["auto", "manual"] = Field(
        "auto",
        description="auto: upgrade the schema of the database of jobs at the start; manual: "
        "refuse to start with another schema than this release's, which `semblant database "
        "upgrade` makes.",
    )
    object_store_url: str = Field(
        "",
        description="`s3://…`, `gs://…`, `az://…` or `file:///…` of the store of the "
        "jobs' files and, with a database, of identities, libraries and uploads; empty: a folder "
        "in `SEMBLANT_DATA_DIR`.",
    )
    max_input_copies_bytes: int = Field(
        0,
        ge=0,
        description="Bytes of jobs' files that one worker has on its disk at the same time, where "
        "they are fetched from an object store; further jobs wait. What is rendered comes on top: "
        "up to twice a video's size. 0: any number.",
    )
    object_store_timeout_s: float = Field(
        30.0, gt=0, description="Seconds that the object store has to answer one of its requests."
    )
    object_store_retry_s: float = Field(
        15.0,
        ge=0,
        description="Seconds for which a request is repeated that the object store does not "
        "answer, or with an error of its own; then callers are answered `storage_unavailable`.",
    )
    public_url: str = Field(
        "", description="Prefix of the addresses in a job's object, such as `https://host`."
    )
    jobs_concurrency: int = Field(
        8, ge=1, description="Jobs that one process executes at the same time."
    )
    segments_concurrency: int = Field(
        2, ge=1, description="Segments of jobs that one process renders at the same time."
    )
    max_video_s: float = Field(
        14400.0, gt=0, description="Seconds of one video that a job accepts; 14400 are four hours."
    )
    codec_threads: int = Field(
        0,
        ge=0,
        description="Threads of decoder and encoder, each, of one segment; 0 = as many as they "
        "like.",
    )
    tenant_jobs: int = Field(
        4, ge=1, description="Jobs of one tenant that are executed at the same time."
    )
    max_queued_jobs: int = Field(
        1000, ge=1, description="Jobs that may wait for their turn; beyond it 429 is answered."
    )
    job_attempts: int = Field(
        4, ge=1, description="Attempts at a step of a job that fails with a retryable error."
    )
    jobs_database_wait_s: float = Field(
        30.0, ge=0, description="Seconds to wait at the start for a database that does not answer."
    )
    dependency_wait_s: float = Field(
        600.0,
        ge=0,
        description="Seconds that a step of a job waits, in all, for models or an object "
        "store that do not answer; that is no attempt.",
    )
    job_retention_h: float = Field(
        24.0, gt=0, description="Hours a job and its output are kept once it has ended, at most."
    )
    max_job_upload_bytes: int = Field(
        4 * 2**30, ge=1, description="Bytes of the request that makes a job, or of one upload."
    )
    job_upload_timeout_s: float = Field(
        3600.0, gt=0, description="Seconds the request that makes a job may take to arrive."
    )
    max_uploads: int = Field(
        100,
        ge=1,
        description="Uploads that are kept until a job takes them, and requests for jobs that are "
        "read at the same time.",
    )
    upload_part_bytes: int = Field(
        16 * 2**20,
        ge=2**16,
        description="Bytes of an upload after which they are stored and count, where "
        "`SEMBLANT_JOBS_DATABASE_URL` lets several gateways share uploads; a gateway that dies "
        "loses less than that.",
    )
    upload_retention_h: float = Field(
        24.0, gt=0, description="Hours an upload is kept after it was last written to."
    )
    worker_drain_s: float = Field(
        20.0,
        ge=0,
        description="Seconds that segments may take to finish when the process is stopped.",
    )
    worker_probe_port: int | None = Field(
        None,
        ge=1,
        le=65535,
        description="TCP port on which `semblant worker` answers `/livez`, `/readyz` and "
        "`/metrics`; without one it listens on nothing.",
    )
    webhook_secrets: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (),
        description="Secrets to sign webhooks with, `whsec_` and base64, separated by commas; "
        "without one there are no webhooks.",
    )
    webhook_timeout_s: float = Field(
        10.0, gt=0, description="Seconds the call of a webhook may take."
    )
    webhook_attempts: int = Field(
        8, ge=1, description="Calls of a webhook that may fail before it is given up."
    )
    webhook_schemes: Annotated[tuple[str, ...], NoDecode] = Field(
        ("https",), description="Schemes of the webhooks' addresses, separated by commas."
    )
    webhook_ports: Annotated[tuple[int, ...], NoDecode] = Field(
        (443,), description="TCP ports of the webhooks' addresses, separated by commas."
    )
    webhook_allow: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Hosts and networks that webhooks may be sent to although they are not "
        "public, separated by commas.",
    )
