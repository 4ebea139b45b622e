-- All scores of some traces with their spans, or of some sessions, latest first. The inner question finds their ids by
-- an index; the outer one takes the newest record of each, which may be about something else by now. Of one moment
-- the one that figures count stands first (`score_sql.ORDER`).
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
ORDER BY c.time DESC, cityHash64(c.id) DESC
LIMIT {limit:UInt32}
