# All that is done with this project by hand. Start with `make run`.

CARGO ?= cargo
# Where cargo builds, also for those who have set it for all their projects.
TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
BINARY := $(TARGET)/release/quorate
# Extra arguments: `make run ARGS="--listen 0.0.0.0:8400"`, `make bench ARGS=path/of/a/trace.json.gz`.
ARGS ?=
TRACES ?=

# How long each fuzz target runs, in seconds.
SECONDS_EACH ?= 60
FUZZ_TARGETS := sockets frames messages changes events

.PHONY: build run test test-rust test-web test-stock test-browser lint advisories fuzz keep-found campaign bench tour schema clean need

## build: the web client and the release binary, which has the client inside
build: web/dist/.built
	@tools/need.sh cargo
	$(CARGO) build --release --locked

## run: build all and open the demonstration network on http://localhost:8400
run: build
	$(BINARY) demo $(ARGS)

## test: everything, as it must pass before a change lands
test: need test-web build test-rust test-stock test-browser
	@echo "all tests passed"

need:
	@tools/need.sh cargo node chromium

# The stock client in Node is a second judge of what is admitted.
test-rust: tests/stock/node_modules/.installed
	$(CARGO) test --release --locked

test-web: web/node_modules/.installed
	cd web && npm run --silent typecheck && npm run --silent test

test-stock: tests/stock/node_modules/.installed
	cd tests/stock && QUORATE_BIN=$(BINARY) npm run --silent test

test-browser: web/node_modules/.installed
	cd web && QUORATE_BIN=$(BINARY) npm run --silent test:browser

## lint: formatting, clippy, what the project may be built from, and the web client's linter
lint: web/node_modules/.installed
	@tools/need.sh cargo cargo-deny
	$(CARGO) fmt --check
	target/tools/bin/cargo-deny --all-features check --hide-inclusion-graph bans licenses sources
	@tools/advisories.sh
	$(CARGO) clippy --release --all-targets --locked -- -D warnings
	$(CARGO) clippy --manifest-path fuzz/Cargo.toml --target-dir target/fuzz/lint --locked -- -D warnings
	cd web && npm run --silent lint

## advisories: whether a dependency is known to be unsafe; needs the network
advisories:
	@tools/need.sh cargo cargo-deny
	target/tools/bin/cargo-deny --all-features check advisories
	cd web && npm audit --omit=dev

## keep-found: adds what fuzzing found to be new to the corpora under fuzz/corpus
keep-found:
	@tools/need.sh cargo cargo-fuzz nightly
	cd fuzz && for target in $(FUZZ_TARGETS); do \
		RUSTUP_TOOLCHAIN=nightly ../target/tools/bin/cargo-fuzz run --sanitizer none --target-dir ../target/fuzz $$target \
			corpus/$$target ../target/fuzz/found/$$target -- -merge=1 -max_len=16384 || exit 1; \
	done

## fuzz: what comes from outside, SECONDS_EACH a target, from the corpora that are kept under fuzz/corpus
fuzz:
	@tools/need.sh cargo cargo-fuzz nightly
	cd fuzz && RUSTUP_TOOLCHAIN=nightly ../target/tools/bin/cargo-fuzz build --sanitizer none --target-dir ../target/fuzz
	cd fuzz && for target in $(FUZZ_TARGETS); do \
		mkdir -p ../target/fuzz/found/$$target && \
		RUSTUP_TOOLCHAIN=nightly ../target/tools/bin/cargo-fuzz run --sanitizer none --target-dir ../target/fuzz $$target \
			../target/fuzz/found/$$target corpus/$$target -- \
			-max_total_time=$(SECONDS_EACH) -timeout=10 -rss_limit_mb=2048 -max_len=16384 -verbosity=0 -print_final_stats=1 \
			|| exit 1; \
	done

## campaign: all that `make test` holds a part of, at its full figures, and every deliberate fault; an hour or two.
## TRACES=folder: real histories of editing (automerge-perf's, as .json.gz) are among what must be admitted
campaign: need build tests/stock/node_modules/.installed
	QUORATE_CAMPAIGN=1 $(if $(TRACES),QUORATE_TRACES=$(abspath $(TRACES))) QUORATE_BIN=$(BINARY) $(CARGO) test --release --locked -- --nocapture --test-threads=1
	tests/faults/run
	$(MAKE) fuzz SECONDS_EACH=300

## bench: speed and size, as a table and as target/bench/latest.json
bench: build web/node_modules/.installed
	$(CARGO) bench --locked --bench room -- $(ARGS)
	cd web && QUORATE_BIN=$(BINARY) npm run --silent bench

## tour: a walk through the running product; pictures of every main screen under target/tour/
tour: need build web/node_modules/.installed
	cd web && QUORATE_BIN=$(BINARY) npm run --silent tour

## schema: write the JSON Schemas of all events anew, from the Rust types
schema:
	QUORATE_WRITE_SCHEMA=1 $(CARGO) test --release --locked --test main schema::

clean:
	rm -rf target web/dist web/node_modules tests/stock/node_modules benches/yardsticks/node_modules

web/node_modules/.installed: web/package-lock.json
	@tools/need.sh node
	cd web && npm install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

tests/stock/node_modules/.installed: tests/stock/package-lock.json
	@tools/need.sh node
	cd tests/stock && npm install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

web/dist/.built: web/node_modules/.installed $(shell find web/src web/public web/vite.config.ts -type f 2>/dev/null)
	cd web && npm run --silent build
	@touch src/http/assets.rs # the binary has the client inside, and cargo does not see new files
	@touch $@
