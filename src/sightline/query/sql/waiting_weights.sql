-- Hours that are added up, but without weights, of projects that have weights elsewhere; the latest first.
SELECT h.project AS project, h.hour AS hour
FROM
(
    SELECT project, hour, max(version) AS latest, argMax(expires, version) AS gone
    FROM sightline.hours
    WHERE
        subject = ''
        AND hour >= {oldest:Int32}
        AND project IN (SELECT DISTINCT project FROM sightline.weighted_hours)
    GROUP BY project, hour
) AS h
WHERE
    toUnixTimestamp(h.gone) > {now:Int64}
    AND h.latest NOT IN (SELECT version FROM sightline.weighted_hours WHERE subject = '')
ORDER BY hour DESC, project ASC
LIMIT 10000
