-- p0 = "prod"
-- p1 = "depth"
-- p2 = 5
SELECT
    ifNull(s.service, '') AS grouped,
    count() OVER () AS groups
FROM sightline.metrics AS s
PREWHERE
    s.project = {project:String}
    AND s.time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND s.environment = {p0:String}
    AND s.name = {p1:String}
GROUP BY grouped
ORDER BY avg(abs(s.value)) DESC, grouped
LIMIT {p2:UInt32}
