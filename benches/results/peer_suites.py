"""The test suites of peers, asked of xlner as well; see benches/peers/suites/README.md."""

import json

from sections import LeftOut, mark, script, section, shell, table


@section("The test suites of peers: what their tests ask them is asked of xlner, too")
def peer_suites(folder, arguments):
    found = json.loads(script("suites/run.py", "--json"))
    if all("skipped" in answers for answers in found.values()):
        raise LeftOut("; ".join(answers["skipped"] for answers in found.values()))
    rows, told = [], []
    for peer, answers in found.items():
        if "skipped" in answers:
            rows.append([peer, f"skipped: {answers['skipped']}", "", "", "", ""])
            continue
        counts = answers["counts"]
        different = counts.get("compared", 0) - counts.get("same", 0) - counts.get("refused", 0)
        rows.append([peer, answers["tests"], counts.get("compared", ""), counts.get("same", ""), different, counts.get("refused", "")])
        told.append(f"- {peer}: {different} answers differ {mark(different == 0)}")
        told += [f"  - {json.dumps(difference, ensure_ascii=False)[:300]}" for difference in answers["differences"][:5]]
        told += [f"  - refused {count} times: {problem}" for problem, count in answers["refusals"].items()]
    head = ["peer", "its own tests, with itself", "answers compared", "the same", "different", "refused by xlner"]
    return "\n\n".join([
        shell("benches/peers/suites/run.py"),
        table(head, rows),
        "A test asks its library; xlner is asked the same, with the same tags or entities, and the answers are compared, of one test the first 200. Not compared is what a file of "
        "columns cannot hold (sentences without tokens) and what xlner has no option for (weights of samples, tags that end with their prefix). "
        "Tests of seqscore that fail with itself read files that are not in its source distribution; `$SEQSCORE`, a checkout of it, has them, where it is as new.",
        "\n".join(told),
    ])
