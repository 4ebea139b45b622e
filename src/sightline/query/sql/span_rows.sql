-- One row per span of a list. The time bounds keep the look-up by id within the page.
WITH arrayFirst(f -> has(s.content.field, f), {inputs:Array(String)}) AS input_field
SELECT
    s.trace_id AS trace_id,
    s.span_id AS span_id,
    s.name AS name,
    s.kind AS kind,
    s.status AS status,
    s.status_message AS status_message,
    ifNull(s.service, '') AS service,
    toUnixTimestamp64Nano(s.start_time) AS started,
    s.duration_ns AS duration_ns,
    s.own_ns AS own_ns,
    s.depth AS depth,
    s.time_to_first_token_ns AS time_to_first_token_ns,
    ifNull(s.response_model, ifNull(s.request_model, '')) AS model,
    ifNull(s.provider, '') AS provider,
    ifNull(s.tool_name, '') AS tool_name,
    ifNull(s.agent_name, '') AS agent_name,
    s.input_tokens AS input_tokens,
    s.output_tokens AS output_tokens,
    s.cache_read_tokens AS cache_read_tokens,
    s.cache_write_tokens AS cache_write_tokens,
    s.reasoning_tokens AS reasoning_tokens,
    s.cost_usd AS cost_usd,
    ifNull(s.cost_source, '') AS cost_source,
    ifNull(s.usage_source, '') AS usage_source,
    ifNull(s.session_id, '') AS session_id,
    ifNull(s.user_id, '') AS user_id,
    ifNull(s.team, '') AS team,
    ifNull(s.feature, '') AS feature,
    ifNull(s.environment, '') AS environment,
    ifNull(s.sample_weight, 1) AS weight,
    ifNull(s.sample_reason, '') AS sample_reason,
    if(input_field != '', lower(hex(s.content.hash[indexOf(s.content.field, input_field)])), '') AS input_hash
FROM sightline.spans AS s
WHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({first:Int64}, 'UTC')
    AND s.start_time <= fromUnixTimestamp64Nano({last:Int64}, 'UTC')
    AND s.trace_id IN {trace_ids:Array(String)}
    AND s.span_id IN {span_ids:Array(String)}
