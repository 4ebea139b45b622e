-- p0 = 100
-- p1 = 13
-- p2 = 17
-- p3 = 20
-- p4 = "api%"
-- p5 = "abc"
-- p6 = 1795132800000000000
-- p7 = 1795219199999999999
-- p8 = "dev"
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
    AND s.time IN (
        SELECT s.time AS t
        FROM sightline.logs AS s
        PREWHERE
            s.project = {project:String}
            AND s.time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
            AND s.time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
            AND nullIf(if(s.severity_number > 0, s.severity_number, transform(lower(s.severity_text), ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'verbose', 'fine', 'information', 'informational', 'notice', 'warning', 'err', 'severe', 'alert', 'critical', 'emergency', 'emerg', 'panic'], [1, 5, 9, 13, 17, 21, 1, 5, 9, 9, 10, 13, 17, 17, 19, 21, 21, 21, 21], 0)), 0) >= {p1:Int64}
            AND NOT ifNull((nullIf(if(s.severity_number > 0, s.severity_number, transform(lower(s.severity_text), ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'verbose', 'fine', 'information', 'informational', 'notice', 'warning', 'err', 'severe', 'alert', 'critical', 'emergency', 'emerg', 'panic'], [1, 5, 9, 13, 17, 21, 1, 5, 9, 9, 10, 13, 17, 17, 19, 21, 21, 21, 21], 0)), 0) >= {p2:Int64} AND nullIf(if(s.severity_number > 0, s.severity_number, transform(lower(s.severity_text), ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'verbose', 'fine', 'information', 'informational', 'notice', 'warning', 'err', 'severe', 'alert', 'critical', 'emergency', 'emerg', 'panic'], [1, 5, 9, 13, 17, 21, 1, 5, 9, 9, 10, 13, 17, 17, 19, 21, 21, 21, 21], 0)), 0) <= {p3:Int64}), false)
            AND s.service LIKE {p4:String}
            AND s.trace_id = {p5:String}
            AND (toUnixTimestamp64Nano(s.time) >= {p6:Int64} AND toUnixTimestamp64Nano(s.time) <= {p7:Int64})
            AND NOT ifNull(s.environment = {p8:String}, false)
        ORDER BY s.time DESC
        LIMIT {p0:UInt32}
    )
    AND nullIf(if(s.severity_number > 0, s.severity_number, transform(lower(s.severity_text), ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'verbose', 'fine', 'information', 'informational', 'notice', 'warning', 'err', 'severe', 'alert', 'critical', 'emergency', 'emerg', 'panic'], [1, 5, 9, 13, 17, 21, 1, 5, 9, 9, 10, 13, 17, 17, 19, 21, 21, 21, 21], 0)), 0) >= {p1:Int64}
    AND NOT ifNull((nullIf(if(s.severity_number > 0, s.severity_number, transform(lower(s.severity_text), ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'verbose', 'fine', 'information', 'informational', 'notice', 'warning', 'err', 'severe', 'alert', 'critical', 'emergency', 'emerg', 'panic'], [1, 5, 9, 13, 17, 21, 1, 5, 9, 9, 10, 13, 17, 17, 19, 21, 21, 21, 21], 0)), 0) >= {p2:Int64} AND nullIf(if(s.severity_number > 0, s.severity_number, transform(lower(s.severity_text), ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'verbose', 'fine', 'information', 'informational', 'notice', 'warning', 'err', 'severe', 'alert', 'critical', 'emergency', 'emerg', 'panic'], [1, 5, 9, 13, 17, 21, 1, 5, 9, 9, 10, 13, 17, 17, 19, 21, 21, 21, 21], 0)), 0) <= {p3:Int64}), false)
    AND s.service LIKE {p4:String}
    AND s.trace_id = {p5:String}
    AND (toUnixTimestamp64Nano(s.time) >= {p6:Int64} AND toUnixTimestamp64Nano(s.time) <= {p7:Int64})
    AND NOT ifNull(s.environment = {p8:String}, false)
ORDER BY s.time DESC, hash DESC
LIMIT {p0:UInt32}
