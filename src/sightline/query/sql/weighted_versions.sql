-- Versions of a project's hours that are added up with their weights.
SELECT version
FROM sightline.weighted_hours
WHERE project = {project:String} AND subject = '' AND hour >= {first:Int32} AND hour < {end:Int32}
