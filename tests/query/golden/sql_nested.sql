WITH spans AS (
SELECT arrayMap(x -> lower(hex(x)), `content.hash`) AS `content.hash` FROM sightline.spans PREWHERE project = {sightline_project:String}
), content AS (
SELECT lower(hex(`hash`)) AS `hash` FROM sightline.content FINAL PREWHERE project = {sightline_project:String}
)
SELECT * FROM (
SELECT content.hash FROM spans
)
