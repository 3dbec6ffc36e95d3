"""Faults injected into jobs at work: nothing may be lost, wrong or left behind; see sections.py."""

import http.client
import http.server
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from common import ROOT, xlner
from sections import mark, section, shell, table

FAULTS = int(os.environ.get("XLNER_TORTURE", 1000))
SAMPLES = ROOT / "samples"
# Enough for several batches and translations; more would only make each fault dearer.
COPIES = 5

# ---- the jobs: (command line, output, run folder or None)

LABEL = "label --from sw --via en in.txt"
JOBS = {
    "label": (f"{LABEL} --engine lookup --model sw-en.tsv --run work -o out.jsonl", "out.jsonl", "work"),
    "label, no run folder": (f"{LABEL} --engine lookup --model sw-en.tsv --decision none -o out.jsonl", "out.jsonl", None),
    "label, apertium": (f"{LABEL} --engine apertium --timeout 2 --processes 2 --decision none --run work -o out.jsonl", "out.jsonl", "work"),
    "label, server": (f"{LABEL} --engine http --model ADDRESS --timeout 2 --retries 0 --request-size 20 --decision none --run work -o out.jsonl", "out.jsonl", "work"),
    "transfer": ("transfer --to sw --engine lookup --model en-sw.tsv --source en.conll --run work -o out.conll", "out.conll", "work"),
    "train": ("train --train train.conll --iterations 12 -o out.tagger", "out.tagger", None),
    "self-train": ("self-train --pairs pairs.jsonl --filter agreement --rounds 1 --folds 2 --iterations 6 --run work -o out.tagger",
                   "out.tagger", "work"),
    "experiment": ("experiment plan.toml --run work -o out.md", "out.md", "work"),
    # What a person did in the page; the export shows what was kept of it.
    "review": ("review export --store review.db -o out.jsonl", "out.jsonl", None),
}
# What each fault can be done to.
KILLED = [name for name in JOBS if name not in ("label, server", "review")]
DAMAGED = [name for name, job in JOBS.items() if job[2] and name != "label, server"]
FULL = ["label", "label, no run folder", "transfer", "train", "self-train", "experiment"]

APERTIUM = """#!/usr/bin/env python3
import os, sys, time
if sys.argv[1:2] == ["-l"]:
    print("  swa-eng")
    sys.exit()
data, text = sys.stdin.buffer, b""
while byte := data.read(1):
    if byte != b"\\0":
        text += byte
        continue
    if os.environ.get("HANG") and os.environ["HANG"].encode() in text:
        time.sleep(1000)
    sys.stdout.buffer.write((text if text == b"[xlner]" else text.title()) + b"\\0")
    sys.stdout.buffer.flush()
    text = b""
"""

PLAN = """title = "x"
[[dataset]]
name = "sw"
gold = "sw.conll"
[[method]]
name = "span"
steps = ["project --source en.conll --target {gold} -o {out}"]
[[method]]
name = "heuristic"
steps = ["align --source en.conll --target {gold} -o {folder}/links.pharaoh", "project --source en.conll --target {gold} --alignment {folder}/links.pharaoh --method heuristic -o {out}"]
"""


def sentences(name):
    blocks = (SAMPLES / name).read_text(encoding="utf-8").strip("\n").split("\n\n")
    return [[line.split("\t") for line in block.split("\n")] for block in blocks]


def inputs(folder):
    """The files that the jobs read."""
    folder.mkdir()
    write = lambda name, lines: (folder / name).write_text("".join(lines), encoding="utf-8")
    columns = lambda sentence, number: "".join(f"{t}\t{tag}\n" for t, tag in [*sentence, [str(number), "O"]]) + "\n"
    pairs = [(e, s, number) for number in range(COPIES) for e, s in zip(sentences("en.conll"), sentences("sw.conll"))]
    def written(side, language):
        """The texts of columns as a translator gets them: put together, and kept because the table does not know them."""
        write("x.conll", (columns(pair[side], pair[2]) for pair in pairs))
        write("x.tsv", ["x\tx\n"])
        subprocess.run([xlner(), "-q", "translate", "--engine", "lookup", "--model", "x.tsv", "--missing", "keep", "--from", language,
                        "--to", "de", "x.conll", "-o", "x.txt"], check=True, cwd=folder)
        return (folder / "x.txt").read_text(encoding="utf-8").splitlines()

    english, swahili = written(0, "en"), written(1, "sw")
    write("in.txt", (f"{s}\n" for s in swahili))
    write("sw-en.tsv", (f"{s}\t{e}\n" for e, s in zip(english, swahili)))
    write("en-sw.tsv", (f"{e}\t{s}\n" for e, s in zip(english, swahili)))
    write("en.conll", (columns(e, number) for e, _, number in pairs))
    write("sw.conll", (columns(s, number) for _, s, number in pairs))
    write("train.conll", (columns(s, number) for _, s, number in pairs[:100]))
    write("plan.toml", [PLAN])
    write("few.en.conll", [columns(e, n) for e, _, n in pairs[:132]])
    write("few.sw.conll", [columns(s, n) for _, s, n in pairs[:132]])
    subprocess.run([xlner(), "-q", "project", "--source", "few.en.conll", "--target", "few.sw.conll", "-o", "pairs.jsonl"],
                   cwd=folder, check=True)
    (folder / "bin").mkdir()
    write("bin/apertium", [APERTIUM])
    (folder / "bin" / "apertium").chmod(0o755)


# ---- a server that may fail

class Server:
    """LibreTranslate of a table; `fault` is what it does wrong from its `after`th request on."""

    def __init__(self, translations):
        self.fault, self.after, self.requests = None, 0, 0
        # Requests of the job where nothing fails.
        self.needed = None
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_POST(self):
                outer.requests += 1
                fault = outer.fault if outer.requests > outer.after else None
                texts = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["q"]
                answer = json.dumps({"translatedText": [translations[text] for text in texts]}).encode()
                if fault == "hangs":
                    time.sleep(4)
                    return
                if fault == "drops":
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                if fault == "fails":
                    self.send_error(500)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                if fault == "breaks off":
                    self.wfile.write(answer[: len(answer) // 2])
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                if fault == "talks nonsense":
                    answer = bytes(reversed(answer))
                self.wfile.write(answer)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"


NETWORK = ["hangs", "drops", "fails", "breaks off", "talks nonsense"]


# ---- one trial

class Trial:
    """A job in a folder of its own."""

    def __init__(self, job, given, place, server):
        self.folder, self.temporary = place / "job", place / "tmp"
        shutil.copytree(given, self.folder)
        self.temporary.mkdir()
        self.given = {path.name for path in self.folder.iterdir()}
        command, output, run = JOBS[job]
        self.words = [str(xlner()), "--threads", "2", "-q", *command.replace("ADDRESS", server.address).split()]
        self.output, self.run = self.folder / output, run and self.folder / run
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        self.environment = dict(os.environ, TMPDIR=str(self.temporary), PATH=path, RUST_BACKTRACE="0")

    def start(self, limit=None, **more):
        words = self.words
        if limit is not None:
            # Writing more fails as it does on a disk that is full.
            words = ["bash", "-c", 'trap "" XFSZ; ulimit -f "$0"; exec "$@"', str(limit), *words]
        return subprocess.Popen(words, cwd=self.folder, env=dict(self.environment, **more), stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)

    def end(self, process, seconds=300):
        try:
            _, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return None, "it hung"
        return process.returncode, errors.decode(errors="replace")

    def complete(self, **more):
        return self.end(self.start(**more))

    def shown(self):
        """What the output says; seconds and times of the day differ from run to run."""
        if not self.output.exists():
            return None
        data = self.output.read_bytes()
        if self.output.suffix == ".md":
            return b"\n".join(b"|".join(line.split(b"|")[:7]) for line in data.splitlines())
        return re.sub(rb',"at":"[^"]*"', b"", data)

    def left(self):
        """What lies around beside the output and what the run folder keeps."""
        # SQLite's log stays with its store until the next who opens it has taken it in.
        known = self.given | {self.output.name, *(f"review.db{end}" for end in ("", ".lock", "-wal", "-shm"))} | ({self.run.name} if self.run else set())
        stray = [path.name for path in self.folder.iterdir() if path.name not in known]
        stray += [str(path) for path in self.temporary.iterdir()]
        return stray + [str(path) for path in (self.run.rglob("*.part") if self.run and self.run.exists() else [])]


def kill(trial, wanted, seconds, rng, _):
    """Killed up to three times; then it is left to finish."""
    swept = True
    for _ in range(rng.randint(1, 3)):
        process = trial.start()
        time.sleep(rng.uniform(0, seconds * 1.1))
        how = rng.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
        process.send_signal(how)
        code, errors = trial.end(process)
        if code not in (0, -how):
            return f"exit {code}: {errors}"
        if trial.output.exists() and trial.shown() != wanted:
            return "half an output"
        # What SIGKILL leaves is removed by the next start, if that comes so far.
        swept = swept and how != signal.SIGKILL
        if swept and trial.left():
            return f"left after {how.name}: {trial.left()}"
    # Children of a killed experiment finish or die by themselves.
    code, errors = trial.complete()
    return f"exit {code}: {errors}" if code else None


def full(trial, wanted, _, rng, __):
    """No file may be longer than a few kB."""
    code, errors = trial.end(trial.start(limit=rng.choice([0, 1, 2, 4, 8, 16, 32, 64])))
    if code not in (0, 1) or (code == 1 and "error" not in errors):
        return f"exit {code}: {errors}"
    # The table of an experiment says which methods failed, and is written.
    if trial.output.exists() and trial.shown() != wanted and not (b"failed" in trial.shown() and trial.output.suffix == ".md"):
        return "half an output"
    if trial.left():
        return f"left: {trial.left()}"
    code, errors = trial.complete()
    return f"exit {code}: {errors}" if code else None


def damage(trial, wanted, _, rng, __):
    """Files of a finished run folder changed, cut, reordered, emptied or removed."""
    code, errors = trial.complete()
    if code:
        return f"exit {code}: {errors}"
    trial.output.unlink()
    files = sorted(path for path in trial.run.rglob("*") if path.is_file() and not path.name.startswith("lock"))
    for path in rng.sample(files, min(len(files), rng.randint(1, 3))):
        data = bytearray(path.read_bytes())
        kind = rng.choice(["flip", "cut", "empty", "remove", "frames", "swap"])
        frames = data.split(b"\x28\xb5\x2f\xfd")
        if kind == "flip" and data:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        elif kind == "cut":
            data = data[: rng.randrange(len(data) + 1)]
        elif kind == "frames" and len(frames) > 2:
            frames[1:] = rng.sample(frames[1:], len(frames) - 1)
            data = b"\x28\xb5\x2f\xfd".join(frames)
        elif kind == "swap" and len(data) > 8:
            middle = len(data) // 2
            data = data[middle:] + data[:middle]
        elif kind == "remove":
            path.unlink()
            continue
        else:
            data = b""
        path.write_bytes(data)
    for _ in range(4):
        code, errors = trial.complete()
        if code == 0:
            return None
        # The error names the file that is to be deleted.
        named = [path for path in files if path.exists() and path.name in errors]
        if code != 1 or not named:
            return f"exit {code}: {errors}"
        named[0].unlink()
    return "it cannot be mended"


def hang(trial, wanted, _, rng, __):
    """An Apertium that says nothing more from some sentence on."""
    code, errors = trial.complete(HANG=f" {rng.randrange(COPIES)}")
    if code != 1 or "apertium" not in errors:
        return f"exit {code}: {errors}"
    if trial.output.exists() or trial.left():
        return f"left: {trial.left()}"
    code, errors = trial.complete()
    return f"exit {code}: {errors}" if code else None


def network(trial, wanted, _, rng, server):
    """A server that fails from some request on, one of those that the job makes."""
    server.requests, server.after, server.fault = 0, rng.randrange(server.needed), rng.choice(NETWORK)
    code, errors = trial.complete()
    server.fault = None
    if code != 1 or server.address.removeprefix("http://") not in errors:
        return f"exit {code}: {errors}"
    if trial.output.exists() or trial.left():
        return f"left: {trial.left()}"
    code, errors = trial.complete()
    return f"exit {code}: {errors}" if code else None


SENTENCES = 12


class Page:
    """The page of a review at work: its server, and what a browser sends."""

    def __init__(self, trial, limit=None):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.trial = trial
        self.start(limit)

    def start(self, limit=None):
        """Starts the server; with a limit, the disk is full once the store has so many kB."""
        words = ["review", "pairs.jsonl", "--store", "review.db", "--port", str(self.port), "--no-open", "--annotator", "ada",
                 "--learn-every", "0"]
        self.trial.words = [self.trial.words[0], "-q", *words]
        self.process = self.trial.start(limit)

    def ask(self, path, body=None, method="GET"):
        """The answer; `None` where there is no server, or it fails."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/{path}", data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read() or b"null") or True
        except urllib.error.HTTPError as error:
            if error.code < 500:
                raise RuntimeError(f"{path}: {error.code} {error.read()[:200]}") from error
        except (OSError, ValueError, http.client.HTTPException):
            pass
        return None

    def insist(self, path, body=None, method="GET"):
        """Asks until there is an answer, as the page does; whoever killed the server starts it again."""
        for _ in range(600):
            if (answer := self.ask(path, body, method)) is not None:
                return answer
            if self.process.poll() is not None:
                self.trial.end(self.process)
                self.start()
            time.sleep(0.05)
        raise RuntimeError(f"{path}: no answer")

    def work(self):
        """Corrects sentences: in each the first entity gets another label, and the last goes where there are several."""
        for number in range(1, SENTENCES + 1):
            head = self.insist(f"items/{number}")["head"]
            entities = head["entities"]
            events = []
            if entities:
                one = {key: entities[0][key] for key in ("start", "end", "label")}
                events.append({"op": "change", **one, "to": {**one, "label": "MISC"}})
            if len(entities) > 1:
                events.append({"op": "remove", **{key: entities[-1][key] for key in ("start", "end", "label")}})
            if events and head["seq"] == 0:
                events = [{"uuid": f"{number}-{at}", "base": 0, **event} for at, event in enumerate(events)]
                self.insist(f"items/{number}/events", events, "POST")
            self.insist(f"items/{number}/submit", method="POST")

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.trial.end(self.process)


def reviewed(trial, rng, strike, limit=None):
    """A person works through the page while `strike` does something to its server, until it is told that all is done; then
    what was kept is exported. A page that is not answered sends again. The problem, if there is one."""
    export, problem, done = trial.words, None, threading.Event()
    page = Page(trial, limit)
    thread = threading.Thread(target=strike, args=(page, done))
    thread.start()
    try:
        page.work()
    except RuntimeError as error:
        problem = str(error)
    done.set()
    thread.join()
    page.end(rng.choice([signal.SIGKILL, signal.SIGTERM]))
    trial.words = export
    code, errors = trial.complete()
    return problem or (f"exit {code}: {errors}" if code else None)


def review(trial, wanted, seconds, rng, _):
    """Killed up to three times while a person works."""

    def strike(page, done):
        for _ in range(rng.randint(1, 3)):
            if done.wait(rng.uniform(0, seconds / 2)):
                return
            page.process.send_signal(rng.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT]))

    return reviewed(trial, rng, strike)


def review_full(trial, wanted, seconds, rng, _):
    """The disk is full while a person works; after a while there is room, and the server is started again."""

    def strike(page, done):
        done.wait(rng.uniform(seconds / 4, 2 * seconds))
        # Whoever waits for an answer starts it again, without the limit.
        page.process.send_signal(rng.choice([signal.SIGKILL, signal.SIGTERM]))

    return reviewed(trial, rng, strike, limit=rng.choice([64, 128, 192, 256, 384, 512]))


def review_damaged(trial, wanted, _, rng, __):
    """The store changed, cut or emptied once a person has worked: it says so, or the damage is where nothing is kept."""
    export, page = trial.words, Page(trial)
    page.work()
    page.end()
    trial.words = export
    # Whoever closes the store last takes in its log.
    code, errors = trial.complete()
    if code or trial.shown() != wanted:
        return f"exit {code}: {errors}"
    trial.output.unlink()
    store = trial.folder / "review.db"
    whole = store.read_bytes()
    data = bytearray(whole)
    kind = rng.choice(["flip", "flip", "flip", "cut", "empty", "zero"])
    if kind == "flip":
        for _ in range(rng.randint(1, 8)):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif kind == "cut":
        data = data[: rng.randrange(len(data))]
    elif kind == "zero":
        at = rng.randrange(len(data))
        data[at : at + 512] = bytes(len(data[at : at + 512]))
    else:
        data = b""
    store.write_bytes(data)
    code, errors = trial.complete()
    if code not in (0, 1) or (code == 1 and ("review.db" not in errors or trial.output.exists())):
        return f"{kind}: exit {code}: {errors}"
    if code == 0 and trial.shown() != wanted:
        return f"{kind}: something else was exported"
    for more in ("review.db-wal", "review.db-shm"):
        (trial.folder / more).unlink(missing_ok=True)
    store.write_bytes(whole)
    code, errors = trial.complete()
    return f"exit {code}: {errors}" if code else None


INJECTED = {
    "killed (SIGKILL, SIGTERM, SIGINT)": (kill, KILLED, 52),
    "disk full": (full, FULL, 15),
    "run folder damaged": (damage, DAMAGED, 15),
    "translator hung": (hang, ["label, apertium"], 3),
    "network lost": (network, ["label, server"], 7),
    "review killed while a person works": (review, ["review"], 8),
    "review's disk full": (review_full, ["review"], 4),
    "review's store damaged": (review_damaged, ["review"], 6),
}


@section("Torture: faults injected into `label`, `transfer`, `train`, `self-train`, `experiment` and `review`", heavy=True)
def torture(folder, arguments):
    count = 20 if arguments.small else FAULTS
    rng = random.Random(13)
    given = folder / "given"
    inputs(given)
    table_of = dict(line.split("\t") for line in (given / "sw-en.tsv").read_text(encoding="utf-8").splitlines())
    server = Server(table_of)
    wanted, seconds = {}, {}
    for name in JOBS:
        place = folder / f"clean {len(wanted)}"
        place.mkdir()
        trial = Trial(name, given, place, server)
        start = time.monotonic()
        if name == "review":
            export, page = trial.words, Page(trial)
            page.work()
            page.end()
            trial.words = export
        code, errors = trial.complete()
        seconds[name] = time.monotonic() - start
        if name == "label, server":
            server.needed = server.requests
        if code:
            raise SystemExit(f"{name}: exit {code}: {errors}")
        wanted[name] = trial.shown()
    done = {name: [0, 0] for name in INJECTED}
    problems = []
    for number in range(count):
        name = rng.choices(list(INJECTED), [weight for _, _, weight in INJECTED.values()])[0]
        inject, jobs, _ = INJECTED[name]
        job = rng.choice(jobs)
        place = folder / "trial"
        place.mkdir()
        trial = Trial(job, given, place, server)
        problem = inject(trial, wanted[job], seconds[job], random.Random(number), server)
        if problem is None and trial.shown() != wanted[job]:
            problem = "another output than without the fault"
        if problem is None and trial.left():
            problem = f"left behind: {trial.left()}"
        done[name][0] += 1
        if problem:
            done[name][1] += 1
            problems.append(f"- {name}, {job}, trial {number}: {problem.strip()[:300]}")
            print(problems[-1], flush=True)
        shutil.rmtree(place, ignore_errors=True)
    server.server.shutdown()
    rows = [[name, injected, bad] for name, (injected, bad) in done.items()] + [["**all**", count, len(problems)]]
    told = [
        shell("benches/results/run --heavy --only torture      # XLNER_TORTURE=200 for fewer"),
        table(["fault", "injected", "something lost, wrong or left behind"], rows),
        f"Each fault strikes one of {len(JOBS)} jobs ({', '.join(JOBS)}) of {COPIES * 66} sentences at a moment or place drawn by chance; then the "
        f"same command is started again, and its output must be that of a run without faults, byte by byte (of `experiment` the figures; of `review` what is exported once a person has corrected {SENTENCES} sentences in the page: nothing acknowledged may be missing). No part of "
        "a file, no temporary folder and no half output may lie around. Faults: kills; a limit on the length of files, which makes writing fail; "
        "files of the run folder flipped, cut, reordered, emptied or removed; an Apertium that falls silent; a server that hangs, drops the connection, breaks "
        "off, fails or talks nonsense, from one of the requests on that the job makes; a store of the review flipped, cut, emptied or partly zeroed, which must be refused, or exported as it was.",
        f"- {count} faults, {len(problems)} with a problem {mark(not problems)}" + ("; the goal is 1,000 faults" if count < 1000 else ""),
        *problems[:20],
    ]
    return "\n\n".join(told)
