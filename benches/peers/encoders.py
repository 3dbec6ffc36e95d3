#!/usr/bin/env python3
"""Our transformers beside PyTorch (by `transformers`), ONNX Runtime and CTranslate2, one thread, random weights.

    target/peers/venv/bin/python benches/peers/encoders.py [--seconds 10] [--shapes xlm-r-large,minilm]

XLM-R large (24 layers of 1024) and MiniLM (6 layers of 384), 16 sentences of 32 sub-words each; a vocabulary of 1,000 words,
which changes nothing in what is computed. Times are CPU seconds, so that others on the machine count less. Engines take turns, twice; each's best pass counts. Needs torch and transformers;
ONNX Runtime takes part where it, `onnx` and `onnxscript` are installed, CTranslate2 where it is; in 8 bits the weights have a scale for
every output (CTranslate2, ours) or every column (ONNX Runtime), and inputs are rounded as they come. The last row is what no engine
can pass in 32 bits on the processor.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
import torch  # noqa: E402
import transformers  # noqa: E402

from common import CACHE, ROOT  # noqa: E402

SENTENCES, SUBWORDS = 16, 32
SHAPES = {
    "xlm-r-large": transformers.XLMRobertaConfig(
        vocab_size=1000, hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096,
        max_position_embeddings=514, type_vocab_size=1, pad_token_id=1,
    ),
    "minilm": transformers.BertConfig(
        vocab_size=1000, hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536,
    ),
}


def best(run, seconds):
    """Sentences a CPU second of the fastest pass."""
    start, fastest, passes = time.monotonic(), float("inf"), 0
    while passes < 3 or time.monotonic() - start < seconds:
        before = time.process_time()
        run()
        fastest, passes = min(fastest, time.process_time() - before), passes + 1
    return SENTENCES / fastest


def bound(config):
    """Sentences a second of an engine that does nothing but the products, as fast as PyTorch multiplies large matrices."""
    one, other = torch.rand(2048, 2048), torch.rand(2048, 2048)
    seconds = float("inf")
    for _ in range(5):
        before = time.process_time()
        torch.mm(one, other)
        seconds = min(seconds, time.process_time() - before)
    width = config.hidden_size
    layer = 4 * width * width + 2 * width * config.intermediate_size + 2 * SUBWORDS * width
    return 2048**3 / seconds / (SUBWORDS * config.num_hidden_layers * layer)


def torch_engine(model, ids):
    def run():
        with torch.inference_mode():
            model(input_ids=ids)

    return run


def onnx_engine(folder, model, ids, precision):
    """ONNX Runtime with the same model; `None` where it cannot be had."""
    try:
        import onnx  # noqa: F401
        import onnxruntime
        import onnxscript  # noqa: F401
        from onnxruntime.quantization import QuantType, quantize_dynamic
    except ImportError:
        return None
    path, int8 = folder / "model.onnx", folder / "model.int8.onnx"
    if not path.is_file():
        model.config.return_dict = False
        # It tells what it does; the output is ours.
        with contextlib.redirect_stdout(sys.stderr):
            torch.onnx.export(model, (ids,), str(path), input_names=["input_ids"], dynamo=True, external_data=True)
    if precision == "int8" and not int8.is_file():
        # Without dot-product instructions sums of two products saturate unless a bit is spared: reduce_range, as ours.
        quantize_dynamic(path, int8, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True, use_external_data_format=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(int8 if precision == "int8" else path), options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"input_ids": ids.numpy()})


def ctranslate2_engine(folder, config, ids, precision):
    """CTranslate2 with a BERT of the same sizes; `None` where it cannot be had."""
    try:
        import ctranslate2
        from ctranslate2.converters.transformers import BertLoader
    except ImportError:
        return None
    into = folder / f"ct2-{precision}"
    if not (into / "model.bin").is_file():
        sizes = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "max_position_embeddings")
        config = transformers.BertConfig(**{size: getattr(config, size) for size in sizes}, position_embedding_type="absolute")
        with torch.no_grad():
            spec = BertLoader().get_model_spec(transformers.BertModel(config))
        spec.register_vocabulary([f"t{number}" for number in range(config.vocab_size)])
        spec.config.unk_token, spec.config.bos_token, spec.config.eos_token = "t0", "t1", "t2"
        spec.validate()
        spec.optimize(quantization=precision)
        into.mkdir(exist_ok=True)
        spec.save(str(into))
    encoder = ctranslate2.Encoder(str(into), compute_type=precision, intra_threads=1, inter_threads=1)
    return lambda: encoder.forward_batch(ids.tolist())


def program():
    """Our program: $XLNER_ENCODER_SPEED, else built now."""
    if "XLNER_ENCODER_SPEED" in os.environ:
        return os.environ["XLNER_ENCODER_SPEED"]
    words = ["cargo", "build", "--quiet", "--release", "-p", "xlner-neural", "--example", "encoder_speed"]
    subprocess.run(words, check=True, cwd=ROOT)
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "examples" / "encoder_speed"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--shapes", default="xlm-r-large,minilm")
    parser.add_argument("--json", action="store_true", help="sentences a second, by shape and engine")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    ours = program()
    found = {}
    for name in arguments.shapes.split(","):
        folder = CACHE / "encoders" / name
        if not (folder / "model.safetensors").is_file():
            folder.mkdir(parents=True, exist_ok=True)
            torch.manual_seed(1)
            transformers.AutoModel.from_config(SHAPES[name]).save_pretrained(folder)
        model = transformers.AutoModel.from_pretrained(folder).eval()
        ids = torch.arange(SENTENCES * SUBWORDS).reshape(SENTENCES, SUBWORDS) % 900 + 50
        words = [str(SENTENCES), str(SUBWORDS), str(arguments.seconds)]

        def xlner(precision):
            done = subprocess.run(
                [str(ours), str(folder), precision, *words], check=True, capture_output=True, text=True,
                env=dict(os.environ, RAYON_NUM_THREADS="1"),
            )
            return float(done.stdout)

        engines = {
            "PyTorch fp32": lambda: best(torch_engine(model, ids), arguments.seconds),
            "xlner f32": lambda: xlner("f32"),
            "xlner int8": lambda: xlner("int8"),
        }
        for precision in ["fp32", "int8"]:
            kind = {"fp32": "float32", "int8": "int8"}[precision]
            others = {"ONNX Runtime": onnx_engine(folder, model, ids, precision), "CTranslate2": ctranslate2_engine(folder, SHAPES[name], ids, kind)}
            engines |= {f"{other} {precision}": lambda run=run: best(run, arguments.seconds) for other, run in others.items() if run}
        speeds = dict.fromkeys(engines, 0.0)
        for _ in range(2):
            for engine, run in engines.items():
                speeds[engine] = max(speeds[engine], run())
        speeds["(the products alone, fp32)"] = bound(SHAPES[name])
        found[name] = speeds
    if arguments.json:
        print(json.dumps(found))
        return
    print("| shape | engine | sentences/s | × PyTorch |\n|---|---|---|---|")
    for name, speeds in found.items():
        for engine, speed in speeds.items():
            print(f"| {name} | {engine} | {speed:.1f} | {speed / speeds['PyTorch fp32']:.2f} |")


if __name__ == "__main__":
    main()
