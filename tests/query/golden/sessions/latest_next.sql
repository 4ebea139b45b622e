SELECT
    assumeNotNull(s.session_id) AS id,
    toUnixTimestamp64Nano(s.start_time) AS key,
    cityHash64(id) AS hash
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND s.session_id != ''
    AND s.digested_at <= fromUnixTimestamp64Micro({p0:Int64}, 'UTC')
    AND s.session_id IN (
        SELECT s.session_id
        FROM sightline.spans AS s
        PREWHERE
            s.project = {project:String}
            AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
            AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
            AND s.session_id != ''
            AND s.status = {p1:String}
    )
    AND toUnixTimestamp64Nano(s.start_time) <= {p2:Int64}
    AND s.session_id NOT IN (
        SELECT s.session_id
        FROM sightline.spans AS s
        PREWHERE
            s.project = {project:String}
            AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
            AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
            AND s.session_id != ''
            AND s.digested_at <= fromUnixTimestamp64Micro({p0:Int64}, 'UTC')
            AND (toUnixTimestamp64Nano(s.start_time), cityHash64(assumeNotNull(s.session_id))) >= ({p2:Int64}, {p3:UInt64})
    )
ORDER BY s.start_time DESC
LIMIT 1 BY s.session_id
LIMIT {p4:UInt32} WITH TIES
