-- target: local
-- Content by project and hash for expressions: asked in batches, nothing is held in memory.
CREATE DICTIONARY IF NOT EXISTS sightline.content_texts {on_cluster}
(
    project String,
    hash String,
    body String,
    parts Array(FixedString(16))
)
PRIMARY KEY project, hash
SOURCE(CLICKHOUSE(DATABASE 'sightline' TABLE 'content'))
LAYOUT(COMPLEX_KEY_DIRECT());
