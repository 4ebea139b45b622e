SELECT
    chosen,
    no_group,
    sum(u0_0) AS t0_0,
    sum(f * u0_0 * u0_0) AS v0_0,
    sum(u0_1) AS t0_1,
    sum(f * u0_1 * u0_1) AS v0_1,
    sum(f * u0_0 * u0_1) AS c0,
    sum(u1_0) AS t1_0,
    sum(f * u1_0 * u1_0) AS v1_0,
    sum(u1_1) AS t1_1,
    sum(f * u1_1 * u1_1) AS v1_1,
    sum(f * u1_0 * u1_1) AS c1,
    sum(u2_0) AS t2_0,
    sum(f * u2_0 * u2_0) AS v2_0,
    sum(u3_0) AS t3_0,
    sum(f * u3_0 * u3_0) AS v3_0
FROM (
    SELECT
        transform(cityHash64(toString(ifNull(s.user_id, ''))), {p0:Array(UInt64)}, {p1:Array(UInt8)}, toUInt8(0)) AS chosen,
        s.trace_id AS trace,
        1 - 1 / max(ifNull(s.sample_weight, 1)) AS f,
        ifNull(toFloat64(arraySum(x -> x.2 * reinterpretAsFloat64(toUInt64(x.1)), arrayCompact(x -> x.1, arraySort(arrayFilter(x -> x.1 != 0, groupUniqArrayArray(arrayMap(x -> (x, ifNull(s.sample_weight, 1)), [span_scores.score_3c7801672c85_value, head_scores.score_3c7801672c85_value]))))))), 0) AS u0_0,
        ifNull(toFloat64(arraySum(x -> x.2, arrayCompact(x -> x.1, arraySort(arrayFilter(x -> x.1 != 0, groupUniqArrayArray(arrayMap(x -> (x, ifNull(s.sample_weight, 1)), [span_scores.score_3c7801672c85_value, head_scores.score_3c7801672c85_value]))))))), 0) AS u0_1,
        ifNull(toFloat64(arraySum(x -> x.2 * reinterpretAsFloat64(toUInt64(x.1)), arrayCompact(x -> x.1, arraySort(arrayFilter(x -> x.1 != 0, groupUniqArrayArray(arrayMap(x -> (x, ifNull(s.sample_weight, 1)), [span_scores.score_0100e9410446_hit, head_scores.score_0100e9410446_hit]))))))), 0) AS u1_0,
        ifNull(toFloat64(arraySum(x -> x.2, arrayCompact(x -> x.1, arraySort(arrayFilter(x -> x.1 != 0, groupUniqArrayArray(arrayMap(x -> (x, ifNull(s.sample_weight, 1)), [span_scores.score_0100e9410446_hit, head_scores.score_0100e9410446_hit]))))))), 0) AS u1_1,
        ifNull(toFloat64(arraySum(x -> x.2, arrayCompact(x -> x.1, arraySort(arrayFilter(x -> x.1 != 0, groupUniqArrayArray(arrayMap(x -> (x, ifNull(s.sample_weight, 1)), [if(if(if(trace_scores.score_6fed1540d5f0_h, trace_scores.score_6fed1540d5f0_t, session_scores.score_6fed1540d5f0_t) = '', NULL, 1) IS NULL, 0, bitOr(bitShiftLeft(toUInt128(cityHash64(s.trace_id)), 64), toUInt128(reinterpretAsUInt64(toFloat64(assumeNotNull(if(if(trace_scores.score_6fed1540d5f0_h, trace_scores.score_6fed1540d5f0_t, session_scores.score_6fed1540d5f0_t) = '', NULL, 1)))))))]))))))), 0) AS u2_0,
        ifNull(toFloat64(sum(ifNull(s.sample_weight, 1))), 0) AS u3_0,
        grouping(chosen) AS no_group
    FROM sightline.spans AS s
    ANY LEFT JOIN (
        SELECT
            c.subject AS k,
            countIf(c.name = {p3:String}) > 0 AS score_3c7801672c85_h,
            if(score_3c7801672c85_h AND NOT isNaN(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p3:String})), argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p3:String}), NULL) AS score_3c7801672c85_v,
            multiIf(NOT score_3c7801672c85_h, '', argMaxIf(c.label, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p3:String}) != '', argMaxIf(c.label, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p3:String}), score_3c7801672c85_v IS NULL, '', argMaxIf(c.data_type, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p3:String}) = 'boolean', if(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p3:String}) = 1, 'true', 'false'), toString(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p3:String}))) AS score_3c7801672c85_t,
            countIf(c.name = {p4:String}) > 0 AS score_0100e9410446_h,
            if(score_0100e9410446_h AND NOT isNaN(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p4:String})), argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p4:String}), NULL) AS score_0100e9410446_v,
            multiIf(NOT score_0100e9410446_h, '', argMaxIf(c.label, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p4:String}) != '', argMaxIf(c.label, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p4:String}), score_0100e9410446_v IS NULL, '', argMaxIf(c.data_type, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p4:String}) = 'boolean', if(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p4:String}) = 1, 'true', 'false'), toString(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p4:String}))) AS score_0100e9410446_t,
            score_0100e9410446_t = {p5:String} AS score_0100e9410446_x,
            if(score_3c7801672c85_v IS NOT NULL, bitOr(bitShiftLeft(toUInt128(k), 64), toUInt128(reinterpretAsUInt64(toFloat64(assumeNotNull(score_3c7801672c85_v))))), 0) AS score_3c7801672c85_value,
            if(score_0100e9410446_t != '', bitOr(bitShiftLeft(toUInt128(k), 64), toUInt128(reinterpretAsUInt64(toFloat64(score_0100e9410446_x)))), 0) AS score_0100e9410446_hit
        FROM sightline.scores AS c FINAL
        WHERE c.project = {project:String} AND c.target IN ('span',) AND c.name IN {p6:Array(String)}
        GROUP BY c.subject
        SETTINGS max_rows_to_group_by = 0
    ) AS span_scores ON cityHash64(s.trace_id, s.span_id) = span_scores.k
    ANY LEFT JOIN (
        SELECT
            c.subject AS k,
            countIf(c.name = {p3:String}) > 0 AS score_3c7801672c85_h,
            if(score_3c7801672c85_h AND NOT isNaN(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p3:String})), argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p3:String}), NULL) AS score_3c7801672c85_v,
            multiIf(NOT score_3c7801672c85_h, '', argMaxIf(c.label, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p3:String}) != '', argMaxIf(c.label, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p3:String}), score_3c7801672c85_v IS NULL, '', argMaxIf(c.data_type, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p3:String}) = 'boolean', if(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p3:String}) = 1, 'true', 'false'), toString(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p3:String}))) AS score_3c7801672c85_t,
            countIf(c.name = {p4:String}) > 0 AS score_0100e9410446_h,
            if(score_0100e9410446_h AND NOT isNaN(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p4:String})), argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p4:String}), NULL) AS score_0100e9410446_v,
            multiIf(NOT score_0100e9410446_h, '', argMaxIf(c.label, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p4:String}) != '', argMaxIf(c.label, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p4:String}), score_0100e9410446_v IS NULL, '', argMaxIf(c.data_type, bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p4:String}) = 'boolean', if(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p4:String}) = 1, 'true', 'false'), toString(argMaxIf(ifNull(c.value, nan), bitOr(bitShiftLeft(toUInt128(c.standing), 124), bitOr(bitShiftLeft(toUInt128(toUnixTimestamp64Nano(c.time)), 60), toUInt128(bitShiftRight(cityHash64(c.id), 4)))), c.name = {p4:String}))) AS score_0100e9410446_t,
            score_0100e9410446_t = {p5:String} AS score_0100e9410446_x,
            if(score_3c7801672c85_v IS NOT NULL, bitOr(bitShiftLeft(toUInt128(k), 64), toUInt128(reinterpretAsUInt64(toFloat64(assumeNotNull(score_3c7801672c85_v))))), 0) AS score_3c7801672c85_value,
            if(score_0100e9410446_t != '', bitOr(bitShiftLeft(toUInt128(k), 64), toUInt128(reinterpretAsUInt64(toFloat64(score_0100e9410446_x)))), 0) AS score_0100e9410446_hit
        FROM sightline.scores AS c FINAL
        WHERE c.project = {project:String} AND c.target IN ('trace',) AND c.name IN {p6:Array(String)}
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
            WHERE c.project = {project:String} AND c.target IN ('span', 'trace') AND c.name IN {p7:Array(String)}
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
        WHERE c.project = {project:String} AND c.target IN ('session',) AND c.name IN {p7:Array(String)}
        GROUP BY c.subject
        SETTINGS max_rows_to_group_by = 0
    ) AS session_scores ON if(s.session_id != '', cityHash64('', '', assumeNotNull(s.session_id)), 0) = session_scores.k
    PREWHERE
        s.project = {project:String}
        AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
        AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
        AND s.kind = {p2:String}
    GROUP BY GROUPING SETS ((chosen, trace), (trace))
)
GROUP BY chosen, no_group
