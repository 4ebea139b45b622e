SELECT
    f.name AS name,
    f.d AS value,
    toUInt64(round(f.many)) AS found,
    count() OVER (PARTITION BY f.name) AS different,
    sum(f.many) OVER (PARTITION BY f.name) AS told
FROM (
    SELECT
        toString(u.name) AS name,
        u.d AS d,
        sum(u.weight) AS many
    FROM (
        SELECT
            g.name AS name,
            argMin(g.d, m.far) AS d,
            any(m.weight) AS weight
        FROM (
            SELECT cityHash64(s.trace_id, s.span_id) AS unit, ifNull(s.sample_weight, 1) AS weight, arrayJoin([(cityHash64(s.trace_id, s.span_id), 0), (if(s.trace_head, cityHash64(s.trace_id, ''), 0), 1)]) AS place, place.1 AS k, place.2 AS far
            FROM sightline.spans AS s
            PREWHERE
                s.project = {project:String}
                AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
                AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
                AND s.kind = {p0:String}
            WHERE cityHash64(s.trace_id, s.span_id) IN (
                SELECT a.subject
                FROM sightline.scores AS a
                WHERE a.project = {project:String} AND a.target IN ('span',) AND a.name IN {p1:Array(String)}
            ) OR if(s.trace_head, cityHash64(s.trace_id, ''), 0) IN (
                SELECT a.subject
                FROM sightline.scores AS a
                WHERE a.project = {project:String} AND a.target IN ('trace',) AND a.name IN {p1:Array(String)}
            )
        ) AS m
        INNER JOIN (
            SELECT
                w.name AS name,
                w.k AS k,
                multiIf(w.name = {p2:String}, multiIf(if(isNaN(w.v), NULL, w.v) IS NULL, '', if(isNaN(w.v), NULL, w.v) < 0.2, '..<0.2', if(isNaN(w.v), NULL, w.v) < 0.4, '0.2..<0.4', if(isNaN(w.v), NULL, w.v) < 0.6, '0.4..<0.6', if(isNaN(w.v), NULL, w.v) < 0.8, '0.6..<0.8', '0.8..'), w.t) AS d
            FROM (
                SELECT
                    c.name AS name,
                    c.subject AS k,
                    argMax(multiIf(c.label != '', CAST(c.label, 'String'), isNaN(ifNull(c.value, nan)), '', c.data_type = 'boolean', if(ifNull(c.value, nan) = 1, 'true', 'false'), toString(ifNull(c.value, nan))), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4))))) AS t,
                    argMax(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4))))) AS v
                FROM sightline.scores AS c FINAL
                WHERE c.project = {project:String} AND c.target IN ('span', 'trace') AND c.name IN {p1:Array(String)} AND c.subject IN (
                    SELECT arrayJoin([cityHash64(s.trace_id, s.span_id), if(s.trace_head, cityHash64(s.trace_id, ''), 0)])
                    FROM sightline.spans AS s
                    PREWHERE
                        s.project = {project:String}
                        AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
                        AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
                        AND s.kind = {p0:String}
                    WHERE cityHash64(s.trace_id, s.span_id) IN (
                        SELECT a.subject
                        FROM sightline.scores AS a
                        WHERE a.project = {project:String} AND a.target IN ('span',) AND a.name IN {p1:Array(String)}
                    ) OR if(s.trace_head, cityHash64(s.trace_id, ''), 0) IN (
                        SELECT a.subject
                        FROM sightline.scores AS a
                        WHERE a.project = {project:String} AND a.target IN ('trace',) AND a.name IN {p1:Array(String)}
                    )
                )
                GROUP BY c.name, c.subject
            ) AS w
        ) AS g ON m.k = g.k
        GROUP BY m.unit, g.name
    ) AS u
    WHERE u.d != ''
    GROUP BY name, d
    UNION ALL
    SELECT '', '', sum(ifNull(s.sample_weight, 1))
    FROM sightline.spans AS s
    PREWHERE
        s.project = {project:String}
        AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
        AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
        AND s.kind = {p0:String}
) AS f
ORDER BY name, found DESC, value
LIMIT {p3:UInt32} BY name
