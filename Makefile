# The targets for this checkout; `make` lists them. Each target installs what it needs.
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
export PATH := $(CURDIR)/node_modules/.bin:$(CURDIR)/.tools/debian/usr/bin:$(PATH)

run_ts := node --require ./build/register.cjs
shell_scripts = $(shell find . \( -name node_modules -o -name .tools -o -name .git -o -name dist \) -prune -o -type f -print | xargs awk 'FNR == 1 { if (/^\#!.*[\/ ]sh( |$$)/) print FILENAME; nextfile }')

.PHONY: help demo test truth truth-mutations fuzz soak soak-alerts conformance aarch64 openwrt-trial check build packages source-release feed feed-key bench generate tools test-tools clean

help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/\1\t\2/p' Makefile | while read -r name what; do printf '  make %-15s %s\n' "$$name" "$$what"; done

demo: build tools ## run a hub, a leaf and an agent on this machine, until Ctrl-C or for DEMO_SECONDS
	@$(run_ts) test/demo/demo.ts

test: build test-tools ## run all tests with coverage: unit, integration, end to end
	@test/all.sh

truth: build tools ## hold what units say of their clock against the truth; NAMES="ptp-asym ntp-step90" for these, LAB_SECONDS=28800 random labs for a night
	@$(run_ts) --enable-source-maps test/truth/run.ts

truth-mutations: build ## undo each mend of the clock's judgment in turn: a test must fail each time
	@$(run_ts) test/truth/mutations.ts

conformance: build tools ## hold any client to the wire contract: CLIENT='command' make conformance; see config/clients/README.md
	@$(run_ts) test/conformance/run.ts

soak: build tools ## inject random faults around a unit for SOAK_SECONDS (600), with seed SOAK_SEED, agent.traffic SOAK_TRAFFIC
	@$(run_ts) --enable-source-maps test/soak/soak.ts

soak-alerts: build tools ## alerts of a hub with misbehaving units for SOAK_SECONDS (600): nobody is woken for nothing, and somebody for what is lost
	@$(run_ts) test/soak/alerts.ts

aarch64: build tools ## run the packages for the BPi-R4 under qemu, with node and Bun, joined to a hub on this machine
	@test/aarch64/tools.sh
	@test/run.sh test/aarch64

fuzz: build tools ## fuzz every input, 20 times as long as make test; NUNECT_FUZZ_RUNS=100000 for a night, NUNECT_FUZZ_SEED=n to repeat
	@NUNECT_FUZZ_RUNS=$${NUNECT_FUZZ_RUNS:-10000} test/run.sh test/fuzz

openwrt-trial: ## install, reload, upgrade and remove on OpenWrt's own procd and opkg; DIR=its root file system; as root
	@$(MAKE) feed ARCH=x86_64
	@test/openwrt/trial.sh $(DIR)

check: build tools ## check types, style, dead code, generated files, shell scripts, sizes
	tsc
	biome check --error-on-warnings .
	knip
	$(run_ts) build/generate.ts --check
	shellcheck -x $(shell_scripts)
	node build/budgets.mjs

build: node_modules/.package-lock.json ## build dist/nunect.cjs with its parts nunect-*.cjs for the unit, dist/nunect-hub.cjs for the operator, dist/nunect-client for apps
	@node build/bundle.mjs
	@node build/client.mjs

packages: build ## build the .ipk files for OpenWrt, nunect-hub and nunect-client for npm, in dist/packages; ARCH=aarch64_cortex-a53,x86_64 for these only
	@node build/packages.mjs $(if $(ARCH),--arch $(ARCH))

source-release: node_modules/.package-lock.json ## make dist/packages/nunect-VERSION.tar.gz, from which an OpenWrt SDK builds nunect with its own node
	@node build/sourcerelease.mjs

feed: packages ## make a signed feed of the packages in dist/feed; APK=path of apk-tools 3
	@node build/feed.mjs $(if $(ARCH),--arch $(ARCH)) $(if $(APK),--apk $(APK))

feed-key: node_modules/.package-lock.json ## make the keys that sign the feed, once, in ~/.config/nunect-feed or NUNECT_FEED_KEYS
	@node build/feedkey.mjs

bench: build tools ## measure size, speed, idle cost, memory, traffic, beside node, Go and peers; BENCH=full, BENCH_ONLY=echo,idle, BENCH_BEFORE=DIR
	@case ",$${BENCH_ONLY:-peers}," in *,peers,*) build/benchtools.sh ;; esac # Telegraf takes minutes to build
	@$(run_ts) test/bench/bench.ts

generate: node_modules/.package-lock.json ## update the files generated from the option table, the reason codes and the wire contract
	@$(run_ts) build/generate.ts

test-tools: # fetch the tools, JavaScript runtimes and chromium, which only the tests need
	@build/tools.sh --tests

tools: ## fetch the programs that tests and demo run into .tools: nats-server, nats, chronyd, ptp4l, shellcheck
	@build/tools.sh

clean: ## remove all build results; .tools and node_modules stay
	rm -rf dist .coverage .demo .soak .truth

node_modules/.package-lock.json: package-lock.json
	npm ci --no-progress
	@touch $@
