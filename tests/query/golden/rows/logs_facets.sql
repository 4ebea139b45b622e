-- p0 = 17
-- p1 = 20
-- p2 = 10
SELECT
    toString(toUInt8(ifNull(intDiv(nullIf(if(s.severity_number > 0, s.severity_number, transform(lower(s.severity_text), ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'verbose', 'fine', 'information', 'informational', 'notice', 'warning', 'err', 'severe', 'alert', 'critical', 'emergency', 'emerg', 'panic'], [1, 5, 9, 13, 17, 21, 1, 5, 9, 9, 10, 13, 17, 17, 19, 21, 21, 21, 21], 0)), 0) + 3, 4), 0))) AS d0,
    ifNull(s.service, '') AS d1,
    grouping(d0, d1) AS mark,
    count() AS found,
    count() OVER (PARTITION BY mark) AS different
FROM sightline.logs AS s
PREWHERE
    s.project = {project:String}
    AND s.time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND (nullIf(if(s.severity_number > 0, s.severity_number, transform(lower(s.severity_text), ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'verbose', 'fine', 'information', 'informational', 'notice', 'warning', 'err', 'severe', 'alert', 'critical', 'emergency', 'emerg', 'panic'], [1, 5, 9, 13, 17, 21, 1, 5, 9, 9, 10, 13, 17, 17, 19, 21, 21, 21, 21], 0)), 0) >= {p0:Int64} AND nullIf(if(s.severity_number > 0, s.severity_number, transform(lower(s.severity_text), ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'verbose', 'fine', 'information', 'informational', 'notice', 'warning', 'err', 'severe', 'alert', 'critical', 'emergency', 'emerg', 'panic'], [1, 5, 9, 13, 17, 21, 1, 5, 9, 9, 10, 13, 17, 17, 19, 21, 21, 21, 21], 0)), 0) <= {p1:Int64})
GROUP BY GROUPING SETS ((d0), (d1))
ORDER BY mark, found DESC, d0, d1
LIMIT {p2:UInt32} BY mark
