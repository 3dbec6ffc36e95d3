"""What is measured of fine-tuning; see sections.py."""

import json
import os

from common import PEERS
from sections import mark, script, section, shell, table

# What is given to benches/peers/fine_tune.py; all three seeds take hours on one thread.
WORDS = os.environ.get("XLNER_FINE_TUNE", "--seeds 1,2,3 --epochs 3").split()


@section("Fine-tuning: a real MiniLM on English EWT beside PyTorch and transformers, one thread", heavy=True)
def fine_tuning(folder, arguments):
    words = ["--seeds", "1", "--epochs", "1", "--sentences", "800", "--blocks", "1"] if arguments.small else WORDS
    python = os.environ.get("XLNER_PEER_PYTHON", PEERS / "venv" / "bin" / "python")
    found = json.loads(script("fine_tune.py", *words, "--json", python=python))
    seconds, rows, means = found["seconds_per_step"], [], {}
    tests = [name for name in found["f1"]["xlner"][0] if name != "seed"]
    for name, runs in found["f1"].items():
        for run in runs:
            step = f"{seconds[name]:.3f}" if name in seconds else ""
            rows.append([name, run["seed"], *[f"{run[test]:.4f}" for test in tests], step])
        means[name] = {test: sum(run[test] for run in runs) / len(runs) for test in tests}
        rows.append([f"{name}, mean", "", *[f"{means[name][test]:.4f}" for test in tests], ""])
    difference = means["xlner"][tests[0]] - means["transformers"][tests[0]]
    tags = found["tags"]
    return "\n\n".join([
        shell(f"python benches/peers/fine_tune.py {' '.join(words)}"),
        f"Trained on {found['sentences']} sentences, {found['epochs']} epoch{'s' if found['epochs'] != 1 else ''}, batches of 16.",
        table(["", "seed", *[f"{test}, F1" for test in tests], "CPU s a step"], rows),
        "\n".join([
            f"- F1 on EWT test at most one point below transformers: {100 * difference:+.2f} points {mark(difference >= -0.01)}",
            f"- at least as fast a step: {found['speed_ratio']:.2f} times as fast (median of paired blocks) {mark(found['speed_ratio'] >= 1)}",
            f"- our model loaded by transformers tags EWT test the same: {tags['different']} of {tags['tokens']} tokens differ "
            f"{mark(tags['different'] == 0)}",
        ]),
    ])
