-- How often each thing was said by the scores that scores_chosen.sql chooses, and how many there are in all.
-- Of numbers `band` says how many of the cuts are not above.
SELECT
    multiIf(
        c.label != '', concat('label:', c.label),
        c.value IS NULL, 'words',
        c.data_type = 'boolean', if(c.value = 1, 'yes', 'no'),
        'number'
    ) AS says,
    if(says = 'number', toInt32(arrayCount(cut -> cut <= assumeNotNull(c.value), {cuts:Array(Float64)})), 0) AS band,
    count() AS found,
    sum(count()) OVER () AS total
{chosen}
GROUP BY says, band
ORDER BY found DESC, says, band
LIMIT {limit:UInt32}
