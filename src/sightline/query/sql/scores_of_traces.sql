-- All scores of some traces and their spans: for the rows of a list.
SELECT
    {columns}
FROM sightline.scores AS c FINAL
WHERE c.project = {project:String}
    AND c.id IN (
        SELECT i.id
        FROM sightline.scores AS i
        WHERE i.project = {project:String} AND i.trace_id IN {traces:Array(String)}
    )
    AND c.trace_id IN {traces:Array(String)}
ORDER BY c.time DESC, c.id
LIMIT {limit:UInt32}
