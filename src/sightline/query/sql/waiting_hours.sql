-- Hours of projects that changed, have been quiet since, and are not added up since; the latest first.
SELECT c.project AS project, c.hour AS hour
FROM
(
    SELECT project, hour, max(changed_at) AS changed
    FROM sightline.changed_hours
    WHERE hour >= {oldest:Int32}
    GROUP BY project, hour
) AS c
LEFT JOIN
(
    SELECT project, hour, max(version) AS latest
    FROM sightline.hours
    WHERE subject = '' AND hour >= {oldest:Int32}
    GROUP BY project, hour
) AS h ON c.project = h.project AND c.hour = h.hour
WHERE c.changed <= {quiet:UInt64} AND h.latest < c.changed + {pause:UInt64} AND c.hour < {over:Int32}
ORDER BY hour DESC, project ASC
LIMIT 10000
