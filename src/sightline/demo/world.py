"""Frozen facts of the demo's company: its models, people, prompts and tools. All of it is invented."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from sightline.demo.shapes import json_text
from sightline.demo.texts import DOCUMENTS, PRODUCTS, PROMPTS


@dataclass(frozen=True, slots=True)
class Model:
    """A model as called. `speed`: output tokens a second; `first`: median seconds to the first token."""

    provider: str
    name: str
    response: str
    host: str
    speed: float
    first: float


GPT_4O = Model("openai", "gpt-4o", "gpt-4o-2024-11-20", "api.openai.com", 95, 0.48)
GPT_4O_MINI = Model("openai", "gpt-4o-mini", "gpt-4o-mini-2024-07-18", "api.openai.com", 130, 0.36)
O4_MINI = Model("openai", "o4-mini", "o4-mini-2025-04-16", "api.openai.com", 150, 0.55)
SONNET = Model("anthropic", "claude-sonnet-4-5", "claude-sonnet-4-5-20250929", "api.anthropic.com", 70, 0.85)
OPUS = Model("anthropic", "claude-opus-4-5", "claude-opus-4-5-20251101", "api.anthropic.com", 48, 1.3)
GEMINI = Model(
    "gcp.gemini", "gemini-2.5-flash", "gemini-2.5-flash", "generativelanguage.googleapis.com", 190, 0.42
)
MISTRAL = Model("mistral_ai", "mistral-small-latest", "mistral-small-2603", "api.mistral.ai", 140, 0.3)
HAIKU = Model(
    "aws.bedrock",
    "us.anthropic.claude-haiku-4-5-20251001-v1:0",
    "us.anthropic.claude-haiku-4-5-20251001-v1:0",
    "bedrock-runtime.us-east-1.amazonaws.com",
    110,
    0.5,
)
NOVA = Model(
    "aws.bedrock",
    "amazon.nova-lite-v1:0",
    "amazon.nova-lite-v1:0",
    "bedrock-runtime.us-east-1.amazonaws.com",
    160,
    0.3,
)
TRIAGE = Model("vllm", "triage-8b-lora", "triage-8b-lora", "triage-llm.internal", 240, 0.06)
"""Runs on the company's own machines and has no price anywhere: its cost is unknown."""
EMBEDDER = "text-embedding-3-small"
RERANKER = "bge-reranker-v2-m3"
MODELS = (GPT_4O, GPT_4O_MINI, O4_MINI, SONNET, OPUS, GEMINI, MISTRAL, HAIKU, NOVA, TRIAGE)

REGIONS = ("eu-west", "us-east", "ap-south")
ENVIRONMENTS = ("prod", "staging", "dev")
TEAMS = ("support", "search", "growth", "operations", "strategy")
USERS = 900
FORBIDDEN_USER = "u_31877"
"""The one user for whom `lookup_order` always fails."""
LOOP_USER = "u_90337"
"""Whose agent gets stuck."""
TENANTS = ("northlight", "kestrel-labs", "ostra-media", "blue-fjord", "haldane", "quillworks", "tamarind")


def user(random: Random) -> str:
    """A user id; few users ask a lot, most seldom."""
    index = int(USERS * random.random() ** 3)
    return FORBIDDEN_USER if index == 7 else f"u_{10007 + index * 97:05d}"


def tenant(user_id: str) -> str:
    """The customer a user belongs to."""
    return TENANTS[int(user_id[2:]) % len(TENANTS)]


def environment(random: Random) -> str:
    """Where a request runs: nearly always production."""
    chance = random.random()
    return "prod" if chance < 0.89 else "staging" if chance < 0.97 else "dev"


_SETTLED = "\n\n".join(f"Q: {title}?\nA: {text}" for title, text in DOCUMENTS[2:14])
HELPDESK_SYSTEM = f"{PROMPTS['helpdesk']}\n\nAnswers everybody agreed on:\n\n{_SETTLED}"
"""Long enough that providers keep it in their cache."""
PLAN_SYSTEM = PROMPTS["plan"]
_SHELF = "\n".join(
    f"{sku} {name}, {price} USD. Goes with {PRODUCTS[i - 3][1]} and {PRODUCTS[i - 7][1]}; repair from "
    f"{price // 5} USD; not for rent; two years of warranty, stitching and zips for life."
    for i, (sku, name, price) in enumerate(PRODUCTS)
)
SHOP_SYSTEM = f"{PROMPTS['shop']}\n\nThe shelf this season:\n{_SHELF}"
RESEARCH_SYSTEM = PROMPTS["research"]
CLASSIFY_SYSTEM = PROMPTS["classify"]
DRAFT_SYSTEM = PROMPTS["draft"]


def _tool(name: str, description: str, **properties: str) -> dict[str, object]:
    fields = {k: {"type": v} for k, v in properties.items()}
    schema = {"type": "object", "properties": fields, "required": list(properties)[:1]}
    return {"type": "function", "name": name, "description": description, "parameters": schema}


HELPDESK_TOOLS = json_text(
    [
        _tool(
            "search_knowledge", "Search the help centre and past answers.", query="string", top_k="integer"
        ),
        _tool("lookup_order", "Plan, payments and seats of a user.", user="string"),
    ]
)
SHOP_TOOLS = json_text(
    [
        _tool("find_products", "Search the catalogue.", query="string", max_price="number", size="string"),
        _tool("track_order", "Where a parcel is.", order="string"),
        _tool("check_stock", "Stock of a product by shop.", sku="string", city="string"),
    ]
)
RESEARCH_TOOLS = json_text(
    [
        _tool("web_search", "Search the web.", query="string", since="string"),
        _tool("read_page", "Read a page as text.", url="string", section="integer"),
        _tool("run_python", "Run Python on the notes.", code="string"),
        _tool("note", "Keep a finding with its source.", claim="string", source="string"),
        _tool("ask_subagent", "Hand a narrow question to a sub-agent.", question="string"),
        _tool("write_report", "Write the report.", title="string", body="string"),
    ]
)
