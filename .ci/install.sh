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
  # Servers that this project did not write: the harvest is tested against them.
  have nginx || [ -x /usr/sbin/nginx ] || need+=(nginx-light)
  python3 -c 'import ensurepip' 2>/dev/null || need+=(python3-venv)
fi

if ! have cargo; then
  echo "lianmu needs a Rust toolchain (1.95 or later): https://rustup.rs" >&2
  exit 1
fi
install_packages() {
  [ ${#need[@]} -eq 0 ] && return
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
}

# An OAI-PMH provider out of PyPI, in a folder of its own.
install_pyoai() {
  local home=target/peers/pyoai
  "$home/bin/python" -c 'import oaipmh.server' 2>/dev/null && return
  python3 -m venv "$home" && "$home/bin/pip" install -q pyoai==2.5.0
}

# A store with the manners of S3 out of PyPI, likewise.
install_moto() {
  local home=target/peers/moto
  "$home/bin/moto_server" --help >/dev/null 2>&1 && return
  python3 -m venv "$home" && "$home/bin/pip" install -q 'moto[s3]==5.2.5' flask flask-cors
}

install_packages
if [ "${1:-build}" = test ]; then
  cd "$(dirname "$0")/.."
  install_pyoai || echo "SKIPPED: pyoai cannot be installed; the OAI-PMH harvest is not tried against it" >&2
  install_moto || echo "SKIPPED: moto cannot be installed; repositories in a bucket are not tried against it" >&2
fi
