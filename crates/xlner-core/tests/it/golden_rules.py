"""The golden rules of pySBD, from a checkout of its repository ($XLNER_PYSBD), with what the installed pysbd makes of them: a JSON object a line.

Left out: cases that clean the text or come from PDF files, and those that time the segmenter."""
import glob, importlib.util, json, os, sys
import pysbd

root = sys.argv[1]
sys.path.insert(0, root)
LANGS = {"amharic": "am", "arabic": "ar", "armenian": "hy", "bulgarian": "bg", "burmese": "my", "chinese": "zh", "danish": "da", "deutsch": "de",
         "dutch": "nl", "english": "en", "french": "fr", "greek": "el", "hindi": "hi", "italian": "it", "japanese": "ja", "kazakh": "kk",
         "marathi": "mr", "persian": "fa", "polish": "pl", "russian": "ru", "slovak": "sk", "spanish": "es", "urdu": "ur"}
# Lists that say "clean" and hold text that needs no cleaning.
TAKEN = {"DE_CLEAN_RULES_TEST_CASES", "JA_TEST_CASES_CLEAN", "TESTS_WO_CLEAN"}
for path in sorted(glob.glob(os.path.join(root, "tests", "lang", "test_*.py"))):
    name = os.path.basename(path)[len("test_"):-len(".py")].removesuffix("_clean")
    if name not in LANGS:
        continue
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    try:
        segmenter = pysbd.Segmenter(language=LANGS[name], clean=False)
    except Exception:
        segmenter = None
    for listed, cases in vars(module).items():
        if listed not in TAKEN and (not listed.endswith("_CASES") or "CLEAN" in listed or "PDF" in listed):
            continue
        for case in cases:
            text, expected = getattr(case, "values", case)
            theirs = [s.strip() for s in segmenter.segment(text)] if segmenter else []
            print(json.dumps({"lang": LANGS[name], "text": text, "expected": [s.strip() for s in expected], "theirs": theirs}))
