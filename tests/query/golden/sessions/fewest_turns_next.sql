SELECT
    assumeNotNull(s.session_id) AS id,
    toInt64(uniqExact(cityHash64(s.trace_id))) AS key,
    cityHash64(id) AS hash
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND s.session_id != ''
    AND s.digested_at <= fromUnixTimestamp64Micro({p0:Int64}, 'UTC')
GROUP BY id
HAVING (key, hash) > ({p1:Int64}, {p2:UInt64})
ORDER BY key ASC, hash ASC
LIMIT {p3:UInt32}
