-- Requests like one: roots of the same name and service around its time, the nearest first.
SELECT
    trace_id,
    toUnixTimestamp64Nano(start_time) AS started,
    duration_ns,
    status
FROM sightline.spans
WHERE
    project = {project:String}
    AND start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND start_time <= fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND is_root
    AND name = {name:String}
    AND ifNull(service, '') = {service:String}
    AND trace_id != {trace_id:String}
ORDER BY abs(toUnixTimestamp64Nano(start_time) - {around:Int64}), trace_id
LIMIT {limit:UInt32}
