-- p0 = "prod"
-- p1 = "depth"
-- p2 = 1795098600000000000
-- p3 = 1800000000000
-- p4 = ["a", "b"]
SELECT
    intDiv(toUnixTimestamp64Nano(s.time) - {p2:Int64}, {p3:Int64}) AS bucket,
    toUInt8(indexOf({p4:Array(String)}, ifNull(s.service, ''))) AS place,
    grouping(bucket) AS whole,
    avg(s.value) AS value
FROM sightline.metrics AS s
PREWHERE
    s.project = {project:String}
    AND s.time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND s.environment = {p0:String}
    AND s.name = {p1:String}
GROUP BY GROUPING SETS ((bucket, place), (place))
