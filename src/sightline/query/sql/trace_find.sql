-- Spans of one trace that have a text in a name, a message or an attribute; what they say is the filter's business.
SELECT span_id
FROM sightline.spans
WHERE
    project = {project:String}
    AND trace_id = {trace_id:String}
    AND (
        positionCaseInsensitiveUTF8(name, {text:String}) > 0
        OR positionCaseInsensitiveUTF8(status_message, {text:String}) > 0
        OR positionCaseInsensitiveUTF8(ifNull(service, ''), {text:String}) > 0
        OR positionCaseInsensitiveUTF8(ifNull(response_model, ''), {text:String}) > 0
        OR positionCaseInsensitiveUTF8(ifNull(request_model, ''), {text:String}) > 0
        OR positionCaseInsensitiveUTF8(ifNull(tool_name, ''), {text:String}) > 0
        OR positionCaseInsensitiveUTF8(toJSONString(attributes), {text:String}) > 0
    )
LIMIT {limit:UInt32}
