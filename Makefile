# weft: one non-recursive Makefile. `make help` lists the targets.
#
# The dependency graph of the layers is written here and nowhere else: include checks, link order and pkg-config files
# follow from it.

LAYERS := base stun ice dtls sctp datachannel yamux multiaddr relay noise libp2p webrtc

DEPS_base        :=
DEPS_stun        := base
DEPS_ice         := base stun
DEPS_dtls        := base
DEPS_sctp        := base
DEPS_datachannel := base
DEPS_yamux       := base
DEPS_multiaddr   := base
DEPS_noise       := base
DEPS_relay       := base multiaddr
DEPS_libp2p      := base multiaddr noise yamux
DEPS_webrtc      := base multiaddr stun ice dtls sctp datachannel noise

# Libraries outside the project that a layer's own objects call.
EXT_stun  := mbedcrypto
EXT_dtls  := mbedtls mbedx509 mbedcrypto
EXT_noise := sodium mbedcrypto

# Headers that are installed; everything else is private.
PUBLIC_base        := base.h addr.h stream.h
PUBLIC_stun        := stun.h
PUBLIC_ice         := ice.h
PUBLIC_dtls        := dtls.h
PUBLIC_sctp        := sctp.h
PUBLIC_datachannel := datachannel.h
PUBLIC_yamux       := yamux.h
PUBLIC_multiaddr   := multiaddr.h
PUBLIC_relay       := relay.h
PUBLIC_noise       := noise.h identity.h
PUBLIC_libp2p      := multistream.h identify.h ping.h upgrade.h
PUBLIC_webrtc      := webrtc.h sdp.h signaling.h

LINK_ORDER := webrtc libp2p relay noise datachannel sctp dtls ice stun yamux multiaddr base
EXT_ORDER  := mbedtls mbedx509 mbedcrypto sodium

VARIANT ?= release
BUILD   ?= build
B       := $(BUILD)$(if $(filter-out release,$(VARIANT)),/$(VARIANT))

CC      ?= cc
AR      ?= ar
WARN    := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum -Wvla
ifeq ($(CI),true)
WARN    += -Werror
endif
ifeq ($(WERROR),1)
WARN    += -Werror
endif
CFLAGS_release := -O2 -g
CFLAGS_asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
CFLAGS_fuzz    := -O1 -g -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined -DWEFT_FUZZ=1
CFLAGS_coverage := -O0 -g --coverage
LDFLAGS_asan   := -fsanitize=address,undefined
LDFLAGS_fuzz   := -fsanitize=address,undefined
LDFLAGS_coverage := --coverage
CFLAGS  ?= $(CFLAGS_$(VARIANT))
MBED_CFLAGS  := $(if $(MBEDTLS),-I$(MBEDTLS)/include)
MBED_LDFLAGS := $(if $(MBEDTLS),-L$(MBEDTLS)/lib -Wl$(comma)-rpath$(comma)$(MBEDTLS)/lib)
comma := ,
MBED_LDFLAGS := $(if $(MBEDTLS),-L$(MBEDTLS)/lib -Wl$(comma)-rpath$(comma)$(MBEDTLS)/lib)
ALL_CFLAGS  := -std=c11 -fPIC $(WARN) -I. -I$(B)/include $(MBED_CFLAGS) $(CPPFLAGS) $(CFLAGS)
ALL_LDFLAGS := $(LDFLAGS_$(VARIANT)) $(MBED_LDFLAGS) $(LDFLAGS)

closure     = $(sort $(1) $(foreach d,$(DEPS_$(1)),$(call closure,$(d))))
libs_of     = $(filter $(call closure,$(1)),$(LINK_ORDER))
archives_of = $(foreach l,$(libs_of),$(B)/lib/libweft_$(l).a)
ext_of      = $(addprefix -l,$(filter $(foreach l,$(call closure,$(1)),$(EXT_$(l))),$(EXT_ORDER)))

ALL_ARCHIVES := $(foreach l,$(LINK_ORDER),$(B)/lib/libweft_$(l).a)
ALL_EXT      := $(addprefix -l,$(EXT_ORDER))

.DEFAULT_GOAL := all
.PHONY: all archives apps
.DELETE_ON_ERROR:
.SECONDARY:

# ---- layers -----------------------------------------------------------------------------------------------------------

define layer
SRC_$(1) := $$(sort $$(wildcard $(1)/*.c))
OBJ_$(1) := $$(SRC_$(1):%.c=$(B)/obj/%.o)
$(B)/lib/libweft_$(1).a: $$(OBJ_$(1)) | $(B)/lib
	@rm -f $$@
	$(AR) rcs $$@ $$^
endef
$(foreach l,$(LAYERS),$(eval $(call layer,$(l))))

$(B)/lib $(B)/bin: ; @mkdir -p $@

$(B)/include/weft:
	@mkdir -p $(B)/include && ln -sfn $(CURDIR) $@

$(B)/obj/%.o: %.c | $(B)/include/weft
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

archives: $(ALL_ARCHIVES)

# ---- tests ------------------------------------------------------------------------------------------------------------
# test/unit/test_<layer>_<file>.c: each has a `Suite *test_<layer>_<file>(void)`; one binary per layer, whose main is made
# from the list of files. test/support/*.c is linked into every test program.

SUPPORT_SRC := $(sort $(wildcard test/support/*.c))
SUPPORT_OBJ := $(SUPPORT_SRC:%.c=$(B)/obj/%.o)
CHECK_LIBS  := -lcheck -lsubunit -lm -lrt -lpthread
UNIT_LAYERS := $(foreach l,$(LAYERS) apps,$(if $(wildcard test/unit/test_$(l)_*.c),$(l)))

define unit
UNIT_SRC_$(1) := $$(sort $$(wildcard test/unit/test_$(1)_*.c))
UNIT_OBJ_$(1) := $$(UNIT_SRC_$(1):%.c=$(B)/obj/%.o)
$(B)/gen/unit_$(1).c: $$(UNIT_SRC_$(1)) Makefile
	@mkdir -p $$(@D)
	@{ echo '#include "test/support/unit.h"'; \
	  for f in $$(patsubst test/unit/%.c,%,$$(UNIT_SRC_$(1))); do echo "Suite *$$$$f(void);"; done; \
	  echo 'int main(void) {'; echo '  unit_suite_fn suites[] = {'; \
	  for f in $$(patsubst test/unit/%.c,%,$$(UNIT_SRC_$(1))); do echo "    $$$$f,"; done; \
	  echo '  };'; echo '  return unit_run("$(1)", suites, sizeof suites / sizeof suites[0]);'; echo '}'; } > $$@
$(B)/test/unit_$(1): $(B)/gen/unit_$(1).c $$(UNIT_OBJ_$(1)) $$(SUPPORT_OBJ) $$(if $$(filter apps,$(1)),$(ALL_ARCHIVES),$$(call archives_of,$(1)))
	@mkdir -p $$(@D)
	$(CC) $(ALL_CFLAGS) -Wno-missing-prototypes $$^ $(ALL_LDFLAGS) $$(if $$(filter apps,$(1)),$(ALL_EXT),$$(call ext_of,$(1))) $(CHECK_LIBS) -o $$@
.PHONY: test-$(1)
test-$(1): $(B)/test/unit_$(1)
	$(B)/test/unit_$(1)
endef
$(foreach l,$(UNIT_LAYERS),$(eval $(call unit,$(l))))

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
