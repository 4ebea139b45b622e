SELECT
    s.kind AS d0,
    s.environment AS d1,
    ifNull(CAST(s.attributes.`squad`, 'Nullable(String)'), '') AS d2,
    grouping(d0, d1, d2) AS mark,
    uniqExact(s.trace_id) AS found,
    count() OVER (PARTITION BY mark) AS different
FROM sightline.spans AS s
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({wide_until:Int64}, 'UTC')
    AND s.trace_id IN (
        SELECT s.trace_id
        FROM sightline.spans AS s
        PREWHERE
            s.project = {project:String}
            AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
            AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
            AND s.depth = 0
            AND s.trace_id IN (
                SELECT s.trace_id
                FROM sightline.spans AS s
                PREWHERE
                    s.project = {project:String}
                    AND s.start_time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
                    AND s.start_time < fromUnixTimestamp64Nano({wide_until:Int64}, 'UTC')
                    AND s.kind = {p0:String}
            )
            AND s.trace_id NOT IN (
                SELECT s.trace_id
                FROM sightline.spans AS s
                PREWHERE
                    s.project = {project:String}
                    AND s.start_time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
                    AND s.start_time < fromUnixTimestamp64Nano({since:Int64}, 'UTC')
                    AND s.depth = 0
            )
            AND s.user_id = {p1:String}
    )
    AND s.kind = {p0:String}
GROUP BY GROUPING SETS ((d0), (d1), (d2))
ORDER BY mark, found DESC, d0, d1, d2
LIMIT {p2:UInt32} BY mark
---
SELECT
    element AS d0,
    grouping(d0) AS mark,
    uniqExact(s.trace_id) AS found,
    count() OVER (PARTITION BY mark) AS different
FROM sightline.spans AS s
LEFT ARRAY JOIN s.tags AS element
PREWHERE
    s.project = {project:String}
    AND s.start_time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
    AND s.start_time < fromUnixTimestamp64Nano({wide_until:Int64}, 'UTC')
    AND s.trace_id IN (
        SELECT s.trace_id
        FROM sightline.spans AS s
        PREWHERE
            s.project = {project:String}
            AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
            AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
            AND s.depth = 0
            AND s.trace_id IN (
                SELECT s.trace_id
                FROM sightline.spans AS s
                PREWHERE
                    s.project = {project:String}
                    AND s.start_time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
                    AND s.start_time < fromUnixTimestamp64Nano({wide_until:Int64}, 'UTC')
                    AND s.kind = {p0:String}
            )
            AND s.trace_id NOT IN (
                SELECT s.trace_id
                FROM sightline.spans AS s
                PREWHERE
                    s.project = {project:String}
                    AND s.start_time >= fromUnixTimestamp64Nano({wide_since:Int64}, 'UTC')
                    AND s.start_time < fromUnixTimestamp64Nano({since:Int64}, 'UTC')
                    AND s.depth = 0
            )
            AND s.user_id = {p1:String}
    )
    AND s.kind = {p0:String}
WHERE element ILIKE {p2:String}
GROUP BY GROUPING SETS ((d0))
ORDER BY mark, found DESC, d0
LIMIT {p3:UInt32} BY mark
---
SELECT
    count() AS spans,
    countIf(f0) AS f0,
    countIf(f1) AS f1,
    countIf(f2) AS f2,
    countIf(f3) AS f3,
    countIf(f4) AS f4,
    countIf(f5) AS f5,
    countIf(f6) AS f6,
    countIf(f7) AS f7,
    countIf(f8) AS f8,
    countIf(f9) AS f9,
    countIf(f10) AS f10,
    countIf(f11) AS f11,
    countIf(f12) AS f12,
    countIf(f13) AS f13,
    countIf(f14) AS f14,
    countIf(f15) AS f15,
    countIf(f16) AS f16,
    countIf(f17) AS f17,
    countIf(f18) AS f18,
    countIf(f19) AS f19,
    countIf(f20) AS f20,
    countIf(f21) AS f21,
    countIf(f22) AS f22,
    countIf(f23) AS f23,
    countIf(f24) AS f24,
    countIf(f25) AS f25,
    countIf(f26) AS f26,
    countIf(f27) AS f27,
    countIf(f28) AS f28,
    countIf(f29) AS f29,
    countIf(f30) AS f30,
    countIf(f31) AS f31,
    countIf(f32) AS f32,
    countIf(f33) AS f33,
    countIf(f34) AS f34,
    countIf(f35) AS f35,
    countIf(f36) AS f36,
    countIf(f37) AS f37,
    countIf(f38) AS f38,
    countIf(f39) AS f39,
    countIf(f40) AS f40,
    countIf(f41) AS f41,
    countIf(f42) AS f42,
    countIf(f43) AS f43,
    countIf(f44) AS f44,
    countIf(f45) AS f45,
    countIf(f46) AS f46,
    countIf(f47) AS f47,
    countIf(f48) AS f48,
    countIf(f49) AS f49,
    countIf(f50) AS f50,
    countIf(f51) AS f51,
    countIf(f52) AS f52,
    countIf(f53) AS f53,
    countIf(f54) AS f54,
    countIf(f55) AS f55,
    countIf(f56) AS f56,
    countIf(f57) AS f57,
    countIf(f58) AS f58,
    countIf(f59) AS f59,
    countIf(f60) AS f60,
    countIf(f61) AS f61,
    countIf(f62) AS f62,
    countIf(f63) AS f63,
    countIf(f64) AS f64,
    countIf(f65) AS f65,
    countIf(f66) AS f66,
    countIf(f67) AS f67,
    countIf(f68) AS f68,
    countIf(f69) AS f69,
    countIf(f70) AS f70,
    countIf(f71) AS f71,
    countIf(f72) AS f72,
    countIf(f73) AS f73,
    countIf(f74) AS f74,
    countIf(f75) AS f75,
    countIf(f76) AS f76,
    countIf(f77) AS f77,
    countIf(f78) AS f78,
    countIf(f79) AS f79,
    countIf(f80) AS f80,
    countIf(f81) AS f81,
    countIf(f82) AS f82,
    countIf(f83) AS f83,
    countIf(f84) AS f84,
    countIf(f85) AS f85,
    countIf(f86) AS f86,
    countIf(f87) AS f87,
    countIf(f88) AS f88,
    countIf(f89) AS f89,
    countIf(f90) AS f90,
    countIf(f91) AS f91,
    countIf(f92) AS f92,
    countIf(f93) AS f93,
    countIf(f94) AS f94,
    countIf(f95) AS f95,
    countIf(f96) AS f96,
    countIf(f97) AS f97,
    countIf(f98) AS f98,
    countIf(f99) AS f99,
    countIf(f100) AS f100,
    countIf(f101) AS f101,
    countIf(f102) AS f102,
    countIf(f103) AS f103,
    countIf(f104) AS f104,
    countIf(f105) AS f105,
    countIf(f106) AS f106,
    countIf(f107) AS f107,
    countIf(f108) AS f108,
    countIf(f109) AS f109,
    countIf(f110) AS f110,
    countIf(f111) AS f111,
    countIf(f112) AS f112,
    countIf(f113) AS f113,
    countIf(f114) AS f114,
    countIf(f115) AS f115,
    countIf(f116) AS f116,
    countIf(f117) AS f117,
    countIf(f118) AS f118,
    countIf(f119) AS f119,
    countIf(f120) AS f120,
    countIf(f121) AS f121,
    countIf(f122) AS f122,
    countIf(f123) AS f123,
    countIf(f124) AS f124,
    countIf(f125) AS f125,
    countIf(f126) AS f126,
    countIf(f127) AS f127,
    countIf(f128) AS f128,
    countIf(f129) AS f129,
    countIf(f130) AS f130,
    countIf(f131) AS f131,
    countIf(f132) AS f132,
    countIf(f133) AS f133,
    countIf(f134) AS f134,
    countIf(f135) AS f135,
    countIf(f136) AS f136,
    countIf(f137) AS f137,
    countIf(f138) AS f138,
    countIf(f139) AS f139,
    countIf(f140) AS f140,
    countIf(f141) AS f141,
    countIf(f142) AS f142,
    countIf(f143) AS f143,
    countIf(f144) AS f144,
    countIf(f145) AS f145,
    countIf(f146) AS f146,
    countIf(f147) AS f147,
    countIf(f148) AS f148,
    countIf(f149) AS f149,
    countIf(f150) AS f150,
    countIf(f151) AS f151,
    countIf(f152) AS f152,
    countIf(f153) AS f153,
    countIf(f154) AS f154,
    countIf(f155) AS f155,
    countIf(f156) AS f156,
    countIf(f157) AS f157,
    countIf(f158) AS f158,
    countIf(f159) AS f159,
    countIf(f160) AS f160,
    countIf(f161) AS f161,
    countIf(f162) AS f162,
    countIf(f163) AS f163,
    countIf(f164) AS f164,
    sumMap(mapFromArrays(t.attr, arrayWithConstant(length(t.attr), toUInt64(1)))) AS attr,
    sumMap(mapFromArrays(t.resource, arrayWithConstant(length(t.resource), toUInt64(1)))) AS resource
FROM (
    SELECT
        ifNull(s.response_model, s.request_model) != '' AS f0,
        if(s.input_tokens IS NULL AND s.output_tokens IS NULL, s.tokens_total, ifNull(s.input_tokens, 0) + ifNull(s.output_tokens, 0)) IS NOT NULL AS f1,
        s.cost_usd IS NOT NULL AS f2,
        s.cost_source != '' AS f3,
        s.cost_request IS NOT NULL AS f4,
        s.cost_image IS NOT NULL AS f5,
        s.price_version != '' AS f6,
        s.usage_source != '' AS f7,
        s.duration_ns IS NOT NULL AS f8,
        s.own_ns IS NOT NULL AS f9,
        s.late_ns IS NOT NULL AS f10,
        s.skew_ns IS NOT NULL AS f11,
        toUnixTimestamp64Nano(s.start_time) IS NOT NULL AS f12,
        (toUnixTimestamp64Nano(s.start_time) + s.duration_ns) IS NOT NULL AS f13,
        toUnixTimestamp64Nano(s.received_at) IS NOT NULL AS f14,
        1000 * toUnixTimestamp64Micro(s.digested_at) IS NOT NULL AS f15,
        s.is_root IS NOT NULL AS f16,
        s.depth IS NOT NULL AS f17,
        s.otel_kind != '' AS f18,
        s.status_message != '' AS f19,
        s.scope != '' AS f20,
        s.scope_version != '' AS f21,
        s.source != '' AS f22,
        s.trace_state != '' AS f23,
        s.dropped_attributes IS NOT NULL AS f24,
        s.prompt_hash != '' AS f25,
        notEmpty(s.events.name) AS f26,
        notEmpty(s.links.trace_id) AS f27,
        arraySum(s.content.size) IS NOT NULL AS f28,
        s.agent_name != '' AS f29,
        s.agent_id != '' AS f30,
        s.agent_description != '' AS f31,
        s.agent_version != '' AS f32,
        s.agent_parent_id != '' AS f33,
        s.workflow_name != '' AS f34,
        s.task_name != '' AS f35,
        s.entity_path != '' AS f36,
        s.graph_node_id != '' AS f37,
        s.graph_node_name != '' AS f38,
        s.graph_parent_node_id != '' AS f39,
        s.agent_handoff != '' AS f40,
        s.agent_skill != '' AS f41,
        s.reported_cost_usd IS NOT NULL AS f42,
        s.cost_input IS NOT NULL AS f43,
        s.cost_output IS NOT NULL AS f44,
        s.cost_cache_read IS NOT NULL AS f45,
        s.cost_cache_write IS NOT NULL AS f46,
        s.cost_guardrail IS NOT NULL AS f47,
        s.cost_cache_saved IS NOT NULL AS f48,
        s.cost_reasoning IS NOT NULL AS f49,
        s.cost_audio IS NOT NULL AS f50,
        s.cost_details != '' AS f51,
        s.status != '' AS f52,
        s.error_type != '' AS f53,
        s.feedback != '' AS f54,
        s.guardrail_name != '' AS f55,
        s.guardrail_status != '' AS f56,
        s.moderation != '' AS f57,
        s.trace_id != '' AS f58,
        s.span_id != '' AS f59,
        s.parent_span_id != '' AS f60,
        s.name != '' AS f61,
        s.kind != '' AS f62,
        s.mcp_method != '' AS f63,
        s.mcp_session_id != '' AS f64,
        s.mcp_protocol_version != '' AS f65,
        s.mcp_resource_uri != '' AS f66,
        s.mcp_request_id != '' AS f67,
        s.mcp_server != '' AS f68,
        s.http_method != '' AS f69,
        s.http_url != '' AS f70,
        s.http_status_code IS NOT NULL AS f71,
        s.http_route != '' AS f72,
        s.http_retry_count IS NOT NULL AS f73,
        s.input_mime_type != '' AS f74,
        s.output_mime_type != '' AS f75,
        s.content_truncated IS NOT NULL AS f76,
        s.content_redacted IS NOT NULL AS f77,
        s.operation != '' AS f78,
        s.provider != '' AS f79,
        s.framework != '' AS f80,
        s.request_model != '' AS f81,
        s.response_model != '' AS f82,
        s.model_version != '' AS f83,
        s.response_id != '' AS f84,
        s.response_status != '' AS f85,
        s.server_address != '' AS f86,
        s.server_port IS NOT NULL AS f87,
        s.service_tier != '' AS f88,
        notEmpty(s.finish_reasons) AS f89,
        s.finish_reason != '' AS f90,
        s.streaming IS NOT NULL AS f91,
        s.time_to_first_token_ns IS NOT NULL AS f92,
        s.time_per_output_token_s IS NOT NULL AS f93,
        s.cache_hit IS NOT NULL AS f94,
        s.params_temperature IS NOT NULL AS f95,
        s.params_top_p IS NOT NULL AS f96,
        s.params_top_k IS NOT NULL AS f97,
        s.params_max_tokens IS NOT NULL AS f98,
        s.params_frequency_penalty IS NOT NULL AS f99,
        s.params_presence_penalty IS NOT NULL AS f100,
        s.params_repetition_penalty IS NOT NULL AS f101,
        notEmpty(s.params_stop_sequences) AS f102,
        s.params_seed IS NOT NULL AS f103,
        s.params_n IS NOT NULL AS f104,
        s.params_reasoning_effort != '' AS f105,
        s.params_thinking_budget_tokens IS NOT NULL AS f106,
        s.params_output_type != '' AS f107,
        notEmpty(s.params_encoding_formats) AS f108,
        s.params_dimensions IS NOT NULL AS f109,
        s.params_tool_choice != '' AS f110,
        s.params_max_retries IS NOT NULL AS f111,
        s.params_previous_response_id != '' AS f112,
        s.prompt_name != '' AS f113,
        s.prompt_id != '' AS f114,
        s.prompt_version != '' AS f115,
        s.prompt_url != '' AS f116,
        s.prompt_vendor != '' AS f117,
        s.retrieval_query != '' AS f118,
        s.retrieval_top_k IS NOT NULL AS f119,
        s.retrieval_data_source_id != '' AS f120,
        s.embedding_dimensions IS NOT NULL AS f121,
        s.reranker_model != '' AS f122,
        s.reranker_query != '' AS f123,
        s.reranker_top_k IS NOT NULL AS f124,
        s.memory_store_id != '' AS f125,
        s.memory_record_id != '' AS f126,
        s.memory_query != '' AS f127,
        s.memory_record_count IS NOT NULL AS f128,
        s.memory_actor_id != '' AS f129,
        s.feature != '' AS f130,
        s.input_tokens IS NOT NULL AS f131,
        s.output_tokens IS NOT NULL AS f132,
        s.tokens_total IS NOT NULL AS f133,
        s.cache_read_tokens IS NOT NULL AS f134,
        s.cache_write_tokens IS NOT NULL AS f135,
        s.tokens_cache_write_5m IS NOT NULL AS f136,
        s.tokens_cache_write_1h IS NOT NULL AS f137,
        s.reasoning_tokens IS NOT NULL AS f138,
        s.tokens_audio_input IS NOT NULL AS f139,
        s.tokens_audio_output IS NOT NULL AS f140,
        s.tokens_image_input IS NOT NULL AS f141,
        s.tokens_image_output IS NOT NULL AS f142,
        s.tokens_tool_input IS NOT NULL AS f143,
        s.tokens_compaction IS NOT NULL AS f144,
        s.tokens_details_raw != '' AS f145,
        s.tool_name != '' AS f146,
        s.tool_call_id != '' AS f147,
        s.tool_type != '' AS f148,
        s.tool_is_error IS NOT NULL AS f149,
        s.session_id != '' AS f150,
        s.conversation_turn_id != '' AS f151,
        s.user_id != '' AS f152,
        s.tenant_org != '' AS f153,
        s.team != '' AS f154,
        s.tenant_api_key != '' AS f155,
        s.environment != '' AS f156,
        s.release != '' AS f157,
        s.version != '' AS f158,
        s.service != '' AS f159,
        s.service_version != '' AS f160,
        notEmpty(s.tags) AS f161,
        s.level != '' AS f162,
        s.trace_public IS NOT NULL AS f163,
        s.experiment != '' AS f164,
        JSONAllPaths(s.attributes) AS attr,
        JSONAllPaths(s.resource) AS resource
    FROM sightline.spans AS s
    PREWHERE
        s.project = {project:String}
        AND s.start_time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')
        AND s.start_time < fromUnixTimestamp64Nano({until:Int64}, 'UTC')
        AND s.kind = {p1:String}
        AND s.user_id = {p2:String}
    ORDER BY s.start_time DESC
    LIMIT {p0:UInt32}
) AS t
