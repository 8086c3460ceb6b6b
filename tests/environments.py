"""Environments of their own for programs that tests do without: made once, in a cache folder."""

import os
import subprocess
import sys
import venv
from pathlib import Path

CACHE = Path(os.environ.get("CONCORD_CACHE", Path.home() / ".cache" / "concord-tests"))


def python(name, *packages):
    """The Python of an environment with these packages; installed on the first call (network)."""
    folder = CACHE / name
    found = folder / "bin" / "python"
    mark = folder / "installed"
    wanted = "\n".join(packages)
    if not mark.exists() or mark.read_text("utf-8") != wanted:
        print(f"installing {', '.join(packages)} into {folder} (network)", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([found, "-m", "pip", "install", "-q", *packages], check=True)
        mark.write_text(wanted, "utf-8")
    return found


def npm(name, *packages):
    """A folder with these npm packages; installed on the first call (network)."""
    folder = CACHE / name
    mark = folder / "installed"
    wanted = "\n".join(packages)
    if not mark.exists() or mark.read_text("utf-8") != wanted:
        print(f"installing {', '.join(packages)} into {folder} (network)", file=sys.stderr)
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--prefix", folder, *packages], check=True)
        mark.write_text(wanted, "utf-8")
    return folder / "node_modules" / ".bin"
