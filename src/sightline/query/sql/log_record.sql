-- One log record in full. Records that are alike in time and hash come in the order of their attributes.
SELECT
    toUnixTimestamp64Nano(s.time) AS moment,
    {HASH} AS hash,
    {CLASS} AS class,
    s.severity_number AS severity_number,
    s.severity_text AS severity_text,
    ifNull(s.service, '') AS service_name,
    ifNull(s.service_version, '') AS version,
    ifNull(s.environment, '') AS environment_name,
    s.event_name AS event,
    s.scope AS scope_name,
    s.scope_version AS scope_version,
    s.trace_id AS trace,
    s.span_id AS span,
    s.body AS body,
    s.body_type AS body_type,
    length(s.body) AS size,
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
    AND hash = {hash:UInt64}
ORDER BY attributes_json, resource_json, hashes
LIMIT 1 OFFSET {number:UInt32}
