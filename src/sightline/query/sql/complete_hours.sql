-- Hours of a project that are added up and did not change since, with the version that counts.
SELECT h.hour AS hour, h.latest AS version
FROM
(
    SELECT hour, max(version) AS latest, argMax(expires, version) AS gone
    FROM sightline.hours
    WHERE project = {project:String} AND subject = '' AND hour >= {first:Int32} AND hour < {end:Int32}
    GROUP BY hour
) AS h
LEFT JOIN
(
    SELECT hour, max(changed_at) AS changed
    FROM sightline.changed_hours
    WHERE project = {project:String} AND hour >= {first:Int32} AND hour < {end:Int32}
    GROUP BY hour
) AS c ON h.hour = c.hour
WHERE h.latest >= c.changed + {pause:UInt64} AND toUnixTimestamp(h.gone) > {now:Int64}
ORDER BY hour ASC
