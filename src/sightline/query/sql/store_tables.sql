-- The store's tables as the engine keeps them; patch parts are late changes and no rows of their own.
SELECT
    table,
    sumIf(rows, NOT startsWith(name, 'patch-')) AS stored,
    sum(bytes_on_disk) AS size,
    countIf(NOT startsWith(name, 'patch-')) AS parts,
    countIf(startsWith(name, 'patch-')) AS patches
FROM system.parts
WHERE active AND database = {database:String}
GROUP BY table
ORDER BY size DESC, table ASC
