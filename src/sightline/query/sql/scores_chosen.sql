FROM sightline.scores AS c FINAL
WHERE c.project = {project:String}
    AND c.time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND c.time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND ({id:String} = '' OR c.id = {id:String})
    AND ({name:String} = '' OR c.name = {name:String})
    AND ({target:String} = '' OR c.target = {target:String})
    AND ({trace_id:String} = '' OR c.trace_id = {trace_id:String})
    AND ({span_id:String} = '' OR c.span_id = {span_id:String})
    AND ({session_id:String} = '' OR c.session_id = {session_id:String})
    AND ({source:String} = '' OR if({source:String} = 'public', startsWith(c.id, 'public:'), c.source = {source:String}))
    AND ({author:String} = '' OR c.author = {author:String})
    AND ({data_type:String} = '' OR c.data_type = {data_type:String})
    AND ({environment:String} = '' OR c.environment = {environment:String})
    AND (
        {says:String} = ''
        OR {says:String} = multiIf(
            c.label != '', concat('label:', c.label),
            c.value IS NULL, 'words',
            c.data_type = 'boolean', if(c.value = 1, 'yes', 'no'),
            'number'
        )
    )
    AND ({says:String} != 'number' OR (c.value >= {least:Float64} AND c.value < {below:Float64}))
    AND ({has_text:UInt8} = 0 OR c.comment != '' OR c.correction != '')
