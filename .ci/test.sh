#!/usr/bin/env bash
# Everything that must hold, in groups; prints the seconds each took. Stops at the first group that fails.
set -euo pipefail
cd "$(dirname "$0")/.."

group() {
  local name=$1 start=$SECONDS
  shift
  echo "== $name"
  if ! "$@"; then
    echo "== $name failed after $((SECONDS - start)) s" >&2
    exit 1
  fi
  took+=("$(printf '%5d s  %s' $((SECONDS - start)) "$name")")
}

deny() {
  if cargo deny --version >/dev/null 2>&1; then
    cargo deny check bans licenses sources
  else
    echo "SKIPPED: cargo-deny is not installed (cargo install cargo-deny); licences and sources were not checked"
  fi
}

# What was installed must be met: a test whose peer is missing fails instead of passing quietly.
tests() {
  local python=target/peers/pyoai/bin/python moto=target/peers/moto/bin/moto_server
  if [ -x "$python" ] && "$python" -c 'import oaipmh.server' 2>/dev/null && "$moto" --help >/dev/null 2>&1; then
    LIANMU_PEERS=required LIANMU_PYTHON="$PWD/$python" cargo test --workspace --locked
  else
    cargo test --workspace --locked
  fi
}

docs() { RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --quiet; }

took=()
group install bash .ci/install.sh test
group format cargo fmt --all --check
group lints cargo clippy --workspace --all-targets --locked --quiet -- -D warnings
group tests tests
group docs docs
group licences deny
group release cargo build --release --locked --quiet -p web
if [ -x web/tests/browser/run.sh ]; then
  group browser bash web/tests/browser/run.sh target/release/lianmu
fi

echo "== all groups passed"
printf '%s\n' "${took[@]}"
