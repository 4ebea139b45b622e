SELECT
    s.trace_id AS trace_id,
    s.span_id AS span_id,
    toUnixTimestamp64Nano(s.start_time) AS started
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND s.kind = {p0:String}
ORDER BY s.start_time DESC
LIMIT {p1:UInt32}
---
SELECT
    lower(hex(c.hash)) AS id,
    position(c.body, extract(c.body, {p0:String})) AS at,
    substring(c.body, greatest(at - {p1:UInt32}, 1), {p2:UInt32}) AS piece,
    length(c.body) AS size
FROM sightline.content AS c
PREWHERE c.project = {project:String} AND c.hash IN (SELECT toFixedString(unhex(arrayJoin({p3:Array(String)})), 16))
WHERE match(c.body, {p0:String})
---
SELECT
    toUnixTimestamp64Nano(l.time) AS moment,
    l.trace_id AS trace_id,
    l.span_id AS span_id,
    l.severity_text AS severity,
    ifNull(l.service, '') AS service_name,
    position(l.body, extract(l.body, {p0:String})) AS at,
    substring(l.body, greatest(at - {p1:UInt32}, 1), {p2:UInt32}) AS piece,
    length(l.body) AS size
FROM sightline.logs AS l
PREWHERE
    l.project = {project:String}
    AND l.time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND l.time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND positionCaseInsensitive(l.body, {p3:String}) > 0 AND positionCaseInsensitive(l.body, {p4:String}) > 0 AND match(l.body, {p5:String})
ORDER BY l.time DESC
LIMIT {p6:UInt32}
