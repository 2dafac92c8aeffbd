#!/bin/sh
# Searches as a reader would, in the installed Chromium. Usage: run.sh PATH-TO-LIANMU DATA-DIR
# DATA-DIR must hold a generation. Packages are fetched once; CHROMIUM names another browser.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
program=$(realpath "$1")
data=$(realpath "$2")
cd "$here"
[ -d node_modules ] || npm ci --no-audit --no-fund --silent
exec node reader.mjs "$program" "$data"
