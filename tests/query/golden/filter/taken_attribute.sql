-- spans: gen_ai.request.model:gpt-4o
-- p0 = "gpt-4o"
-- p1 = ["gpt-4o"]
SELECT count() AS found
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND ((CAST(s.attributes.`gen_ai.request.model`, 'Nullable(String)') = {p0:String} OR hasAny(s.attributes.`gen_ai.request.model`.:`Array(Nullable(String))`, {p1:Array(String)})) OR s.request_model = {p0:String})
