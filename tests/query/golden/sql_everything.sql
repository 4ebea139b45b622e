WITH spans AS (
SELECT `project`, `name`, arrayMap(x -> lower(hex(x)), `content.hash`) AS `content.hash`, `attributes` FROM sightline.spans PREWHERE project = {sightline_project:String}
), content AS (
SELECT `project`, lower(hex(`hash`)) AS `hash`, `body` FROM sightline.content FINAL PREWHERE project = {sightline_project:String}
)
SELECT * FROM (
SELECT * FROM spans WHERE name IN (SELECT body FROM content)
)
