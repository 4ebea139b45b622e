SELECT
    bucket,
    if(v0 = '', {p3:UInt32} + 1, if(place <= {p3:UInt32}, place, 0)) AS chosen,
    grouping(bucket) AS no_bucket,
    grouping(chosen) AS no_group,
    max(place) AS groups,
    any(v0) AS k0,
    cityHash64(any(v0)) AS key,
    countMerge(a0) AS found,
    countMerge(a0) AS m0,
    0 AS u0,
    quantileDDMerge(0.005, 0.95)(a1) AS m1,
    0 AS u1
FROM (
    SELECT
        *,
        dense_rank() OVER (ORDER BY v0 = '', ranked_by DESC NULLS LAST, v0) AS place
    FROM (
        SELECT
            bucket,
            a0,
            a1,
            a2,
            toString(k0) AS v0,
            countIfMerge(a2) OVER (PARTITION BY hashed) / countMerge(a0) OVER (PARTITION BY hashed) AS ranked_by
        FROM (
            SELECT
                cityHash64(toUInt64(cityHash64(ifNull(s.environment, '')))) AS hashed,
                intDiv(toUnixTimestamp64Nano(s.start_time) - {p0:Int64}, {p1:Int64}) AS bucket,
                any(ifNull(s.environment, '')) AS k0,
                countState() AS a0,
                quantileDDState(0.005, 0.95)(s.duration_ns) AS a1,
                countIfState(s.status = 'error') AS a2
            FROM sightline.spans AS s
            PREWHERE
                s.project = {project:String}
                AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
                AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
                AND s.kind = {p2:String}
            GROUP BY hashed, bucket
        )
    )
)
GROUP BY GROUPING SETS ((bucket, chosen), (chosen), (bucket), ())
