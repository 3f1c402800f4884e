#!/usr/bin/env bash
# Fails when a dependency is known to be unsafe. Where the database of advisories cannot be reached, says so and
# passes: what may be built does not depend on a network.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! said=$(timeout 60 target/tools/bin/cargo-deny --all-features fetch db 2>&1); then
    echo "advisories: left out, their database cannot be reached: $(tail -n 1 <<<"$said")" >&2
    exit 0
fi
exec target/tools/bin/cargo-deny --all-features check --disable-fetch advisories
