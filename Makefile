# tenantctl: see README.md. `make`, `make demo` and `make check` are all most people need.
CC ?= cc
PREFIX ?= /usr/local
DESTDIR ?=
BUILD ?= build
CFLAGS ?= -O2 -g
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo 0.1.0)
PKGS := libcurl libcjson yaml-0.1 libseccomp libcap-ng libcrypto
Q := $(if $(V),,@)

try-flag = $(shell printf 'int main(void){return 0;}' | $(CC) -Werror $(1) -x c - -o /dev/null 2>/dev/null && echo $(1))

WARN := -Wall -Wextra -Wshadow -Wpointer-arith -Wcast-align -Wwrite-strings -Wvla -Wundef \
	-Wstrict-prototypes -Wmissing-prototypes -Wredundant-decls -Wformat=2 -Wnull-dereference \
	-Wimplicit-fallthrough $(if $(or $(WERROR),$(CI)),-Werror)
ARCH := $(shell uname -m)
HARDEN_CC := -fPIE -fstack-protector-strong -fno-strict-overflow \
	$(if $(SANITIZE),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$(if $(filter clang%,$(CC)),2,3)) \
	$(call try-flag,-fstack-clash-protection) \
	$(if $(filter x86_64,$(ARCH)),$(call try-flag,-fcf-protection)) \
	$(if $(filter aarch64,$(ARCH)),$(call try-flag,-mbranch-protection=standard))
HARDEN_LD := -pie -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed
HARDEN_CC := $(HARDEN_CC)
CPPFLAGS_ALL := -D_GNU_SOURCE -Iinclude -I$(BUILD)/gen -DTENANTCTL_VERSION='"$(VERSION)"' \
	-DTENANTCTL_DATADIR='"$(PREFIX)/share/tenantctl"' $(shell pkg-config --cflags $(PKGS) 2>/dev/null) $(CPPFLAGS)
CFLAGS_ALL := -std=c17 $(WARN) $(HARDEN_CC) $(SANITIZE) $(COVER) $(CFLAGS)
LDLIBS_ALL := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lresolv -lpthread
LDFLAGS_ALL := $(HARDEN_LD) $(SANITIZE) $(COVER) $(LDFLAGS)

SRC := $(sort $(wildcard src/base/*.c src/engine/*.c src/probe/*.c src/domain/*.c src/ops/*.c src/cli/*.c))
MAIN := src/cli/main.c
LIB_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(filter-out $(MAIN),$(SRC)))
BIN := $(BUILD)/tenantctl

.PHONY: all
all: $(BIN)

$(BIN): $(BUILD)/src/cli/main.o $(BUILD)/libtenantctl.a
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LDLIBS_ALL)

$(BUILD)/libtenantctl.a: $(LIB_OBJ)
	@echo "  AR    $@"
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(CPPFLAGS_ALL) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# Frames of manual pages; the program fills in what its tables know.
MAN_PAGES := $(patsubst man/%.in,$(BUILD)/man/%,$(wildcard man/*.in))
$(BUILD)/man/%: man/%.in $(BIN)
	@mkdir -p $(@D)
	@echo "  MAN   $@"
	$(Q)$(BIN) manual $< >$@.tmp && mv $@.tmp $@
all: $(MAN_PAGES)

# What the binary carries: the seccomp profiles and the style sheet of reports as text.
PROFILES := $(sort $(wildcard profiles/*.json))
$(BUILD)/gen/seccomp_profiles.h: scripts/embed $(PROFILES)
	@mkdir -p $(@D)
	@echo "  GEN   $@"
	$(Q)scripts/embed $(PROFILES) > $@.tmp && mv $@.tmp $@
$(BUILD)/src/domain/seccomp.o: $(BUILD)/gen/seccomp_profiles.h
$(BUILD)/gen/report_style.h: scripts/embed src/cli/report.css
	@mkdir -p $(@D)
	@echo "  GEN   $@"
	$(Q)scripts/embed -t report_style src/cli/report.css > $@.tmp && mv $@.tmp $@
$(BUILD)/src/cli/report_html.o: $(BUILD)/gen/report_style.h

# PID 1 of an image that holds nothing else of ours: static, with musl where it is installed.
STATIC_CC ?= $(if $(shell command -v musl-gcc),musl-gcc,$(CC))
STATIC_CFLAGS := -std=c17 -D_GNU_SOURCE -Iinclude $(WARN) -O2 -fstack-protector-strong -static -s

# The program of a worker's twin, and the image that the binary carries. musl has no headers of the
# kernel's own.
PROBE_SRC := $(sort $(wildcard src/twin/*.c))
KERNEL_HEADERS := -idirafter /usr/include -idirafter /usr/include/$(shell $(STATIC_CC) -dumpmachine)
$(BUILD)/tenantctl-probe: $(PROBE_SRC) $(wildcard src/twin/*.h) $(wildcard include/base/*.h)
	@mkdir -p $(@D)
	@echo "  CC    $@"
	$(Q)$(STATIC_CC) $(STATIC_CFLAGS) $(KERNEL_HEADERS) -o $@ $(PROBE_SRC)
PROBE_ARCHIVE := $(BUILD)/gen/probe-image.tar
PROBE_HEADER := $(BUILD)/gen/probe_image.h
$(PROBE_HEADER): $(BUILD)/tenantctl-probe scripts/build-probe-image scripts/lib/docker-archive.sh
	@mkdir -p $(@D)
	@echo "  GEN   $@"
	$(Q)scripts/build-probe-image $< $(PROBE_ARCHIVE) $@
$(BUILD)/src/ops/twin_image.o $(patsubst %,$(BUILD)/tests/unit/ops/test_%.o,twin twin_image): \
		$(PROBE_HEADER)

-include $(shell find $(BUILD)/src $(BUILD)/tests -name '*.d' 2>/dev/null)

# ---- images of the gateway, the demo and the tests, made from Debian packages ----------------------
IMAGES := $(BUILD)/images
LIB_SH := scripts/lib/apt.sh scripts/lib/docker-archive.sh

$(IMAGES)/demo-worker.tar: scripts/build-worker-image scripts/lib/demo-worker $(LIB_SH)
	@echo "  IMAGE $@"
	$(Q)scripts/build-worker-image demo $@

$(IMAGES)/test-tools.tar: scripts/build-worker-image $(LIB_SH)
	@echo "  IMAGE $@"
	$(Q)scripts/build-worker-image tools $@

# ---- gateway -----------------------------------------------------------------------------------
GATEWAY_SRC := $(sort $(wildcard src/gateway/*.c))

$(BUILD)/gateway-init: $(GATEWAY_SRC) $(wildcard src/gateway/*.h) include/base/compiler.h
	@mkdir -p $(@D)
	@echo "  CC    $@"
	$(Q)$(STATIC_CC) $(STATIC_CFLAGS) -o $@ $(GATEWAY_SRC)

# The image's own version, part of its tag: tenantctl.yaml's default names it, too.
GATEWAY_VERSION := 2
GATEWAY_IMAGE := $(IMAGES)/tenantctl-gateway.tar
$(GATEWAY_IMAGE): $(BUILD)/gateway-init scripts/build-gateway-image scripts/lib/docker-archive.sh
	@mkdir -p $(@D)
	@echo "  IMAGE $@"
	$(Q)VERSION=$(GATEWAY_VERSION) scripts/build-gateway-image $@ $<

.PHONY: gateway-image
gateway-image: $(GATEWAY_IMAGE)

all: $(BUILD)/gateway-init

# ---- tests -------------------------------------------------------------------------------------
RESULTS ?= $(BUILD)/results
SUPPORT_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard tests/support/*.c)))
UNIT_SRC := $(sort $(wildcard tests/unit/*/test_*.c))
UNIT_BIN := $(patsubst tests/%.c,$(BUILD)/tests/%,$(UNIT_SRC))
CONTRACT_SRC := $(sort $(wildcard tests/contract/test_*.c))
CONTRACT_BIN := $(patsubst tests/%.c,$(BUILD)/tests/%,$(CONTRACT_SRC))
FUZZ_SRC := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_INPUT := $(wildcard examples profiles tests/contract/cases tests/fuzz/corpus)
REPLAY_BIN := $(FUZZ_SRC:tests/fuzz/fuzz_%.c=$(BUILD)/tests/fuzz/replay_%)
RUN_UNIT = $(Q)RESULTS=$(RESULTS) scripts/run-unit

.SECONDARY:
$(BUILD)/tests/%: $(BUILD)/tests/%.o $(SUPPORT_OBJ) $(BUILD)/libtenantctl.a
	@echo "  LD    $@"
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LDLIBS_ALL) -lcmocka

$(BUILD)/tests/fuzz/replay_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/replay.o \
		$(SUPPORT_OBJ) $(BUILD)/libtenantctl.a
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LDLIBS_ALL) -lcmocka

.PHONY: unit contract replay e2e
unit: $(UNIT_BIN)
	$(RUN_UNIT) $(TAG)unit $(UNIT_BIN)
contract: $(CONTRACT_BIN)
	$(RUN_UNIT) $(TAG)contract $(CONTRACT_BIN)
replay: $(REPLAY_BIN)
	$(Q)for t in $(REPLAY_BIN); do printf '#!/bin/sh\nexec %s $(FUZZ_INPUT)\n' $$t >$$t.sh; \
		chmod +x $$t.sh; done
	$(RUN_UNIT) $(TAG)replay $(REPLAY_BIN:=.sh)
e2e: all $(GATEWAY_IMAGE) $(IMAGES)/demo-worker.tar $(IMAGES)/test-tools.tar \
		$(BUILD)/tests/support/bin/faultsock $(BUILD)/tests/support/bin/egress-cases
	$(Q)BUILD=$(BUILD) scripts/run-e2e $(E2E)

# Every suite runs even when an earlier one failed; the last line adds them up.
SUITES := $(if $(CI),lint) unit contract replay $(if $(CI),asan) e2e
COUNTS := $(patsubst asan,asan-unit asan-contract asan-replay,$(SUITES))
.PHONY: check check-run
# Two steps, because what the first one installs is looked for when a Makefile is read.
check:
	$(Q)scripts/install-deps test
	$(Q)$(MAKE) --no-print-directory check-run
check-run: all
	$(Q)rm -f $(RESULTS)/*.count
	$(Q)for suite in $(SUITES); do $(MAKE) --no-print-directory $$suite || failed=1; done; \
		scripts/test-totals $(RESULTS) $(COUNTS) && [ -z "$$failed" ]

SAN := address,undefined
.PHONY: asan valgrind cover fuzz
asan:
	$(Q)$(MAKE) --no-print-directory -k BUILD=$(BUILD)/asan RESULTS=$(RESULTS) TAG=asan- \
		SANITIZE='-fsanitize=$(SAN) -fno-sanitize-recover=all' CFLAGS='-O1 -g' \
		unit contract replay
valgrind: $(UNIT_BIN) $(CONTRACT_BIN)
	$(Q)TEST_TIMEOUT=900 RUNNER='valgrind -q --leak-check=full --error-exitcode=99 --child-silent-after-fork=yes' \
		scripts/run-unit valgrind $(UNIT_BIN) $(CONTRACT_BIN)
cover:
	$(Q)$(MAKE) --no-print-directory -k BUILD=$(BUILD)/cover COVER='--coverage -fprofile-update=atomic' CFLAGS='-O0 -g' \
		unit contract replay
	$(Q)mkdir -p $(BUILD)/cover/report
	$(Q)gcovr -r . --filter 'src/' --print-summary --gcov-ignore-parse-errors --exclude-unreachable-branches \
		--exclude-throw-branches --html-details $(BUILD)/cover/report/index.html \
		--txt $(BUILD)/cover/report.txt $(BUILD)/cover
	@cat $(BUILD)/cover/report.txt

# With clang's fuzzer: FUZZ_TIME seconds for each target; findings stay in the build folder.
FUZZ_TIME ?= 30
FUZZ_BIN := $(FUZZ_SRC:tests/fuzz/%.c=$(BUILD)/tests/fuzz/%)
$(BUILD)/tests/fuzz/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(SUPPORT_OBJ) $(BUILD)/libtenantctl.a
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS_ALL) $(FUZZ_LINK) -o $@ $^ $(LDLIBS_ALL) -lcmocka

.PHONY: fuzz-run
fuzz:
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/fuzz CC=clang CFLAGS='-O1 -g' \
		SANITIZE='-fsanitize=fuzzer-no-link,$(SAN)' FUZZ_LINK=-fsanitize=fuzzer fuzz-run
fuzz-run: $(FUZZ_BIN)
	$(Q)for t in $(FUZZ_BIN); do echo "  FUZZ  $$t"; mkdir -p $$t.corpus; \
		$$t -max_total_time=$(FUZZ_TIME) -max_len=65536 -verbosity=0 -print_final_stats=1 \
		-artifact_prefix=$$t. $$t.corpus $(FUZZ_INPUT) || exit 1; done

# Against docker's own tools, on a private engine: `make bench BENCH='-q list create'`.
.PHONY: bench
bench: all $(GATEWAY_IMAGE) $(IMAGES)/demo-worker.tar
	$(Q)BUILD=$(BUILD) scripts/bench $(BENCH)

# ---- lint --------------------------------------------------------------------------------------
.PHONY: lint
lint: export LINT_CPPFLAGS = $(CPPFLAGS_ALL)
lint: $(BUILD)/gen/seccomp_profiles.h $(BUILD)/gen/report_style.h $(PROBE_HEADER)
	$(Q)RESULTS=$(RESULTS) scripts/lint $(LINTS)

# ---- install -----------------------------------------------------------------------------------
SHARE := $(DESTDIR)$(PREFIX)/share
.PHONY: install uninstall
install: all
	install -D -m 755 $(BIN) $(DESTDIR)$(PREFIX)/sbin/tenantctl
	for page in $(MAN_PAGES); do \
		install -D -m 644 $$page $(SHARE)/man/man$${page##*.}/$${page##*/} || exit 1; done
	install -d $(SHARE)/tenantctl/profiles $(SHARE)/bash-completion/completions
	install -m 644 profiles/*.json $(SHARE)/tenantctl/profiles
	$(BIN) completion bash >$(SHARE)/bash-completion/completions/tenantctl
	if [ -e $(GATEWAY_IMAGE) ]; then \
		install -m 644 $(GATEWAY_IMAGE) $(SHARE)/tenantctl/gateway-image.tar; fi
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/sbin/tenantctl $(SHARE)/bash-completion/completions/tenantctl
	for page in $(MAN_PAGES); do rm -f $(SHARE)/man/man$${page##*.}/$${page##*/}; done
	rm -rf $(SHARE)/tenantctl

.PHONY: demo demo-files demo-clean
demo:
	$(Q)scripts/install-deps build run
	$(Q)$(MAKE) --no-print-directory demo-files
	$(Q)BUILD=$(BUILD) scripts/demo
demo-files: all $(GATEWAY_IMAGE) $(IMAGES)/demo-worker.tar
demo-clean:
	$(Q)BUILD=$(BUILD) scripts/demo clean

.PHONY: clean
clean:
	rm -rf $(BUILD)
