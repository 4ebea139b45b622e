-- Which numbers of one sender are not there: the first and the last of each gap, and when what follows was received.
SELECT
    before + 1 AS first,
    number - 1 AS last,
    toUnixTimestamp64Nano(received) AS followed
FROM (
    SELECT
        number,
        received,
        lagInFrame(number, 1, toUInt64(0))
            OVER (ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before
    FROM (
        SELECT
            assumeNotNull(sequence) AS number,
            min(received_at) AS received
        FROM sightline.spans
        PREWHERE {signal:String} = 'spans' AND project = {project:String} AND sender = {sender:String} AND sequence > 0
        GROUP BY number
        UNION ALL
        SELECT
            assumeNotNull(sequence) AS number,
            min(received_at) AS received
        FROM sightline.logs
        PREWHERE {signal:String} = 'logs' AND project = {project:String} AND sender = {sender:String} AND sequence > 0
        GROUP BY number
    )
)
WHERE number > before + 1
ORDER BY first
LIMIT {most:UInt32}
