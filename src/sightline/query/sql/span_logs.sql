-- Log records of one trace, those of one span first when it is named; in order of time.
SELECT
    toUnixTimestamp64Nano(time) AS moment,
    span_id,
    severity_number,
    severity_text,
    event_name,
    substring(body, 1, 4000) AS text,
    length(body) AS size,
    ifNull(service, '') AS service_name
FROM sightline.logs
WHERE
    project = {project:String}
    AND trace_id = {trace_id:String}
    AND ({span_id:String} = '' OR span_id = {span_id:String})
    AND time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND time <= fromUnixTimestamp64Nano({until:Int64}, 'UTC')
ORDER BY time, span_id
LIMIT {limit:UInt32}
