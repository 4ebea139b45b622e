SELECT count() AS found
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND s.status = {p0:String}
---
SELECT
    intDiv(toUnixTimestamp64Nano(s.start_time) - {p0:Int64}, {p1:Int64}) AS bucket,
    grouping(bucket) AS no_bucket,
    count() AS found,
    count() AS m0,
    0 AS u0,
    sumIf(s.cost_usd, s.usage_source = 'own') AS m1,
    countIf(s.cost_source = 'unknown') AS u1,
    quantileExact(0.95)(s.duration_ns) AS m2,
    0 AS u2
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND s.status = {p2:String}
GROUP BY GROUPING SETS ((bucket), ())
