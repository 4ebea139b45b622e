-- The names of a project's scores with what is known of each: for suggestions, definitions and pages.
SELECT
    c.name AS name,
    count() AS found,
    countIf(c.target = 'span') AS spans,
    countIf(c.target = 'trace') AS traces,
    countIf(c.target = 'session') AS sessions,
    countIf(c.value IS NOT NULL) AS numbers,
    countIf(c.data_type = 'boolean') AS booleans,
    countIf(c.label != '') AS labelled,
    countIf(c.comment != '') AS comments,
    countIf(c.correction != '') AS corrections,
    min(c.value) AS low,
    max(c.value) AS high,
    arraySort(topKIf(20)(c.label, c.label != '')) AS labels,
    arraySort(groupUniqArray(8)(CAST(c.source, 'String'))) AS sources,
    toUnixTimestamp64Nano(min(c.time)) AS first_ns,
    toUnixTimestamp64Nano(max(c.time)) AS last_ns
FROM sightline.scores AS c FINAL
WHERE c.project = {project:String}
GROUP BY c.name
ORDER BY found DESC, c.name
LIMIT {limit:UInt32}
