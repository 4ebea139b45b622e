-- What senders say they dropped themselves before they sent, of spans that were received since a moment.
SELECT countIf(dropped_attributes > 0) AS spans, sum(dropped_attributes) AS attributes
FROM sightline.spans
WHERE
    start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND project IN {projects:Array(String)}
