# SPDX-License-Identifier: GPL-2.0

PREFIX ?= /usr/local

# The running kernel's, or where there are none (in a container, say) those of
# the distribution's current kernel
HEADERS = $(shell dpkg-query -W -f '$${Depends}' linux-headers-$$(dpkg --print-architecture))
KDIR ?= $(firstword $(wildcard /lib/modules/$(shell uname -r)/build \
			       $(HEADERS:linux-headers-%=/lib/modules/%/build)))
REL = $(shell sed -n 's/^.define UTS_RELEASE "\(.*\)"/\1/p' \
	      $(KDIR)/include/generated/utsrelease.h 2>/dev/null)
BUILD = build/$(REL)

# Below which install, uninstall and dkms-source work: a package's tree, say
override DESTDIR := $(if $(DESTDIR),$(abspath $(DESTDIR)))
INSTALLED = $(wildcard $(foreach dir,updates extra,\
	$(addprefix $(DESTDIR)/lib/modules/*/$(dir)/kernel/,skywire.ko* test/skywire_test.ko*)))
release_of = $(firstword $(subst /, ,$(1:$(DESTDIR)/lib/modules/%=%)))
VERSION = $(shell sed -n 's/^MODULE_VERSION("\(.*\)");/\1/p' kernel/main.c)
DKMS_SOURCE = $(DESTDIR)/usr/src/skywire-$(VERSION)

# Which kernel the guest runs: stock, debug, newest, or the release of another
# packaged one. See scripts/kernel.sh.
KERNEL ?= stock

# What check-debug runs, some five times slower than the stock kernel would
DEBUG_TESTS ?= unit kunit hostile churn netlink noise turmoil faults
# What check-kernels and check-arm64 run: each cipher, each transport, each part of a
# life. All the rest is for "make check KERNEL=..."
KERNELS ?= 6.12 newest
KERNEL_TESTS ?= unit netlink chain crypto ether live failover roam seal upcall lifecycle
ARM64_TESTS ?= unit netlink chain crypto ether lifecycle seal
# What check-asan runs
ASAN_TESTS ?= swd-again swd-ahead swd-exit swd-hostile swd-link swd-map swd-rekey swd-reload \
	swd-routing swd-service swd-topology swd-wires
LONG_TESTS ?= storm turmoil-long swd-failover swd-flood swd-hostile swd-rekey \
	swd-topology swd-topology-20

# Before anything is changed
define check-kdir
$(if $(KDIR),,$(error no kernel headers: run scripts/setup.sh build, or set KDIR))
$(if $(REL),,$(error no configured kernel headers in KDIR=$(KDIR)))
endef

define tell-kernel
@[ "$(REL)" = "$$(uname -r)" ] || \
	echo "building for $(REL), this machine runs $$(uname -r)"
endef

all: module tools

help:
	@echo 'make               the module (for KDIR) and the tools, in build/'
	@echo 'make install       both, tools below PREFIX ($(PREFIX))'
	@echo 'make uninstall     removes what install made'
	@echo 'make dkms-source   what dkms(8) needs, in /usr/src'
	@echo 'make load, unload  the module, into and out of the running kernel'
	@echo 'make demo          a network of four nodes, in a guest'
	@echo 'make check         all tests, in a guest (KERNEL=stock|debug|newest|RELEASE)'
	@echo 'make check-long    those that take long, fuzz, and all on each of KERNELS ($(KERNELS))'
	@echo 'make check-debug   a part of them, on a kernel that watches itself'
	@echo 'make check-asan    those of the daemon, watched at every access'
	@echo 'make check-kernels a part of them, on each of KERNELS ($(KERNELS))'
	@echo 'make check-arm64   a part of them, on another architecture'
	@echo 'make compile-all   the module for each kernel, with gcc and clang'
	@echo 'make bench         what a relay costs, beside WireGuard'
	@echo 'make bench-profile       where in a relay that goes'
	@echo 'make bench-failover      how fast packets leave a path that is cut'
	@echo 'make bench-failover-tcp  TCP transfers, through a thousand cuts'
	@echo 'make fuzz          what libFuzzer finds in FUZZ_TIME seconds for each target'
	@echo 'make lint          what tools can say about the source'

# Kbuild leaves its objects beside the sources: each kernel gets a tree of links
# of its own to leave them in.
module:
	$(check-kdir)
	@mkdir -p $(BUILD)
	@find $(BUILD) -xtype l -delete
	@cp -rsf $(CURDIR)/Kbuild $(CURDIR)/kernel $(CURDIR)/include $(BUILD)
	$(MAKE) -C $(KDIR) M=$(CURDIR)/$(BUILD) modules

tools:
	$(MAKE) -C userspace

# Debian's headers ask for signatures, with a key that only Debian has.
install: all
	$(tell-kernel)
	$(MAKE) -C $(KDIR) M=$(CURDIR)/$(BUILD) modules_install CONFIG_MODULE_SIG_ALL= \
		INSTALL_MOD_PATH=$(DESTDIR)
	depmod $(if $(DESTDIR),-b $(DESTDIR)) $(REL)
	$(MAKE) -C userspace install PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)

# For all kernels: where modules_install puts it depends on their age.
uninstall:
	$(MAKE) -C userspace uninstall PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)
	rm -f $(INSTALLED)
	$(foreach rel,$(sort $(foreach ko,$(INSTALLED),$(call release_of,$(ko)))),\
		depmod $(if $(DESTDIR),-b $(DESTDIR)) $(rel);)

# "dkms add ." would copy all of build/ as well.
dkms-source:
	rm -rf $(DKMS_SOURCE)
	mkdir -p $(DKMS_SOURCE)
	cp -r Makefile Kbuild dkms.conf kernel include $(DKMS_SOURCE)

# insmod, unlike modprobe, loads nothing of what the module needs
load: module
	$(tell-kernel)
	modprobe -a -q udp_tunnel ip6_udp_tunnel libchacha20poly1305 libblake2b || :
	insmod $(BUILD)/kernel/skywire.ko

unload:
	rmmod skywire

demo:
	scripts/build.sh $(KERNEL)
	scripts/guest.sh -k $(KERNEL) scripts/demo.sh

check:
	scripts/check.sh $(KERNEL)

# And what of the whole takes too long for each change
check-long:
	@rc=0; \
	$(MAKE) -s fuzz || rc=1; \
	scripts/check.sh $(KERNEL) $(LONG_TESTS) || rc=1; \
	$(MAKE) -s check-asan || rc=1; \
	for kernel in $(KERNELS); do scripts/check.sh $$kernel || rc=1; done; \
	exit $$rc

check-debug:
	scripts/check.sh debug $(DEBUG_TESTS)

check-asan:
	scripts/setup.sh build
	$(MAKE) -s -C userspace asan
	SWD=$(CURDIR)/build/userspace/check/swd-asan scripts/check.sh $(KERNEL) $(ASAN_TESTS)

check-kernels: $(KERNELS:%=check-kernel-%)

check-kernel-%:
	scripts/check.sh $* $(KERNEL_TESTS)

check-arm64:
	scripts/check.sh arm64 $(ARM64_TESTS)

compile-all:
	scripts/compile.sh

bench:
	scripts/bench.sh

bench-profile:
	scripts/bench.sh -P

bench-failover:
	scripts/bench-failover.sh

bench-failover-tcp:
	scripts/bench-failover.sh -t

fuzz:
	scripts/setup.sh build fuzz
	$(MAKE) -s -C userspace/fuzz -j$$(nproc) run

lint:
	scripts/lint.sh

clean:
	rm -rf build
	$(MAKE) -C userspace clean

.PHONY: all help module tools install uninstall dkms-source load unload demo check check-long check-debug \
	check-asan check-kernels check-arm64 compile-all bench bench-profile bench-failover bench-failover-tcp fuzz lint clean
