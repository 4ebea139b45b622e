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
ORDER BY s.start_time DESC
LIMIT 1 BY s.session_id
LIMIT {p0:UInt32} WITH TIES
