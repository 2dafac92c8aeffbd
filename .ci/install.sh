#!/usr/bin/env bash
# Installs what the build (`build`) or the tests (`test`) need, where it is missing; says what it cannot do.
set -euo pipefail

need=()
have() { command -v "$1" >/dev/null 2>&1; }

have cc || need+=(build-essential)
have make || need+=(make)
if [ "${1:-build}" = test ]; then
  have chromium || need+=(chromium)
  have chromedriver || need+=(chromium-driver)
  have yaz-marcdump || need+=(yaz)
  have xmllint || need+=(libxml2-utils)
  fc-list 2>/dev/null | grep -qi 'noto.*cjk' || need+=(fonts-noto-cjk)
  have node || need+=(nodejs npm)
fi

if ! have cargo; then
  echo "lianmu needs a Rust toolchain (1.95 or later): https://rustup.rs" >&2
  exit 1
fi
[ ${#need[@]} -eq 0 ] && exit 0

if [ "$(id -u)" = 0 ]; then
  run=(env)
elif sudo -n true 2>/dev/null; then
  run=(sudo -n)
else
  echo "missing packages; please run: sudo apt-get update && sudo apt-get install -y ${need[*]}" >&2
  exit 1
fi
echo "installing ${need[*]}" >&2
"${run[@]}" apt-get update -qq
"${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null
