-- Environments named by what was digested since a moment, some hundreds of each project. Only parts written since are
-- read: replaced ones are listed too, so that a merge between the two looks hides nothing.
SELECT DISTINCT project, environment
FROM
(
    SELECT DISTINCT project, leftUTF8(assumeNotNull(environment), 300) AS environment
    FROM sightline.spans
    WHERE
        _part IN
        (
            SELECT name
            FROM system.parts
            WHERE
                database = 'sightline'
                AND table = 'spans'
                AND modification_time >= now() - toIntervalSecond({age:UInt32})
        )
        AND digested_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
        AND notEmpty(environment)
    LIMIT 100000
    UNION ALL
    SELECT DISTINCT project, leftUTF8(assumeNotNull(environment), 300) AS environment
    FROM sightline.logs
    WHERE
        _part IN
        (
            SELECT name
            FROM system.parts
            WHERE
                database = 'sightline'
                AND table = 'logs'
                AND modification_time >= now() - toIntervalSecond({age:UInt32})
        )
        AND digested_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
        AND notEmpty(environment)
    LIMIT 100000
    UNION ALL
    SELECT DISTINCT project, leftUTF8(assumeNotNull(environment), 300) AS environment
    FROM sightline.metrics
    WHERE
        _part IN
        (
            SELECT name
            FROM system.parts
            WHERE
                database = 'sightline'
                AND table = 'metrics'
                AND modification_time >= now() - toIntervalSecond({age:UInt32})
        )
        AND digested_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC')
        AND notEmpty(environment)
    LIMIT 100000
)
ORDER BY project, environment
LIMIT 300 BY project
