-- Where traces begin, latest first: roots, and spans whose parent was not received.
-- Read in the table's own order as far as the page reaches; sorting by id as well would read it all.
SELECT
    trace_id,
    toUnixTimestamp64Nano(start_time) AS started
FROM
(
    SELECT
        trace_id,
        start_time
    FROM sightline.spans
    WHERE
        project = {project:String}
        AND start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
        AND start_time <= fromUnixTimestamp64Nano({before:Int64}, 'UTC')
        AND (
            start_time < fromUnixTimestamp64Nano({before:Int64}, 'UTC')
            OR trace_id < {before_trace:String}
        )
        AND depth = 0
        AND ({environment:String} = '' OR environment = {environment:String})
    ORDER BY start_time DESC
    LIMIT {limit:UInt32} WITH TIES
)
ORDER BY start_time DESC, trace_id DESC
LIMIT {limit:UInt32}
