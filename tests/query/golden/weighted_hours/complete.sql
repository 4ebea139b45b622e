INSERT INTO sightline.weighted_hours (project, hour, version, stored)
SELECT
    {project:String},
    part,
    {p1:UInt64} + toUInt64(part - {p0:Int32}),
    n
FROM (
    SELECT toInt32(intDiv(toUnixTimestamp64Nano(s.start_time), 3600000000000)) AS part, count() AS n
    FROM sightline.spans AS s
    PREWHERE
        s.project = {project:String}
        AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
        AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    GROUP BY part
)
