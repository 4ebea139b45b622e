-- spans: kind:llm model:gpt-4o* cost>0.01 duration>2s -env:dev status:error,ok
-- p0 = "llm"
-- p1 = "gpt-4o%"
-- p2 = 0.01
-- p3 = 2000000000
-- p4 = "dev"
-- p5 = ["error", "ok"]
SELECT count() AS found
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND s.kind = {p0:String}
    AND ifNull(s.response_model, s.request_model) LIKE {p1:String}
    AND s.cost_usd > {p2:Float64}
    AND s.duration_ns > {p3:Int64}
    AND NOT ifNull(s.environment = {p4:String}, false)
    AND s.status IN {p5:Array(String)}
