-- p0 = 703110896990676727
-- p1 = 2
SELECT
    toUnixTimestamp64Nano(s.time) AS moment,
    cityHash64(s.observed_time, s.received_at, s.severity_number, s.severity_text, ifNull(s.service, ''), s.event_name, s.trace_id, s.span_id, s.body) AS hash,
    toUInt8(ifNull(intDiv(nullIf(if(s.severity_number > 0, s.severity_number, transform(lower(s.severity_text), ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'verbose', 'fine', 'information', 'informational', 'notice', 'warning', 'err', 'severe', 'alert', 'critical', 'emergency', 'emerg', 'panic'], [1, 5, 9, 13, 17, 21, 1, 5, 9, 9, 10, 13, 17, 17, 19, 21, 21, 21, 21], 0)), 0) + 3, 4), 0)) AS class,
    s.severity_text AS severity_text,
    ifNull(s.service, '') AS service_name,
    ifNull(s.environment, '') AS environment_name,
    s.event_name AS event,
    s.scope AS scope_name,
    s.trace_id AS trace,
    s.span_id AS span,
    length(s.body) AS size,
    s.body AS piece,
    s.severity_number AS severity_number,
    s.body_type AS body_type,
    ifNull(s.service_version, '') AS version,
    s.scope_version AS scope_version,
    toUnixTimestamp64Nano(s.observed_time) AS observed,
    toUnixTimestamp64Nano(s.received_at) AS received,
    1000 * toUnixTimestamp64Micro(s.digested_at) AS digested,
    s.source AS source,
    s.dropped_attributes AS dropped_attributes,
    s.content.field AS fields,
    arrayMap(h -> lower(hex(h)), s.content.hash) AS hashes,
    s.content.size AS sizes,
    toJSONString(s.attributes) AS attributes_json,
    toJSONString(s.resource) AS resource_json
FROM sightline.logs AS s
PREWHERE
    s.project = {project:String}
    AND s.time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND cityHash64(s.observed_time, s.received_at, s.severity_number, s.severity_text, ifNull(s.service, ''), s.event_name, s.trace_id, s.span_id, s.body) = {p0:UInt64}
ORDER BY attributes_json, resource_json, hashes
LIMIT 1 OFFSET {p1:UInt32}
