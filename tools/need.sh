#!/usr/bin/env bash
# Says what a make target needs and does not find, and installs it where that is one command away.
# usage: tools/need.sh cargo node chromium …
set -euo pipefail

missing=0
say() {
    printf 'missing: %s\n' "$1" >&2
    missing=1
}

# Debian as root: a package can simply be installed.
install() {
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "installing $1 …" >&2
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$1" >/dev/null
    fi
}

for tool in "$@"; do
    case $tool in
    cargo)
        command -v cargo >/dev/null || say 'Rust 1.95 or newer, with cargo (rustup.rs)'
        ;;
    node)
        if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
            say 'Node.js 20.19 or newer, with npm (nodejs.org)'
        elif ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'; then
            say "Node.js 20.19 or newer; this is $(node --version)"
        fi
        ;;
    chromium)
        found=${CHROMIUM:-$(command -v chromium || true)}
        if [ -z "$found" ]; then
            install chromium || true
            found=$(command -v chromium || true)
        fi
        [ -n "$found" ] && [ -x "$found" ] ||
            say "Chromium for the browser tests: Debian's package 'chromium', or CHROMIUM=path of another"
        ;;
    cargo-deny | cargo-fuzz)
        version=$(sed -n "s/^$tool //p" tools/versions)
        if [ "$("target/tools/bin/$tool" --version 2>/dev/null | awk '{print $2}')" != "$version" ]; then
            echo "installing $tool $version under target/tools …" >&2
            cargo install "$tool" --version "$version" --locked --quiet --root target/tools || say "$tool $version"
        fi
        ;;
    nightly)
        rustc +nightly --version >/dev/null 2>&1 ||
            say "Rust's nightly toolchain for the fuzzer: rustup toolchain install nightly"
        ;;
    *)
        say "$tool (tools/need.sh does not know it)"
        ;;
    esac
done
exit $missing
