SELECT
    intDiv(toUnixTimestamp64Nano(s.start_time) - {p0:Int64}, {p1:Int64}) AS bucket,
    transform(cityHash64(ifNull(s.user_id, '')), {p2:Array(UInt64)}, {p3:Array(UInt8)}, toUInt8(0)) AS chosen,
    grouping(bucket) AS no_bucket,
    grouping(chosen) AS no_group,
    count() AS found,
    arraySum(x -> reinterpretAsFloat64(toUInt64(x)), arrayFilter(x -> x != 0, groupUniqArrayArray([span_scores.score_3c7801672c85_value, head_scores.score_3c7801672c85_value]))) / nullIf(length(arrayFilter(x -> x != 0, groupUniqArrayArray([span_scores.score_3c7801672c85_value, head_scores.score_3c7801672c85_value]))), 0) AS m0,
    length(arrayFilter(x -> x != 0, groupUniqArrayArray([span_scores.score_3c7801672c85_value, head_scores.score_3c7801672c85_value]))) AS u0,
    arraySum(x -> reinterpretAsFloat64(toUInt64(x)), arrayFilter(x -> x != 0, groupUniqArrayArray([span_scores.score_0100e9410446_hit, head_scores.score_0100e9410446_hit]))) / nullIf(length(arrayFilter(x -> x != 0, groupUniqArrayArray([span_scores.score_0100e9410446_hit, head_scores.score_0100e9410446_hit]))), 0) AS m1,
    length(arrayFilter(x -> x != 0, groupUniqArrayArray([span_scores.score_0100e9410446_hit, head_scores.score_0100e9410446_hit]))) AS u1,
    length(arrayFilter(x -> x != 0, groupUniqArrayArray([if(if(if(trace_scores.score_6fed1540d5f0_h, trace_scores.score_6fed1540d5f0_t, session_scores.score_6fed1540d5f0_t) = '', NULL, 1) IS NULL, 0, bitOr(bitShiftLeft(toUInt128(cityHash64(s.trace_id)), 64), toUInt128(reinterpretAsUInt64(toFloat64(assumeNotNull(if(if(trace_scores.score_6fed1540d5f0_h, trace_scores.score_6fed1540d5f0_t, session_scores.score_6fed1540d5f0_t) = '', NULL, 1)))))))]))) AS m2,
    length(arrayFilter(x -> x != 0, groupUniqArrayArray([if(if(if(trace_scores.score_6fed1540d5f0_h, trace_scores.score_6fed1540d5f0_t, session_scores.score_6fed1540d5f0_t) = '', NULL, 1) IS NULL, 0, bitOr(bitShiftLeft(toUInt128(cityHash64(s.trace_id)), 64), toUInt128(reinterpretAsUInt64(toFloat64(assumeNotNull(if(if(trace_scores.score_6fed1540d5f0_h, trace_scores.score_6fed1540d5f0_t, session_scores.score_6fed1540d5f0_t) = '', NULL, 1)))))))]))) AS u2,
    count() AS m3,
    0 AS u3
FROM sightline.spans AS s
ANY LEFT JOIN (
    SELECT
        c.subject AS k,
        countIf(c.name = {p5:String}) > 0 AS score_3c7801672c85_h,
        if(score_3c7801672c85_h AND NOT isNaN(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p5:String})), argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p5:String}), NULL) AS score_3c7801672c85_v,
        multiIf(NOT score_3c7801672c85_h, '', argMaxIf(c.label, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p5:String}) != '', argMaxIf(c.label, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p5:String}), score_3c7801672c85_v IS NULL, '', argMaxIf(c.data_type, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p5:String}) = 'boolean', if(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p5:String}) = 1, 'true', 'false'), toString(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p5:String}))) AS score_3c7801672c85_t,
        countIf(c.name = {p6:String}) > 0 AS score_0100e9410446_h,
        if(score_0100e9410446_h AND NOT isNaN(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p6:String})), argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p6:String}), NULL) AS score_0100e9410446_v,
        multiIf(NOT score_0100e9410446_h, '', argMaxIf(c.label, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p6:String}) != '', argMaxIf(c.label, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p6:String}), score_0100e9410446_v IS NULL, '', argMaxIf(c.data_type, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p6:String}) = 'boolean', if(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p6:String}) = 1, 'true', 'false'), toString(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p6:String}))) AS score_0100e9410446_t,
        score_0100e9410446_t = {p7:String} AS score_0100e9410446_x,
        if(score_3c7801672c85_v IS NOT NULL, bitOr(bitShiftLeft(toUInt128(k), 64), toUInt128(reinterpretAsUInt64(toFloat64(assumeNotNull(score_3c7801672c85_v))))), 0) AS score_3c7801672c85_value,
        if(score_0100e9410446_t != '', bitOr(bitShiftLeft(toUInt128(k), 64), toUInt128(reinterpretAsUInt64(toFloat64(score_0100e9410446_x)))), 0) AS score_0100e9410446_hit
    FROM sightline.scores AS c FINAL
    WHERE c.project = {project:String} AND c.target IN ('span',) AND c.name IN {p8:Array(String)}
    GROUP BY c.subject
    SETTINGS max_rows_to_group_by = 0
) AS span_scores ON cityHash64(s.trace_id, s.span_id) = span_scores.k
ANY LEFT JOIN (
    SELECT
        c.subject AS k,
        countIf(c.name = {p5:String}) > 0 AS score_3c7801672c85_h,
        if(score_3c7801672c85_h AND NOT isNaN(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p5:String})), argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p5:String}), NULL) AS score_3c7801672c85_v,
        multiIf(NOT score_3c7801672c85_h, '', argMaxIf(c.label, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p5:String}) != '', argMaxIf(c.label, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p5:String}), score_3c7801672c85_v IS NULL, '', argMaxIf(c.data_type, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p5:String}) = 'boolean', if(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p5:String}) = 1, 'true', 'false'), toString(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p5:String}))) AS score_3c7801672c85_t,
        countIf(c.name = {p6:String}) > 0 AS score_0100e9410446_h,
        if(score_0100e9410446_h AND NOT isNaN(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p6:String})), argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p6:String}), NULL) AS score_0100e9410446_v,
        multiIf(NOT score_0100e9410446_h, '', argMaxIf(c.label, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p6:String}) != '', argMaxIf(c.label, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p6:String}), score_0100e9410446_v IS NULL, '', argMaxIf(c.data_type, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p6:String}) = 'boolean', if(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p6:String}) = 1, 'true', 'false'), toString(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p6:String}))) AS score_0100e9410446_t,
        score_0100e9410446_t = {p7:String} AS score_0100e9410446_x,
        if(score_3c7801672c85_v IS NOT NULL, bitOr(bitShiftLeft(toUInt128(k), 64), toUInt128(reinterpretAsUInt64(toFloat64(assumeNotNull(score_3c7801672c85_v))))), 0) AS score_3c7801672c85_value,
        if(score_0100e9410446_t != '', bitOr(bitShiftLeft(toUInt128(k), 64), toUInt128(reinterpretAsUInt64(toFloat64(score_0100e9410446_x)))), 0) AS score_0100e9410446_hit
    FROM sightline.scores AS c FINAL
    WHERE c.project = {project:String} AND c.target IN ('trace',) AND c.name IN {p8:Array(String)}
    GROUP BY c.subject
    SETTINGS max_rows_to_group_by = 0
) AS head_scores ON cityHash64(s.trace_id, '') = head_scores.k
ANY LEFT JOIN (
    SELECT
        w.trace AS k,
        max(w.score_6fed1540d5f0_h) AS score_6fed1540d5f0_h,
        avg(w.score_6fed1540d5f0_v) AS score_6fed1540d5f0_v,
        argMaxIf(w.score_6fed1540d5f0_t, w.score_6fed1540d5f0_b, w.score_6fed1540d5f0_h) AS score_6fed1540d5f0_t
    FROM (
        SELECT
            any(c.trace_key) AS trace,
            count() > 0 AS score_6fed1540d5f0_h,
            if(score_6fed1540d5f0_h AND NOT isNaN(argMax(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))))), argMax(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4))))), NULL) AS score_6fed1540d5f0_v,
            multiIf(NOT score_6fed1540d5f0_h, '', argMax(c.label, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4))))) != '', argMax(c.label, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4))))), score_6fed1540d5f0_v IS NULL, '', argMax(c.data_type, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4))))) = 'boolean', if(argMax(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4))))) = 1, 'true', 'false'), toString(argMax(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4))))))) AS score_6fed1540d5f0_t,
            max(bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4))))) AS score_6fed1540d5f0_b
        FROM sightline.scores AS c FINAL
        WHERE c.project = {project:String} AND c.target IN ('span', 'trace') AND c.name IN {p9:Array(String)}
        GROUP BY c.subject
        SETTINGS max_rows_to_group_by = 0
    ) AS w
    GROUP BY w.trace
    SETTINGS max_rows_to_group_by = 0
) AS trace_scores ON cityHash64(s.trace_id) = trace_scores.k
ANY LEFT JOIN (
    SELECT
        c.subject AS k,
        count() > 0 AS score_6fed1540d5f0_h,
        if(score_6fed1540d5f0_h AND NOT isNaN(argMax(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))))), argMax(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4))))), NULL) AS score_6fed1540d5f0_v,
        multiIf(NOT score_6fed1540d5f0_h, '', argMax(c.label, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4))))) != '', argMax(c.label, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4))))), score_6fed1540d5f0_v IS NULL, '', argMax(c.data_type, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4))))) = 'boolean', if(argMax(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4))))) = 1, 'true', 'false'), toString(argMax(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4))))))) AS score_6fed1540d5f0_t,
        if(score_6fed1540d5f0_t != '', bitOr(bitShiftLeft(toUInt128(k), 64), toUInt128(reinterpretAsUInt64(toFloat64(1)))), 0) AS score_6fed1540d5f0_text
    FROM sightline.scores AS c FINAL
    WHERE c.project = {project:String} AND c.target IN ('session',) AND c.name IN {p9:Array(String)}
    GROUP BY c.subject
    SETTINGS max_rows_to_group_by = 0
) AS session_scores ON if(s.session_id != '', cityHash64('', '', assumeNotNull(s.session_id)), 0) = session_scores.k
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND s.kind = {p4:String}
GROUP BY GROUPING SETS ((bucket, chosen), (chosen), (bucket), ())
