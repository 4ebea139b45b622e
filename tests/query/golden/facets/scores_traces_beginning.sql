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
        count() AS many
    FROM (
        SELECT
            g.name AS name,
            argMin(g.d, m.far) AS d,
            any(m.weight) AS weight
        FROM (
            SELECT cityHash64(s.trace_id) AS unit, ifNull(s.trace_weight, 1) AS weight, arrayJoin([(cityHash64(s.trace_id), 0), (if(ifNull(s.session_id, '') != '', cityHash64('', '', assumeNotNull(s.session_id)), 0), 1)]) AS place, place.1 AS k, place.2 AS far
            FROM sightline.spans AS s
            PREWHERE
                s.project = {project:String}
                AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
                AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
                AND s.trace_head
                AND s.trace_calls > 0
        ) AS m
        INNER JOIN (
            SELECT
                w.name AS name,
                w.k AS k,
                multiIf(w.name = {p1:String}, multiIf(if(isNaN(w.v), NULL, w.v) IS NULL, '', if(isNaN(w.v), NULL, w.v) < 0.2, '..<0.2', if(isNaN(w.v), NULL, w.v) < 0.4, '0.2..<0.4', if(isNaN(w.v), NULL, w.v) < 0.6, '0.4..<0.6', if(isNaN(w.v), NULL, w.v) < 0.8, '0.6..<0.8', '0.8..'), w.t) AS d
            FROM (
                SELECT
                    b.name AS name,
                    b.k AS k,
                    avg(if(isNaN(b.v), NULL, b.v)) AS v,
                    argMax(b.t, b.b) AS t
                FROM (
                    SELECT
                        c.name AS name,
                        if(any(c.target) = 'session', c.subject, any(c.trace_key)) AS k,
                        argMax(multiIf(c.label != '', CAST(c.label, 'String'), isNaN(ifNull(c.value, nan)), '', c.data_type = 'boolean', if(ifNull(c.value, nan) = 1, 'true', 'false'), toString(ifNull(c.value, nan))), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4))))) AS t,
                        argMax(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4))))) AS v,
                        max(bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4))))) AS b
                    FROM sightline.scores AS c FINAL
                    WHERE c.project = {project:String} AND c.target IN ('span', 'trace', 'session') AND c.name IN {p0:Array(String)} AND if(c.target = 'session', c.subject, c.trace_key) IN (
                        SELECT arrayJoin([cityHash64(s.trace_id), if(ifNull(s.session_id, '') != '', cityHash64('', '', assumeNotNull(s.session_id)), 0)])
                        FROM sightline.spans AS s
                        PREWHERE
                            s.project = {project:String}
                            AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
                            AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
                            AND s.trace_head
                            AND s.trace_calls > 0
                    )
                    GROUP BY c.name, c.subject
                ) AS b
                GROUP BY b.name, b.k
            ) AS w
        ) AS g ON m.k = g.k
        GROUP BY m.unit, g.name
    ) AS u
    WHERE u.d ILIKE {p2:String}
    GROUP BY name, d
) AS f
ORDER BY name, found DESC, value
LIMIT {p3:UInt32} BY name
