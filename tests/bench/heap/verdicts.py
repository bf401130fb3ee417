"""Table 8: what the leak verdict says of programs that leak and of programs that do not."""
import os
import re
import subprocess
import sys

import kit as kits
import report

SUITE = os.path.join(kits.HERE, "..", "..", "profiler", "verdict", "verdict_suite.py")
RESULT = re.compile(r"^(not )?ok \d+ - (\w+) (is|is not) called a leak$")
SAID = re.compile(r"^#   \d+ runs: (.*); (\d+) mature samples a run$")
COVERED = re.compile(r"; the rate's interval holds the truth in (\d+)$")


def measure(kit, plan):
    """What the suite found, by behaviour."""
    environment = dict(os.environ, ARXHEAP_BUILD=os.path.dirname(kit.runtime), TMPDIR=kit.work)
    command = [sys.executable, SUITE, "--runs", str(plan.verdict_runs)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          stdin=subprocess.DEVNULL, check=False)
    if done.returncode not in (0, 1):
        raise kits.Failed(f"{' '.join(command)}\n{done.stderr[-3000:]}")
    behaviours = []
    for line in done.stdout.splitlines():
        result, said = RESULT.match(line), SAID.match(line)
        if result:
            behaviours.append({"name": result.group(2), "leaks": result.group(3) == "is",
                               "passed": result.group(1) is None})
        elif said and behaviours:
            covered = COVERED.search(said.group(1))
            behaviours[-1].update(verdicts=COVERED.sub("", said.group(1)), samples=int(said.group(2)),
                                  covered=int(covered.group(1)) if covered else None)
    report.progress("verdicts")
    return {"runs": plan.verdict_runs, "behaviours": behaviours}


def render(data):
    runs = data["runs"]
    rows = []
    for each in data["behaviours"]:
        target = f"`leak` in {runs - runs // 20} of {runs}" if each["leaks"] else "never `leak`"
        rows.append([each["name"].replace("_", " "), each.get("verdicts", "none"), each.get("samples", ""),
                     each["covered"] if each.get("covered") is not None else "", target,
                     report.REACHED if each["passed"] else report.MISSED])
    return "\n".join((
        "## Leak verdicts", "",
        f"{runs} runs of each program of the verdict suite (`tests/profiler/verdict`): what is said of the function in",
        "question, and for those that leak in how many runs the 95 % interval of the rate holds the true one.", "",
        report.table(["program", "verdicts", "mature samples a run", "rate held", "target", "verdict"], rows)))
