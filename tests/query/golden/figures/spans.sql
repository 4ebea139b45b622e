SELECT
    ifNull(ifNull(s.response_model, s.request_model), '') AS k0,
    ifNull(CAST(s.attributes.`squad`, 'Nullable(String)'), '') AS k1,
    cityHash64(k0, k1) AS key,
    count() AS ranked_by,
    count() OVER () AS groups,
    sum(count()) OVER () AS found
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND s.status = {p0:String}
GROUP BY k0, k1
ORDER BY ranked_by DESC NULLS LAST, k0, k1
LIMIT {p1:UInt32}
---
SELECT
    intDiv(toUnixTimestamp64Nano(s.start_time) - {p0:Int64}, {p1:Int64}) AS bucket,
    transform(cityHash64(ifNull(ifNull(s.response_model, s.request_model), ''), ifNull(CAST(s.attributes.`squad`, 'Nullable(String)'), '')), {p2:Array(UInt64)}, {p3:Array(UInt8)}, toUInt8(0)) AS chosen,
    grouping(bucket) AS no_bucket,
    grouping(chosen) AS no_group,
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
    AND s.status = {p4:String}
GROUP BY GROUPING SETS ((bucket, chosen), (chosen), (bucket), ())
