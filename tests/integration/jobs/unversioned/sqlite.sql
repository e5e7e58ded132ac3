-- The tables of jobs as releases without revisions made them (metadata of commit 58c62fd).
CREATE TABLE semblant_jobs (
    id VARCHAR NOT NULL,
    tenant VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    stage VARCHAR NOT NULL,
    run VARCHAR NOT NULL,
    version INTEGER NOT NULL,
    fingerprint VARCHAR NOT NULL,
    priority INTEGER NOT NULL,
    options JSON NOT NULL,
    source_id VARCHAR,
    files JSON NOT NULL,
    webhook JSON,
    created DOUBLE NOT NULL,
    started DOUBLE,
    completed DOUBLE,
    deadline DOUBLE,
    expires DOUBLE,
    retention_s DOUBLE NOT NULL,
    "plan" JSON,
    frames INTEGER NOT NULL,
    fps DOUBLE,
    failure JSON,
    output JSON,
    report JSON,
    has_files BOOLEAN NOT NULL,
    tidy BOOLEAN NOT NULL,
    PRIMARY KEY (id)
);

CREATE INDEX semblant_jobs_by_end ON semblant_jobs (expires);

CREATE INDEX semblant_jobs_by_status ON semblant_jobs (status, deadline);

CREATE INDEX semblant_jobs_of_tenant ON semblant_jobs (tenant, created, id);

CREATE TABLE semblant_taking (
    id VARCHAR NOT NULL,
    token VARCHAR NOT NULL,
    since DOUBLE NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE semblant_workers (
    id VARCHAR NOT NULL,
    beat DOUBLE NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE semblant_segments (
    job_id VARCHAR NOT NULL,
    "index" INTEGER NOT NULL,
    attempt VARCHAR NOT NULL,
    frames INTEGER NOT NULL,
    file JSON,
    facts JSON,
    PRIMARY KEY (job_id, "index"),
    FOREIGN KEY(job_id) REFERENCES semblant_jobs (id) ON DELETE CASCADE
);
