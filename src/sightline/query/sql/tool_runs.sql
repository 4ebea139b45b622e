-- The tools that ran in one trace, in order.
SELECT
    span_id,
    parent_span_id,
    ifNull(tool_name, '') AS tool,
    ifNull(tool_call_id, '') AS call,
    toUnixTimestamp64Nano(start_time) AS started,
    duration_ns,
    status = 'error' OR ifNull(tool_is_error, false) AS failed
FROM sightline.spans
WHERE
    project = {project:String}
    AND trace_id = {trace_id:String}
    AND tool_name != ''
ORDER BY start_time, span_id
LIMIT {limit:UInt32}
