WITH spans AS (
SELECT `name`, `attributes` FROM sightline.spans PREWHERE project = {sightline_project:String}
)
SELECT * FROM (
SELECT name, attributes.team FROM spans
)
