# SPDX-License-Identifier: GPL-2.0
#
# The front door. `make help` says what there is; Documentation/building.md has
# the rest. KDIR=DIR builds against another kernel tree, SLR_KERNEL=7.3 against
# another Debian kernel, CLIPPY=1 with clippy.

# On Debian with a kernel that modules can be built for, build for that one;
# virtual machines run the kernel that was asked for.
asked := $(SLR_KERNEL)
ifeq ($(origin SLR_KERNEL),undefined)
SLR_KERNEL := $(shell scripts/env native)
endif
export SLR_KERNEL
check check-quick check-debug lint demo bench bench-reference bench-native vm soak fuzz: export SLR_KERNEL := $(asked)
export KDIR CLIPPY V

CARGO   := scripts/env run cargo
CLI     := --manifest-path userspace/Cargo.toml --target-dir build/userspace
RELEASE := $(shell cat $(or $(KDIR),/nowhere)/include/config/kernel.release 2>/dev/null || uname -r)

.PHONY: all module cli check check-quick check-debug lint fuzz soak demo bench bench-reference bench-native vm install modules_install clean help

all: module cli	## build slr.ko and the command slr

module:	## build build/RELEASE/slr.ko
	@scripts/kbuild

cli:	## build build/userspace/release/slr, its manual pages and completions
	@$(CARGO) build --release $(CLI)
	@scripts/env run build/userspace/release/slr man build/man

check:	## lint, build, unit tests, tests in virtual machines
	@scripts/check

check-quick:	## lint, build and unit tests only
	@scripts/check lint build unit

check-debug:	## the tests on a kernel with KASAN, lockdep and leak detection
	@scripts/check debug

lint:	## formatting, clippy, shellcheck, layers, generated files
	@scripts/check lint

fuzz:	## look for inputs that break the pure logic; MINUTES=1 a target, TARGETS="flow trie"
	@scripts/fuzz -t $$((60 * $(or $(MINUTES),1))) $(TARGETS)

soak: module cli	## traffic whose every byte is looked at, under churn; MINUTES=10
	@SLR_VM_TIMEOUT=$$((60 * $(or $(MINUTES),10) + 3000)) scripts/vm -- selftests/soak $(or $(MINUTES),10)

demo:	## show slr at work in a virtual machine
	@scripts/demo

bench: module cli	## count instructions of slr and its rivals; ROWS=PATTERN,... SCALE=1
	@scripts/bench

bench-reference: module cli	## the same, and put it into the stored reference and the chart
	@scripts/bench --store

bench-native: cli	## caches and two CPUs: slr and rivals in a kernel that runs natively
	@scripts/bench --native

vm:	## a root shell in a virtual machine, checkout mounted
	@scripts/vm

install: cli modules_install	## install module and command on this machine
	install -D -m 755 build/userspace/release/slr $(DESTDIR)/usr/sbin/slr
	install -D -m 644 -t $(DESTDIR)/usr/share/man/man8 build/man/*.8
	install -D -m 644 build/man/slr.bash $(DESTDIR)/usr/share/bash-completion/completions/slr

modules_install: module	## install the module for the running kernel, or KDIR's
	@test -e build/$(RELEASE)/slr.ko || { echo "no module was built for $(RELEASE): run a Debian kernel of backports, 7.2 or newer, or give KDIR=" >&2; exit 1; }
	install -D -m 644 build/$(RELEASE)/slr.ko $(DESTDIR)/lib/modules/$(RELEASE)/updates/slr.ko
	$(if $(DESTDIR),,depmod $(RELEASE))

clean:	## delete what was built; `scripts/env clean` deletes the environment
	rm -rf build

help:	## this list
	@sed -n 's/^\([a-z_-]*\):.*## /\1\t/p' Makefile | expand -t 18
