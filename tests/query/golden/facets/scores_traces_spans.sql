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
                WHERE c.project = {project:String} AND c.target IN ('span', 'trace') AND c.name IN {p0:Array(String)} AND if(c.target = 'session', c.subject, c.trace_key) IN (
                    SELECT cityHash64(s.trace_id)
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
    ) AS u
    WHERE u.d != ''
    GROUP BY name, d
    UNION ALL
    SELECT '', '', count()
    FROM sightline.spans AS s
    PREWHERE
        s.project = {project:String}
        AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
        AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
        AND s.trace_head
        AND s.trace_calls > 0
) AS f
ORDER BY name, found DESC, value
LIMIT {p2:UInt32} BY name
