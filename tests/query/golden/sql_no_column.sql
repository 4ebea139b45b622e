WITH spans AS (
SELECT `project` FROM sightline.spans PREWHERE project = {sightline_project:String}
)
SELECT * FROM (
SELECT 1 FROM spans
)
