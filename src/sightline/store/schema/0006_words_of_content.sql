-- target: local
-- Words of contents are looked up in an index (docs/adr/0006-words-in-a-text-index.md); the expression is that of
-- sightline.query.phrases.searched('body'). What is stored already is indexed beside everything else: the start does
-- not wait for it, a text that is not indexed yet is read, and after a kill the engine goes on where it was.
ALTER TABLE sightline.content {on_cluster}
    ADD INDEX IF NOT EXISTS by_word replaceAll(replaceAll(replaceRegexpAll(lowerUTF8(body), '\\\\(?:[nrt]|u(?:00[0-9ab][0-9a-f]|10[0-9][0-9a-f]|17[89a-f][0-9a-f]|(?:0e|2[0-9abef]|[3-9a-d][0-9a-f]|f[9aef])[0-9a-f]{2}))|[\\x{80}-\\x{BF}\\x{D7}-\\x{D7}\\x{F7}-\\x{F7}\\x{E00}-\\x{EFF}\\x{1000}-\\x{109F}\\x{1780}-\\x{17FF}\\x{2000}-\\x{2BFF}\\x{2E80}-\\x{2FDF}\\x{3000}-\\x{A4CF}\\x{AC00}-\\x{D7AF}\\x{F900}-\\x{FAFF}\\x{FE00}-\\x{FE0F}\\x{FF00}-\\x{FF0F}\\x{FF1A}-\\x{FF20}\\x{FF66}-\\x{FF9D}\\x{1F000}-\\x{1FAFF}\\x{20000}-\\x{3FFFF}]', ' '), '\\\\u', 'u'), '\\u', 'u')
    TYPE text(tokenizer = 'splitByNonAlpha');

-- What is gathered before it is written: the engine would take a gigabyte beside everything else.
ALTER TABLE sightline.content {on_cluster} MODIFY SETTING text_index_max_memory_usage_before_flush = 67108864;

ALTER TABLE sightline.content {on_cluster} MATERIALIZE INDEX by_word SETTINGS mutations_sync = 0;
