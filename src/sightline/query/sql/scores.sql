-- Scores of a project, latest first; empty parameters leave a condition out. FINAL: the newest record of each id.
-- Which ones is in scores_chosen.sql.
SELECT
    {columns},
    cityHash64(c.id) AS place
{chosen}
    AND (c.time, cityHash64(c.id)) < (fromUnixTimestamp64Nano({behind:Int64}, 'UTC'), {behind_place:UInt64})
ORDER BY c.time DESC, place DESC
LIMIT {limit:UInt32}
