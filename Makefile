# `make help` lists the targets.

VERSION    ?= $(shell git describe --tags --dirty --match 'v*' 2>/dev/null || echo 0.1.0-dev)
FLUENT_BIT ?= fluent-bit
LDFLAGS    := -X main.version=$(VERSION)
FUZZTIME   ?= 2m
BENCHTIME  ?= 1s
COUNT      ?= 1
UPDATE     ?=
DURATION   ?= 10m
SEED       ?= 1
SCALE      ?= 1
PHONES     ?= 60000
OPENSEARCH ?= 2 3
CHROMIUM   ?= chromium

# The command and all below it build for these; the library is for Linux, and needs cgo.
PLATFORMS := linux/386 linux/arm linux/arm64 darwin/arm64 windows/amd64
PORTABLE   = $$(go list ./detect/... ./plugin/internal/... ./plugin/cmd/... | grep -v /enrichtest$$)

# What is read from the disk and from packets has to be the same where an int has 32 bits; these run on amd64 as they are.
NARROW := ./detect/internal/... $(addprefix ./plugin/internal/,flow wire journal outbox state quota judge)

LINTER_VERSION := 2.15.0
LINTER         := build/tools/golangci-lint-$(LINTER_VERSION)

VULNCHECK_VERSION := 1.9.0
VULNCHECK         := build/tools/govulncheck-$(VULNCHECK_VERSION)

VICTORIALOGS_VERSION := 1.52.1
VICTORIALOGS         := build/tools/victoria-logs-$(VICTORIALOGS_VERSION)

# Sigma, Splunk's inspection of apps, KQL: what the rules of conf/siem are tested with.
SIEM_TOOLS := build/siem-tools

# What `make run` replays where there is no Fluent Bit: one recorded attack of each kind and good phones, in order of time.
DEMO := svwar-404 svcrack-success distributed-success password-spray good-phones tcp-mixed ipv6

export FLUENT_BIT
.DEFAULT_GOAL := build

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "%-14s %s\n", $$1, $$2}'

.PHONY: build
build: needs ## Build bin/siphunt.so (the plugin pair) and bin/siphunt (the command)
	go build -trimpath -ldflags '$(LDFLAGS)' -buildmode=c-shared -o bin/siphunt.so ./plugin
	go build -trimpath -ldflags '$(LDFLAGS)' -o bin/siphunt ./plugin/cmd/siphunt

.PHONY: run
run: build ## Show the detector at work on recorded attacks: in Fluent Bit, or by replay where there is none
	@if command -v "$(FLUENT_BIT)" >/dev/null; then \
		conf/demo.sh; \
	else \
		echo "No fluent-bit on PATH (or in FLUENT_BIT): replaying without it."; \
		mkdir -p build; \
		bin/siphunt replay $(DEMO:%=testdata/scenarios/%/flows.jsonl.gz) >build/alerts.jsonl && \
		echo "The alerts as JSON lines: build/alerts.jsonl"; \
	fi

.PHONY: look
look: build $(VICTORIALOGS) ## Show recorded attacks in a browser: Fluent Bit with siphunt, and VictoriaLogs with its web page
	VICTORIALOGS=$(VICTORIALOGS) conf/look.sh

.PHONY: test
test: build fluent-bit ## Run all tests, with the race detector where goroutines meet
	go test ./detect/... ./plugin/internal/flow ./plugin/cmd/...
	go test -race $$(go list ./plugin ./plugin/internal/... | grep -v /internal/flow$$)
ifeq ($(shell go env GOHOSTARCH),amd64)
	CGO_ENABLED=0 GOARCH=386 go test $(NARROW)
endif

.PHONY: test-mixes
test-mixes: needs ## Compare the detector with its reference on 200 random mixes of traffic
	SIPHUNT_MIXES=200 go test -count=1 -run '^TestDetectorAgreesWithReference$$' ./detect

.PHONY: test-long
test-long: needs ## Compare the detector with its reference on 5,000 random mixes of traffic; takes long
	SIPHUNT_LONG=1 go test -timeout 0 ./detect

.PHONY: test-crash
test-crash: needs fluent-bit ## Kill the host at 100 points and a real Fluent Bit at 20, and compare with undisturbed runs
	SIPHUNT_CRASHES=100 SIPHUNT_FLUENT_BIT_CRASHES=20 go test -count 1 -v -run 'Crashes$$' ./plugin

.PHONY: test-siem
test-siem: needs fluent-bit $(SIEM_TOOLS)/installed ## From flow records to queries, dashboards, rules, in real OpenSearch 2 and 3 (OPENSEARCH="2 3"); needs a JDK, Maven
	SIPHUNT_SIEM_TOOLS=$(CURDIR)/$(SIEM_TOOLS) go test -count=1 -run '^Test(SplunkApp|SentinelParser)$$' ./plugin
	@for version in $(OPENSEARCH); do \
		echo "OpenSearch $$version"; \
		SIPHUNT_OPENSEARCH=$$version SIPHUNT_SIEM_TOOLS=$(CURDIR)/$(SIEM_TOOLS) go test -count=1 -run '^TestSIEM$$' ./plugin || exit 1; \
	done

.PHONY: test-kafka
test-kafka: needs fluent-bit ## Records through a real Kafka and the pipeline for it; needs a JDK, Maven
	SIPHUNT_KAFKA=1 go test -count=1 -run '^TestKafka$$' ./plugin

.PHONY: test-look
test-look: build fluent-bit $(VICTORIALOGS) ## Open what `make look` shows in headless Chromium, and find the break-in
	VICTORIALOGS=$(CURDIR)/$(VICTORIALOGS) go test -count=1 -run '^TestLook$$' ./plugin

.PHONY: test-report
test-report: needs chromium ## Open a report in headless Chromium: figures, widths, light and dark, hostile names, print
	SIPHUNT_CHROMIUM=$(CHROMIUM) go test -count=1 -run '^Test(ReportInABrowser|HostileNamesInABrowser|Screenshots|PrintedReport)$$' ./plugin/cmd/siphunt

.PHONY: screenshot
screenshot: needs chromium ## Draw docs/report.png anew: a report of the recorded attacks
	@mkdir -p build/screenshots
	SIPHUNT_CHROMIUM=$(CHROMIUM) SIPHUNT_SCREENSHOTS=$(CURDIR)/build/screenshots go test -count=1 -run '^TestScreenshots$$' ./plugin/cmd/siphunt
	cp build/screenshots/report.png docs/report.png

.PHONY: golden
golden: needs ## Write all golden files anew: alerts of the scenarios, sample alerts, messages about faulty configurations, dashboards
	go test ./plugin/cmd/siphunt ./plugin/cmd/siphunt/siem/dashboard ./plugin/internal/alert ./plugin/internal/config -update
	git diff --stat

.PHONY: docs
docs: needs ## Write the tables of keys, metrics and bounds in README.md and SECURITY.md anew, from the code
	go test ./plugin/cmd/siphunt -run '^TestTablesInDocuments$$' -docs
	git diff --stat

.PHONY: lint
lint: needs $(LINTER) vulnerabilities ## Check format, vet, linters, the walls between the packages, known vulnerabilities
	@bad=$$(gofmt -l detect plugin testdata); test -z "$$bad" || { echo "gofmt -w is needed on:" $$bad; exit 1; }
	@c=$$(go list -f '{{if .CgoFiles}}{{.ImportPath}}{{end}}' ./...); test "$$c" = github.com/siphunt/siphunt/plugin || \
		{ echo "import \"C\" belongs in package plugin only, but is in:" $$c; exit 1; }
	go vet ./... ./testdata/bench/...
	go mod tidy -diff
	@for target in $(PLATFORMS); do \
		CGO_ENABLED=0 GOOS=$${target%/*} GOARCH=$${target#*/} go build $(PORTABLE) || { echo "for $$target"; exit 1; }; \
	done
	$(LINTER) run ./... ./testdata/bench/...

.PHONY: bench
bench: needs ## Run the Go benchmarks (BENCHTIME=1s COUNT=1), ready for benchstat
	go test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) -count $(COUNT) -timeout 0 ./...

.PHONY: bench-table
bench-table: needs fluent-bit ## Measure all that siphunt is meant to reach (3 minutes; WEEK=1 with the paper's whole week)
	go run ./testdata/bench table

.PHONY: bench-plot
bench-plot: needs fluent-bit ## The same, as Markdown, and draw testdata/bench/scaling.svg: for the README
	go run ./testdata/bench table -markdown -plot testdata/bench/scaling.svg

.PHONY: bench-pipeline
bench-pipeline: needs ## Compare the processor time of Fluent Bit with siphunt, with null, and with a plugin that only walks
	go run ./testdata/bench pipeline

.PHONY: bench-check
bench-check: needs ## Compare allocations and instructions with testdata/bench/baseline.txt (UPDATE=1 writes it); needs valgrind
	go run ./testdata/bench check $(if $(UPDATE),-update)

.PHONY: pgo
pgo: needs ## Profile the engine at work anew, for profile-guided optimisation (plugin/default.pgo)
	go test -trimpath -pgo off -run '^$$' -bench '^Benchmark(Mix|Known)$$|^BenchmarkNew$$/^1000000$$' -benchtime 4s -cpuprofile $(CURDIR)/plugin/default.pgo -o build/pgo.test ./plugin/internal/engine

.PHONY: week
week: build ## Detect in the paper's week, made for SEED (1) at SCALE (1), and compare with what is in it
	bin/siphunt evaluate -week -seed $(SEED) -scale $(SCALE)

NETWORK := build/network.md

# Where a goal is missed, the command says so with exit code 1, and the tables show it.
.PHONY: network
network: build ## Detect in five networks of 300 registrars (SEED, PHONES=60000); prints Markdown, UPDATE=1 puts it into the README
	@mkdir -p build
	@bin/siphunt evaluate -network -seed $(SEED) -seeds 5 -registrars 300 -phones $(PHONES) -markdown >$(NETWORK); code=$$?; \
	cat $(NETWORK); \
	if [ "$(UPDATE)" ] && [ -s $(NETWORK) ]; then \
		sed -i -e '/^<!-- make network -->/,/^<!-- end -->/{//!d}' -e '/^<!-- make network -->/r $(NETWORK)' README.md; \
	fi; \
	exit $$code

.PHONY: fuzz
fuzz: needs ## Run each fuzz target for FUZZTIME (2m)
	@for package in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz'); do \
			echo "$$package $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1s $$package || exit 1; \
		done; \
	done

.PHONY: sanitize
sanitize: needs ## Run the library in the C host with sanitizers: address (Go too), undefined, thread (C only)
	@for sanitizer in address undefined thread; do \
		echo "$$sanitizer"; \
		SIPHUNT_SANITIZE=$$sanitizer go test -count=1 -run '^TestHost' ./plugin || exit 1; \
	done

.PHONY: soak
soak: needs fluent-bit ## Feed host and Fluent Bit 20 times the paper's week for DURATION (10m) each, reload and restart them: memory has to be flat
	SIPHUNT_SOAK=$(DURATION) go test -count=1 -timeout 0 -run '^Test(Host|FluentBit)Soak$$' -v ./plugin

.PHONY: clean
clean: ## Remove what was built
	rm -rf bin build

.PHONY: needs
needs:
	@command -v go >/dev/null || { echo "Go $$(sed -n 's/^go //p' go.mod) or newer is needed: https://go.dev/dl/"; exit 1; }
	@command -v "$$(go env CC)" >/dev/null || { echo "A C compiler is needed: apt-get install gcc libc6-dev"; exit 1; }

.PHONY: fluent-bit
fluent-bit:
	@command -v "$(FLUENT_BIT)" >/dev/null || \
		echo "NOTE: no fluent-bit on PATH (or in FLUENT_BIT): the tests in a real Fluent Bit are left out."

.PHONY: chromium
chromium:
	@command -v "$(CHROMIUM)" >/dev/null || { echo "Chromium is needed (CHROMIUM names it): apt-get install chromium"; exit 1; }

# Its exit code is 3 for a finding, and another one where it could not look.
.PHONY: vulnerabilities
vulnerabilities: needs $(VULNCHECK)
	@$(VULNCHECK) ./...; code=$$?; \
	if [ $$code -eq 3 ]; then exit 1; fi; \
	if [ $$code -ne 0 ]; then echo "NOTE: nobody has looked for known vulnerabilities: govulncheck needs https://vuln.go.dev."; fi

$(LINTER):
	GOBIN=$(CURDIR)/build/tools go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v$(LINTER_VERSION)
	mv build/tools/golangci-lint $@

$(VULNCHECK):
	GOBIN=$(CURDIR)/build/tools go install golang.org/x/vuln/cmd/govulncheck@v$(VULNCHECK_VERSION)
	mv build/tools/govulncheck $@

$(VICTORIALOGS):
	GOBIN=$(CURDIR)/build/tools go install github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs@v$(VICTORIALOGS_VERSION)
	mv build/tools/victoria-logs $@

$(SIEM_TOOLS)/installed: testdata/siem/requirements.txt
	python3 -m venv $(SIEM_TOOLS)
	$(SIEM_TOOLS)/bin/pip install --quiet -r testdata/siem/requirements.txt
	touch $@
