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
LDLIBS_ALL := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lpthread
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

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# ---- tests -------------------------------------------------------------------------------------
SUPPORT_OBJ := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard tests/support/*.c)))
UNIT_SRC := $(sort $(wildcard tests/unit/*/test_*.c))
UNIT_BIN := $(patsubst tests/%.c,$(BUILD)/tests/%,$(UNIT_SRC))

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(SUPPORT_OBJ) $(BUILD)/libtenantctl.a
	@echo "  LD    $@"
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LDLIBS_ALL) -lcmocka

.PHONY: unit
unit: $(UNIT_BIN)
	$(Q)scripts/run-unit $(UNIT_BIN)

.PHONY: clean
clean:
	rm -rf $(BUILD)
