#!/bin/sh
# Walks the site as people would, in the installed Chromium. Usage: run.sh PATH-TO-LIANMU [DATA-DIR]
# DATA-DIR must hold a generation; without it a small demo consortium is made first, with one record that means harm.
# Packages are fetched once; CHROMIUM names another browser, MATRIX=full walks every page in every way, SHOTS keeps pictures.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
program=$(realpath "$1")
if [ $# -ge 2 ]; then
  data=$(realpath "$2")
else
  data=$(mktemp -d)
  trap 'rm -rf "$data" "${TMPDIR:-/tmp}"/lianmu-empty-* "${TMPDIR:-/tmp}"/lianmu-away-* "${TMPDIR:-/tmp}"/lianmu-tls-*' EXIT
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
  "$program" --data "$data" import --library BUCM --delta "$here/hostile.mrk" >/dev/null
  "$program" --data "$data" build >/dev/null
fi
cd "$here"
[ -d node_modules ] || npm ci --no-audit --no-fund --silent
status=0
node reader.mjs "$program" "$data" || status=1
node matrix.mjs "$program" "$data" || status=1
exit $status
