"""The same requests through Inspect, promptfoo and distilabel, each in an environment of its own.

Used by `python -m tests.benchmarks.model_client --rivals`. Each program runs twice, with few and
with all requests; the difference is what requests cost without the program's start. CPU counts a
program with every process that it starts and waits for.
"""

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

from tests import environments

FEW = 64
INSPECT = """
import sys
from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.solver import generate
url, count, most, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
task = Task(dataset=[Sample(input=f"What is {n} and {n}?", target="x") for n in range(count)],
            solver=generate())
[log] = eval(task, model="openai-api/mock/mock", model_base_url=url, max_connections=most,
             max_samples=2 * most, display="none", log_dir=folder)
assert log.status == "success" and len(log.samples) == count, log.error
"""
DISTILABEL_NEEDS = ("distilabel[openai]==1.5.3", "datasets==5.2.0", "openai==3.57.0", "requests")
DISTILABEL = """
import sys
from distilabel.models import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import TextGeneration
if __name__ == "__main__":
    url, count, most = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with Pipeline(name="bench") as pipeline:
        data = [{"instruction": f"What is {n} and {n}?"} for n in range(count)]
        load = LoadDataFromDicts(data=data, batch_size=most)
        llm = OpenAILLM(model="mock", base_url=url, api_key="x")
        load >> TextGeneration(llm=llm, input_batch_size=most)
    found = pipeline.run(use_cache=False)
    assert len(found["default"]["train"]) == count
"""


def inspect(url, count, most, folder):
    """Inspect's own eval, its log written as always."""
    run = environments.python("inspect", "inspect_ai==0.3.285", "openai==3.57.0")
    return [run, _file(folder, INSPECT), url, count, most, folder], {"MOCK_API_KEY": "x"}


def distilabel(url, count, most, folder):
    """distilabel's pipeline of one generating step."""
    run = environments.python("distilabel", *DISTILABEL_NEEDS)
    return [run, _file(folder, DISTILABEL), url, count, most], {"HF_HUB_OFFLINE": "1"}


def promptfoo(url, count, most, folder):
    """promptfoo's eval of one prompt over as many tests."""
    run = environments.npm("promptfoo", "promptfoo@0.121.20") / "promptfoo"
    provider = {"id": "openai:chat:mock", "config": {"apiBaseUrl": url, "apiKey": "x"}}
    config = {
        "prompts": ["What is {{n}} and {{n}}?"], "providers": [provider],
        "tests": [{"vars": {"n": n}} for n in range(count)],
    }  # fmt: skip
    path = folder / "promptfooconfig.json"
    path.write_text(json.dumps(config), "utf-8")
    options = ["--no-cache", "--no-table", "--no-progress-bar", "--no-write", "-j", most]
    off = ("TELEMETRY", "UPDATE", "DEBUG_LOG", "ERROR_LOG")  # its log may crash it at its end
    quiet = {f"PROMPTFOO_DISABLE_{what}": "1" for what in off}
    return [run, "eval", "-c", path, *options], {**quiet, "PROMPTFOO_CONFIG_DIR": str(folder)}


RIVALS = {"Inspect": inspect, "promptfoo": promptfoo, "distilabel": distilabel}


def _file(folder, text):
    path = folder / "script.py"
    path.write_text(text, "utf-8")
    return path


def spent(command, more, folder):
    """Wall and CPU seconds of a program and all that it starts; raises RuntimeError when it fails.

    What it says goes into a file: a program that says much must not wait for its reader.
    """
    said = folder / "said"
    begun = time.perf_counter()
    with said.open("wb") as out:
        process = subprocess.Popen(
            [str(part) for part in command], cwd=folder, env={**os.environ, **more},
            stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        words = said.read_text("utf-8", errors="replace")[-800:]
        raise RuntimeError(f"{Path(command[0]).name} ended with {process.returncode}: {words}")
    return wall, usage.ru_utime + usage.ru_stime


def compare(url, requests, concurrency, ours):
    """A line for each rival, beside the milliseconds of CPU that ours takes for a request.

    One that cannot be installed or run says so.
    """
    for name, rival in RIVALS.items():
        try:
            with tempfile.TemporaryDirectory() as made:
                folder = Path(made)
                few = spent(*rival(url, FEW, concurrency, folder), folder)
                every = spent(*rival(url, requests, concurrency, folder), folder)
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            print(f"  {name}: not measured here ({str(error)[-300:]})", flush=True)
            continue
        wall, cpu = (a - b for a, b in zip(every, few, strict=True))
        if min(wall, cpu) <= 0:
            print(f"  {name}: {requests} requests are too few beside its start", flush=True)
            continue
        count = requests - FEW
        each = 1000 * cpu / count
        print(
            f"concurrency {concurrency:3}: {name:10} {count / wall:6.0f}/s {each:.2f} ms CPU, "
            f"{each / ours:.1f} times ours",
            flush=True,
        )
