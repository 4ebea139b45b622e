-- Schema steps that the store has, with the engine's version.
SELECT
    number,
    any(name) AS named,
    toUnixTimestamp(min(applied_at)) AS applied,
    version() AS engine
FROM sightline.schema_steps
GROUP BY number
ORDER BY number ASC
