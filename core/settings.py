"""Where the data lies and which endpoint models are reached at. Keys are read, never kept."""

import os
import tomllib
from functools import lru_cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Settings from the environment: `DATABASE_URL`, and `CONCORD_...` for the rest."""

    model_config = SettingsConfigDict(env_prefix="CONCORD_", extra="ignore")

    database_url: str = Field(
        default=f"sqlite:///{ROOT / 'data' / 'concord.db'}", validation_alias="DATABASE_URL"
    )
    secrets_file: Path = ROOT / ".streamlit" / "secrets.toml"
    prices: Path = Field(
        default=ROOT / "data" / "prices.yaml", description="the price table, kept by the page"
    )
    mode: str = "local"
    runner: bool = Field(default=True, description="start a runner when a run has work")
    import_megabytes: int = Field(default=200, ge=1, description="largest file to import, in MB")


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process."""
    return Settings()


def secret(name: str) -> str | None:
    """The secret of that name from the environment, else from the secrets file; None without."""
    value = os.environ.get(name)
    if value:
        return value
    path = settings().secrets_file
    if not path.is_file():
        return None
    found = tomllib.loads(path.read_text(encoding="utf-8")).get(name)
    return str(found) if found else None
