-- What some traces of a session say: references to the texts of their topmost spans that have any, of the
-- first and the last call of a model, and their tools.
WITH
    toUnixTimestamp64Nano(s.start_time) AS started,
    arrayZip(s.content.field, arrayMap(h -> lower(hex(h)), s.content.hash), s.content.size) AS refs,
    -- What a step was given and found is neither a question nor an answer.
    s.kind NOT IN ('tool', 'retriever', 'embedding', 'reranker', 'guardrail', 'evaluator') AS speaks,
    speaks AND hasAny(s.content.field, ['input_messages', 'indexed_input', 'input_value']) AS asks,
    speaks AND hasAny(s.content.field, ['output_messages', 'indexed_output', 'output_value']) AS answers,
    arrayFilter(f -> f.1 IN ('tool_arguments', 'tool_result', 'input_value', 'output_value'), refs) AS used
SELECT
    s.trace_id AS trace_id,
    argMinIf((s.span_id, refs), (s.depth, started), asks) AS top,
    argMinIf((s.span_id, refs), (s.depth, -started), answers) AS answer,
    argMinIf((s.span_id, refs), (started, s.span_id), asks AND s.kind = 'llm') AS first_call,
    argMaxIf((s.span_id, refs), (started, s.span_id), answers AND s.kind = 'llm') AS last_call,
    groupArraySortedIf({tools:UInt32})(
        (
            started,
            s.span_id,
            if(ifNull(s.tool_name, '') = '', toString(s.name), toString(ifNull(s.tool_name, ''))),
            s.duration_ns,
            s.status = 'error' OR ifNull(s.tool_is_error, false),
            if(s.status_message != '', s.status_message, toString(ifNull(s.error_type, ''))),
            used
        ),
        s.kind = 'tool'
    ) AS tools
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
    AND s.session_id = {session:String}
    AND s.trace_id IN {traces:Array(String)}
GROUP BY s.trace_id
