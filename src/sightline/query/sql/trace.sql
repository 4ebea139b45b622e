-- All spans of one trace without their heavy parts.
SELECT
    span_id,
    parent_span_id,
    name,
    kind,
    status,
    status_message,
    ifNull(service, '') AS service_name,
    toUnixTimestamp64Nano(start_time) AS started,
    duration_ns,
    time_to_first_token_ns,
    ifNull(response_model, ifNull(request_model, '')) AS model,
    ifNull(provider, '') AS provider_name,
    ifNull(operation, '') AS operation_name,
    ifNull(tool_name, '') AS tool,
    input_tokens,
    output_tokens,
    cache_read_tokens,
    cache_write_tokens,
    reasoning_tokens,
    cost_usd,
    ifNull(cost_source, '') AS cost_from,
    ifNull(usage_source, '') AS usage_from,
    ifNull(session_id, '') AS session,
    ifNull(user_id, '') AS user,
    ifNull(team, '') AS team_name,
    ifNull(feature, '') AS feature_name,
    ifNull(environment, '') AS environment_name
FROM sightline.spans
WHERE project = {project:String} AND trace_id = {trace_id:String}
ORDER BY start_time, span_id
LIMIT {limit:UInt32}
