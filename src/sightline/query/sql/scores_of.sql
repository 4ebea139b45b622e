-- All scores of a trace and its spans, or of a session, latest first. The inner question finds their ids by an index;
-- the outer one takes the newest record of each, which may be about something else by now.
SELECT
    {columns}
FROM sightline.scores AS c FINAL
WHERE c.project = {project:String}
    AND c.id IN (
        SELECT i.id
        FROM sightline.scores AS i
        WHERE i.project = {project:String}
            AND (({trace_id:String} != '' AND i.trace_id = {trace_id:String})
                OR ({session_id:String} != '' AND i.session_id = {session_id:String}))
    )
    AND (({trace_id:String} != '' AND c.trace_id = {trace_id:String})
        OR ({session_id:String} != '' AND c.session_id = {session_id:String}))
ORDER BY c.time DESC, c.id
LIMIT {limit:UInt32}
