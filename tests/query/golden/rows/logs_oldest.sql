-- p0 = 9
-- p1 = 1795185139999999995
-- p2 = 703110896990676727
-- p3 = 3
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
    substring(s.body, 1, 2000) AS piece
FROM sightline.logs AS s
PREWHERE
    s.project = {project:String}
    AND s.time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND s.time >= fromUnixTimestamp64Nano({p1:Int64}, 'UTC') AND (s.time > fromUnixTimestamp64Nano({p1:Int64}, 'UTC') OR cityHash64(s.observed_time, s.received_at, s.severity_number, s.severity_text, ifNull(s.service, ''), s.event_name, s.trace_id, s.span_id, s.body) >= {p2:UInt64})
    AND (s.time = fromUnixTimestamp64Nano({p1:Int64}, 'UTC') OR s.time IN (
        SELECT s.time AS t
        FROM sightline.logs AS s
        PREWHERE
            s.project = {project:String}
            AND s.time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
            AND s.time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
            AND s.time > fromUnixTimestamp64Nano({p1:Int64}, 'UTC')
        ORDER BY s.time ASC
        LIMIT {p0:UInt32}
    ))
ORDER BY s.time ASC, hash ASC
LIMIT {p0:UInt32} OFFSET {p3:UInt32}
