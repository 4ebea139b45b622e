-- One row per session, from its spans of a stretch of time; in between one row for each of its traces.
-- Usage counts once: what only repeats the usage of spans below is in no sum.
SELECT
    t.session_id AS session_id,
    min(t.began) AS first,
    max(t.latest) AS last,
    max(t.ended) AS ended,
    count() AS turns,
    countIf(t.errors > 0) AS failed_turns,
    sum(t.spans) AS spans,
    sum(t.errors) AS errors,
    sum(t.calls) AS calls,
    sum(t.input_tokens) AS input_tokens,
    sum(t.output_tokens) AS output_tokens,
    sum(t.cache_read_tokens) AS cache_read_tokens,
    sum(t.cache_write_tokens) AS cache_write_tokens,
    sum(t.reasoning_tokens) AS reasoning_tokens,
    sum(t.cost_usd) AS cost_usd,
    sum(t.unknown_cost) AS unknown_cost,
    sum(t.unknown_tokens) AS unknown_tokens,
    groupUniqArrayArray(50)(t.users) AS users,
    groupUniqArrayArray(50)(t.models) AS models,
    groupUniqArrayArray(50)(t.environments) AS environments,
    groupUniqArrayArray(50)(t.releases) AS releases,
    argMinIf(t.question, t.began, t.question != '') AS question,
    argMaxIf(t.answer, t.began, t.answer != '') AS answer
FROM
(
    WITH
        ifNull(s.usage_source, '') = 'own' AS own,
        ifNull(s.usage_source, '') != 'rollup' AS counted,
        ifNull(s.response_model, ifNull(s.request_model, '')) AS model_name,
        toUnixTimestamp64Nano(s.start_time) AS started,
        -- What a step was given and found is neither a question nor an answer.
        s.kind NOT IN ('tool', 'retriever', 'embedding', 'reranker', 'guardrail', 'evaluator') AS speaks,
        arrayFirst(f -> has(s.content.field, f), ['input_messages', 'indexed_input', 'input_value']) AS asked,
        arrayFirst(f -> has(s.content.field, f), ['output_messages', 'indexed_output', 'output_value'])
            AS answered
    SELECT
        ifNull(s.session_id, '') AS session_id,
        s.trace_id AS trace_id,
        min(started) AS began,
        max(started) AS latest,
        max(started + s.duration_ns) AS ended,
        count() AS spans,
        countIf(s.status = 'error') AS errors,
        countIf(s.kind = 'llm') AS calls,
        sumIf(s.input_tokens, own) AS input_tokens,
        sumIf(s.output_tokens, own) AS output_tokens,
        sumIf(s.cache_read_tokens, own) AS cache_read_tokens,
        sumIf(s.cache_write_tokens, own) AS cache_write_tokens,
        sumIf(s.reasoning_tokens, own) AS reasoning_tokens,
        sumIf(s.cost_usd, own) AS cost_usd,
        countIf(counted AND s.cost_source = 'unknown') AS unknown_cost,
        countIf(
            counted AND s.kind = 'llm' AND (s.input_tokens IS NULL OR s.output_tokens IS NULL)
        ) AS unknown_tokens,
        groupUniqArrayIf(10)(ifNull(s.user_id, ''), ifNull(s.user_id, '') != '') AS users,
        groupUniqArrayIf(10)(model_name, s.kind = 'llm' AND model_name != '') AS models,
        groupUniqArrayIf(10)(ifNull(s.environment, ''), ifNull(s.environment, '') != '') AS environments,
        groupUniqArrayIf(10)(ifNull(s.release, ''), ifNull(s.release, '') != '') AS releases,
        argMinIf(
            hex(s.content.hash[indexOf(s.content.field, asked)]), (s.depth, started), speaks AND asked != ''
        ) AS question,
        argMinIf(
            hex(s.content.hash[indexOf(s.content.field, answered)]), (s.depth, -started), speaks AND answered != ''
        ) AS answer
    FROM sightline.spans AS s
    PREWHERE
        s.project = {project:String}
        AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
        AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
        AND s.session_id IN {sessions:Array(String)}
        AND s.digested_at <= fromUnixTimestamp64Micro({as_of:Int64}, 'UTC')
    GROUP BY session_id, trace_id
) AS t
GROUP BY t.session_id
