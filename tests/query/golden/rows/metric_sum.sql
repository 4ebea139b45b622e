-- p0 = "prod"
-- p1 = "depth"
-- p2 = 1795098600000000000
-- p3 = 1800000000000
SELECT bucket, place, 0 AS whole, sum(last) AS value
FROM (
    SELECT
        intDiv(toUnixTimestamp64Nano(s.time) - {p2:Int64}, {p3:Int64}) AS bucket,
        toUInt8(1) AS place,
        cityHash64(ifNull(s.service, ''), ifNull(s.environment, ''), s.scope, toJSONString(s.attributes), toJSONString(s.resource)) AS series,
        argMax(s.value, s.time) AS last,
        max(s.time) AS moment
    FROM sightline.metrics AS s
    PREWHERE
        s.project = {project:String}
        AND s.time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
        AND s.time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
        AND s.environment = {p0:String}
        AND s.name = {p1:String}
    GROUP BY bucket, place, series
)
GROUP BY bucket, place
UNION ALL
SELECT 0 AS bucket, place, 1 AS whole, sum(last) AS value
FROM (
    SELECT
        place,
        series,
        argMax(last, moment) AS last
    FROM (
        SELECT
            intDiv(toUnixTimestamp64Nano(s.time) - {p2:Int64}, {p3:Int64}) AS bucket,
            toUInt8(1) AS place,
            cityHash64(ifNull(s.service, ''), ifNull(s.environment, ''), s.scope, toJSONString(s.attributes), toJSONString(s.resource)) AS series,
            argMax(s.value, s.time) AS last,
            max(s.time) AS moment
        FROM sightline.metrics AS s
        PREWHERE
            s.project = {project:String}
            AND s.time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
            AND s.time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
            AND s.environment = {p0:String}
            AND s.name = {p1:String}
        GROUP BY bucket, place, series
    )
    GROUP BY place, series
)
GROUP BY place
