-- spans: above (tool error)
-- p0 = "tool"
-- p1 = "error"
SELECT count() AS found
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND (s.trace_id, s.span_id) IN (
        SELECT t.trace_id, arrayJoin(arrayFold((marked, x) -> if(x.4 OR has(marked, x.2), arrayPushBack(marked, x.3), marked), arrayReverseSort(x -> x.1, walk), []::Array(String)))
        FROM (
            SELECT s.trace_id AS trace_id, groupArray(((s.depth, s.start_time), s.span_id, s.parent_span_id, ifNull((s.kind = {p0:String} AND s.status = {p1:String}), false))) AS walk
            FROM sightline.spans AS s
            PREWHERE
                s.project = {project:String}
                AND s.start_time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
                AND s.start_time < fromUnixTimestamp64Nano({wide_until:Int64}, 'UTC')
                AND s.depth > 0
                AND s.trace_id IN (
                    SELECT s.trace_id
                    FROM sightline.spans AS s
                    PREWHERE
                        s.project = {project:String}
                        AND s.start_time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
                        AND s.start_time < fromUnixTimestamp64Nano({wide_until:Int64}, 'UTC')
                        AND (s.kind = {p0:String} AND s.status = {p1:String})
                )
                AND ((s.kind = {p0:String} AND s.status = {p1:String}) OR (s.trace_id, s.span_id) IN (
                    SELECT s.trace_id, s.parent_span_id
                    FROM sightline.spans AS s
                    PREWHERE
                        s.project = {project:String}
                        AND s.start_time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
                        AND s.start_time < fromUnixTimestamp64Nano({wide_until:Int64}, 'UTC')
                        AND s.depth > 0
                        AND s.trace_id IN (
                            SELECT s.trace_id
                            FROM sightline.spans AS s
                            PREWHERE
                                s.project = {project:String}
                                AND s.start_time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
                                AND s.start_time < fromUnixTimestamp64Nano({wide_until:Int64}, 'UTC')
                                AND (s.kind = {p0:String} AND s.status = {p1:String})
                        )
                ))
            GROUP BY s.trace_id
        ) AS t
    )
