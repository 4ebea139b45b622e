// Attributes that carry what people wrote and models answered, in the words of every instrumentation.
const CONTENT = new RegExp(
  "^(?:input\\.value|output\\.value|(?:gen_ai\\.)?(?:input|output)\\.messages|gen_ai\\.system_instructions" +
    "|gen_ai\\.(?:prompt|completion|content)(?:\\..*)?" +
    "|gen_ai\\.tool\\.(?:call\\.(?:arguments|result)|definitions)" +
    "|gen_ai\\.(?:tool\\.(?:input|output)|retrieval\\.(?:query\\.text|documents))" +
    "|gen_ai\\.(?:user|system|assistant)\\.message" +
    "|llm\\.(?:input_messages|output_messages|prompts|completions|tools|prompt_template)(?:\\..*)?" +
    "|llm\\.function_call|tool\\.parameters|traceloop\\.entity\\.(?:input|output)" +
    "|retrieval\\.documents\\..*|reranker\\.(?:query|(?:input|output)_documents\\..*)" +
    "|embedding\\.embeddings\\..*" +
    "|ai\\.(?:prompt|value|values|documents|embeddings?)(?:\\..*)?" +
    "|ai\\.response\\.(?:text|object|toolCalls|reasoning|files)|ai\\.toolCall\\.(?:args|result)" +
    "|ai\\.schema(?:\\..*)?" +
    "|anthropic\\.tool_result\\.content|sightline\\.(?:input|output).*|sightline\\.score\\.correction)$",
);

/** Whether an attribute carries content. */
export function isContent(key: string): boolean {
  return CONTENT.test(key);
}
