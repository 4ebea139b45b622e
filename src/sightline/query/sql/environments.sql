-- Environments that sent something since a time.
SELECT DISTINCT environment
FROM sightline.spans
WHERE
    project = {project:String}
    AND start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND ifNull(environment, '') != ''
ORDER BY environment
LIMIT 50
