#!/bin/sh
# Searches as a reader would, in the installed Chromium. Usage: run.sh PATH-TO-LIANMU [DATA-DIR]
# DATA-DIR must hold a generation; without it a small demo consortium is made first.
# Packages are fetched once; CHROMIUM names another browser.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
program=$(realpath "$1")
if [ $# -ge 2 ]; then
  data=$(realpath "$2")
else
  data=$(mktemp -d)
  trap 'rm -rf "$data"' EXIT
  "$program" demo --works 3000 --data "$data" --listen 127.0.0.1:0 >/dev/null &
  demo=$!
  tries=0
  until [ -f "$data/catalogue/current" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] && kill -0 "$demo" || { echo "the demo consortium was not made" >&2; exit 1; }
    sleep 1
  done
  kill "$demo"
  wait "$demo" || true
fi
cd "$here"
[ -d node_modules ] || npm ci --no-audit --no-fund --silent
node reader.mjs "$program" "$data"
