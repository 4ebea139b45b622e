-- p0 = 1795098600000000000
-- p1 = 1800000000000
-- p2 = "prod"
-- p3 = "told"
SELECT
    intDiv(toUnixTimestamp64Nano(s.time) - {p0:Int64}, {p1:Int64}) AS bucket,
    toUInt8(1) AS place,
    grouping(bucket) AS whole,
    q,
    max(told) AS value
FROM sightline.metrics AS s
ARRAY JOIN s.quantiles AS q, s.quantile_values AS told
PREWHERE
    s.project = {project:String}
    AND s.time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND s.environment = {p2:String}
    AND s.name = {p3:String}
WHERE isFinite(told)
GROUP BY GROUPING SETS ((bucket, place, q), (place, q))
