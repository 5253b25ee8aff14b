# Every target with a sentence behind ## is listed by `make help`, in the order of this file.
.DEFAULT_GOAL := help
SHELL := /bin/sh
MINUTES ?= 5

node_modules/.package-lock.json: package.json package-lock.json
	npm ci
	@touch $@

.PHONY: help
help: ## Lists the targets.
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## / { printf "%-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: node_modules/.package-lock.json ## Compiles src/ to dist/; then `node dist/main.js --help` runs the bridge.
	npm run --silent build

.PHONY: test
test: build ground-fetch ## Installs and runs everything: checks, unit, system and chart tests. Ends with `N passed, N failed`.
	npx tsx scripts/test-all.ts

.PHONY: unit
unit: node_modules/.package-lock.json ## Runs the tests that need no server (about a minute).
	npx vitest run --project unit

.PHONY: format
format: node_modules/.package-lock.json ## Formats the code and writes the generated files and pages anew.
	npx biome check --write .
	npx tsx scripts/records.ts
	npx tsx scripts/config-page.ts
	npx tsx scripts/events-page.ts

.PHONY: ground-fetch
ground-fetch: node_modules/.package-lock.json ## Fetches the real servers the tests and the demo use into .ground/ (about 300 MB, once).
	npx tsx scripts/ground/fetch.ts $(PARTS)

.PHONY: ground-check
ground-check: node_modules/.package-lock.json ## Says whether the fetched servers are whole and what this machine lacks.
	npx tsx scripts/ground/check.ts $(PARTS)

.PHONY: ground-up
ground-up: node_modules/.package-lock.json ## Starts the servers (or SERVERS="kafka registry mosquitto"), prints their addresses, stops them on Ctrl-C.
	npx tsx scripts/ground/up.ts $(SERVERS)

.PHONY: demo
demo: node_modules/.package-lock.json ## Starts real servers, the bridge and a simulated fleet, and shows what arrives in Kafka. Ctrl-C ends it; DEMO_SECONDS=30 prints a summary.
	@npm run --silent build
	@node --import tsx scripts/demo/demo.ts

.PHONY: bench
bench: bench-ingest bench-command bench-fleet ## Measures one process of each role against its controls (a quarter of an hour, Linux), writes bench/results/ and its pages.

.PHONY: bench-ingest
bench-ingest: bench-build ## The same for ingest alone (BENCH_ROUNDS=1 for a short run).
	npx tsx bench/ingest.ts; code=$$?; npx tsx scripts/performance-page.ts && exit $$code

.PHONY: bench-command
bench-command: bench-build ## The same for commands alone.
	npx tsx bench/command.ts; code=$$?; npx tsx scripts/performance-page.ts && exit $$code

.PHONY: bench-fleet
bench-fleet: bench-build ## The same for things, with 100,000 of them (BENCH_THINGS=2000 BENCH_UPDATES=2000 to try it); writes docs/scale.md, too.
	npx tsx bench/fleet.ts; code=$$?; npx tsx scripts/performance-page.ts && npx tsx scripts/scale-page.ts && exit $$code

.PHONY: bench-build
bench-build: node_modules/.package-lock.json
	npm run --silent build
	npx tsc -p bench/tsconfig.json

.PHONY: faults
faults: node_modules/.package-lock.json ## Hurts the bridge and its servers some 250 times and says what was lost and repeated (half an hour; ROWS=kill,link-cut MOST=2 FAULTS_SEED=7).
	npm run --silent build
	npx tsx faults/run.ts; code=$$?; npx tsx scripts/faults-table.ts && exit $$code

.PHONY: faults-emqx
faults-emqx: node_modules/.package-lock.json ## The same with a real EMQX (EMQX_URL=mqtt://host:1883, EMQX_API_URL, EMQX_API_KEY, EMQX_API_SECRET); without one its model is asked.
	@npm run --silent build
	@test -n "$(EMQX_URL)" || echo "EMQX_URL is not set: no real EMQX is asked, the model in test/kit/emqx-model answers."
	npx vitest run --project system test/system/emqx-ends.test.ts test/system/emqx-bridge.test.ts

.PHONY: soak
soak: node_modules/.package-lock.json ## Random faults for MINUTES=5 and longer: nothing is lost, and memory, handles and series stay flat (Linux).
	npm run --silent build
	npx tsx faults/soak.ts $(MINUTES)

.PHONY: mutants
mutants: build ground-fetch ## Breaks the product on purpose, one line at a time, and checks that a test notices each (half an hour).
	npx tsx scripts/mutants.ts

.PHONY: chart
chart: node_modules/.package-lock.json ## Makes the generated files of the Helm chart: values schema, topics, dashboard.
	npx tsx scripts/chart.ts

.PHONY: image-test
image-test: node_modules/.package-lock.json ## Builds the image and runs it with a read-only root and little memory, without a container engine (Linux, root; buildah, umoci, runc, mmdebstrap).
	npx vitest run --project image

.PHONY: chart-test
chart-test: node_modules/.package-lock.json ## Proves the Helm chart without a cluster: Helm 3 and 4, types, policy, alerts, dashboards (needs promtool; CHART_RUNS=500 draws more values).
	npx vitest run --project chart

.PHONY: chart-live
chart-live: node_modules/.package-lock.json ## Installs, upgrades, rolls back and removes the chart on a real API server, compiled from Kubernetes' modules (needs Go; slow the first time).
	npx tsx scripts/ground/fetch.ts chart cluster
	CHART_LIVE=1 npx vitest run --project live
