SELECT
    assumeNotNull(s.session_id) AS id,
    ifNull(sumIf(toInt64(round(s.cost_usd * 1e9)), s.usage_source = 'own'), -1) AS key,
    cityHash64(id) AS hash
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND s.session_id != ''
    AND s.session_id IN (
        SELECT s.session_id
        FROM sightline.spans AS s
        PREWHERE
            s.project = {project:String}
            AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
            AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
            AND s.session_id != ''
            AND s.user_id = {p0:String}
            AND s.session_id IN (
                SELECT s.session_id
                FROM sightline.spans AS s
                PREWHERE
                    s.project = {project:String}
                    AND s.start_time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
                    AND s.start_time < fromUnixTimestamp64Nano({wide_until:Int64}, 'UTC')
                    AND s.session_id IS NOT NULL
                GROUP BY s.session_id
                HAVING sumIf(s.cost_usd, s.usage_source = 'own') > {p1:Int64}
            )
    )
GROUP BY id
ORDER BY key DESC, hash DESC
LIMIT {p2:UInt32}
