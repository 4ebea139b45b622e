-- One row per trace, from its spans: what users of SQL see as the table `traces`.
-- Name, service and status are the root's (the earliest span's while no root has come); usage is counted once.
SELECT
    s.project AS project,
    s.trace_id AS trace_id,
    argMin(s.name, (NOT s.is_root, s.start_time)) AS name,
    argMin(s.kind, (NOT s.is_root, s.start_time)) AS kind,
    argMin(s.service, (NOT s.is_root, s.start_time)) AS service,
    argMin(s.status, (NOT s.is_root, s.start_time)) AS status,
    min(s.start_time) AS start_time,
    toUInt64(max(toUnixTimestamp64Nano(s.start_time) + s.duration_ns) - min(toUnixTimestamp64Nano(s.start_time)))
        AS duration_ns,
    count() AS spans,
    countIf(s.status = 'error') AS errors,
    countIf(s.kind = 'llm') AS model_calls,
    sumIf(s.input_tokens, s.usage_source = 'own') AS input_tokens,
    sumIf(s.output_tokens, s.usage_source = 'own') AS output_tokens,
    sumIf(s.cache_read_tokens, s.usage_source = 'own') AS cache_read_tokens,
    sumIf(s.cache_write_tokens, s.usage_source = 'own') AS cache_write_tokens,
    sumIf(s.reasoning_tokens, s.usage_source = 'own') AS reasoning_tokens,
    sumIf(s.cost_usd, s.usage_source = 'own') AS cost_usd,
    groupUniqArrayIf(s.request_model, s.request_model IS NOT NULL) AS models,
    any(s.session_id) AS session_id,
    any(s.user_id) AS user_id,
    any(s.team) AS team,
    any(s.feature) AS feature,
    any(s.environment) AS environment,
    any(s.release) AS release
FROM sightline.spans AS s
PREWHERE s.project = {sightline_project:String}
GROUP BY s.project, s.trace_id
