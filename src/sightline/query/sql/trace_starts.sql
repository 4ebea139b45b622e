-- Where traces begin, latest first: roots, and spans whose parent was not received.
-- The oldest moment of the page is found first, in the table's own order; sorting by id as well would read it all.
WITH
    (
        SELECT min(start_time)
        FROM (
            SELECT start_time
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
            LIMIT {limit:UInt32}
        )
    ) AS oldest
SELECT
    trace_id,
    toUnixTimestamp64Nano(start_time) AS started
FROM sightline.spans
WHERE
    project = {project:String}
    AND start_time >= oldest
    AND start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND start_time <= fromUnixTimestamp64Nano({before:Int64}, 'UTC')
    AND (
        start_time < fromUnixTimestamp64Nano({before:Int64}, 'UTC')
        OR trace_id < {before_trace:String}
    )
    AND depth = 0
    AND ({environment:String} = '' OR environment = {environment:String})
ORDER BY start_time DESC, trace_id DESC
LIMIT {limit:UInt32}
