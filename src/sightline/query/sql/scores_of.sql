-- All scores of some traces with their spans, or of some sessions, latest first. The inner question finds their ids by
-- an index; the outer one takes the newest record of each, which may be about something else by now.
SELECT
    {columns}
FROM sightline.scores AS c FINAL
WHERE c.project = {project:String}
    AND c.id IN (
        SELECT i.id
        FROM sightline.scores AS i
        WHERE i.project = {project:String} AND i.{about} IN {ids:Array(String)}
    )
    AND c.{about} IN {ids:Array(String)}
ORDER BY c.time DESC, c.id
LIMIT {limit:UInt32}
