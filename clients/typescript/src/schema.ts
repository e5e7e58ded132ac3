// Written by `npm run schema` from tests/unit/http/openapi.json; do not edit.
// SHA-256 of that document: 9b6e93aca563371d6356254473ce1d924832f04492db7f2c95034135133f4ba3

export interface paths {
    "/docs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the addresses.
         * @description List the addresses.
         */
        get: operations["get_docs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/livez": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Report whether the process is alive.
         * @description Report whether the process is alive.
         */
        get: operations["get_livez"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Return metrics in Prometheus' text format, or in that of OpenMetrics, which has exemplars.
         * @description Return metrics in Prometheus' text format, or in that of OpenMetrics, which has exemplars.
         */
        get: operations["get_metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Return this description.
         * @description Return this description.
         */
        get: operations["get_openapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/problems/{code}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Explain an error code; the `type` of every problem points here.
         * @description Explain an error code; the `type` of every problem points here.
         */
        get: operations["get_problem"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Report whether requests may be sent: models are ready, no shutdown has begun.
         * @description Report whether requests may be sent: models are ready, no shutdown has begun.
         */
        get: operations["get_readyz"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/expression-libraries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the libraries of expressions.
         * @description List the libraries of expressions.
         */
        get: operations["get_expressions"];
        put?: never;
        /**
         * Create a library of a person's expressions from pictures or a video.
         * @description Send `multipart/form-data`: pictures of one person (`frame`, several), a video of the person
         *     (`video`), or both, and optionally `options` (JSON). Of each picture the largest usable face
         *     counts, of a video the one that is followed, at most ten times a second.
         *
         *     Coefficients and a small picture of each entry are kept until the library is deleted. A library
         *     is biometric data of a person, who must have agreed. Whoever may use identities of the tenant
         *     can see it.
         */
        post: operations["post_expressions"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/expression-libraries/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a library of expressions.
         * @description Show a library of expressions.
         */
        get: operations["get_expression"];
        put?: never;
        post?: never;
        /**
         * Delete a library of expressions.
         * @description Delete a library of expressions.
         */
        delete: operations["delete_expression"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/expression-libraries/{id}/match": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Find the entry of a library that is nearest to an expression.
         * @description Find the entry of a library that is nearest to an expression.
         */
        post: operations["post_match"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/faces": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Find the faces of a picture: boxes, landmarks, head pose, quality.
         * @description Send `multipart/form-data`: an `image`, and optionally `options` (JSON). A picture without a
         *     face is no error: `faces` is empty.
         *
         *     `identity` of a face, its shape in numbers, distinguishes people. It is biometric data, and only
         *     answered if the option `identity` is true.
         */
        post: operations["post_faces"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/identities": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the enrolled identities.
         * @description List the enrolled identities.
         */
        get: operations["get_identities"];
        put?: never;
        /**
         * Enrol a person who has given consent.
         * @description Send `multipart/form-data`: portraits of one person (`source`, several), and `options` (JSON)
         *     with `consent`: true, by which you state that the person has agreed. Of each portrait the
         *     largest face counts.
         *
         *     Kept are a crop of each portrait, what was found in it, a descriptor that distinguishes the
         *     person from others, and the statement with its time, until the identity is deleted. All this is
         *     biometric data. Whoever may use identities of the tenant can see and use them.
         *
         *     A swap takes the id as `source_id` instead of `source` pictures, and in entries of `mapping`.
         */
        post: operations["post_identities"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/identities/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show an enrolled identity.
         * @description Show an enrolled identity.
         */
        get: operations["get_identity"];
        put?: never;
        post?: never;
        /**
         * Delete an enrolled identity and all that is kept of it.
         * @description Delete an enrolled identity and all that is kept of it.
         */
        delete: operations["delete_identity"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/identities/{id}/withdrawal": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Withdraw a person's consent.
         * @description Portraits and descriptors are removed at once; what is left says that there was a consent, and
         *     when it ended. Jobs that use the face are canceled, and what they made cannot be downloaded any
         *     more.
         */
        post: operations["post_identity_withdrawal"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the tenant's jobs.
         * @description List the tenant's jobs.
         */
        get: operations["get_jobs"];
        put?: never;
        /**
         * Submit a video or picture to be rendered.
         * @description Send `multipart/form-data`: `source` pictures or `source_id`, the video as `target`, or the id
         *     of a finished upload as `target_upload`; and optionally `reference` pictures, `options` (JSON),
         *     `webhook` (JSON), `priority` (`high`, `normal`, `low`) and `retention` (such as `6h`; at most
         *     the service's own). Files are written to disk as they arrive.
         *
         *     The answer is the job, with status 202 and its address in `Location`. An accepted job is
         *     executed, even if processes die meanwhile.
         *
         *     `Idempotency-Key` makes it safe to send the same again: as long as the job is kept it is
         *     answered with `Idempotent-Replayed: true`, and nothing is done twice. `Prefer: wait=30` waits up
         *     to so many seconds (1-60) for the job to end, and answers 200 if it has. `Cancel-After: 5m` (or
         *     `90s`, `2h`) cancels it if it has not ended by then. `X-Semblant-Tenant` names its owner; jobs
         *     of other tenants are not found.
         */
        post: operations["post_jobs"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show a job.
         * @description Show a job.
         */
        get: operations["get_job"];
        put?: never;
        post?: never;
        /**
         * Delete a job and all that is kept of it.
         * @description A job that has not ended is canceled first. Its files are removed.
         */
        delete: operations["delete_job"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel a job.
         * @description Its processing stops within a second. A job that has ended stays as it is.
         */
        post: operations["cancel_job"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Stream the progress of a job.
         * @description The job's object whenever it has changed: events `progress`, and at last `completed`, with which
         *     the stream ends. `Last-Event-ID` resumes a broken stream after that event; 204 says that nothing
         *     more will come. The stream also ends before the service stops.
         */
        get: operations["get_job_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{id}/output": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download the output of a job.
         * @description Ranges can be asked for (RFC 9110 §14); `If-Range` and `If-None-Match` take the `ETag`.
         */
        get: operations["get_job_output"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resume a failed job.
         * @description Only a failed job, as long as its files are kept. Finished segments are not rendered again.
         */
        post: operations["resume_job"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the models with their licenses and states.
         * @description List the models with their licenses and states.
         */
        get: operations["get_models"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/swaps": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Put the face of the source pictures into the target picture.
         * @description Send `multipart/form-data`: one or more `source` pictures of one person, a `target` picture, and
         *     optionally `options` (JSON) and a `reference` picture of the selected person.
         *
         *     With `options.mapping` the sources may be of several people, and each entry says which of them
         *     are one person and who in the target gets that face. Entries by `reference` are matched one to
         *     one, such that the sum of the distances is smallest. No face is changed twice; those that are
         *     nearer to the camera are changed last, and stay before the others.
         *
         *     `Accept` decides about the answer. An image type gives the picture; `application/json` gives a
         *     report of figures, which also holds the picture (Base64) with `?inline=true`. With `*\/*` it is
         *     the picture in the format of `options.output.format`, else in the target's own. Transparency of
         *     the target is kept where the format can.
         *
         *     With `options.processors` = `["face_enhancer"]` the target's own faces are enhanced, and no
         *     source is needed. With `frame_enhancer` as the last of them all of the picture is.
         *
         *     With the picture come `Server-Timing` (milliseconds by stage), `X-Semblant-Faces-Found`,
         *     `X-Semblant-Faces-Swapped`, `X-Semblant-Warnings` and `X-Semblant-Quality`.
         *
         *     Every swapped face is measured. `options.quality.limits` set limits of the figures; faces that
         *     do not meet them are fused in other ways, and if none of these is good enough the answer is the
         *     error `quality_below_threshold`, with the figures of the best one.
         *
         *     `X-Request-Timeout` (seconds) shortens the time the work may take after the upload;
         *     `X-Request-Id` is echoed.
         */
        post: operations["post_swaps"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tracks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Track a face through a video: its expression in every frame.
         * @description Send `multipart/form-data`: a `video` (MP4, QuickTime, Matroska, WebM, AVI, MPEG-TS, MPEG-PS,
         *     WMV, FLV, MXF, or an animated GIF, PNG, WebP or AVIF), and optionally `options` (JSON).
         *
         *     The answer has one line of JSON for each analysed frame. The largest face is followed; among
         *     several it is the one nearest to the previous position. After eight frames the expression is
         *     measured against the identity fitted to all frames so far. That starts afresh where another face
         *     appears, or none was seen for half a second.
         *
         *     If a part of the video cannot be read, the rest is used, and `X-Semblant-Warnings` is `damaged`.
         */
        post: operations["post_tracks"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create an upload, optionally with its first chunk.
         * @description Create an upload, optionally with its first chunk.
         */
        post: operations["post_uploads"];
        delete?: never;
        /**
         * Describe the supported upload protocol.
         * @description The protocol tus 1.0 (https://tus.io), with creation, creation-with-upload, expiration, checksum
         *     and termination; any client of the protocol works. Every request but `OPTIONS` carries
         *     `Tus-Resumable: 1.0.0`. A finished upload is a job's `target_upload`.
         */
        options: operations["options_uploads"];
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/uploads/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete an upload.
         * @description Delete an upload.
         */
        delete: operations["delete_upload"];
        options?: never;
        /**
         * Return the offset of an upload.
         * @description Return the offset of an upload.
         */
        head: operations["head_upload"];
        /**
         * Append a chunk to an upload.
         * @description Append a chunk to an upload.
         */
        patch: operations["patch_upload"];
        trace?: never;
    };
    "/v1/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Read the marks of a picture or video: what it is, who says so, and what was changed since.
         * @description Send `multipart/form-data`: a `file`. Read are content credentials (C2PA), the metadata's source
         *     type (IPTC) and label (GB 45438-2025), and the watermark, which outlasts conversion, scaling,
         *     cropping and small turns. Watermarks are read by the key of the caller's tenant. A file without
         *     any mark is no error.
         */
        post: operations["post_verify"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * AnalysedFace
         * @description A face with its points; x right, y down, in pixels of the upright picture.
         */
        AnalysedFace: {
            box: components["schemas"]["Box"];
            /** @description Null when switched off. */
            expression: components["schemas"]["FaceExpression"] | null;
            /**
             * Identity
             * @description The shape of the face, in standard deviations over people. Null unless asked for.
             */
            identity: number[] | null;
            /**
             * Landmarks
             * @description x, y, z of the 478 Face Mesh points, irises last; z away from the camera, on x's scale. Null when switched off.
             */
            landmarks: number[][] | null;
            /**
             * Landmarks 5
             * @description x, y of the eye, eye, nose tip, mouth corner, mouth corner; of each pair the one on the left of an upright face first.
             */
            landmarks_5: number[][];
            pose: components["schemas"]["Pose"];
            /**
             * Presence
             * @description Landmark network's confidence, 0–1.
             */
            presence: number;
            quality: components["schemas"]["Quality"];
            /**
             * Score
             * @description Detector's confidence, 0–1.
             */
            score: number;
            /**
             * Warnings
             * @description What may spoil a result: `profile` or `steep` (turned by more than 30°), `blurred`, `small` (below 64 pixels), `cut` (partly outside the picture), `unreliable` (the points are not those of a face: perhaps there is none), `orientation_uncertain` (it may be upside down).
             */
            warnings: components["schemas"]["FaceWarning"][];
        };
        /**
         * Box
         * @description Bounds of a face's landmarks in pixels, pixel centres at whole numbers.
         */
        Box: {
            /** Bottom */
            bottom: number;
            /** Left */
            left: number;
            /** Right */
            right: number;
            /** Top */
            top: number;
        };
        /**
         * ConsentFigures
         * @description The consent of the person.
         */
        ConsentFigures: {
            /**
             * Evidence Sha256
             * @description SHA-256 of what proves it.
             */
            evidence_sha256: string;
            /**
             * Given
             * @description When it was stated: ISO 8601, UTC.
             */
            given: string;
            /**
             * Media
             * @description What it may be put into.
             */
            media: ("picture" | "video" | "live")[];
            /**
             * Purposes
             * @description What the face may be used for; empty: anything.
             */
            purposes: string[];
            /**
             * Record Sha256
             * @description Digest of the record, as credentials of results state it.
             */
            record_sha256: string;
            /**
             * Statement
             * @description What was stated.
             */
            statement: string;
            /**
             * Subject
             * @description Reference of the person.
             */
            subject: string;
            /**
             * Valid From
             * @description From when on it is valid: ISO 8601, UTC.
             */
            valid_from: string | null;
            /**
             * Valid Until
             * @description Until when; null: until it is withdrawn.
             */
            valid_until: string | null;
            /**
             * Withdrawn
             * @description When it was withdrawn; null if it was not.
             */
            withdrawn: string | null;
        };
        /**
         * ConsentOptions
         * @description On what grounds faces are used.
         */
        ConsentOptions: {
            /**
             * Basis
             * @description On what grounds, such as the number of a contract: recorded, and stated in the result's credentials. No personal data.
             * @default
             */
            basis?: string;
            /**
             * Identities
             * @description The enrolled people whom the `source` pictures show; each picture has to look like one of them, whose consent has to cover this use.
             * @default []
             */
            identities?: string[];
            /**
             * Purpose
             * @description What for; consents of enrolled people may be for certain purposes only.
             * @default
             */
            purpose?: string;
        };
        /**
         * CredentialsFigures
         * @description Content credentials (C2PA).
         */
        CredentialsFigures: {
            /**
             * Consent
             * @description The basis that was stated for using the faces.
             */
            consent: string | null;
            /**
             * Generator
             * @description The program.
             */
            generator: string | null;
            /**
             * Ingredients
             * @description Titles of what it was made from.
             */
            ingredients: string[];
            /**
             * Models
             * @description Names of the networks, if it is ours.
             */
            models: string[];
            /**
             * Problems
             * @description C2PA's codes, such as `assertion.dataHash.mismatch`.
             */
            problems: string[];
            /**
             * Reference
             * @description Id of the job or request, if it is ours.
             */
            reference: string | null;
            /**
             * Signed
             * @description When, by a time stamp: ISO 8601.
             */
            signed: string | null;
            /**
             * Signer
             * @description Whose certificate it is.
             */
            signer: string | null;
            /**
             * Validity
             * @description `trusted`: intact, by a signer that is trusted here; `valid`: intact, by one that is not; `invalid`: changed, or another file's.
             * @enum {string}
             */
            validity: "trusted" | "valid" | "invalid";
        };
        /**
         * DetectorOptions
         * @description How hard to look for faces.
         */
        DetectorOptions: {
            /**
             * Angles
             * @description Degrees by which the picture may be rotated.
             * @default []
             */
            angles?: (90 | 180 | 270)[];
            /**
             * Min Score
             * @description Least confidence of a detection.
             * @default 0.5
             */
            min_score?: number;
            /**
             * Model
             * @description Detector: our own `blazeface`, at several scales, or an installed third-party detector, in one pass.
             * @default blazeface
             * @enum {string}
             */
            model?: "blazeface" | "scrfd_2.5g" | "retinaface_10g" | "yolo_face" | "yunet";
            /**
             * Thorough
             * @description Also search for small faces if a large one was found. Default: unless only the largest is needed.
             * @default null
             */
            thorough?: boolean | null;
        };
        /**
         * EnrolOptions
         * @description Options of a new library. Every one has a default.
         */
        EnrolOptions: {
            /**
             * Count
             * @description Maximum number of entries; of more, those that differ most are kept.
             * @default 24
             */
            count?: number;
            /**
             * Name
             * @description Display name, of printable characters.
             * @default
             */
            name?: string;
        };
        /**
         * EntryFigures
         * @description An entry of a library.
         */
        EntryFigures: {
            /**
             * Controls
             * @description 46 named controls, each 0–1.
             */
            controls: {
                [key: string]: number;
            };
            /** Index */
            index: number;
            /**
             * Reliability
             * @description Reliability, 0–1.
             */
            reliability: number;
        };
        /**
         * Event
         * @description What a webhook may be told of.
         * @enum {string}
         */
        Event: "start" | "completed";
        /**
         * ExpressionRegion
         * @description Parts of an expression that can be carried over by themselves.
         * @enum {string}
         */
        ExpressionRegion: "upper_face" | "eyes" | "gaze" | "mouth" | "lower_face";
        /**
         * FaceExpression
         * @description Expression of a face, by the morphable model.
         */
        FaceExpression: {
            /**
             * Controls
             * @description 46 named controls, each 0–1, in the terms of ARKit's blend shapes; `Left` and `Right` are the subject's own.
             */
            controls: {
                [key: string]: number;
            };
            /**
             * Reliability
             * @description Reliability, 0–1: about 0.9 where the model fits a frontal face well; less, the more the face is turned.
             */
            reliability: number;
            /**
             * Residual
             * @description How far the landmarks are from the model's, root mean square, in distances between the eyes; faces have less than 0.03.
             */
            residual: number;
            /**
             * Residuals
             * @description Residual coefficients, beside the named controls, in standard deviations over all expressions.
             */
            residuals: number[];
        };
        /**
         * FaceFigures
         * @description A face without its landmarks.
         */
        FaceFigures: {
            box: components["schemas"]["Box"];
            pose: components["schemas"]["Pose"];
            /**
             * Presence
             * @description Landmark network's confidence, 0–1.
             */
            presence: number;
            quality: components["schemas"]["Quality"];
            /**
             * Score
             * @description Detector's confidence, 0–1.
             */
            score: number;
            /**
             * Warnings
             * @description What may spoil a result: `profile` or `steep` (turned by more than 30°), `blurred`, `small` (below 64 pixels), `cut` (partly outside the picture), `unreliable` (the points are not those of a face: perhaps there is none), `orientation_uncertain` (it may be upside down).
             */
            warnings: components["schemas"]["FaceWarning"][];
        };
        /**
         * FaceSelector
         * @description Which faces of the target are meant.
         */
        FaceSelector: {
            /**
             * Gender
             * @description Only faces that `fairface`, if installed, classifies so.
             * @default null
             */
            gender?: ("female" | "male") | null;
            /**
             * Max Age
             * @description Only faces whose age range by `fairface`, if installed, begins by this age, in years.
             * @default null
             */
            max_age?: number | null;
            /**
             * Min Age
             * @description Only faces whose age range by `fairface`, if installed, reaches this age, in years.
             * @default null
             */
            min_age?: number | null;
            /**
             * Mode
             * @description `one` face, `many` (all of them), or those that look like the `reference` picture.
             * @default one
             * @enum {string}
             */
            mode?: "one" | "many" | "reference";
            /**
             * Order
             * @description Order of the faces, for `position`.
             * @default large-small
             * @enum {string}
             */
            order?: "large-small" | "small-large" | "left-right" | "right-left" | "top-bottom" | "bottom-top" | "best-worst" | "worst-best";
            /**
             * Position
             * @description With `one`: which face in that order, from 0.
             * @default 0
             */
            position?: number;
            /**
             * Race
             * @description Only faces that `fairface`, if installed, classifies so.
             * @default null
             */
            race?: ("white" | "black" | "latino" | "asian" | "indian" | "arabic") | null;
            /**
             * Reference Distance
             * @description With `reference`: greatest distance of descriptors that is one person.
             * @default 0.6
             */
            reference_distance?: number;
        };
        /**
         * FacesOptions
         * @description Options of an analysis. Every one has a default.
         */
        FacesOptions: {
            detector?: components["schemas"]["DetectorOptions"];
            /**
             * Expression
             * @description Return the expression of each face.
             * @default true
             */
            expression?: boolean;
            /**
             * Identity
             * @description Return each face's shape coefficients, which identify people: biometric data.
             * @default false
             */
            identity?: boolean;
            /**
             * Landmarks
             * @description Return the 478 landmarks of each face.
             * @default true
             */
            landmarks?: boolean;
        };
        /**
         * FacesReport
         * @description Report of an analysis.
         * @example {
         *       "faces": [
         *         {
         *           "box": {
         *             "bottom": 197.92,
         *             "left": 168.2,
         *             "right": 275.47,
         *             "top": 68.31
         *           },
         *           "expression": {
         *             "controls": {
         *               "browInnerUp": 0,
         *               "jawOpen": 0.0312,
         *               "mouthSmileLeft": 0.5119
         *             },
         *             "reliability": 0.9012,
         *             "residual": 0.0069,
         *             "residuals": [
         *               0.3311,
         *               -0.8102
         *             ]
         *           },
         *           "landmarks_5": [
         *             [
         *               202.2,
         *               109.8
         *             ],
         *             [
         *               246.6,
         *               105.2
         *             ],
         *             [
         *               230.1,
         *               134.9
         *             ],
         *             [
         *               209.4,
         *               157.3
         *             ],
         *             [
         *               250.6,
         *               153.1
         *             ]
         *           ],
         *           "pose": {
         *             "pitch": 4.1,
         *             "roll": -6.02,
         *             "yaw": -12.73
         *           },
         *           "presence": 0.9991,
         *           "quality": {
         *             "score": 0.5104,
         *             "sharpness": 0.4512,
         *             "visible": 1,
         *             "width_px": 104.8
         *           },
         *           "score": 0.9312,
         *           "warnings": []
         *         }
         *       ],
         *       "models": [
         *         "blazeface_short",
         *         "blazeface_full",
         *         "face_mesh",
         *         "iris",
         *         "face_3dmm"
         *       ],
         *       "request_id": "4bf92f3577b34da6a3ce929d0e0e4736",
         *       "size": {
         *         "height": 512,
         *         "width": 512
         *       },
         *       "timings_ms": {
         *         "analyse": 12.9,
         *         "decode": 6.1,
         *         "queue": 0.02
         *       }
         *     }
         */
        FacesReport: {
            /**
             * Faces
             * @description The largest first; empty if there is none.
             */
            faces: components["schemas"]["AnalysedFace"][];
            /**
             * Models
             * @description Models used; the full-range detector only where it was needed.
             */
            models: string[];
            /** Request Id */
            request_id: string;
            size: components["schemas"]["Size"];
            /**
             * Timings Ms
             * @description Milliseconds by stage.
             */
            timings_ms: {
                [key: string]: number;
            };
        };
        /**
         * FaceWarning
         * @description What may spoil a result. Each is a hint, not a refusal.
         * @enum {string}
         */
        FaceWarning: "profile" | "steep" | "blurred" | "small" | "cut" | "unreliable" | "orientation_uncertain";
        /**
         * HealthState
         * @description State of the service.
         * @example {
         *       "status": "ready"
         *     }
         */
        HealthState: {
            /** Status */
            status: string;
        };
        /**
         * IdentityFigures
         * @description An identity without its portraits.
         */
        IdentityFigures: {
            consent: components["schemas"]["ConsentFigures"];
            /**
             * Created
             * @description When it was enrolled: ISO 8601, UTC.
             */
            created: string;
            /**
             * Id
             * @description `idn_` and 32 hexadecimal digits.
             */
            id: string;
            /** Name */
            name: string;
            /**
             * Protected
             * @description Whether the face must not be replaced in targets.
             */
            protected: boolean;
            /**
             * Size
             * @description Number of portraits.
             */
            size: number;
        };
        /**
         * IdentityList
         * @description All identities.
         * @example {
         *       "identities": [
         *         {
         *           "consent": {
         *             "evidence_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
         *             "given": "2026-08-02T09:30:00.250000+00:00",
         *             "media": [
         *               "picture",
         *               "video"
         *             ],
         *             "purposes": [
         *               "dubbing"
         *             ],
         *             "record_sha256": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
         *             "statement": "The person shown has agreed that their face is kept and put into pictures.",
         *             "subject": "actor-17",
         *             "valid_until": "2027-08-02T00:00:00+00:00"
         *           },
         *           "created": "2026-08-02T09:30:00.250000+00:00",
         *           "id": "idn_4bf92f3577b34da6a3ce929d0e0e4736",
         *           "name": "Alice",
         *           "protected": false,
         *           "size": 1
         *         }
         *       ]
         *     }
         */
        IdentityList: {
            /**
             * Identities
             * @description The latest first.
             */
            identities: components["schemas"]["IdentityFigures"][];
        };
        /**
         * IdentityOptions
         * @description Options of a new identity.
         */
        IdentityOptions: {
            /**
             * Consent
             * @description Whether the person agreed; must be true.
             * @default false
             */
            consent?: boolean;
            /**
             * Evidence Sha256
             * @description SHA-256 of what proves the consent, such as a signed form.
             * @default
             */
            evidence_sha256?: string;
            /**
             * Media
             * @description What the face may be put into.
             * @default [
             *       "picture",
             *       "video",
             *       "live"
             *     ]
             */
            media?: ("picture" | "video" | "live")[];
            /**
             * Name
             * @description Display name, of printable characters.
             * @default
             */
            name?: string;
            /**
             * Protect
             * @description Whether the person's face must not be replaced in targets.
             * @default false
             */
            protect?: boolean;
            /**
             * Purposes
             * @description What the face may be used for; requests then have to state one of them (`consent.purpose`). Default: any.
             * @default []
             */
            purposes?: string[];
            /**
             * Statement
             * @description What the person agreed to, stored with the time; printable characters.
             * @default The person shown has agreed that their face is kept and put into pictures.
             */
            statement?: string;
            /**
             * Subject
             * @description Reference of the person in your own records; no name.
             * @default
             */
            subject?: string;
            /**
             * Valid From
             * @description From when on the consent is valid, ISO 8601 with a time zone.
             * @default null
             */
            valid_from?: string | null;
            /**
             * Valid Until
             * @description Until when. Default: until it is withdrawn.
             * @default null
             */
            valid_until?: string | null;
        };
        /**
         * IdentityReport
         * @description An identity and what is known of its portraits.
         * @example {
         *       "consent": {
         *         "evidence_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
         *         "given": "2026-08-02T09:30:00.250000+00:00",
         *         "media": [
         *           "picture",
         *           "video"
         *         ],
         *         "purposes": [
         *           "dubbing"
         *         ],
         *         "record_sha256": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
         *         "statement": "The person shown has agreed that their face is kept and put into pictures.",
         *         "subject": "actor-17",
         *         "valid_until": "2027-08-02T00:00:00+00:00"
         *       },
         *       "created": "2026-08-02T09:30:00.250000+00:00",
         *       "id": "idn_4bf92f3577b34da6a3ce929d0e0e4736",
         *       "inconsistent_portraits": [],
         *       "name": "Alice",
         *       "portraits": [
         *         {
         *           "box": {
         *             "bottom": 197.92,
         *             "left": 168.2,
         *             "right": 275.47,
         *             "top": 68.31
         *           },
         *           "pose": {
         *             "pitch": 4.1,
         *             "roll": -6.02,
         *             "yaw": -12.73
         *           },
         *           "presence": 0.9991,
         *           "quality": {
         *             "score": 0.5104,
         *             "sharpness": 0.4512,
         *             "visible": 1,
         *             "width_px": 104.8
         *           },
         *           "score": 0.9312,
         *           "warnings": []
         *         }
         *       ],
         *       "protected": false,
         *       "size": 1
         *     }
         */
        IdentityReport: {
            consent: components["schemas"]["ConsentFigures"];
            /**
             * Created
             * @description When it was enrolled: ISO 8601, UTC.
             */
            created: string;
            /**
             * Id
             * @description `idn_` and 32 hexadecimal digits.
             */
            id: string;
            /**
             * Inconsistent Portraits
             * @description Indices of portraits that seem to show a different person.
             */
            inconsistent_portraits: number[];
            /** Name */
            name: string;
            /**
             * Portraits
             * @description The face of each portrait, in their order; boxes in the kept crop's pixels.
             */
            portraits: components["schemas"]["FaceFigures"][];
            /**
             * Protected
             * @description Whether the face must not be replaced in targets.
             */
            protected: boolean;
            /**
             * Size
             * @description Number of portraits.
             */
            size: number;
        };
        /**
         * InlinePicture
         * @description The picture itself, inside the report.
         */
        InlinePicture: {
            /** Base64 */
            base64: string;
            /** Media Type */
            media_type: string;
        };
        /**
         * JobFailure
         * @description Why a job ended without an output.
         */
        JobFailure: {
            /**
             * Code
             * @description Stable name of the error.
             */
            code: string;
            /** Detail */
            detail: string;
            /**
             * Retryable
             * @description Whether the same can succeed later.
             */
            retryable: boolean;
            /** Title */
            title: string;
            /**
             * Type
             * @description Address of a page about it.
             */
            type: string;
        };
        /**
         * JobList
         * @description Some of a tenant's jobs.
         * @example {
         *       "jobs": [
         *         {
         *           "created": "2026-08-02T09:30:00.250000+00:00",
         *           "eta_s": 28,
         *           "fps": 6.25,
         *           "frames": 125,
         *           "id": "job_4bf92f3577b34da6a3ce929d0e0e4736",
         *           "options": {},
         *           "percent": 41.7,
         *           "priority": "normal",
         *           "resumable": false,
         *           "stage": "making",
         *           "started": "2026-08-02T09:30:01.100000+00:00",
         *           "status": "processing",
         *           "total": 300,
         *           "urls": {
         *             "cancel": "/v1/jobs/job_4bf92f3577b34da6a3ce929d0e0e4736/cancel",
         *             "events": "/v1/jobs/job_4bf92f3577b34da6a3ce929d0e0e4736/events",
         *             "get": "/v1/jobs/job_4bf92f3577b34da6a3ce929d0e0e4736",
         *             "output": "/v1/jobs/job_4bf92f3577b34da6a3ce929d0e0e4736/output",
         *             "resume": "/v1/jobs/job_4bf92f3577b34da6a3ce929d0e0e4736/resume"
         *           },
         *           "webhook": {
         *             "events": [
         *               "completed"
         *             ],
         *             "url": "https://example.com/hook"
         *           },
         *           "workers": 2
         *         }
         *       ]
         *     }
         */
        JobList: {
            /**
             * Jobs
             * @description The latest first.
             */
            jobs: components["schemas"]["JobObject"][];
            /**
             * Next
             * @description `page_token` of the next ones, if there are more.
             */
            next: string | null;
        };
        /**
         * JobObject
         * @description A job: the same object in every answer, event and webhook. Times are ISO 8601, UTC.
         * @example {
         *       "created": "2026-08-02T09:30:00.250000+00:00",
         *       "eta_s": 28,
         *       "fps": 6.25,
         *       "frames": 125,
         *       "id": "job_4bf92f3577b34da6a3ce929d0e0e4736",
         *       "options": {},
         *       "percent": 41.7,
         *       "priority": "normal",
         *       "resumable": false,
         *       "stage": "making",
         *       "started": "2026-08-02T09:30:01.100000+00:00",
         *       "status": "processing",
         *       "total": 300,
         *       "urls": {
         *         "cancel": "/v1/jobs/job_4bf92f3577b34da6a3ce929d0e0e4736/cancel",
         *         "events": "/v1/jobs/job_4bf92f3577b34da6a3ce929d0e0e4736/events",
         *         "get": "/v1/jobs/job_4bf92f3577b34da6a3ce929d0e0e4736",
         *         "output": "/v1/jobs/job_4bf92f3577b34da6a3ce929d0e0e4736/output",
         *         "resume": "/v1/jobs/job_4bf92f3577b34da6a3ce929d0e0e4736/resume"
         *       },
         *       "webhook": {
         *         "events": [
         *           "completed"
         *         ],
         *         "url": "https://example.com/hook"
         *       },
         *       "workers": 2
         *     }
         */
        JobObject: {
            /**
             * Completed
             * @description Time at which it ended.
             */
            completed: string | null;
            /** Created */
            created: string;
            /**
             * Deadline
             * @description Time by which it has to end, by `Cancel-After`.
             */
            deadline: string | null;
            error: components["schemas"]["JobFailure"] | null;
            /**
             * Eta S
             * @description Estimated seconds for the remaining frames; null if unknown.
             */
            eta_s: number | null;
            /**
             * Expires
             * @description Time at which it is removed with its files; known once it has ended.
             */
            expires: string | null;
            /**
             * Fps
             * @description Frames per second, recently.
             */
            fps: number | null;
            /**
             * Frames
             * @description Frames that are done.
             */
            frames: number;
            /**
             * Id
             * @description `job_` and 32 hexadecimal digits.
             */
            id: string;
            /**
             * Options
             * @description In full, with defaults.
             */
            options: {
                [key: string]: unknown;
            };
            output: components["schemas"]["JobOutput"] | null;
            /**
             * Percent
             * @description Progress, 0-100; 100 only when everything is done.
             */
            percent: number;
            /**
             * Priority
             * @description `high`, `normal` or `low`.
             */
            priority: string;
            /**
             * Queue Position
             * @description Number of jobs before it, while it is queued.
             */
            queue_position: number | null;
            /** Report */
            report: {
                [key: string]: unknown;
            } | null;
            /**
             * Resumable
             * @description Whether it failed and can be resumed.
             */
            resumable: boolean;
            /** Source Id */
            source_id: string | null;
            /** @description Current stage of processing. */
            stage: components["schemas"]["JobStage"];
            /**
             * Started
             * @description Time at which processing began.
             */
            started: string | null;
            /** @description `queued`; `processing`; `succeeded`; `failed`; `canceled`: by request, or at its deadline; `aborted`: its deadline passed before processing began. */
            status: components["schemas"]["Status"];
            /**
             * Total
             * @description Frames in total, once known.
             */
            total: number | null;
            urls: components["schemas"]["JobUrls"];
            webhook: components["schemas"]["JobWebhook"] | null;
            /**
             * Workers
             * @description Live workers; 0: it waits for one to start; null once it has ended.
             */
            workers: number | null;
        };
        /**
         * JobOutput
         * @description Output of a job.
         */
        JobOutput: {
            /** Media Type */
            media_type: string;
            /**
             * Sha256
             * @description Of its content, hexadecimal.
             */
            sha256: string;
            /**
             * Size
             * @description In bytes.
             */
            size: number;
        };
        /**
         * JobStage
         * @description What is being done for a job.
         * @enum {string}
         */
        JobStage: "queued" | "preparing" | "making" | "finishing" | "done";
        /**
         * JobUrls
         * @description Addresses of a job.
         */
        JobUrls: {
            /** Cancel */
            cancel: string;
            /** Events */
            events: string;
            /** Get */
            get: string;
            /** Output */
            output: string;
            /** Resume */
            resume: string;
        };
        /**
         * JobWebhook
         * @description Receiver of a job's notifications.
         */
        JobWebhook: {
            /** Events */
            events: components["schemas"]["Event"][];
            /** Url */
            url: string;
        };
        /**
         * LabelOptions
         * @description A visible label: white words on black in a corner.
         */
        LabelOptions: {
            /**
             * Corner
             * @description Where it lies.
             * @default bottom-right
             * @enum {string}
             */
            corner?: "bottom-right" | "bottom-left" | "top-right" | "top-left";
            /**
             * Height Pct
             * @description Height of its capital letters, in percent of the shorter side.
             * @default 5
             */
            height_pct?: number;
            /**
             * Language
             * @description Language of the default text.
             * @default en
             * @enum {string}
             */
            language?: "en" | "de" | "fr" | "es" | "it" | "pt" | "nl" | "pl" | "sv" | "zh" | "ja" | "ko";
            /**
             * Shown
             * @description In a video: all the time, or in its first seconds, as many as the service is set to.
             * @default all
             * @enum {string}
             */
            shown?: "beginning" | "all";
            /**
             * Text
             * @description What it says. Default: that the picture was made by AI, in `language`.
             * @default null
             */
            text?: string | null;
        };
        /**
         * LibraryBody
         * @description A library and the expressions in it.
         * @example {
         *       "created": "2026-08-02T09:30:00.250000+00:00",
         *       "entries": [
         *         {
         *           "controls": {
         *             "jawOpen": 0.0211,
         *             "mouthSmileLeft": 0.6402
         *           },
         *           "index": 0,
         *           "reliability": 0.9107
         *         }
         *       ],
         *       "id": "exp_4bf92f3577b34da6a3ce929d0e0e4736",
         *       "name": "Alice"
         *     }
         */
        LibraryBody: {
            /**
             * Created
             * @description Time of creation: ISO 8601, UTC.
             */
            created: string;
            /** Entries */
            entries: components["schemas"]["EntryFigures"][];
            /**
             * Id
             * @description `exp_` and 32 hexadecimal digits.
             */
            id: string;
            /** Name */
            name: string;
        };
        /**
         * LibraryFigures
         * @description A library without its entries.
         */
        LibraryFigures: {
            /**
             * Created
             * @description Time of creation: ISO 8601, UTC.
             */
            created: string;
            /**
             * Id
             * @description `exp_` and 32 hexadecimal digits.
             */
            id: string;
            /** Name */
            name: string;
            /**
             * Size
             * @description Number of entries.
             */
            size: number;
        };
        /**
         * LibraryList
         * @description All libraries.
         * @example {
         *       "libraries": [
         *         {
         *           "created": "2026-08-02T09:30:00.250000+00:00",
         *           "id": "exp_4bf92f3577b34da6a3ce929d0e0e4736",
         *           "name": "Alice",
         *           "size": 1
         *         }
         *       ]
         *     }
         */
        LibraryList: {
            /**
             * Libraries
             * @description The latest first.
             */
            libraries: components["schemas"]["LibraryFigures"][];
        };
        /**
         * LibraryMatch
         * @description The entry of a library that is nearest to an expression.
         * @example {
         *       "controls": {
         *         "jawOpen": 0.0211,
         *         "mouthSmileLeft": 0.6402
         *       },
         *       "distance": 2.3107,
         *       "index": 0
         *     }
         */
        LibraryMatch: {
            /**
             * Controls
             * @description 46 named controls of the entry, each 0–1.
             */
            controls: {
                [key: string]: number;
            };
            /**
             * Distance
             * @description Mahalanobis distance, by the covariance of all expressions.
             */
            distance: number;
            /**
             * Index
             * @description Its number in the library, from 0.
             */
            index: number;
        };
        /**
         * MappingEntry
         * @description One person, and who in the target gets that person's face.
         */
        MappingEntry: {
            /**
             * Optional
             * @description If no face matches, report it (`unmatched`) instead of failing.
             * @default false
             */
            optional?: boolean;
            /**
             * Position
             * @description The face of that place in `face_selector.order`, from 0.
             * @default null
             */
            position?: number | null;
            /**
             * Reference
             * @description The face most like that `reference` picture, from 0, within `face_selector.reference_distance`.
             * @default null
             */
            reference?: number | null;
            /**
             * Source Id
             * @description The enrolled identity that the person is.
             * @default null
             */
            source_id?: string | null;
            /**
             * Sources
             * @description Which `source` pictures, from 0, are portraits of the person.
             * @default []
             */
            sources?: number[];
            /**
             * Target Id
             * @description The face most like that enrolled identity, within `face_selector.reference_distance`.
             * @default null
             */
            target_id?: string | null;
        };
        /**
         * MarkFinding
         * @description What became of one kind of mark.
         */
        MarkFinding: {
            /**
             * Detail
             * @description More on it, such as C2PA's codes.
             */
            detail: string;
            /**
             * Mark
             * @description The kind.
             * @enum {string}
             */
            mark: "credentials" | "metadata" | "watermark";
            /**
             * State
             * @description `untrusted`: intact, by a signer not trusted here. `mismatched`: it names another result than the others do. `unreadable`: it is there, but damaged or another tenant's.
             * @enum {string}
             */
            state: "intact" | "untrusted" | "altered" | "mismatched" | "unreadable" | "absent";
        };
        /**
         * MarkOptions
         * @description What says that a result is synthetic, beside its metadata.
         */
        MarkOptions: {
            /**
             * @description A visible label. Default: none, unless the service is set to add one.
             * @default null
             */
            label?: components["schemas"]["LabelOptions"] | null;
            /**
             * Watermark
             * @description Where pixels may change, by about one level of 255, for an invisible mark that carries the provenance id: anywhere in the `frame`, where it lasts longest; where the `face` was changed, so that everything else stays as it is; nowhere (`off`). Default, and least that is allowed: as the service is set.
             * @default null
             */
            watermark?: ("off" | "face" | "frame") | null;
        };
        /**
         * MaskOptions
         * @description Where the new face ends.
         */
        MaskOptions: {
            /**
             * Areas
             * @description With `area`: the areas that are replaced.
             * @default [
             *       "upper-face",
             *       "lower-face",
             *       "mouth"
             *     ]
             */
            areas?: ("upper-face" | "lower-face" | "mouth")[];
            /**
             * Blur
             * @description Width of the soft edge, in distances between the eyes.
             * @default 0.3
             */
            blur?: number;
            /**
             * Occlusion Model
             * @description Model that finds what covers a face: our own network, or XSeg, if installed.
             * @default face_occlusion
             * @enum {string}
             */
            occlusion_model?: "face_occlusion" | "xseg_1" | "xseg_2" | "xseg_3";
            /**
             * Padding
             * @description Width left to the target inside the face's outline, in distances between the eyes.
             * @default 0.03
             */
            padding?: number;
            /**
             * Region Model
             * @description Model that segments a face: the landmarks, or BiSeNet, if installed.
             * @default mesh
             * @enum {string}
             */
            region_model?: "mesh" | "bisenet_resnet_18" | "bisenet_resnet_34";
            /**
             * Regions
             * @description With `region`: the regions that are replaced.
             * @default [
             *       "skin",
             *       "left-eyebrow",
             *       "right-eyebrow",
             *       "left-eye",
             *       "right-eye",
             *       "glasses",
             *       "nose",
             *       "mouth",
             *       "upper-lip",
             *       "lower-lip"
             *     ]
             */
            regions?: ("skin" | "left-eyebrow" | "right-eyebrow" | "left-eye" | "right-eye" | "glasses" | "nose" | "mouth" | "upper-lip" | "lower-lip")[];
            /**
             * Types
             * @description Masks of the new face; where several apply, the least of them counts. `box`: a soft edge along the outline, always applied. `occlusion`: hair, glasses, hands and other occlusions stay, and none is copied from the source. `area`: only `areas` are replaced. `region`: only `regions` are.
             * @default [
             *       "box",
             *       "occlusion"
             *     ]
             */
            types?: ("box" | "occlusion" | "area" | "region")[];
        };
        /**
         * MatchRequest
         * @description An expression to match.
         * @example {
         *       "controls": {
         *         "mouthSmileLeft": 0.6,
         *         "mouthSmileRight": 0.6
         *       },
         *       "last": 0
         *     }
         */
        MatchRequest: {
            /**
             * Controls
             * @description Named controls, each 0–1; those left out have the value of the face at rest.
             */
            controls: {
                [key: string]: number;
            };
            /**
             * Last
             * @description The previously chosen entry; it is kept unless another one is clearly nearer.
             * @default null
             */
            last?: number | null;
        };
        /**
         * MetadataFigures
         * @description What the metadata say.
         */
        MetadataFigures: {
            /**
             * Produce Id
             * @description Its `ProduceID`.
             */
            produce_id: string | null;
            /**
             * Producer
             * @description `ContentProducer` of the label `AIGC`.
             */
            producer: string | null;
            /**
             * Source Type
             * @description IPTC's digital source type.
             */
            source_type: string | null;
        };
        /**
         * ModelInfo
         * @description A model and its state.
         */
        ModelInfo: {
            /**
             * Commercial
             * @description Whether the license allows commercial use.
             */
            commercial: boolean;
            /** Credit */
            credit: string;
            /**
             * License
             * @description SPDX identifier of the weights' licence.
             */
            license: string;
            /** Name */
            name: string;
            /** Ready */
            ready: boolean;
            /**
             * Reason
             * @description Why it is not ready; empty when it is.
             */
            reason: string;
            /** Task */
            task: string;
            /** Title */
            title: string;
            /**
             * Version
             * @description The version that is served; empty when none is.
             */
            version: string;
        };
        /**
         * ModelList
         * @description All models of the catalogue.
         * @example {
         *       "models": [
         *         {
         *           "commercial": true,
         *           "credit": "Google MediaPipe",
         *           "license": "Apache-2.0",
         *           "name": "face_mesh",
         *           "ready": true,
         *           "reason": "",
         *           "task": "face landmarks",
         *           "title": "Face Mesh, 468 points",
         *           "version": "1"
         *         }
         *       ]
         *     }
         */
        ModelList: {
            /** Models */
            models: components["schemas"]["ModelInfo"][];
        };
        /**
         * NewLibrary
         * @description A new library.
         * @example {
         *       "created": "2026-08-02T09:30:00.250000+00:00",
         *       "entries": [
         *         {
         *           "controls": {
         *             "jawOpen": 0.0211,
         *             "mouthSmileLeft": 0.6402
         *           },
         *           "index": 0,
         *           "reliability": 0.9107
         *         }
         *       ],
         *       "id": "exp_4bf92f3577b34da6a3ce929d0e0e4736",
         *       "name": "Alice",
         *       "skipped": [
         *         {
         *           "index": 2,
         *           "origin": "frame",
         *           "reason": "no_face"
         *         }
         *       ],
         *       "warnings": []
         *     }
         */
        NewLibrary: {
            /**
             * Created
             * @description Time of creation: ISO 8601, UTC.
             */
            created: string;
            /** Entries */
            entries: components["schemas"]["EntryFigures"][];
            /**
             * Id
             * @description `exp_` and 32 hexadecimal digits.
             */
            id: string;
            /** Name */
            name: string;
            /**
             * Skipped
             * @description Inputs that became no entry; of a video only frames whose face could not be used.
             */
            skipped: components["schemas"]["SkippedFrame"][];
            /**
             * Warnings
             * @description `damaged`: a part of the video could not be read; what could be was used.
             */
            warnings: string[];
        };
        /**
         * OutputOptions
         * @description How the picture is written.
         */
        OutputOptions: {
            /**
             * Format
             * @description Default: as `Accept` asks, else the target's format.
             * @default null
             */
            format?: ("png" | "jpeg" | "webp" | "avif") | null;
            /**
             * Quality
             * @description Quality of JPEG, WebP and AVIF.
             * @default 92
             */
            quality?: number;
        };
        /**
         * Pose
         * @description Head angles in degrees.
         */
        Pose: {
            /**
             * Pitch
             * @description Positive looks down.
             */
            pitch: number;
            /**
             * Roll
             * @description Positive tilts clockwise on screen.
             */
            roll: number;
            /**
             * Yaw
             * @description Positive turns towards the right of the picture.
             */
            yaw: number;
        };
        /**
         * Problem
         * @description An error (RFC 9457). Further members may give figures, such as a limit.
         */
        Problem: {
            /**
             * Code
             * @description Stable name of the error.
             */
            code: string;
            /** Detail */
            detail: string;
            /**
             * Errors
             * @default null
             */
            errors?: components["schemas"]["ProblemDetail"][] | null;
            /** Instance */
            instance: string;
            /** Request Id */
            request_id: string;
            /**
             * Retryable
             * @description Whether the same request can succeed later.
             */
            retryable: boolean;
            /** Status */
            status: number;
            /** Title */
            title: string;
            /**
             * Type
             * @description Address of a page about the error code.
             */
            type: string;
        } & {
            [key: string]: unknown;
        };
        /**
         * ProblemDetail
         * @description A finding.
         */
        ProblemDetail: {
            /** Detail */
            detail: string;
            /**
             * Pointer
             * @description JSON pointer (RFC 6901) into the form or the options.
             */
            pointer: string;
        };
        /**
         * ProblemPage
         * @description What an error code means.
         * @example {
         *       "code": "no_face_in_target",
         *       "grpc_status": "FAILED_PRECONDITION",
         *       "retryable": false,
         *       "status": 422,
         *       "title": "No face was found in the target picture."
         *     }
         */
        ProblemPage: {
            /** Code */
            code: string;
            /** Grpc Status */
            grpc_status: string;
            /**
             * Retryable
             * @description Whether the same request can succeed later.
             */
            retryable: boolean;
            /**
             * Status
             * @description HTTP status.
             */
            status: number;
            /** Title */
            title: string;
        };
        /**
         * Quality
         * @description Image quality of a face.
         */
        Quality: {
            /**
             * Score
             * @description 0–1, one number for sorting.
             */
            score: number;
            /**
             * Sharpness
             * @description 0–1; 0.5 is an ordinary photograph.
             */
            sharpness: number;
            /**
             * Visible
             * @description Share of the landmarks inside the picture, 0–1.
             */
            visible: number;
            /**
             * Width Px
             * @description Width of the face in pixels, along its own axis.
             */
            width_px: number;
        };
        /**
         * QualityLimits
         * @description What a swapped face is to be like; what is not given is not asked for.
         */
        QualityLimits: {
            /**
             * Max Expression Error
             * @description Greatest error of the expression, in distances between the eyes.
             * @default null
             */
            max_expression_error?: number | null;
            /**
             * Max Identity Distance
             * @description Greatest distance of descriptors to the source's face.
             * @default null
             */
            max_identity_distance?: number | null;
            /**
             * Max Patchiness
             * @description Most that the skin may be off in patches, natural logarithm of brightness.
             * @default null
             */
            max_patchiness?: number | null;
            /**
             * Max Pose Error Deg
             * @description Greatest angle to the target's pose, in degrees.
             * @default null
             */
            max_pose_error_deg?: number | null;
            /**
             * Max Ring Delta E
             * @description Greatest colour difference (CIEDE2000) to the skin beside the face; met, too, where there is none or the target's own skin differed as much.
             * @default null
             */
            max_ring_delta_e?: number | null;
            /**
             * Max Seam Ratio
             * @description Most that may show across the face's border, over what showed there before.
             * @default null
             */
            max_seam_ratio?: number | null;
            /**
             * Min Sharpness Ratio
             * @description Least fine detail, over that of the target's face.
             * @default null
             */
            min_sharpness_ratio?: number | null;
        };
        /**
         * QualityOptions
         * @description What is measured of each swapped face, and asked of it.
         */
        QualityOptions: {
            limits?: components["schemas"]["QualityLimits"];
            /**
             * Report
             * @description Analyse the result again, for the figures of identity, expression and pose. Default: with a JSON report, or if `limits` need one of them.
             * @default null
             */
            report?: boolean | null;
            /**
             * Retry
             * @description If the limits are not met, try other values of `color` and `blend` and keep the best.
             * @default true
             */
            retry?: boolean;
        };
        /**
         * ResultQualityBody
         * @description Quality of a swapped face, and how it was fused.
         */
        ResultQualityBody: {
            /**
             * Attempts
             * @description How many times the face was fused.
             */
            attempts: number;
            /**
             * Blend
             * @description The `blend` it was fused with, likewise.
             */
            blend: string;
            /**
             * Color
             * @description The `color` it was fused with, which attempts may change.
             */
            color: string;
            /**
             * Expression Error
             * @description Difference to the intended expression, root mean square over the landmarks, in distances between the eyes.
             */
            expression_error: number | null;
            /**
             * Findings
             * @description Figures beyond the limits of the service: a flaw may be visible.
             */
            findings: string[];
            /**
             * Found
             * @description Whether the face was found again in the result; null, as the following, if the result was not analysed: see the option `quality.report`.
             */
            found: boolean | null;
            /**
             * Identity Distance
             * @description Distance of descriptors to the source's face; up to 0.6 is one person.
             */
            identity_distance: number | null;
            /**
             * Outside Psnr Db
             * @description Peak signal-to-noise ratio of the pixels around the face, decibels; null is infinite: none has changed. A changed expression moves some of them.
             */
            outside_psnr_db: number | null;
            /**
             * Outside Ssim
             * @description Structural similarity of the pixels around the face; 1: none has changed.
             */
            outside_ssim: number;
            /**
             * Patchiness
             * @description How far skin is off in patches that neither light nor the target accounts for, natural logarithm of brightness at the worst twentieth; null without skin.
             */
            patchiness: number | null;
            /**
             * Pose Error Deg
             * @description Angle to the target's pose, degrees.
             */
            pose_error_deg: number | null;
            /**
             * Ring Delta E
             * @description Colour difference (CIEDE2000) of the face's skin to the skin beside it; null where there is none.
             */
            ring_delta_e: number | null;
            /**
             * Seam Ratio
             * @description Visible step across the face's border over that of the target before: 1 is equal, more is a seam.
             */
            seam_ratio: number;
            /**
             * Sharpness Ratio
             * @description Fine detail over that of the target's face: 1 is equal, less is softer.
             */
            sharpness_ratio: number;
            /**
             * Target Identity Distance
             * @description Distance of descriptors to the face that was there.
             */
            target_identity_distance: number | null;
            /**
             * Target Ring Delta E
             * @description The same of the target's own skin, where light and make-up cause a difference, too.
             */
            target_ring_delta_e: number | null;
        };
        /**
         * Size
         * @description Size of a picture in pixels.
         */
        Size: {
            /** Height */
            height: number;
            /** Width */
            width: number;
        };
        /**
         * SkippedFrame
         * @description A picture, or a frame of the video, that became no entry.
         */
        SkippedFrame: {
            /**
             * Index
             * @description Its number there, from 0.
             */
            index: number;
            /**
             * Origin
             * @description The form's field: `frame` or `video`.
             * @enum {string}
             */
            origin: "frame" | "video";
            /**
             * Reason
             * @description `no_face`; `small`, `profile`, `steep` or `unreliable`: its expression is not known well enough; `alike`: a picture for which `count` left no room.
             * @enum {string}
             */
            reason: "no_face" | "unreliable" | "profile" | "steep" | "small" | "alike";
        };
        /**
         * Status
         * @description What has become of a job.
         * @enum {string}
         */
        Status: "queued" | "processing" | "succeeded" | "failed" | "canceled" | "aborted";
        /**
         * SwapOptions
         * @description Options of a swap. Every one has a default.
         */
        SwapOptions: {
            /**
             * Blend
             * @description How the edge is hidden: `poisson` (a membrane), `mixed` (the same, keeping the stronger detail of both), `feather` (a soft edge alone).
             * @default poisson
             * @enum {string}
             */
            blend?: "feather" | "poisson" | "mixed";
            /**
             * Color
             * @description How the source's colours are brought to the target's: `adaptive` (its light, white balance and complexion, place by place), `statistics` (mean and spread of the skin), `histogram` (all of the skin's distribution), `none`.
             * @default adaptive
             * @enum {string}
             */
            color?: "none" | "statistics" | "histogram" | "adaptive";
            consent?: components["schemas"]["ConsentOptions"];
            detector?: components["schemas"]["DetectorOptions"];
            /**
             * Enhancer Blend
             * @description Share of the enhanced face in the result: 0 keeps the face as it is, 1 replaces it.
             * @default 0.8
             */
            enhancer_blend?: number;
            /**
             * Enhancer Model
             * @description Model that enhances faces: an installed third-party model, or a `classical` filter without a network; `auto` takes the best one installed.
             * @default auto
             * @enum {string}
             */
            enhancer_model?: "auto" | "classical" | "gfpgan_1.4" | "gfpgan_1.3" | "gfpgan_1.2" | "restoreformer_plus_plus" | "codeformer" | "gpen_bfr_512" | "gpen_bfr_1024" | "gpen_bfr_2048" | "gpen_bfr_256";
            /**
             * Enhancer Weight
             * @description With `codeformer`: how much of the face is kept; less restores harder.
             * @default 0.5
             */
            enhancer_weight?: number;
            /**
             * Expression
             * @description Expression of the result: `target`, `source`, the id of an expression library (its best match), or named coefficients, each 0–1.
             * @default target
             */
            expression?: string | {
                [key: string]: number;
            };
            /**
             * Expression Factor
             * @description Strength of the expression: 0 is a face at rest, more than 1 exaggerates. With `target` only values other than 1 change anything.
             * @default 1
             */
            expression_factor?: number;
            /**
             * Expression Model
             * @description Model that changes expressions: `3dmm`, the morphable model, or `live_portrait`, if installed, wherever a picture shows the expression; `auto` takes the best one installed.
             * @default auto
             * @enum {string}
             */
            expression_model?: "auto" | "3dmm" | "live_portrait";
            /**
             * Expression Regions
             * @description Parts of the face whose expression is changed; the others keep the target's.
             * @default [
             *       "upper_face",
             *       "eyes",
             *       "gaze",
             *       "mouth",
             *       "lower_face"
             *     ]
             */
            expression_regions?: components["schemas"]["ExpressionRegion"][];
            /**
             * Eyes
             * @description Whose eyes the result has, lids and irises, with the target's gaze: `source`, or `target`. Eyes that the source keeps shut, hidden or behind dark glasses are the target's anyway.
             * @default source
             * @enum {string}
             */
            eyes?: "source" | "target";
            face_selector?: components["schemas"]["FaceSelector"];
            /**
             * Frame Enhancer Blend
             * @description Share of the enhanced picture or frame in the result: 0 keeps it as it is, 1 replaces it.
             * @default 0.8
             */
            frame_enhancer_blend?: number;
            /**
             * Frame Enhancer Model
             * @description Model that enhances whole pictures and frames: an installed third-party model, or a `classical` filter without a network; `auto` takes the best one installed.
             * @default auto
             * @enum {string}
             */
            frame_enhancer_model?: "auto" | "classical" | "real_esrgan_x2" | "real_esrgan_x4" | "span_kendata_x4" | "real_esrgan_x2_fp16" | "real_esrgan_x4_fp16" | "real_esrgan_x8" | "real_esrgan_x8_fp16" | "real_hatgan_x4" | "clear_reality_x4" | "ultra_sharp_x4" | "ultra_sharp_2_x4" | "nomos8k_sc_x4" | "realistic_rescaler_x4" | "remacri_x4" | "siax_x4" | "swin2_sr_x4" | "real_web_photo_x4" | "face_dat_x4" | "tghq_face_x8";
            /**
             * Frame Enhancer Scale
             * @description Enlargement of pictures, at most that of `frame_enhancer_model`; videos keep their size.
             * @default 1
             * @enum {integer}
             */
            frame_enhancer_scale?: 1 | 2 | 4 | 8;
            /**
             * Mapping
             * @description Several people: which source goes to which face, instead of `face_selector.mode` and `position`.
             * @default []
             */
            mapping?: components["schemas"]["MappingEntry"][];
            marks?: components["schemas"]["MarkOptions"];
            masks?: components["schemas"]["MaskOptions"];
            /**
             * Match Texture
             * @description Match the sharpness and the grain of the target.
             * @default true
             */
            match_texture?: boolean;
            output?: components["schemas"]["OutputOptions"];
            /**
             * Pixel Boost
             * @description With a third-party swapper: side in pixels of the crops it processes, a multiple of its own. The time grows with the square of that multiple.
             * @default null
             */
            pixel_boost?: number | null;
            /**
             * Processors
             * @description Steps, in this order. `expression_restorer` after `face_swapper` analyses the result again and corrects its expression; by itself it keeps the person and changes the target's expression, to the source's unless another one is given. `face_enhancer` follows these and enhances the face; by itself it restores the target's own. `frame_enhancer` comes last and enhances the whole picture, or every frame of the video; where it is alone or with `face_enhancer`, no face is needed.
             * @default [
             *       "face_swapper"
             *     ]
             */
            processors?: ("face_swapper" | "expression_restorer" | "face_enhancer" | "frame_enhancer")[];
            quality?: components["schemas"]["QualityOptions"];
            /**
             * Reduce Under Load
             * @description While the service is busy, answer pictures with less instead of late: first without figures that need networks, then without enhancement. What was left out is noted: `figures_left_out`, `enhancement_left_out`.
             * @default false
             */
            reduce_under_load?: boolean;
            /**
             * Refiner
             * @description With `adaptive` colour: let our own network `face_refiner` take the source's shadows off and put the target's light on.
             * @default true
             */
            refiner?: boolean;
            /**
             * Shape
             * @description How much of the source's geometry is mixed in: 0 the target's, 1 the source's.
             * @default 1
             */
            shape?: number;
            /**
             * Source Delight
             * @description Bring the source's face under even light before it is used: no shadow, shine or coloured lamp of its picture is carried over.
             * @default true
             */
            source_delight?: boolean;
            /**
             * Source Deocclude
             * @description Remove glasses from the source's face before it is used; those of the target stay.
             * @default true
             */
            source_deocclude?: boolean;
            /**
             * Swapper Model
             * @description Model that swaps: `mesh`, which warps the source's own skin and needs no network, or an installed third-party model; `auto` takes the best one installed.
             * @default auto
             * @enum {string}
             */
            swapper_model?: "auto" | "mesh" | "hyperswap_1a_256" | "hyperswap_1b_256" | "hyperswap_1c_256" | "inswapper_128" | "inswapper_128_fp16" | "simswap_unofficial_512" | "simswap_256" | "hififace_unofficial_256" | "ghost_1_256" | "ghost_2_256" | "ghost_3_256" | "uniface_256" | "blendswap_256";
            /**
             * Swapper Weight
             * @description With a third-party swapper: how much the new face is the source's. 0.5 is the source itself, less keeps something of the target, more exaggerates the difference.
             * @default 0.5
             */
            swapper_weight?: number;
            /**
             * Wrinkles
             * @description Transfer the wrinkles of the expression's own picture, too.
             * @default true
             */
            wrinkles?: boolean;
        };
        /**
         * SwapReport
         * @description Report of a swap.
         * @example {
         *       "content": {
         *         "result": 0.0032,
         *         "source": 0.0021
         *       },
         *       "faces": [
         *         {
         *           "box": {
         *             "bottom": 197.92,
         *             "left": 168.2,
         *             "right": 275.47,
         *             "top": 68.31
         *           },
         *           "inpainting_sources": {},
         *           "notes": [
         *             "lips_closed_over"
         *           ],
         *           "patches": {},
         *           "pose": {
         *             "pitch": 4.1,
         *             "roll": -6.02,
         *             "yaw": -12.73
         *           },
         *           "presence": 0.9991,
         *           "quality": {
         *             "score": 0.5104,
         *             "sharpness": 0.4512,
         *             "visible": 1,
         *             "width_px": 104.8
         *           },
         *           "result_quality": {
         *             "attempts": 1,
         *             "blend": "poisson",
         *             "color": "adaptive",
         *             "expression_error": 0.0181,
         *             "findings": [],
         *             "found": true,
         *             "identity_distance": 0.4101,
         *             "outside_ssim": 1,
         *             "patchiness": 0.2114,
         *             "pose_error_deg": 3.215,
         *             "ring_delta_e": 4.4755,
         *             "seam_ratio": 1.0793,
         *             "sharpness_ratio": 0.8142,
         *             "target_identity_distance": 0.6089,
         *             "target_ring_delta_e": 4.1143
         *           },
         *           "score": 0.9312,
         *           "source": 0,
         *           "swapper": "mesh",
         *           "warnings": []
         *         }
         *       ],
         *       "models": [
         *         "blazeface_short",
         *         "blazeface_full",
         *         "face_mesh",
         *         "iris",
         *         "face_3dmm",
         *         "face_occlusion"
         *       ],
         *       "notes": [],
         *       "provenance_id": "5f2c9e01a7b4",
         *       "request_id": "4bf92f3577b34da6a3ce929d0e0e4736",
         *       "size": {
         *         "height": 512,
         *         "width": 512
         *       },
         *       "sources": [
         *         {
         *           "box": {
         *             "bottom": 197.92,
         *             "left": 168.2,
         *             "right": 275.47,
         *             "top": 68.31
         *           },
         *           "pose": {
         *             "pitch": 4.1,
         *             "roll": -6.02,
         *             "yaw": -12.73
         *           },
         *           "presence": 0.9991,
         *           "quality": {
         *             "score": 0.5104,
         *             "sharpness": 0.4512,
         *             "visible": 1,
         *             "width_px": 104.8
         *           },
         *           "score": 0.9312,
         *           "warnings": []
         *         }
         *       ],
         *       "swapper": "mesh",
         *       "timings_ms": {
         *         "analyse": 14.2,
         *         "decode": 8.4,
         *         "fuse": 4.1,
         *         "quality": 31.2,
         *         "queue": 0.02,
         *         "select": 0.01,
         *         "swap": 9.8
         *       },
         *       "unmatched": []
         *     }
         */
        SwapReport: {
            /**
             * Content
             * @description Scores of the content gate, 0–1: how likely `source` and `result` are sexual; empty where it is off.
             */
            content: {
                [key: string]: number;
            };
            /**
             * Faces
             * @description Faces of the target, the largest first.
             */
            faces: components["schemas"]["TargetFace"][];
            /**
             * Frame Enhancer
             * @description Model that enhanced the whole picture; null if none did.
             */
            frame_enhancer: string | null;
            /** @description The picture, with `?inline=true`; else null. */
            image: components["schemas"]["InlinePicture"] | null;
            /**
             * Models
             * @description Models used; the full-range detector only where it was needed.
             */
            models: string[];
            /**
             * Notes
             * @description Of the target's file: `further_images_ignored` (it holds other pictures than the first or primary one), `depth_reduced` (it has more than 8 bits a sample, the result has 8). Of what was left out under load, with `reduce_under_load`: `figures_left_out`, `enhancement_left_out`. Of the result: `too_small_for_watermark`.
             */
            notes: string[];
            /**
             * Provenance Id
             * @description Number of the result: what its watermark carries, 12 hexadecimal digits.
             */
            provenance_id: string;
            /** Request Id */
            request_id: string;
            size: components["schemas"]["Size"];
            /**
             * Sources
             * @description The face used of each source, in their order.
             */
            sources: components["schemas"]["FaceFigures"][];
            /**
             * Swapper
             * @description The swapper model; null if no face was swapped.
             */
            swapper: string | null;
            /**
             * Timings Ms
             * @description Milliseconds by stage.
             */
            timings_ms: {
                [key: string]: number;
            };
            /**
             * Unmatched
             * @description Indices of the optional entries of `mapping` that match no face of the target.
             */
            unmatched: number[];
        };
        /**
         * TargetFace
         * @description A face of the target and how it was changed.
         */
        TargetFace: {
            box: components["schemas"]["Box"];
            /**
             * Controls
             * @description The expression it was given, as named controls, 0–1; null if it kept its own.
             */
            controls: {
                [key: string]: number;
            } | null;
            /**
             * Enhancer
             * @description Model that enhanced it: `classical` or an installed one; null if none did.
             */
            enhancer: string | null;
            /**
             * Entry
             * @description Index of the entry of `mapping` that selected it; null if none did.
             */
            entry: number | null;
            /**
             * Inpainting Sources
             * @description Where the inside of `right_eye`, `left_eye` and `mouth` came from, if not from the target itself: `source`, `library`, `target`, `invented`, `left_shut`.
             */
            inpainting_sources: {
                [key: string]: string;
            };
            /**
             * Notes
             * @description Substitutions where the pictures did not show what was requested: `mouth_invented`, `eye_left_shut`, `source_eyes_shut`, `lips_closed_over`; and `portraits_differ`: the source pictures of the person seem to show several people.
             */
            notes: string[];
            /**
             * Patches
             * @description Indices of further source pictures used for a part: `right_eye`, `left_eye`, `mouth`.
             */
            patches: {
                [key: string]: number;
            };
            pose: components["schemas"]["Pose"];
            /**
             * Presence
             * @description Landmark network's confidence, 0–1.
             */
            presence: number;
            quality: components["schemas"]["Quality"];
            /**
             * Reference
             * @description Index of the library's entry whose expression it was; null without a library.
             */
            reference: number | null;
            /**
             * Restorer
             * @description Model that changed its expression: `3dmm` or `live_portrait`; null if none did.
             */
            restorer: string | null;
            /** @description Quality of the new face; null where there is none. */
            result_quality: components["schemas"]["ResultQualityBody"] | null;
            /**
             * Score
             * @description Detector's confidence, 0–1.
             */
            score: number;
            /**
             * Source
             * @description Index of the source picture it was replaced from; null if it was not.
             */
            source: number | null;
            /**
             * Source Id
             * @description The enrolled identity whose portraits `source` and `patches` count; null if they count the source pictures.
             */
            source_id: string | null;
            /**
             * Swapper
             * @description Model that swapped it: `mesh` or an installed one; null if it was not swapped.
             */
            swapper: string | null;
            /**
             * Warnings
             * @description What may spoil a result: `profile` or `steep` (turned by more than 30°), `blurred`, `small` (below 64 pixels), `cut` (partly outside the picture), `unreliable` (the points are not those of a face: perhaps there is none), `orientation_uncertain` (it may be upside down).
             */
            warnings: components["schemas"]["FaceWarning"][];
        };
        /**
         * TrackLine
         * @description One line of a track: `frame`, `time_s`, and `face` (null) or, with a face, all the others.
         */
        TrackLine: {
            /**
             * Box
             * @description Left, top, right, bottom in pixels.
             * @default null
             */
            box?: number[] | null;
            /**
             * Controls
             * @description 46 named controls, each 0–1.
             * @default null
             */
            controls?: {
                [key: string]: number;
            } | null;
            /**
             * Face
             * @description Null where no face was found.
             * @default null
             */
            face?: null;
            /**
             * Frame
             * @description Number of the frame in the video, from 0.
             */
            frame: number;
            /**
             * Pose
             * @description Pitch, yaw, roll in degrees.
             * @default null
             */
            pose?: number[] | null;
            /**
             * Reliability
             * @description Reliability of the other values, 0–1.
             * @default null
             */
            reliability?: number | null;
            /**
             * Residuals
             * @description Residual coefficients; only on request.
             * @default null
             */
            residuals?: number[] | null;
            /**
             * Time S
             * @description Seconds from the video's beginning.
             */
            time_s: number;
        };
        /**
         * TrackOptions
         * @description Options of a track. Every one has a default.
         */
        TrackOptions: {
            detector?: components["schemas"]["DetectorOptions"];
            /**
             * Every
             * @description Analyse every n-th frame only.
             * @default 1
             */
            every?: number;
            /**
             * Residuals
             * @description Also return the residual coefficients of the expression, beside the named controls.
             * @default false
             */
            residuals?: boolean;
        };
        /**
         * UploadObject
         * @description An upload.
         * @example {
         *       "expires": "2026-08-03T09:30:00+00:00",
         *       "id": "upl_4bf92f3577b34da6a3ce929d0e0e4736",
         *       "length": 104857600,
         *       "offset": 0
         *     }
         */
        UploadObject: {
            /**
             * Expires
             * @description Time at which it is removed.
             */
            expires: string;
            /**
             * Id
             * @description `upl_` and 32 hexadecimal digits; a job's `target_upload`.
             */
            id: string;
            /**
             * Length
             * @description Total size in bytes.
             */
            length: number;
            /**
             * Offset
             * @description Bytes received.
             */
            offset: number;
        };
        /**
         * VerifyReport
         * @description What the marks of a file say.
         * @example {
         *       "credentials": {
         *         "consent": "contract 2026-17",
         *         "generator": "Semblant",
         *         "ingredients": [
         *           "target",
         *           "source 0"
         *         ],
         *         "models": [
         *           "face_mesh",
         *           "iris"
         *         ],
         *         "problems": [],
         *         "reference": "4bf92f3577b34da6a3ce929d0e0e4736",
         *         "signer": "Acme Studio",
         *         "validity": "valid"
         *       },
         *       "findings": [
         *         {
         *           "detail": "Acme Studio",
         *           "mark": "credentials",
         *           "state": "untrusted"
         *         },
         *         {
         *           "detail": "AIGC of Acme Studio",
         *           "mark": "metadata",
         *           "state": "intact"
         *         },
         *         {
         *           "detail": "5f2c9e01a7b4",
         *           "mark": "watermark",
         *           "state": "intact"
         *         }
         *       ],
         *       "meaning": "The credentials are intact and fit the file: it is as it was signed.",
         *       "metadata": {
         *         "produce_id": "5f2c9e01a7b4",
         *         "producer": "Acme Studio",
         *         "source_type": "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
         *       },
         *       "provenance_id": "5f2c9e01a7b4",
         *       "request_id": "4bf92f3577b34da6a3ce929d0e0e4736",
         *       "synthetic": true,
         *       "timings_ms": {
         *         "credentials": 3.1,
         *         "watermark": 61
         *       },
         *       "verdict": "intact",
         *       "watermarks": [
         *         {
         *           "probability": 1,
         *           "provenance_id": "5f2c9e01a7b4",
         *           "share": 1,
         *           "turn_deg": 0
         *         }
         *       ]
         *     }
         */
        VerifyReport: {
            /** @description Null if there are none. */
            credentials: components["schemas"]["CredentialsFigures"] | null;
            /**
             * Findings
             * @description One for each kind of mark.
             */
            findings: components["schemas"]["MarkFinding"][];
            /**
             * Meaning
             * @description The verdict in words.
             */
            meaning: string;
            /** @description Null if they say nothing. */
            metadata: components["schemas"]["MetadataFigures"] | null;
            /**
             * Provenance Id
             * @description Of the result that they name.
             */
            provenance_id: string | null;
            /** Request Id */
            request_id: string;
            /**
             * Synthetic
             * @description Whether any mark says that the file is synthetic.
             */
            synthetic: boolean;
            /**
             * Timings Ms
             * @description Milliseconds by stage.
             */
            timings_ms: {
                [key: string]: number;
            };
            /**
             * Verdict
             * @description Of all marks together.
             * @enum {string}
             */
            verdict: "intact" | "altered" | "mismatched" | "stripped" | "marked" | "unmarked";
            /**
             * Watermarks
             * @description The surest first.
             */
            watermarks: components["schemas"]["WatermarkFigures"][];
        };
        /**
         * WatermarkFigures
         * @description A watermark.
         */
        WatermarkFigures: {
            /**
             * Probability
             * @description That it is no coincidence, 0–1.
             */
            probability: number;
            /**
             * Provenance Id
             * @description What it carries; null if it cannot be read.
             */
            provenance_id: string | null;
            /**
             * Share
             * @description The shorter side over that of the picture that was marked, as seen: less than 1 if it was cropped.
             */
            share: number;
            /**
             * Turn Deg
             * @description By which it was turned, degrees.
             */
            turn_deg: number;
        };
        /**
         * WebhookOptions
         * @description Receiver of a job's notifications.
         */
        WebhookOptions: {
            /**
             * Events
             * @description Events to send: `start`, processing has begun; `completed`, the job has ended, with any status.
             * @default [
             *       "completed"
             *     ]
             */
            events?: components["schemas"]["Event"][];
            /**
             * Url
             * @description Public address to which the job's object is sent, signed.
             */
            url: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    get_docs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": unknown;
                };
            };
            /** @description An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_livez: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HealthState"];
                };
            };
            /** @description An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/openmetrics-text": unknown;
                    "text/plain": unknown;
                };
            };
            /** @description An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_openapi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_problem: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProblemPage"];
                    "text/html": unknown;
                };
            };
            /** @description There is nothing at this address. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The method is not allowed at this address. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description None of the accepted media types can be produced. */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_readyz: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HealthState"];
                };
            };
            /** @description An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A model is not loaded. The service is shutting down. */
            503: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_expressions: {
        parameters: {
            query?: never;
            header?: {
                /** @description Tenant that owns what is made and seen; with authentication it is the credential's, and no other may be named. */
                "X-Semblant-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LibraryList"];
                };
            };
            /** @description The request could not be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A valid API key or token is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The API key or token does not permit this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is nothing at this address. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The method is not allowed at this address. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description None of the accepted media types can be produced. */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A quota of the tenant is used up. */
            429: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The issuer of tokens is not reachable. The database of jobs is not reachable. */
            503: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_expressions: {
        parameters: {
            query?: never;
            header?: {
                /** @description Echoed, and in the log: 1–64 letters, digits, `.`, `_`, `:`, `-`. */
                "X-Request-Id"?: string;
                /** @description Seconds the work may take, queue included; at most the service's limit. */
                "X-Request-Timeout"?: number;
                /** @description Tenant that owns what is made and seen; with authentication it is the credential's, and no other may be named. */
                "X-Semblant-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "video": "(bytes of interview.mp4)",
                 *       "options": {
                 *         "name": "Alice",
                 *         "count": 12
                 *       }
                 *     }
                 */
                "multipart/form-data": {
                    /** @description Pictures of one person. */
                    frame?: Blob[];
                    options?: components["schemas"]["EnrolOptions"];
                    /** @description A video of the person. */
                    video?: Blob;
                };
            };
        };
        responses: {
            /** @description Success. */
            201: {
                headers: {
                    /** @description Address of the library. */
                    Location?: string;
                    /** @description Milliseconds by stage, such as `analyse;dur=41.2`. */
                    "Server-Timing"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewLibrary"];
                };
            };
            /** @description An uploaded file is empty. The request could not be read. A required field is missing. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A valid API key or token is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The API key or token does not permit this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is nothing at this address. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The method is not allowed at this address. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description None of the accepted media types can be produced. */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The upload did not arrive in time. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There are as many expression libraries as may be kept; delete one first. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The upload is over the size limit. An image has more pixels than allowed. A video is longer than allowed. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An uploaded file is not a video of a supported format. An uploaded file is not an image of a supported format. The request body is not of a type this address accepts. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A detected face does not fit the face model well enough to be used. An image is truncated or corrupt. Some options are unknown or out of range. An image holds several frames or pages; one is needed. No face was found in a source picture. No such model. No frame of a video can be decoded. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests are being processed; try again shortly. A quota of the tenant is used up. */
            429: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The client disconnected. */
            499: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A model's inputs or outputs are not what its contract says. The inference server refused a request as malformed. An internal error occurred. Models or environments have not been built yet. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A model failed while computing. */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The inference server's queue is full. The inference server is not reachable. The issuer of tokens is not reachable. The database of jobs is not reachable. A model is not loaded. There is not enough memory for a model, even for one face at a time. A model does not fit into the memory there is for models. There is not enough memory for this request at present. The service is shutting down. The store of files is not reachable. */
            503: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request did not finish within its deadline. */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no space left to store files. */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_expression: {
        parameters: {
            query?: never;
            header?: {
                /** @description Tenant that owns what is made and seen; with authentication it is the credential's, and no other may be named. */
                "X-Semblant-Tenant"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LibraryBody"];
                };
            };
            /** @description The request could not be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A valid API key or token is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The API key or token does not permit this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such expression library. There is nothing at this address. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The method is not allowed at this address. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description None of the accepted media types can be produced. */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A quota of the tenant is used up. */
            429: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The issuer of tokens is not reachable. The database of jobs is not reachable. The store of files is not reachable. */
            503: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_expression: {
        parameters: {
            query?: never;
            header?: {
                /** @description Tenant that owns what is made and seen; with authentication it is the credential's, and no other may be named. */
                "X-Semblant-Tenant"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request could not be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A valid API key or token is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The API key or token does not permit this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such expression library. There is nothing at this address. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The method is not allowed at this address. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description None of the accepted media types can be produced. */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A quota of the tenant is used up. */
            429: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The issuer of tokens is not reachable. The database of jobs is not reachable. The store of files is not reachable. */
            503: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_match: {
        parameters: {
            query?: never;
            header?: {
                /** @description Tenant that owns what is made and seen; with authentication it is the credential's, and no other may be named. */
                "X-Semblant-Tenant"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MatchRequest"];
            };
        };
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LibraryMatch"];
                };
            };
            /** @description The request could not be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A valid API key or token is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The API key or token does not permit this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such expression library. There is nothing at this address. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The method is not allowed at this address. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description None of the accepted media types can be produced. */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The upload did not arrive in time. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The upload is over the size limit. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is not of a type this address accepts. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Some options are unknown or out of range. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A quota of the tenant is used up. */
            429: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The issuer of tokens is not reachable. The database of jobs is not reachable. The store of files is not reachable. */
            503: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_faces: {
        parameters: {
            query?: never;
            header?: {
                /** @description Echoed, and in the log: 1–64 letters, digits, `.`, `_`, `:`, `-`. */
                "X-Request-Id"?: string;
                /** @description Seconds the work may take, queue included; at most the service's limit. */
                "X-Request-Timeout"?: number;
                /** @description Tenant that owns what is made and seen; with authentication it is the credential's, and no other may be named. */
                "X-Semblant-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "image": "(bytes of group.png)",
                 *       "options": {
                 *         "landmarks": false
                 *       }
                 *     }
                 */
                "multipart/form-data": {
                    /** @description The picture to analyse. */
                    image: Blob;
                    options?: components["schemas"]["FacesOptions"];
                };
            };
        };
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FacesReport"];
                };
            };
            /** @description An uploaded file is empty. The request could not be read. A required field is missing. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A valid API key or token is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The API key or token does not permit this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is nothing at this address. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The method is not allowed at this address. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description None of the accepted media types can be produced. */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The upload did not arrive in time. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The upload is over the size limit. An image has more pixels than allowed. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An uploaded file is not an image of a supported format. The request body is not of a type this address accepts. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An image is truncated or corrupt. Some options are unknown or out of range. An image holds several frames or pages; one is needed. No such model. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests are being processed; try again shortly. A quota of the tenant is used up. */
            429: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The client disconnected. */
            499: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A model's inputs or outputs are not what its contract says. The inference server refused a request as malformed. An internal error occurred. Models or environments have not been built yet. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A model failed while computing. */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The inference server's queue is full. The inference server is not reachable. The issuer of tokens is not reachable. The database of jobs is not reachable. A model is not loaded. There is not enough memory for a model, even for one face at a time. A model does not fit into the memory there is for models. There is not enough memory for this request at present. The service is shutting down. */
            503: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request did not finish within its deadline. */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_identities: {
        parameters: {
            query?: never;
            header?: {
                /** @description Tenant that owns what is made and seen; with authentication it is the credential's, and no other may be named. */
                "X-Semblant-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityList"];
                };
            };
            /** @description The request could not be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A valid API key or token is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The API key or token does not permit this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is nothing at this address. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The method is not allowed at this address. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description None of the accepted media types can be produced. */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A quota of the tenant is used up. */
            429: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The issuer of tokens is not reachable. The database of jobs is not reachable. */
            503: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_identities: {
        parameters: {
            query?: never;
            header?: {
                /** @description Echoed, and in the log: 1–64 letters, digits, `.`, `_`, `:`, `-`. */
                "X-Request-Id"?: string;
                /** @description Seconds the work may take, queue included; at most the service's limit. */
                "X-Request-Timeout"?: number;
                /** @description Tenant that owns what is made and seen; with authentication it is the credential's, and no other may be named. */
                "X-Semblant-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "source": [
                 *         "(bytes of alice.jpg)"
                 *       ],
                 *       "options": {
                 *         "name": "Alice",
                 *         "consent": true
                 *       }
                 *     }
                 */
                "multipart/form-data": {
                    options: components["schemas"]["IdentityOptions"];
                    /** @description Portraits of one person. */
                    source: Blob[];
                };
            };
        };
        responses: {
            /** @description Success. */
            201: {
                headers: {
                    /** @description Address of the identity. */
                    Location?: string;
                    /** @description Milliseconds by stage, such as `analyse;dur=41.2`. */
                    "Server-Timing"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityReport"];
                };
            };
            /** @description An uploaded file is empty. The request could not be read. A required field is missing. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A valid API key or token is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A face is used only with the person's consent. The API key or token does not permit this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is nothing at this address. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The method is not allowed at this address. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description None of the accepted media types can be produced. */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The upload did not arrive in time. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There are as many enrolled identities as may be kept; delete one first. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The upload is over the size limit. An image has more pixels than allowed. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An uploaded file is not an image of a supported format. The request body is not of a type this address accepts. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A detected face does not fit the face model well enough to be used. A face is too small to be used. An image is truncated or corrupt. Some options are unknown or out of range. An image holds several frames or pages; one is needed. No face was found in a source picture. No such model. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests are being processed; try again shortly. A quota of the tenant is used up. */
            429: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The client disconnected. */
            499: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A model's inputs or outputs are not what its contract says. The inference server refused a request as malformed. An internal error occurred. Models or environments have not been built yet. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A model failed while computing. */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The inference server's queue is full. The inference server is not reachable. The issuer of tokens is not reachable. The database of jobs is not reachable. A model is not loaded. There is not enough memory for a model, even for one face at a time. A model does not fit into the memory there is for models. There is not enough memory for this request at present. The service is shutting down. The store of files is not reachable. */
            503: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request did not finish within its deadline. */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no space left to store files. */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_identity: {
        parameters: {
            query?: never;
            header?: {
                /** @description Tenant that owns what is made and seen; with authentication it is the credential's, and no other may be named. */
                "X-Semblant-Tenant"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityReport"];
                };
            };
            /** @description The request could not be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A valid API key or token is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The API key or token does not permit this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such enrolled identity. There is nothing at this address. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The method is not allowed at this address. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description None of the accepted media types can be produced. */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A quota of the tenant is used up. */
            429: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The issuer of tokens is not reachable. The database of jobs is not reachable. The store of files is not reachable. */
            503: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_identity: {
        parameters: {
            query?: never;
            header?: {
                /** @description Echoed, and in the log: 1–64 letters, digits, `.`, `_`, `:`, `-`. */
                "X-Request-Id"?: string;
                /** @description Tenant that owns what is made and seen; with authentication it is the credential's, and no other may be named. */
                "X-Semblant-Tenant"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request could not be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A valid API key or token is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The API key or token does not permit this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such enrolled identity. There is nothing at this address. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The method is not allowed at this address. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description None of the accepted media types can be produced. */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A quota of the tenant is used up. */
            429: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The issuer of tokens is not reachable. The database of jobs is not reachable. The store of files is not reachable. */
            503: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_identity_withdrawal: {
        parameters: {
            query?: never;
            header?: {
                /** @description Echoed, and in the log: 1–64 letters, digits, `.`, `_`, `:`, `-`. */
                "X-Request-Id"?: string;
                /** @description Tenant that owns what is made and seen; with authentication it is the credential's, and no other may be named. */
                "X-Semblant-Tenant"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IdentityReport"];
                };
            };
            /** @description The request could not be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A valid API key or token is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The API key or token does not permit this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such enrolled identity. There is nothing at this address. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The method is not allowed at this address. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description None of the accepted media types can be produced. */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A quota of the tenant is used up. */
            429: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The issuer of tokens is not reachable. The database of jobs is not reachable. The store of files is not reachable. */
            503: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_jobs: {
        parameters: {
            query?: {
                /** @description How many at most. */
                limit?: number;
                /** @description `next` of the previous list. */
                page_token?: string;
                /** @description Only jobs in this state; may be there several times. */
                status?: components["schemas"]["Status"][];
            };
            header?: {
                /** @description Tenant that owns what is made and seen; with authentication it is the credential's, and no other may be named. */
                "X-Semblant-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobList"];
                };
            };
            /** @description The request could not be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A valid API key or token is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The API key or token does not permit this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is nothing at this address. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The method is not allowed at this address. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description None of the accepted media types can be produced. */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A quota of the tenant is used up. */
            429: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This service accepts no jobs. */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The issuer of tokens is not reachable. The database of jobs is not reachable. */
            503: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_jobs: {
        parameters: {
            query?: never;
            header?: {
                /** @description Time after which the job is canceled. */
                "Cancel-After"?: string;
                /** @description Unique key of this request. */
                "Idempotency-Key"?: string;
                /** @description Seconds to wait for the job, 1-60. */
                Prefer?: string;
                /** @description Echoed, and in the log: 1–64 letters, digits, `.`, `_`, `:`, `-`. */
                "X-Request-Id"?: string;
                /** @description Tenant that owns what is made and seen; with authentication it is the credential's, and no other may be named. */
                "X-Semblant-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "source": [
                 *         "(bytes of alice.jpg)"
                 *       ],
                 *       "target": "(bytes of video.mp4)"
                 *     }
                 */
                "multipart/form-data": {
                    options?: Record<string, never>;
                    /** @enum {string} */
                    priority?: "high" | "normal" | "low";
                    reference?: Blob[];
                    /** @example 6h */
                    retention?: string;
                    /** @description Pictures of the new face. */
                    source?: Blob[];
                    /** @description An enrolled identity. */
                    source_id?: string;
                    target?: Blob;
                    /** @description A finished upload. */
                    target_upload?: string;
                    webhook?: components["schemas"]["WebhookOptions"];
                };
            };
        };
        responses: {
            /** @description The job has ended; with `Prefer: wait` only. */
            200: {
                headers: {
                    /** @description `true` if the job had been submitted before. */
                    "Idempotent-Replayed"?: string;
                    /** @description Address of the job. */
                    Location?: string;
                    /** @description The seconds the answer was allowed to wait. */
                    "Preference-Applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobObject"];
                };
            };
            /** @description Success. */
            202: {
                headers: {
                    /** @description `true` if the job had been submitted before. */
                    "Idempotent-Replayed"?: string;
                    /** @description Address of the job. */
                    Location?: string;
                    /** @description The seconds the answer was allowed to wait. */
                    "Preference-Applied"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobObject"];
                };
            };
            /** @description An uploaded file is empty. The request could not be read. A required field is missing. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A valid API key or token is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The API key or token does not permit this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is nothing at this address. There is no such upload. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The method is not allowed at this address. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description None of the accepted media types can be produced. */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The upload did not arrive in time. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A request with this idempotency key is still being processed. The upload is not complete yet. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The upload is over the size limit. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is not of a type this address accepts. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The idempotency key was used for another request. Some options are unknown or out of range. No such model. The address of a webhook is not permitted. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another request is writing to this upload. */
            423: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests are being processed; try again shortly. A quota of the tenant is used up. */
            429: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The client disconnected. */
            499: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error occurred. Models or environments have not been built yet. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This service accepts no jobs. */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The issuer of tokens is not reachable. The database of jobs is not reachable. The service is shutting down. The store of files is not reachable. */
            503: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no space left to store files. */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_job: {
        parameters: {
            query?: never;
            header?: {
                /** @description Tenant that owns what is made and seen; with authentication it is the credential's, and no other may be named. */
                "X-Semblant-Tenant"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobObject"];
                };
            };
            /** @description The request could not be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A valid API key or token is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The API key or token does not permit this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such job. There is nothing at this address. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The method is not allowed at this address. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description None of the accepted media types can be produced. */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A quota of the tenant is used up. */
            429: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This service accepts no jobs. */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The issuer of tokens is not reachable. The database of jobs is not reachable. */
            503: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_job: {
        parameters: {
            query?: never;
            header?: {
                /** @description Echoed, and in the log: 1–64 letters, digits, `.`, `_`, `:`, `-`. */
                "X-Request-Id"?: string;
                /** @description Tenant that owns what is made and seen; with authentication it is the credential's, and no other may be named. */
                "X-Semblant-Tenant"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request could not be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A valid API key or token is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The API key or token does not permit this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such job. There is nothing at this address. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The method is not allowed at this address. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description None of the accepted media types can be produced. */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A quota of the tenant is used up. */
            429: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This service accepts no jobs. */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The issuer of tokens is not reachable. The database of jobs is not reachable. */
            503: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancel_job: {
        parameters: {
            query?: never;
            header?: {
                /** @description Echoed, and in the log: 1–64 letters, digits, `.`, `_`, `:`, `-`. */
                "X-Request-Id"?: string;
                /** @description Tenant that owns what is made and seen; with authentication it is the credential's, and no other may be named. */
                "X-Semblant-Tenant"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobObject"];
                };
            };
            /** @description The request could not be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A valid API key or token is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The API key or token does not permit this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such job. There is nothing at this address. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The method is not allowed at this address. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description None of the accepted media types can be produced. */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A quota of the tenant is used up. */
            429: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This service accepts no jobs. */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The issuer of tokens is not reachable. The database of jobs is not reachable. */
            503: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_job_events: {
        parameters: {
            query?: never;
            header?: {
                /** @description The last event that was received. */
                "Last-Event-ID"?: number;
                /** @description Tenant that owns what is made and seen; with authentication it is the credential's, and no other may be named. */
                "X-Semblant-Tenant"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example id: 7
                     *     event: progress
                     *     data: {"id": "job_…", "percent": 41.7}
                     */
                    "text/event-stream": unknown;
                };
            };
            /** @description Nothing more will come. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request could not be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A valid API key or token is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The API key or token does not permit this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such job. There is nothing at this address. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The method is not allowed at this address. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description None of the accepted media types can be produced. */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A quota of the tenant is used up. */
            429: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This service accepts no jobs. */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The issuer of tokens is not reachable. The database of jobs is not reachable. */
            503: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_job_output: {
        parameters: {
            query?: never;
            header?: {
                /** @description The bytes wanted. */
                Range?: string;
                /** @description Tenant that owns what is made and seen; with authentication it is the credential's, and no other may be named. */
                "X-Semblant-Tenant"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    /** @description A name for a file. */
                    "Content-Disposition"?: string;
                    /** @description Which bytes these are, if they are not all. */
                    "Content-Range"?: string;
                    /** @description Of the content. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "*/*": Blob;
                };
            };
            /** @description The bytes wanted. */
            206: {
                headers: {
                    /** @description A name for a file. */
                    "Content-Disposition"?: string;
                    /** @description Which bytes these are, if they are not all. */
                    "Content-Range"?: string;
                    /** @description Of the content. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "*/*": Blob;
                };
            };
            /** @description The content is known by its `ETag`. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request could not be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A valid API key or token is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The consent to the use of a face was withdrawn. The API key or token does not permit this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such job. There is nothing at this address. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The method is not allowed at this address. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description None of the accepted media types can be produced. */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The job has no output yet. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The output does not have the requested bytes. */
            416: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A quota of the tenant is used up. */
            429: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This service accepts no jobs. */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The issuer of tokens is not reachable. The database of jobs is not reachable. The store of files is not reachable. */
            503: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resume_job: {
        parameters: {
            query?: never;
            header?: {
                /** @description Tenant that owns what is made and seen; with authentication it is the credential's, and no other may be named. */
                "X-Semblant-Tenant"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobObject"];
                };
            };
            /** @description The request could not be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A valid API key or token is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The API key or token does not permit this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such job. There is nothing at this address. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The method is not allowed at this address. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description None of the accepted media types can be produced. */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Only a failed job whose files are still kept can be resumed. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A quota of the tenant is used up. */
            429: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This service accepts no jobs. */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The issuer of tokens is not reachable. The database of jobs is not reachable. */
            503: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    get_models: {
        parameters: {
            query?: never;
            header?: {
                /** @description Tenant that owns what is made and seen; with authentication it is the credential's, and no other may be named. */
                "X-Semblant-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelList"];
                };
            };
            /** @description The request could not be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A valid API key or token is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The API key or token does not permit this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is nothing at this address. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The method is not allowed at this address. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description None of the accepted media types can be produced. */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A quota of the tenant is used up. */
            429: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The issuer of tokens is not reachable. The database of jobs is not reachable. */
            503: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_swaps: {
        parameters: {
            query?: {
                /** @description Whether a report holds the picture. */
                inline?: boolean;
            };
            header?: {
                /** @description Echoed, and in the log: 1–64 letters, digits, `.`, `_`, `:`, `-`. */
                "X-Request-Id"?: string;
                /** @description Seconds the work may take, queue included; at most the service's limit. */
                "X-Request-Timeout"?: number;
                /** @description Tenant that owns what is made and seen; with authentication it is the credential's, and no other may be named. */
                "X-Semblant-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "source": [
                 *         "(bytes of alice.jpg)"
                 *       ],
                 *       "target": "(bytes of group.png)",
                 *       "options": {
                 *         "face_selector": {
                 *           "mode": "many"
                 *         },
                 *         "output": {
                 *           "format": "webp"
                 *         }
                 *       }
                 *     }
                 */
                "multipart/form-data": {
                    options?: components["schemas"]["SwapOptions"];
                    /** @description The person selected by `face_selector.mode` = `reference`; several for `mapping`. */
                    reference?: Blob[];
                    /** @description Portraits of one person, or of those that `mapping` names; for each face, and for its eyes and mouth, the one is used that is nearest in pose, expression and light. Required, unless the person stays and only an expression of a library or by name is given, or faces are only enhanced. JPEG, PNG, WebP, BMP, TIFF, AVIF or HEIC. */
                    source?: Blob[];
                    /** @description An enrolled identity, instead of `source`. */
                    source_id?: string;
                    /** @description The picture to change. */
                    target: Blob;
                };
            };
        };
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    /** @description Milliseconds by stage, such as `analyse;dur=41.2`. */
                    "Server-Timing"?: string;
                    /** @description The request's name in the service's log. */
                    "X-Request-Id"?: string;
                    /** @description Faces of the target. With a picture only, as the next three. */
                    "X-Semblant-Faces-Found"?: string;
                    /** @description Faces that were changed. */
                    "X-Semblant-Faces-Swapped"?: string;
                    /** @description Figures of the swapped faces, of each the worst, such as `seam_ratio=1.08, ring_delta_e=4.48`; or `none`. */
                    "X-Semblant-Quality"?: string;
                    /** @description Conditions that may have spoiled the result, as in a report; or `none`. */
                    "X-Semblant-Warnings"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SwapReport"];
                    "image/jpeg": unknown;
                    "image/png": unknown;
                    "image/webp": unknown;
                };
            };
            /** @description An uploaded file is empty. The request could not be read. A required field is missing. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A valid API key or token is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A face is used only with the person's consent. The consent to the use of a face was withdrawn. A face of the target belongs to somebody who is protected. The API key or token does not permit this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such enrolled identity. There is no such expression library. There is nothing at this address. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The method is not allowed at this address. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description None of the accepted media types can be produced. */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The upload did not arrive in time. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The upload is over the size limit. An image has more pixels than allowed. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An uploaded file is not an image of a supported format. The request body is not of a type this address accepts. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A picture seems to be sexual, which this service refuses. The format holds no content credentials, which this service requires. A detected face does not fit the face model well enough to be used. A face is too small to be used. An image is truncated or corrupt. Some options are unknown or out of range. An image holds several frames or pages; one is needed. No face was found in a source picture. No face was found in the target picture. No face matches the selection. A swapped face does not meet the requested limits. A source does not look like the person whose consent is claimed. No such model. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests are being processed; try again shortly. A quota of the tenant is used up. */
            429: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The client disconnected. */
            499: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A model's inputs or outputs are not what its contract says. The inference server refused a request as malformed. An internal error occurred. Models or environments have not been built yet. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A model failed while computing. */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description What is done cannot be logged at present, so nothing is. Pictures cannot be checked at present, so none are accepted. The inference server's queue is full. The inference server is not reachable. The issuer of tokens is not reachable. The database of jobs is not reachable. A model is not loaded. There is not enough memory for a model, even for one face at a time. A model does not fit into the memory there is for models. There is not enough memory for this request at present. The service is shutting down. Results cannot be signed at present. The store of files is not reachable. */
            503: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request did not finish within its deadline. */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_tracks: {
        parameters: {
            query?: never;
            header?: {
                /** @description Echoed, and in the log: 1–64 letters, digits, `.`, `_`, `:`, `-`. */
                "X-Request-Id"?: string;
                /** @description Seconds the work may take, queue included; at most the service's limit. */
                "X-Request-Timeout"?: number;
                /** @description Tenant that owns what is made and seen; with authentication it is the credential's, and no other may be named. */
                "X-Semblant-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "video": "(bytes of interview.mp4)",
                 *       "options": {
                 *         "every": 2
                 *       }
                 *     }
                 */
                "multipart/form-data": {
                    options?: components["schemas"]["TrackOptions"];
                    /** @description The video. */
                    video: Blob;
                };
            };
        };
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    /** @description Milliseconds by stage, such as `analyse;dur=41.2`. */
                    "Server-Timing"?: string;
                    /** @description `damaged`, or `none`. */
                    "X-Semblant-Warnings"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": components["schemas"]["TrackLine"];
                };
            };
            /** @description An uploaded file is empty. The request could not be read. A required field is missing. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A valid API key or token is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The API key or token does not permit this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is nothing at this address. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The method is not allowed at this address. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description None of the accepted media types can be produced. */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The upload did not arrive in time. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The upload is over the size limit. An image has more pixels than allowed. A video is longer than allowed. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An uploaded file is not a video of a supported format. The request body is not of a type this address accepts. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Some options are unknown or out of range. No such model. No frame of a video can be decoded. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests are being processed; try again shortly. A quota of the tenant is used up. */
            429: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The client disconnected. */
            499: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A model's inputs or outputs are not what its contract says. The inference server refused a request as malformed. An internal error occurred. Models or environments have not been built yet. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A model failed while computing. */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The inference server's queue is full. The inference server is not reachable. The issuer of tokens is not reachable. The database of jobs is not reachable. A model is not loaded. There is not enough memory for a model, even for one face at a time. A model does not fit into the memory there is for models. The service is shutting down. */
            503: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request did not finish within its deadline. */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_uploads: {
        parameters: {
            query?: never;
            header: {
                /** @description Required: the protocol's version. */
                "Tus-Resumable"?: string;
                /** @description Checksum of this chunk. */
                "Upload-Checksum"?: string;
                /** @description Total size in bytes. */
                "Upload-Length": number;
                /** @description Stored and returned unchanged. */
                "Upload-Metadata"?: string;
                /** @description Echoed, and in the log: 1–64 letters, digits, `.`, `_`, `:`, `-`. */
                "X-Request-Id"?: string;
                /** @description Tenant that owns what is made and seen; with authentication it is the credential's, and no other may be named. */
                "X-Semblant-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/offset+octet-stream": Blob;
            };
        };
        responses: {
            /** @description Success. */
            201: {
                headers: {
                    /** @description Address of the upload. */
                    Location?: string;
                    /** @description Time at which it is removed. */
                    "Upload-Expires"?: string;
                    /** @description Bytes received. */
                    "Upload-Offset"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UploadObject"];
                };
            };
            /** @description The request could not be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A valid API key or token is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The API key or token does not permit this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is nothing at this address. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The method is not allowed at this address. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description None of the accepted media types can be produced. */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The upload did not arrive in time. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This version of the upload protocol is not supported. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The upload is over the size limit. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is not of a type this address accepts. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests are being processed; try again shortly. A quota of the tenant is used up. */
            429: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The bytes received are not those that were sent. */
            460: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The client disconnected. */
            499: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This service accepts no jobs. */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The issuer of tokens is not reachable. The database of jobs is not reachable. The service is shutting down. The store of files is not reachable. */
            503: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no space left to store files. */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    options_uploads: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            204: {
                headers: {
                    /** @description Of `Upload-Checksum`. */
                    "Tus-Checksum-Algorithm"?: string;
                    /** @description Its extensions. */
                    "Tus-Extension"?: string;
                    /** @description Bytes an upload may have. */
                    "Tus-Max-Size"?: string;
                    /** @description Versions of the protocol. */
                    "Tus-Version"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This service accepts no jobs. */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    delete_upload: {
        parameters: {
            query?: never;
            header?: {
                /** @description Required: the protocol's version. */
                "Tus-Resumable"?: string;
                /** @description Echoed, and in the log: 1–64 letters, digits, `.`, `_`, `:`, `-`. */
                "X-Request-Id"?: string;
                /** @description Tenant that owns what is made and seen; with authentication it is the credential's, and no other may be named. */
                "X-Semblant-Tenant"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request could not be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A valid API key or token is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The API key or token does not permit this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is nothing at this address. There is no such upload. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The method is not allowed at this address. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description None of the accepted media types can be produced. */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This version of the upload protocol is not supported. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another request is writing to this upload. */
            423: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A quota of the tenant is used up. */
            429: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This service accepts no jobs. */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The issuer of tokens is not reachable. The database of jobs is not reachable. The store of files is not reachable. */
            503: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    head_upload: {
        parameters: {
            query?: never;
            header?: {
                /** @description Required: the protocol's version. */
                "Tus-Resumable"?: string;
                /** @description Echoed, and in the log: 1–64 letters, digits, `.`, `_`, `:`, `-`. */
                "X-Request-Id"?: string;
                /** @description Tenant that owns what is made and seen; with authentication it is the credential's, and no other may be named. */
                "X-Semblant-Tenant"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    /** @description Time at which it is removed. */
                    "Upload-Expires"?: string;
                    /** @description Bytes received. */
                    "Upload-Offset"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request could not be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A valid API key or token is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The API key or token does not permit this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is nothing at this address. There is no such upload. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The method is not allowed at this address. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description None of the accepted media types can be produced. */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This version of the upload protocol is not supported. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another request is writing to this upload. */
            423: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A quota of the tenant is used up. */
            429: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This service accepts no jobs. */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The issuer of tokens is not reachable. The database of jobs is not reachable. The store of files is not reachable. */
            503: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    patch_upload: {
        parameters: {
            query?: never;
            header: {
                /** @description Required: the protocol's version. */
                "Tus-Resumable"?: string;
                /** @description Checksum of this chunk. */
                "Upload-Checksum"?: string;
                /** @description Offset of the chunk. */
                "Upload-Offset": number;
                /** @description Echoed, and in the log: 1–64 letters, digits, `.`, `_`, `:`, `-`. */
                "X-Request-Id"?: string;
                /** @description Tenant that owns what is made and seen; with authentication it is the credential's, and no other may be named. */
                "X-Semblant-Tenant"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/offset+octet-stream": Blob;
            };
        };
        responses: {
            /** @description Success. */
            204: {
                headers: {
                    /** @description Time at which it is removed. */
                    "Upload-Expires"?: string;
                    /** @description Bytes received. */
                    "Upload-Offset"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The request could not be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A valid API key or token is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The API key or token does not permit this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is nothing at this address. There is no such upload. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The method is not allowed at this address. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description None of the accepted media types can be produced. */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The upload did not arrive in time. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The bytes do not continue at the upload's offset. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This version of the upload protocol is not supported. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The upload is over the size limit. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request body is not of a type this address accepts. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Another request is writing to this upload. */
            423: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests are being processed; try again shortly. A quota of the tenant is used up. */
            429: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The bytes received are not those that were sent. */
            460: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The client disconnected. */
            499: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An internal error occurred. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description This service accepts no jobs. */
            501: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The issuer of tokens is not reachable. The database of jobs is not reachable. The service is shutting down. The store of files is not reachable. */
            503: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no space left to store files. */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    post_verify: {
        parameters: {
            query?: never;
            header?: {
                /** @description Echoed, and in the log: 1–64 letters, digits, `.`, `_`, `:`, `-`. */
                "X-Request-Id"?: string;
                /** @description Seconds the work may take, queue included; at most the service's limit. */
                "X-Request-Timeout"?: number;
                /** @description Tenant that owns what is made and seen; with authentication it is the credential's, and no other may be named. */
                "X-Semblant-Tenant"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "file": "(bytes of found.jpg)"
                 *     }
                 */
                "multipart/form-data": {
                    /** @description The picture or video. */
                    file: Blob;
                };
            };
        };
        responses: {
            /** @description Success. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VerifyReport"];
                };
            };
            /** @description An uploaded file is empty. The request could not be read. A required field is missing. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A valid API key or token is needed. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The API key or token does not permit this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is nothing at this address. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The method is not allowed at this address. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description None of the accepted media types can be produced. */
            406: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The upload did not arrive in time. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The upload is over the size limit. An image has more pixels than allowed. A video is longer than allowed. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An uploaded file is not a video of a supported format. An uploaded file is not an image of a supported format. The request body is not of a type this address accepts. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An image is truncated or corrupt. Some options are unknown or out of range. An image holds several frames or pages; one is needed. No frame of a video can be decoded. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many requests are being processed; try again shortly. A quota of the tenant is used up. */
            429: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The client disconnected. */
            499: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A model's inputs or outputs are not what its contract says. The inference server refused a request as malformed. An internal error occurred. Models or environments have not been built yet. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A model failed while computing. */
            502: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The inference server's queue is full. The inference server is not reachable. The issuer of tokens is not reachable. The database of jobs is not reachable. A model is not loaded. There is not enough memory for a model, even for one face at a time. A model does not fit into the memory there is for models. There is not enough memory for this request at present. The service is shutting down. */
            503: {
                headers: {
                    /** @description Seconds after which to try again. */
                    "Retry-After"?: number;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The request did not finish within its deadline. */
            504: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
