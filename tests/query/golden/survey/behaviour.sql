SELECT
    toString(s.name) AS k0,
    toString(if(s.kind = 'llm', ifNull(ifNull(s.response_model, s.request_model), ''), '')) AS k1,
    toString(if(s.status = 'error', ifNull(toString(s.error_type), ''), '')) AS k2,
    grouping(k0, k1, k2) AS mark,
    count() AS found,
    countIf(s.status = 'error') AS errors,
    quantileTDigest(0.95)(s.duration_ns) AS p95,
    if(mark = 3, countIf(s.duration_ns > transform(toString(s.name), {p0:Array(String)}, {p1:Array(Float64)}, toFloat64(inf))), countIf(s.duration_ns > toFloat64(inf))) AS slower,
    uniqIf(s.user_id, s.status = 'error' AND s.user_id != '') AS users
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
GROUP BY GROUPING SETS ((k0), (k1), (k2))
ORDER BY mark, found DESC, k0, k1, k2
LIMIT {p2:UInt32} BY mark
