-- What is stored of some projects: rows of each table, and the start of the oldest span.
SELECT 'spans' AS source, project, count() AS stored, toUnixTimestamp64Nano(min(start_time)) AS oldest
FROM sightline.spans
WHERE project IN {projects:Array(String)}
GROUP BY project
UNION ALL
SELECT 'logs' AS source, project, count() AS stored, 0 AS oldest
FROM sightline.logs
WHERE project IN {projects:Array(String)}
GROUP BY project
UNION ALL
SELECT 'metrics' AS source, project, count() AS stored, 0 AS oldest
FROM sightline.metrics
WHERE project IN {projects:Array(String)}
GROUP BY project
UNION ALL
SELECT 'content' AS source, project, count() AS stored, 0 AS oldest
FROM sightline.content
WHERE project IN {projects:Array(String)}
GROUP BY project
