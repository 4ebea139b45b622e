-- p0 = "prod"
-- p1 = "hits"
-- p2 = 5
SELECT
    grouped,
    count() OVER () AS groups
FROM (
    SELECT
        ifNull(CAST(s.attributes.`route`, 'Nullable(String)'), '') AS grouped,
        cityHash64(ifNull(s.service, ''), ifNull(s.environment, ''), s.scope, toJSONString(s.attributes), toJSONString(s.resource)) AS series,
        if(any(s.temporality) = 'delta', sum(if(s.type IN ('histogram', 'exponential_histogram', 'summary'), toFloat64(s.count), s.value)), max(if(s.type IN ('histogram', 'exponential_histogram', 'summary'), toFloat64(s.count), s.value)) - min(if(s.type IN ('histogram', 'exponential_histogram', 'summary'), toFloat64(s.count), s.value))) AS grew
    FROM sightline.metrics AS s
    PREWHERE
        s.project = {project:String}
        AND s.time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
        AND s.time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
        AND s.environment = {p0:String}
        AND s.name = {p1:String}
    GROUP BY grouped, series
)
GROUP BY grouped
ORDER BY sum(grew) DESC, grouped
LIMIT {p2:UInt32}
