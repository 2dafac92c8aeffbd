#!/usr/bin/env bash
# A hub and a branch over a store of three nodes (Garage) on loopback: one node is killed while the hub copies its
# catalogue there, another one while the branch reads. Usage: garage.sh GARAGE LIANMU FOLDER, all from the root of the
# disk; ports 3910 to 3931 must be free.
set -euo pipefail
garage=$1 lianmu=$2 work=$3
rm -rf "$work"; mkdir -p "$work"
secret=$(head -c32 /dev/urandom | od -An -tx1 | tr -d ' \n')
pids=()
stop() { kill "${pids[@]}" 2>/dev/null || true; wait 2>/dev/null || true; }
trap stop EXIT
start() { "$garage" -c "$work/$1/garage.toml" server >> "$work/$1/log" 2>&1 & }
for n in 1 2 3; do
  mkdir -p "$work/$n"
  cat > "$work/$n/garage.toml" <<CONFIGURATION
metadata_dir = "$work/$n/meta"
data_dir = "$work/$n/data"
db_engine = "sqlite"
replication_factor = 3
rpc_bind_addr = "127.0.0.1:39${n}1"
rpc_public_addr = "127.0.0.1:39${n}1"
rpc_secret = "$secret"
[s3_api]
s3_region = "garage"
api_bind_addr = "127.0.0.1:39${n}0"
root_domain = ".s3.garage.localhost"
CONFIGURATION
  start "$n"
  pids+=($!)
done
g() { "$garage" -c "$work/1/garage.toml" "$@" 2>/dev/null; }
for _ in $(seq 60); do g node id -q >/dev/null && g status >/dev/null && break; sleep 0.5; done
for n in 2 3; do g node connect "$("$garage" -c "$work/$n/garage.toml" node id -q 2>/dev/null)" >/dev/null; done
sleep 2
for n in 1 2 3; do
  id=$("$garage" -c "$work/$n/garage.toml" node id -q 2>/dev/null)
  g layout assign -z "z$n" -c 1G "${id%%@*}" >/dev/null
done
g layout apply --version 1 >/dev/null
g bucket create union >/dev/null
g key create hub > "$work/key"
key=$(sed -n 's/^Key ID: *//p' "$work/key") token=$(sed -n 's/^Secret key: *//p' "$work/key")
g bucket allow --read --write --owner union --key "$key" >/dev/null
echo "$token" > "$work/secret"
# DIR ROLE PORT LIBRARY
config() {
  mkdir -p "$1"
  printf 'role = "%s"\n%s[snapshot]\nrepository = "s3://union/catalogue"\nendpoint = "http://127.0.0.1:%s"\nregion = "garage"\naccess_key = "%s"\nsecret_file = "%s"\n' \
    "$2" "$4" "$3" "$key" "$work/secret" > "$1/lianmu.toml"
}
config "$work/hub" hub 3910 ""
config "$work/branch" branch 3920 $'library = "BJFU"\n'
hub() { "$lianmu" --data "$work/hub" --config "$work/hub/lianmu.toml" "$@"; }
branch() { "$lianmu" --data "$work/branch" --config "$work/branch/lianmu.toml" "$@"; }
# FROM TO TITLE
records() {
  echo '<collection xmlns="http://www.loc.gov/MARC21/slim">'
  for i in $(seq "$1" "$2"); do
    printf '<record><leader>00000nam a2200000   4500</leader><controlfield tag="001">%06d</controlfield><datafield tag="200" ind1="1" ind2=" "><subfield code="a">%s %d</subfield></datafield></record>\n' "$i" "$3" "$i"
  done
  echo '</collection>'
}
records 1 20000 三国演义 > "$work/1.xml"
hub import --library BJFU --full "$work/1.xml" --json > "$work/import.1"
hub build --json > "$work/build"
hub snapshot init --json >/dev/null
# One of three nodes is killed while the copy is on its way.
hub snapshot publish --json > "$work/published" 2> "$work/publish.err" &
publishing=$!
files() { find "$work/$1/data" -type f -size +1k | wc -l; }
until [ "$(files 3)" -ge 4 ]; do kill -0 $publishing && sleep 0.01; done
echo "node 3 is killed when it holds $(files 3) files"
kill -9 "${pids[2]}"
wait $publishing && echo "published with a node gone: $(cat "$work/published")" || { cat "$work/publish.err"; exit 1; }
branch snapshot pull --json
branch snapshot verify --json
# It comes back before another one goes: two of three must be there.
start 3
pids[2]=$!
for _ in $(seq 60); do [ "$("$garage" -c "$work/2/garage.toml" status 2>/dev/null | sed "/FAILED/,\$d" | grep -c 127.0.0.1)" = 3 ] && break; sleep 0.5; done
sleep 2
# The next night: another node is killed while the branch reads.
records 1 6000 红楼梦 > "$work/2.xml"
hub import --library BJFU --delta "$work/2.xml" --json > "$work/import.2"
hub build --json > "$work/build"
hub snapshot publish --json
branch snapshot pull --json > "$work/pulled" 2> "$work/pull.err" &
pulling=$!
until [ -n "$(find "$work/branch/sync/blocks" -type f -print -quit 2>/dev/null)" ]; do kill -0 $pulling && sleep 0.01; done
kill -9 "${pids[0]}"; echo "node 1 is killed when the branch has its first piece"
wait $pulling && cat "$work/pulled" || { cat "$work/pull.err"; exit 1; }
diff -r "$work/hub/catalogue/$(cat "$work/hub/catalogue/current")" "$work/branch/catalogue/$(cat "$work/branch/catalogue/current")" && echo "the same bytes"
