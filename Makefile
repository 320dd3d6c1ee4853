# SPDX-License-Identifier: GPL-2.0

PREFIX ?= /usr/local

# The running kernel's, or where there are none (in a container, say) those of
# the distribution's current kernel
HEADERS = $(shell dpkg-query -W -f '$${Depends}' linux-headers-$$(dpkg --print-architecture))
KDIR ?= $(firstword $(wildcard /lib/modules/$(shell uname -r)/build \
			       $(HEADERS:linux-headers-%=/lib/modules/%/build)))
REL = $(shell sed -n 's/^.define UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h)
BUILD = build/$(REL)

# Which kernel the guest runs: stock, debug, or the release of another packaged
# one. See scripts/kernel.sh.
KERNEL ?= stock

# What check-debug runs, some five times slower than the stock kernel would
DEBUG_TESTS ?= unit hostile churn netlink

all: module tools

help:
	@echo 'make               the module (for KDIR) and the tools, in build/'
	@echo 'make install       both, tools below PREFIX ($(PREFIX))'
	@echo 'make load, unload  the module, into and out of the running kernel'
	@echo 'make demo          a network of four nodes, in a guest'
	@echo 'make check         all tests, in a guest (KERNEL=stock|debug|RELEASE)'
	@echo 'make check-debug   a part of them, on a kernel that watches itself'
	@echo 'make lint          what tools can say about the source'

# Kbuild leaves its objects beside the sources: each kernel gets a tree of links
# of its own to leave them in.
module:
	$(if $(KDIR),,$(error no kernel headers: run scripts/setup.sh build, or set KDIR))
	@mkdir -p $(BUILD)
	@find $(BUILD) -xtype l -delete
	@cp -rsf $(CURDIR)/Kbuild $(CURDIR)/kernel $(CURDIR)/include $(BUILD)
	$(MAKE) -C $(KDIR) M=$(CURDIR)/$(BUILD) modules

tools:
	$(MAKE) -C userspace

# Debian's headers ask for signatures, with a key that only Debian has.
install: all
	$(MAKE) -C $(KDIR) M=$(CURDIR)/$(BUILD) modules_install CONFIG_MODULE_SIG_ALL=
	depmod $(REL)
	$(MAKE) -C userspace install PREFIX=$(PREFIX)

# insmod, unlike modprobe, loads nothing of what the module needs
load: module
	modprobe -a udp_tunnel ip6_udp_tunnel
	insmod $(BUILD)/kernel/skywire.ko

unload:
	rmmod skywire

demo:
	scripts/setup.sh build guest
	k=$$(scripts/kernel.sh $(KERNEL)) && eval "$$k" && $(MAKE) -j$$(nproc) all KDIR="$$KDIR"
	scripts/guest.sh -k $(KERNEL) scripts/demo.sh

check:
	scripts/check.sh $(KERNEL)

check-debug:
	scripts/check.sh debug $(DEBUG_TESTS)

lint:
	scripts/lint.sh

clean:
	rm -rf build
	$(MAKE) -C userspace clean

.PHONY: all help module tools install load unload demo check check-debug lint clean
