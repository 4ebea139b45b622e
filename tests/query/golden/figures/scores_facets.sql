SELECT
    multiIf(span_scores.score_3c7801672c85_h, span_scores.score_3c7801672c85_t, s.trace_head, head_scores.score_3c7801672c85_t, '') AS d0,
    multiIf(span_scores.score_98ca0aa9d43c_h, span_scores.score_98ca0aa9d43c_t, s.trace_head, head_scores.score_98ca0aa9d43c_t, '') AS d1,
    s.kind AS d2,
    grouping(d0, d1, d2) AS mark,
    count() AS found,
    count() OVER (PARTITION BY mark) AS different
FROM sightline.spans AS s
ANY LEFT JOIN (
    SELECT
        c.subject AS k,
        countIf(c.name = {p1:String}) > 0 AS score_3c7801672c85_h,
        if(score_3c7801672c85_h AND NOT isNaN(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p1:String})), argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p1:String}), NULL) AS score_3c7801672c85_v,
        multiIf(NOT score_3c7801672c85_h, '', argMaxIf(c.label, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p1:String}) != '', argMaxIf(c.label, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p1:String}), score_3c7801672c85_v IS NULL, '', argMaxIf(c.data_type, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p1:String}) = 'boolean', if(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p1:String}) = 1, 'true', 'false'), toString(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p1:String}))) AS score_3c7801672c85_t,
        countIf(c.name = {p2:String}) > 0 AS score_98ca0aa9d43c_h,
        if(score_98ca0aa9d43c_h AND NOT isNaN(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p2:String})), argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p2:String}), NULL) AS score_98ca0aa9d43c_v,
        multiIf(NOT score_98ca0aa9d43c_h, '', argMaxIf(c.label, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p2:String}) != '', argMaxIf(c.label, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p2:String}), score_98ca0aa9d43c_v IS NULL, '', argMaxIf(c.data_type, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p2:String}) = 'boolean', if(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p2:String}) = 1, 'true', 'false'), toString(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p2:String}))) AS score_98ca0aa9d43c_t
    FROM sightline.scores AS c FINAL
    WHERE c.project = {project:String} AND c.target IN ('span',) AND c.name IN {p3:Array(String)}
    GROUP BY c.subject
    SETTINGS max_rows_to_group_by = 0
) AS span_scores ON cityHash64(s.trace_id, s.span_id) = span_scores.k
ANY LEFT JOIN (
    SELECT
        c.subject AS k,
        countIf(c.name = {p1:String}) > 0 AS score_3c7801672c85_h,
        if(score_3c7801672c85_h AND NOT isNaN(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p1:String})), argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p1:String}), NULL) AS score_3c7801672c85_v,
        multiIf(NOT score_3c7801672c85_h, '', argMaxIf(c.label, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p1:String}) != '', argMaxIf(c.label, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p1:String}), score_3c7801672c85_v IS NULL, '', argMaxIf(c.data_type, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p1:String}) = 'boolean', if(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p1:String}) = 1, 'true', 'false'), toString(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p1:String}))) AS score_3c7801672c85_t,
        countIf(c.name = {p2:String}) > 0 AS score_98ca0aa9d43c_h,
        if(score_98ca0aa9d43c_h AND NOT isNaN(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p2:String})), argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p2:String}), NULL) AS score_98ca0aa9d43c_v,
        multiIf(NOT score_98ca0aa9d43c_h, '', argMaxIf(c.label, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p2:String}) != '', argMaxIf(c.label, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p2:String}), score_98ca0aa9d43c_v IS NULL, '', argMaxIf(c.data_type, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p2:String}) = 'boolean', if(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p2:String}) = 1, 'true', 'false'), toString(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p2:String}))) AS score_98ca0aa9d43c_t
    FROM sightline.scores AS c FINAL
    WHERE c.project = {project:String} AND c.target IN ('trace',) AND c.name IN {p3:Array(String)}
    GROUP BY c.subject
    SETTINGS max_rows_to_group_by = 0
) AS head_scores ON if(s.trace_head, cityHash64(s.trace_id, ''), 0) = head_scores.k
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND s.kind = {p0:String}
GROUP BY GROUPING SETS ((d0), (d1), (d2))
ORDER BY mark, found DESC, d0, d1, d2
LIMIT {p4:UInt32} BY mark
