-- The numbering of some senders over all that is stored of them: a window would cut apart what was sent together.
SELECT
    'spans' AS signal,
    ifNull(sender, '') AS id,
    count() AS numbered,
    groupBitmap(assumeNotNull(sequence)) AS distinct,
    min(assumeNotNull(sequence)) AS lowest,
    max(assumeNotNull(sequence)) AS highest,
    toUnixTimestamp64Nano(min(received_at)) AS first,
    min(retention_days) AS days
FROM sightline.spans
PREWHERE project = {project:String} AND sender IN {senders:Array(String)} AND sequence > 0
GROUP BY id
UNION ALL
SELECT
    'logs' AS signal,
    ifNull(sender, '') AS id,
    count() AS numbered,
    groupBitmap(assumeNotNull(sequence)) AS distinct,
    min(assumeNotNull(sequence)) AS lowest,
    max(assumeNotNull(sequence)) AS highest,
    toUnixTimestamp64Nano(min(received_at)) AS first,
    min(retention_days) AS days
FROM sightline.logs
PREWHERE project = {project:String} AND sender IN {senders:Array(String)} AND sequence > 0
GROUP BY id
