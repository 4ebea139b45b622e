-- Versions of sums that count no more: a later one is there for a while, or the first of their spans has expired.
SELECT arrayJoin(arrayFilter((v, e) -> v < latest OR toUnixTimestamp(e) < {now:Int64}, versions, ends)) AS version
FROM
(
    SELECT
        groupArray(version) AS versions,
        groupArray(expires) AS ends,
        maxIf(version, version < {before:UInt64}) AS latest
    FROM sightline.hours
    WHERE subject = ''
    GROUP BY project, hour
)
