#!/usr/bin/env bash
# Installs the published programs that xlner is measured against, from PyPI, into target/peers/venv.
# Those that are not on PyPI (fast_align) are given to the scripts by environment variables: see README.md beside this file.
set -euo pipefail
cd "$(dirname "$0")/../.."
venv=target/peers/venv
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check -r benches/peers/requirements.txt
# SimAlign's link extraction is numpy, scipy and networkx; only its encoder needs the heavy packages, which are left out.
"$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps simalign==0.4
echo "$venv"
