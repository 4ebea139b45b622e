SELECT
    any(r_subject) AS subject,
    any(r_dimension) AS dimension,
    sum(r_found) AS found,
    sum(r_failed) AS failed,
    quantilesDDMerge(0.005, 0.5, 0.95)(r_durations) AS took,
    quantilesDDMerge(0.005, 0.95)(r_first_tokens) AS first_token,
    sum(r_tokens) AS tokens,
    sum(r_input_tokens) AS input_tokens,
    sum(r_output_tokens) AS output_tokens,
    sum(r_cost) AS cost,
    sum(r_unknown_tokens) AS unknown_tokens,
    sum(r_unknown_cost) AS unknown_cost,
    uniqCombined64Merge(14)(r_users) AS users,
    uniqCombined64Merge(14)(r_sessions) AS sessions
FROM (
    SELECT
        intDiv((toInt64(hour) * 3600000000000) - {p5:Int64}, {p6:Int64}) AS part,
        environment AS r_environment,
        subject AS r_subject,
        dimension AS r_dimension,
        value AS r_value,
        found AS r_found,
        failed AS r_failed,
        durations AS r_durations,
        first_tokens AS r_first_tokens,
        tokens AS r_tokens,
        input_tokens AS r_input_tokens,
        output_tokens AS r_output_tokens,
        cost AS r_cost,
        unknown_tokens AS r_unknown_tokens,
        unknown_cost AS r_unknown_cost,
        users AS r_users,
        sessions AS r_sessions
    FROM sightline.hours
    WHERE
        project = {project:String}
        AND subject IN {p1:Array(String)}
        AND hour >= {p2:Int32}
        AND hour < {p3:Int32}
        AND version IN {p0:Array(UInt64)}
        AND dimension = {p4:String}
)
WHERE r_dimension = {p4:String} AND NOT has({p7:Array(String)}, r_value)
