-- Whether a project has had a score: a few rows are read, so that pages of projects without any stay as quick.
SELECT 1 AS found
FROM sightline.scores AS c
WHERE c.project = {project:String}
LIMIT 1
