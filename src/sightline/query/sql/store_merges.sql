-- Merges under way.
SELECT table, num_parts, progress, elapsed
FROM system.merges
WHERE database = {database:String}
ORDER BY elapsed DESC
LIMIT 20
