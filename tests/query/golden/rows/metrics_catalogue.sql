-- p0 = "after this"
-- p1 = "token"
-- p2 = "api"
-- p3 = 50
SELECT *
FROM (
    SELECT
        s.name AS metric,
        count() AS points,
        topK(1)(s.type)[1] AS kind,
        uniqExact(s.type) AS kinds,
        argMax(s.unit, s.time) AS unit_,
        argMax(s.description, s.time) AS described,
        topK(1)(s.temporality)[1] AS counts_from,
        topK(1)(s.monotonic)[1] AS grows,
        toUnixTimestamp64Nano(min(s.time)) AS first,
        toUnixTimestamp64Nano(max(s.time)) AS last,
        arraySort(groupUniqArray(6)(ifNull(s.service, ''))) AS services,
        uniqExact(ifNull(s.service, '')) AS service_count,
        ifNull(min(s.scale), 0) AS least_scale,
        count() OVER () AS total
    FROM sightline.metrics AS s
    PREWHERE
        s.project = {project:String}
        AND s.time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
        AND s.time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
        AND (positionCaseInsensitiveUTF8(s.name, {p1:String}) > 0 OR positionCaseInsensitiveUTF8(s.description, {p1:String}) > 0)
        AND s.service = {p2:String}
    GROUP BY s.name
)
WHERE metric > {p0:String}
ORDER BY metric
LIMIT {p3:UInt32}
