"""Which models are related: judges of one family share their mistakes."""

import re
from collections.abc import Mapping

MAKERS = {
    "gpt": "OpenAI", "chatgpt": "OpenAI", "davinci": "OpenAI", "o": "OpenAI", "claude": "Anthropic",
    "llama": "Meta", "codellama": "Meta", "gemini": "Google", "gemma": "Google", "palm": "Google",
    "mistral": "Mistral", "mixtral": "Mistral", "ministral": "Mistral", "codestral": "Mistral",
    "magistral": "Mistral", "qwen": "Alibaba", "qwq": "Alibaba", "command": "Cohere",
    "aya": "Cohere", "deepseek": "DeepSeek", "phi": "Microsoft", "wizardlm": "Microsoft",
    "grok": "xAI", "yi": "01.AI", "glm": "Zhipu", "chatglm": "Zhipu", "nemotron": "NVIDIA",
    "granite": "IBM", "olmo": "AI2", "tulu": "AI2", "falcon": "TII", "kimi": "Moonshot",
    "vicuna": "Meta", "alpaca": "Meta",
}  # fmt: skip


def family(model: str) -> str:
    """The maker of a model, guessed from its name; the name's first word where it is not known.

    >>> family("meta-llama/Llama-3-70B"), family("gpt-4o-mini"), family("my-own"), family("o3")
    ('Meta', 'OpenAI', 'my', 'OpenAI')
    """
    name = model.rsplit("/", 1)[-1].lower()
    words = re.findall(r"[a-z]+", name)
    known = next((MAKERS[word] for word in words if len(word) > 1 and word in MAKERS), "")
    if known or not words:
        return known or name
    return MAKERS["o"] if re.match(r"o\d", name) else words[0]


def related(models: Mapping[str, str], told: Mapping[str, str] | None = None) -> list[list[str]]:
    """Groups of raters (name -> model) of one family; `told` gives a rater's family by name.

    >>> related({"a": "gpt-4o", "b": "gpt-4o-mini", "c": "gemma-2-9b"})
    [['a', 'b']]
    """
    groups: dict[str, list[str]] = {}
    for name, model in models.items():
        groups.setdefault((told or {}).get(name) or family(model), []).append(name)
    return [names for names in groups.values() if len(names) > 1]
