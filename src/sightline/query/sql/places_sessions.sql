-- Sessions whose id has what was typed, in any case; those that begin with it first, then those with most spans.
SELECT assumeNotNull(session_id) AS named
FROM sightline.spans
PREWHERE
    project = {project:String}
    AND start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND positionCaseInsensitive(session_id, {text:String}) > 0
GROUP BY named
ORDER BY startsWith(lower(named), lower({text:String})) DESC, count() DESC, named ASC
LIMIT {most:UInt32}
