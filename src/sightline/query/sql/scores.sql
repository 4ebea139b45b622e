-- Scores of a project, latest first; empty parameters leave a condition out. FINAL: the newest record of each id.
SELECT
    {columns},
    cityHash64(c.id) AS place
FROM sightline.scores AS c FINAL
WHERE c.project = {project:String}
    AND c.time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND c.time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND (c.time, cityHash64(c.id)) < (fromUnixTimestamp64Nano({behind:Int64}, 'UTC'), {behind_place:UInt64})
    AND ({id:String} = '' OR c.id = {id:String})
    AND ({name:String} = '' OR c.name = {name:String})
    AND ({target:String} = '' OR c.target = {target:String})
    AND ({trace_id:String} = '' OR c.trace_id = {trace_id:String})
    AND ({span_id:String} = '' OR c.span_id = {span_id:String})
    AND ({session_id:String} = '' OR c.session_id = {session_id:String})
    AND ({source:String} = '' OR c.source = {source:String})
    AND ({author:String} = '' OR c.author = {author:String})
    AND ({data_type:String} = '' OR c.data_type = {data_type:String})
ORDER BY c.time DESC, place DESC
LIMIT {limit:UInt32}
