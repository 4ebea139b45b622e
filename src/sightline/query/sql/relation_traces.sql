-- One row per trace, from its head: what users of SQL see as the table `traces`.
-- Name, service and status are the root's (the earliest span's while no root has come); usage is counted once.
SELECT
    s.project AS project,
    s.trace_id AS trace_id,
    s.name AS name,
    s.kind AS kind,
    s.service AS service,
    s.status AS status,
    s.start_time AS start_time,
    s.trace_duration_ns AS duration_ns,
    s.trace_spans AS spans,
    s.trace_errors AS errors,
    s.trace_calls AS model_calls,
    s.trace_first_token_ns AS first_token_ns,
    s.trace_input_tokens AS input_tokens,
    s.trace_output_tokens AS output_tokens,
    s.trace_cache_read_tokens AS cache_read_tokens,
    s.trace_cache_write_tokens AS cache_write_tokens,
    s.trace_reasoning_tokens AS reasoning_tokens,
    s.trace_cost_usd AS cost_usd,
    s.trace_unknown_cost AS unknown_cost,
    s.trace_models AS models,
    s.session_id AS session_id,
    s.user_id AS user_id,
    s.team AS team,
    s.feature AS feature,
    s.environment AS environment,
    s.release AS release
FROM sightline.spans AS s
PREWHERE s.project = {sightline_project:String} AND s.trace_head
