-- Since when a window has so many spans, about: 1 times, 8 times, 64 times … `first`. The index in memory knows
-- where each granule begins and how many rows it has, so that no span is read.
SELECT
    toUnixTimestamp64Nano(max(began)) AS since,
    min(later) AS least,
    max(later) AS most
FROM (
    SELECT
        g.start_time AS began,
        sum(g.rows_in_granule) OVER (
            ORDER BY g.start_time DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS later
    FROM mergeTreeIndex('sightline', 'spans') AS g
    WHERE
        g.project = {project:String}
        AND g.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
        AND g.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
        AND g.rows_in_granule > 0
)
WHERE later >= {first:UInt64}
GROUP BY floor(log2(later / {first:UInt64}) / 3) AS level
ORDER BY level
