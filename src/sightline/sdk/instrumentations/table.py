"""Which instrumentation serves which library: facts as data, read from the packages themselves.

Order of preference, and why: docs/adr/0011-which-instrumentations.md. Checked 2026-11-26 against the newest
release of each package: entry class, and the least version of the library that it asks for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Family = Literal["opentelemetry", "openinference", "openllmetry"]
FAMILIES: tuple[Family, ...] = ("opentelemetry", "openinference", "openllmetry")


@dataclass(frozen=True, slots=True)
class Instrumentation:
    """A package that instruments a library: what `pip` calls it, `module:Class`, who maintains it.

    `least`: the least version of the library, empty for any; of the distribution `needs` where that is
    another one. `apart`: its spans are not current while the library calls another one. What is made
    inside is not below them, and what that call cost would be counted twice.
    """

    pip: str
    entry: str
    family: Family
    least: str = ""
    apart: bool = False
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Native:
    """A library that makes OpenTelemetry spans itself.

    `call`: `module:path` of a function that turns them on, without arguments; empty where they are on by
    themselves. `variables`: those that turn them on; they are read when the library is imported. `off`: those
    that turn them off, where an instrumentation serves instead. `content`: variables that say whether content
    is in them, with the value for yes and for no. `least`: the first version that makes them. `fallback`: an
    installed instrumentation is better.
    """

    call: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    off: Mapping[str, str] = field(default_factory=dict)
    content: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    least: str = ""
    fallback: bool = False


@dataclass(frozen=True, slots=True)
class Library:
    """A library that people call models with. `module`: the import after which it can be instrumented.

    `options`: the first that is installed is taken, never two. `inside`: libraries that it calls itself.
    `native`: it makes spans itself; then `options` come only where they were asked for, or before `fallback`.
    `note`: what a reader of the table should know.
    """

    name: str
    distribution: str
    module: str
    options: tuple[Instrumentation, ...] = ()
    inside: tuple[str, ...] = ()
    native: Native | None = None
    note: str = ""


def _otel(pip: str, entry: str, least: str = "", needs: str = "") -> Instrumentation:
    name = f"opentelemetry-instrumentation-{pip}"
    return Instrumentation(
        name, f"opentelemetry.instrumentation.{entry}", "opentelemetry", least, needs=needs
    )


def _inference(pip: str, entry: str, least: str = "", apart: bool = False) -> Instrumentation:
    name = f"openinference-instrumentation-{pip}"
    return Instrumentation(name, f"openinference.instrumentation.{entry}", "openinference", least, apart)


def _llmetry(pip: str, entry: str, least: str = "", apart: bool = False) -> Instrumentation:
    name = f"opentelemetry-instrumentation-{pip}"
    return Instrumentation(name, f"opentelemetry.instrumentation.{entry}", "openllmetry", least, apart)


_KERNEL = "SEMANTICKERNEL_EXPERIMENTAL_GENAI_ENABLE_OTEL_DIAGNOSTICS"
_PROVIDERS = ("openai", "anthropic", "google-genai", "bedrock", "mistralai", "groq", "cohere", "ollama")

LIBRARIES: tuple[Library, ...] = (
    # Frameworks first: what is taken for them decides what may be taken for the providers inside them.
    Library(
        "langchain", "langchain-core", "langchain_core",
        (
            _otel("genai-langchain", "genai.langchain:LangChainInstrumentor", "0.3.22", "langchain"),
            _inference("langchain", "langchain:LangChainInstrumentor", "0.1.0", apart=True),
            _llmetry("langchain", "langchain:LangchainInstrumentor", "0.1.0", apart=True),
        ),
        _PROVIDERS,
        note="LangGraph too. OpenTelemetry's leaves the call inside to the framework's span.",
    ),
    Library(
        "llama-index", "llama-index-core", "llama_index.core",
        (
            _otel("genai-llama-index", "genai.llama_index:LlamaIndexInstrumentor", "0.14.19"),
            _inference("llama-index", "llama_index:LlamaIndexInstrumentor", "0.14.19", apart=True),
            _llmetry("llamaindex", "llamaindex:LlamaIndexInstrumentor", "0.7.0"),
        ),
        _PROVIDERS,
        note="OpenTelemetry's has agents, tools and retrieval, and leaves models to the provider's.",
    ),
    Library(
        "openai-agents", "openai-agents", "agents",
        (
            _otel("genai-openai-agents", "genai.openai_agents:OpenAIAgentsInstrumentor", "0.3.3"),
            _inference("openai-agents", "openai_agents:OpenAIAgentsInstrumentor", "0.11.0"),
            _llmetry("openai-agents", "openai_agents:OpenAIAgentsInstrumentor", "0.2.0"),
        ),
        ("openai",),
    ),
    Library(
        "crewai", "crewai", "crewai",
        (
            _inference("crewai", "crewai:CrewAIInstrumentor", "1.10.1"),
            _llmetry("crewai", "crewai:CrewAIInstrumentor", "1.0.0"),
        ),
        ("litellm", *_PROVIDERS),
        note="Its own telemetry goes to its makers on a provider of its own and is no substitute.",
    ),
    Library(
        "dspy", "dspy", "dspy",
        (
            _inference("dspy", "dspy:DSPyInstrumentor", "2.6.0"),
            _otel("genai-dspy", "genai.dspy:DSPyInstrumentor", "3.3.0"),
        ),
        ("litellm",),
    ),
    Library(
        "agno", "agno", "agno",
        (
            _otel("genai-agno", "genai.agno:AgnoInstrumentor", "2.0.0"),
            _inference("agno", "agno:AgnoInstrumentor", "2.5.0"),
            _llmetry("agno", "agno:AgnoInstrumentor", "2.0.0"),
        ),
        _PROVIDERS,
    ),
    Library(
        "smolagents", "smolagents", "smolagents",
        (
            _inference("smolagents", "smolagents:SmolagentsInstrumentor", "1.2.2"),
            _otel("genai-smolagents", "genai.smolagents:SmolagentsInstrumentor", "1.24.0"),
        ),
        ("litellm", "openai"),
    ),
    Library(
        "haystack", "haystack-ai", "haystack",
        (
            _inference("haystack", "haystack:HaystackInstrumentor", "2.18.0"),
            _llmetry("haystack", "haystack:HaystackInstrumentor", "2.0.0"),
        ),
        _PROVIDERS,
        note="Its own spans (without usage columns) need `haystack.tracing.enable_tracing`; not turned on.",
    ),
    Library(
        "claude-agent-sdk", "claude-agent-sdk", "claude_agent_sdk",
        (_inference("claude-agent-sdk", "claude_agent_sdk:ClaudeAgentSDKInstrumentor", "0.1.45"),),
    ),
    Library(
        "autogen", "autogen-agentchat", "autogen_agentchat",
        (_inference("autogen-agentchat", "autogen_agentchat:AutogenAgentChatInstrumentor", "0.5.1"),),
        ("openai", "anthropic"),
        note="Its runtime makes spans of messages itself, without model or usage.",
    ),
    Library(
        "beeai", "beeai-framework", "beeai_framework",
        (_inference("beeai", "beeai:BeeAIInstrumentor", "0.1.51"),),
        ("litellm",),
    ),
    Library(
        "google-adk", "google-adk", "google.adk",
        (_inference("google-adk", "google_adk:GoogleADKInstrumentor", "2.10.0"),),
        ("google-genai",),
        Native(content={"ADK_CAPTURE_MESSAGE_CONTENT_IN_SPANS": ("true", "false")}),
    ),
    Library(
        "pydantic-ai", "pydantic-ai-slim", "pydantic_ai",
        (), _PROVIDERS,
        Native(call="pydantic_ai:Agent.instrument_all"),
        note="Content follows `capture_content` in the worker, which drops it before anything leaves.",
    ),
    Library(
        "strands", "strands-agents", "strands", (), ("bedrock", "openai", "anthropic", "litellm"), Native(),
    ),
    Library(
        "semantic-kernel", "semantic-kernel", "semantic_kernel", (), ("openai", "anthropic", "google-genai"),
        Native(
            variables={_KERNEL: "true"},
            content={f"{_KERNEL}_SENSITIVE": ("true", "false")},
        ),
        note="Content goes into log events; on spans there is usage.",
    ),
    Library(
        "agent-framework", "agent-framework-core", "agent_framework", (), ("openai", "anthropic"),
        Native(content={"ENABLE_SENSITIVE_DATA": ("true", "false")}),
    ),
    Library(
        "litellm", "litellm", "litellm",
        (
            _inference("litellm", "litellm:LiteLLMInstrumentor", "1.65.0"),
            _llmetry("litellm", "litellm:LiteLLMInstrumentor", "1.0.0"),
        ),
        _PROVIDERS,
        note="`litellm.callbacks = ['otel']` in the program does the same; then leave it out here.",
    ),
    Library(
        "instructor", "instructor", "instructor",
        (_inference("instructor", "instructor:InstructorInstrumentor"),), _PROVIDERS,
    ),
    Library(
        "openai", "openai", "openai",
        (
            _otel("genai-openai", "genai.openai:OpenAIInstrumentor", "1.26.0"),
            _inference("openai", "openai:OpenAIInstrumentor", "2.8.0"),
            _otel("openai-v2", "openai_v2:OpenAIInstrumentor", "1.26.0"),
            _llmetry("openai", "openai:OpenAIInstrumentor", "0.27.0"),
        ),
        note="openai-v2 is the forerunner of genai-openai and does not load beside the newest util-genai.",
    ),
    Library(
        "anthropic", "anthropic", "anthropic",
        (
            _otel("genai-anthropic", "genai.anthropic:AnthropicInstrumentor", "0.51.0"),
            _inference("anthropic", "anthropic:AnthropicInstrumentor", "1.8.0"),
            _llmetry("anthropic", "anthropic:AnthropicInstrumentor", "0.3.11"),
        ),
        native=Native(
            off={"ANTHROPIC_OPEN_TELEMETRY": "false"},
            content={"ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE": ("content", "no_content")},
            least="2.11",
            fallback=True,
        ),
        note="OpenLLMetry's loses streams that are left early and adds a token to the others.",
    ),
    Library(
        "google-genai", "google-genai", "google.genai",
        (
            _otel("google-genai", "google_genai:GoogleGenAiSdkInstrumentor", "1.32.0"),
            _inference("google-genai", "google_genai:GoogleGenAIInstrumentor"),
        ),
    ),
    Library(
        "vertexai", "google-cloud-aiplatform", "vertexai",
        (
            _inference("vertexai", "vertexai:VertexAIInstrumentor", "1.63.0"),
            _llmetry("vertexai", "vertexai:VertexAIInstrumentor", "1.38.1"),
        ),
    ),
    Library(
        "bedrock", "boto3", "boto3",
        (
            _otel("genai-bedrock", "genai.bedrock:BedrockInstrumentor", "1.40.46"),
            _inference("bedrock", "bedrock:BedrockInstrumentor", "1.28.57"),
            _llmetry("bedrock", "bedrock:BedrockInstrumentor", "1.28.57"),
        ),
        note="Turn off `opentelemetry-instrumentation-botocore` for bedrock-runtime: it makes the same span.",
    ),
    Library(
        "mistralai", "mistralai", "mistralai",
        (
            _inference("mistralai", "mistralai:MistralAIInstrumentor"),
            _llmetry("mistralai", "mistralai:MistralAiInstrumentor", "1.0.0"),
        ),
    ),
    Library(
        "groq", "groq", "groq",
        (
            _inference("groq", "groq:GroqInstrumentor", "0.9.0"),
            _llmetry("groq", "groq:GroqInstrumentor", "0.9.0"),
        ),
    ),
    Library(
        "cohere", "cohere", "cohere",
        (
            _inference("cohere", "cohere:CohereInstrumentor", "5.13.0"),
            _llmetry("cohere", "cohere:CohereInstrumentor", "4.2.7"),
        ),
    ),
    Library(
        "together", "together", "together",
        (
            _inference("together", "together:TogetherInstrumentor", "2.0.0"),
            _llmetry("together", "together:TogetherAiInstrumentor", "1.2.0"),
        ),
    ),
    Library(
        "ollama", "ollama", "ollama",
        (
            _inference("ollama", "ollama:OllamaInstrumentor", "0.4.0"),
            _llmetry("ollama", "ollama:OllamaInstrumentor", "0.1.0"),
        ),
    ),
    Library(
        "portkey", "portkey-ai", "portkey_ai",
        (_inference("portkey", "portkey:PortkeyInstrumentor", "0.1.0"),),
    ),
    Library(
        "mcp", "mcp", "mcp",
        (_inference("mcp", "mcp:MCPInstrumentor", "1.24.0"),),
        note="Carries the trace from client to server.",
    ),
    Library(
        "chromadb", "chromadb", "chromadb", (_llmetry("chromadb", "chromadb:ChromaInstrumentor", "0.3"),)
    ),
    Library(
        "pinecone", "pinecone", "pinecone", (_llmetry("pinecone", "pinecone:PineconeInstrumentor", "5.1.0"),)
    ),
    Library(
        "qdrant", "qdrant-client", "qdrant_client", (_llmetry("qdrant", "qdrant:QdrantInstrumentor", "1.7"),)
    ),
    Library(
        "weaviate", "weaviate-client", "weaviate",
        (_llmetry("weaviate", "weaviate:WeaviateInstrumentor", "3.26.0"),),
    ),
    Library("milvus", "pymilvus", "pymilvus", (_llmetry("milvus", "milvus:MilvusInstrumentor", "2.4.1"),)),
    Library("lancedb", "lancedb", "lancedb", (_llmetry("lancedb", "lancedb:LanceInstrumentor", "0.9.0"),)),
)  # fmt: skip
BY_NAME: Mapping[str, Library] = {library.name: library for library in LIBRARIES}
