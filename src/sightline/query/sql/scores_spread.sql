-- How often each thing was said by the scores that scores_chosen.sql chooses, and how many there are in all.
-- Of numbers `band` says how many of the cuts are not above.
SELECT
    multiIf(
        c.label != '', 'label',
        c.value IS NULL, 'text',
        c.data_type = 'boolean', 'truth',
        'number'
    ) AS says,
    multiIf(says = 'label', c.label, says = 'truth', if(c.value = 1, 'yes', 'no'), '') AS text,
    if(says = 'number', toInt32(arrayCount(cut -> cut <= assumeNotNull(c.value), {cuts:Array(Float64)})), 0) AS band,
    count() AS found,
    sum(count()) OVER () AS total
{chosen}
GROUP BY says, text, band
ORDER BY found DESC, says, text, band
LIMIT {limit:UInt32}
