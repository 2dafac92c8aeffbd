#!/bin/bash
# A branch on a bad line: how long a look for a newer catalogue takes, and a request while the catalogue comes.
#
#   lianmu demo --consortium --once --works 8000 --data DEMO
#   slow_line.sh LIANMU DEMO [KBIT_A_SECOND [DELAY_MS [LOSS_PERCENT [LOOKS]]]]
#
# Needs root, /dev/net/tun, iproute2, curl and python3. Hub and branch stand in network namespaces of their own, with
# `bad_line.py` between them; the hub is encrypted by an authority of its own, as a hub must be that is not at home.
set -eu
lianmu=$(realpath "$1")
demo=$(realpath "$2")
kbit=${3:-64} delay=${4:-300} loss=${5:-5} looks=${6:-10}
line=$(dirname "$(realpath "$0")")/bad_line.py
work=$(mktemp -d)
cd "$work"
running=()
end() {
    kill "${running[@]}" 2> /dev/null || true
    wait 2> /dev/null || true
    ip netns del lianmu-hub 2> /dev/null || true
    ip netns del lianmu-branch 2> /dev/null || true
    rm -rf "$work"
}
trap end EXIT

cp -r "$demo/consortium/hub" hub
mkdir branch
cat > hub/lianmu.toml << 'TOML'
role = "hub"
[server]
listen = "10.46.0.1:8443"
tls = "internal"
public_url = "https://10.46.0.1:8443"
TOML
cat > branch/lianmu.toml << 'TOML'
role = "branch"
library = "BJFU"
[server]
listen = "127.0.0.1:9100"
[policy]
max_requests = 0
TOML
hub() { "$lianmu" --data hub --config hub/lianmu.toml "$@"; }
branch() { ip netns exec lianmu-branch "$lianmu" --data branch --config branch/lianmu.toml "$@"; }
# A line and the hub behind it: first one on which the branch enrols, then the bad one.
start() {
    rm -f line.log hub.log
    touch line.log hub.log
    python3 "$line" lianmu-hub lianmu-branch "$@" > line.log &
    running=($!)
    until grep -q there line.log; do sleep 0.1; done
    ip netns exec lianmu-hub "$lianmu" --data hub --config hub/lianmu.toml serve > hub.log 2>&1 &
    running+=($!)
    until grep -q listens hub.log; do sleep 0.1; done
}
stop() {
    kill "${running[@]}"
    wait "${running[@]}" 2> /dev/null || true
    ip netns del lianmu-hub
    ip netns del lianmu-branch
}
now() { date +%s%N; }
seconds() { awk "BEGIN { printf \"%.1f\", ($(now) - $1) / 1e9 }"; }
look() {
    for _ in $(seq "$looks"); do
        began=$(now)
        branch snapshot pull --dry-run --json > look.log 2>&1 || cat look.log >&2
        echo "$(seconds "$began")"
    done | sort -n | paste -sd ' '
}

start 100000 0 0
branch enrol --hub https://10.46.0.1:8443 --code "$(hub branch enrol --library BJFU | awk 'END { print $NF }')"
branch user add --library BJFU --barcode R1 --name 林巧 --email linqiao@example.org --role reader > user.log
token=$(branch user token --library BJFU R1 | awk 'END { print $NF }')
stop

start "$kbit" "$delay" "$loss"
echo "$kbit kbit/s, $delay ms each way, $loss % loss"
echo "seconds of a look with everything to be learnt: $(look)"
ip netns exec lianmu-branch "$lianmu" --data branch --config branch/lianmu.toml serve > branch.log 2>&1 &
running+=($!)
until ls branch/sync/blocks/*.part > parts.log 2>&1; do sleep 0.5; done
waits=()
for n in $(seq 6); do
    before=$(du -sb branch/sync/blocks | cut -f1)
    began=$(now)
    form="{\"title\":\"三国演义 $n\",\"year\":2011,\"call_number\":\"I242.4/$n\",\"supplier\":\"PKU\",\"delivery\":\"courier\",\"recipient\":\"林巧\",\"email\":\"linqiao@example.org\",\"confirm\":true}"
    id=$(ip netns exec lianmu-branch curl -s -X POST http://127.0.0.1:9100/api/v1/requests -H "Authorization: Bearer $token" \
        -H 'Content-Type: application/json' -d "$form" | python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])')
    until hub requests list --json | grep -q "$id"; do
        sleep 0.2
        if [ $(($(now) - began)) -gt 120000000000 ]; then echo "request $n does not arrive"; exit 1; fi
    done
    waits+=("$(seconds "$began")")
    # The catalogue comes on before the next one.
    sleep 15
    [ "$(du -sb branch/sync/blocks | cut -f1)" -gt "$before" ] || echo "the pull stands still" >&2
done
echo "seconds until the hub had a request, the catalogue coming: ${waits[*]}"
kill "${running[-1]}"
wait "${running[-1]}" 2> /dev/null || true
unset 'running[-1]'
echo "seconds of a look that finds nothing new: $(look)"
stop
