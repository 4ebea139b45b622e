-- p0 = 1795098600000000000
-- p1 = 1800000000000
-- p2 = 17
-- p3 = 20
-- p4 = 21
-- p5 = 24
SELECT
    intDiv(toUnixTimestamp64Nano(s.time) - {p0:Int64}, {p1:Int64}) AS bucket,
    toUInt8(ifNull(intDiv(nullIf(if(s.severity_number > 0, s.severity_number, transform(lower(s.severity_text), ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'verbose', 'fine', 'information', 'informational', 'notice', 'warning', 'err', 'severe', 'alert', 'critical', 'emergency', 'emerg', 'panic'], [1, 5, 9, 13, 17, 21, 1, 5, 9, 9, 10, 13, 17, 17, 19, 21, 21, 21, 21], 0)), 0) + 3, 4), 0)) AS class,
    count() AS found
FROM sightline.logs AS s
PREWHERE
    s.project = {project:String}
    AND s.time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND ((nullIf(if(s.severity_number > 0, s.severity_number, transform(lower(s.severity_text), ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'verbose', 'fine', 'information', 'informational', 'notice', 'warning', 'err', 'severe', 'alert', 'critical', 'emergency', 'emerg', 'panic'], [1, 5, 9, 13, 17, 21, 1, 5, 9, 9, 10, 13, 17, 17, 19, 21, 21, 21, 21], 0)), 0) >= {p2:Int64} AND nullIf(if(s.severity_number > 0, s.severity_number, transform(lower(s.severity_text), ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'verbose', 'fine', 'information', 'informational', 'notice', 'warning', 'err', 'severe', 'alert', 'critical', 'emergency', 'emerg', 'panic'], [1, 5, 9, 13, 17, 21, 1, 5, 9, 9, 10, 13, 17, 17, 19, 21, 21, 21, 21], 0)), 0) <= {p3:Int64}) OR (nullIf(if(s.severity_number > 0, s.severity_number, transform(lower(s.severity_text), ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'verbose', 'fine', 'information', 'informational', 'notice', 'warning', 'err', 'severe', 'alert', 'critical', 'emergency', 'emerg', 'panic'], [1, 5, 9, 13, 17, 21, 1, 5, 9, 9, 10, 13, 17, 17, 19, 21, 21, 21, 21], 0)), 0) >= {p4:Int64} AND nullIf(if(s.severity_number > 0, s.severity_number, transform(lower(s.severity_text), ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'verbose', 'fine', 'information', 'informational', 'notice', 'warning', 'err', 'severe', 'alert', 'critical', 'emergency', 'emerg', 'panic'], [1, 5, 9, 13, 17, 21, 1, 5, 9, 9, 10, 13, 17, 17, 19, 21, 21, 21, 21], 0)), 0) <= {p5:Int64}))
GROUP BY bucket, class
