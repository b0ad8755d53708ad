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

# Programs: apps/<name>.c has the main; every other apps/*.c and apps/conform/*.c is shared by them.
PROGRAM_NAMES := webrtc-direct-server webrtc-direct-client webrtc-p2p-relay webrtc-p2p-peer weft weft-shim

# Layers that an embedding example needs when its name is not that of a layer.
EMBED_stack   := ice dtls sctp datachannel
EMBED_upgrade := libp2p
EMBED_private := webrtc

# ---- settings ---------------------------------------------------------------------------------------------------------

VARIANT ?= release
BUILD   ?= build
B       := $(BUILD)$(if $(filter-out release,$(VARIANT)),/$(VARIANT))$(if $(MBEDTLS),/mbedtls$(subst /,-,$(MBEDTLS)))

PREFIX  ?= /usr/local
CC      ?= cc
CXX     ?= c++
AR      ?= ar
NM      ?= nm
PKG_CONFIG   ?= pkg-config
CLANG        ?= clang
CLANG_FORMAT ?= clang-format

SEEDS      ?= 10000
NAT_SEEDS  ?= 1000
FUZZ_TIME  ?= 60
RUNS       ?= 5
JOBS       ?= $(shell nproc 2>/dev/null || echo 2)
TEST_SEEDS ?= $(or $(TEST_SEEDS_$(VARIANT)),300)
TEST_SEEDS_asan     := 60
TEST_SEEDS_coverage := 40

# Warnings are errors in CI only: a newer compiler must not break somebody's build.
WARN    := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wswitch-enum -Wvla
ifeq ($(CI),true)
WERROR  ?= 1
endif
WARN    += $(if $(filter 1,$(WERROR)),-Werror)

SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
CFLAGS  ?= $(or $(OPTIMIZE_$(VARIANT)),-O2 -g)
OPTIMIZE_asan     := -O1 -g
OPTIMIZE_fuzz     := -O1 -g
OPTIMIZE_coverage := -O0 -g
VARIANT_CFLAGS_asan      := $(SANITIZERS)
VARIANT_CFLAGS_fuzz      := $(SANITIZERS) -fsanitize=fuzzer-no-link -DWEFT_FUZZ=1
VARIANT_CFLAGS_coverage  := --coverage
VARIANT_LDFLAGS_asan     := -fsanitize=address,undefined
VARIANT_LDFLAGS_fuzz     := -fsanitize=address,undefined,fuzzer
VARIANT_LDFLAGS_coverage := --coverage

comma := ,
MBED_CFLAGS  := $(if $(MBEDTLS),-isystem $(MBEDTLS)/include)
MBED_LDFLAGS := $(if $(MBEDTLS),-L$(MBEDTLS)/lib -Wl$(comma)-rpath$(comma)$(MBEDTLS)/lib)

# Asked on first use and then remembered; with plain -l where there is no .pc. Nothing here runs before `make deps` has.
probe         = $(eval $(1) := $(shell $(2)))$($(1))
SODIUM_CFLAGS = $(call probe,SODIUM_CFLAGS,$(PKG_CONFIG) --cflags libsodium 2>/dev/null)
SODIUM_LIBS   = $(call probe,SODIUM_LIBS,$(PKG_CONFIG) --libs libsodium 2>/dev/null || echo -lsodium)
CHECK_CFLAGS  = $(call probe,CHECK_CFLAGS,$(PKG_CONFIG) --cflags check 2>/dev/null)
CHECK_LIBS    = $(call probe,CHECK_LIBS,$(PKG_CONFIG) --libs --static check 2>/dev/null || echo -lcheck -lsubunit -lm -lrt) -lpthread

ALL_CFLAGS   = -std=c11 -fPIC $(WARN) -I. -I$(B)/include $(MBED_CFLAGS) $(SODIUM_CFLAGS) $(VARIANT_CFLAGS_$(VARIANT)) \
               $(CPPFLAGS) $(CFLAGS)
ALL_LDFLAGS  = $(VARIANT_LDFLAGS_$(VARIANT)) $(MBED_LDFLAGS) $(LDFLAGS)

closure     = $(sort $(1) $(foreach d,$(DEPS_$(1)),$(call closure,$(d))))
closures    = $(sort $(foreach l,$(1),$(call closure,$(l))))
libs_of     = $(filter $(call closures,$(1)),$(LINK_ORDER))
archives_of = $(foreach l,$(libs_of),$(B)/lib/libweft_$(l).a)
ext_names   = $(filter $(foreach l,$(call closures,$(1)),$(EXT_$(l))),$(EXT_ORDER))
ext_of      = $(addprefix -l,$(filter-out sodium,$(ext_names))) $(if $(filter sodium,$(ext_names)),$(SODIUM_LIBS))

ALL_ARCHIVES := $(foreach l,$(LINK_ORDER),$(B)/lib/libweft_$(l).a)
ALL_EXT       = $(call ext_of,$(LAYERS))

ifneq ($(V),1)
Q := @
say = @printf '  %-4s %s\n' '$(1)' '$(patsubst $(B)/%,%,$(2))'
endif

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: FORCE

# Sub-makes use every core unless the user chose a number of jobs.
SUBMAKE = $(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(JOBS))

# ---- layers -----------------------------------------------------------------------------------------------------------

.PHONY: all archives apps
all: archives apps ## all archives (build/lib) and programs (build/bin)

archives: $(ALL_ARCHIVES) ## the archives alone

# The folder is a prerequisite, so that removing a file takes it out of the archive.
define layer
SRC_$(1) := $$(sort $$(wildcard $(1)/*.c))
OBJ_$(1) := $$(SRC_$(1):%.c=$(B)/obj/%.o)
$(B)/lib/libweft_$(1).a: $$(OBJ_$(1)) $(1) | $(B)/lib
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@ && $$(AR) rcs $$@ $$(filter %.o,$$^)
endef
$(foreach l,$(LAYERS),$(eval $(call layer,$(l))))

$(B)/lib $(B)/bin $(B)/test $(B)/gen: ; @mkdir -p $@

$(B)/include/weft:
	@mkdir -p $(B)/include && ln -sfn $(CURDIR) $@

# Objects are remade when the compiler or its flags are others than the last time.
FLAGS_NOW = $(subst ','\'',$(CC) $(ALL_CFLAGS))
$(B)/flags: FORCE
	@mkdir -p $(B)
	@printf '%s\n' '$(FLAGS_NOW)' | cmp -s - $@ || printf '%s\n' '$(FLAGS_NOW)' > $@

# What the test programs call by name (suites, fuzz targets) is declared by generated code, not by headers.
$(B)/obj/test/%.o: test/%.c $(B)/flags | $(B)/include/weft
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) $(CHECK_CFLAGS) -Wno-missing-prototypes -MMD -MP -c $< -o $@

$(B)/obj/%.o: %.c $(B)/flags | $(B)/include/weft
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@

# Links $^ into $@: objects, then archives in the order given. $(1): libraries outside the project.
define link
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -Wno-missing-prototypes $(filter %.c %.o %.a,$^) $(ALL_LDFLAGS) $(1) -o $@
endef

# ---- programs ---------------------------------------------------------------------------------------------------------

PROGRAMS     := $(strip $(foreach p,$(PROGRAM_NAMES),$(if $(wildcard apps/$(p).c),$(p))))
PROGRAM_BINS := $(PROGRAMS:%=$(B)/bin/%)
APP_SRC      := $(filter-out $(PROGRAM_NAMES:%=apps/%.c),$(sort $(wildcard apps/*.c apps/conform/*.c)))
APP_OBJ      := $(APP_SRC:%.c=$(B)/obj/%.o)
APP_LIB      := $(if $(APP_SRC),$(B)/obj/libapps.a)

apps: $(PROGRAM_BINS) ## the programs alone

$(B)/obj/libapps.a: $(APP_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(PROGRAM_BINS): $(B)/bin/%: $(B)/obj/apps/%.o $(APP_LIB) $(ALL_ARCHIVES) | $(B)/bin
	$(call link,$(ALL_EXT))

# ---- test programs ----------------------------------------------------------------------------------------------------
# test/unit/test_<layer>_<file>.c: each has a `Suite *test_<layer>_<file>(void)`; one binary per layer, whose main is made
# from the list of files. test/support/*.c and the JSON reader are an archive for every test program; time() is overridden
# in all of them.

TIME_OBJ    := $(B)/obj/test/support/time_override.o
SUPPORT_SRC := $(filter-out test/support/time_override.c,$(sort $(wildcard test/support/*.c)))
SUPPORT_OBJ := $(SUPPORT_SRC:%.c=$(B)/obj/%.o) $(B)/obj/apps/json.o
SUPPORT     := $(TIME_OBJ) $(B)/test/libsupport.a

$(B)/test/libsupport.a: $(SUPPORT_OBJ) test/support | $(B)/test
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

# Writes a C file to $@: declarations and a table made from names. $(1) include, $(2) names, $(3) declaration before and
# $(4) after the name, $(5) table type, $(6) printf format of an entry (the name given twice), $(7) the return statement.
define generate_main
	@mkdir -p $(@D)
	@{ echo '#include "$(1)"'; \
	   for n in $(2); do echo "$(3)$$n$(4);"; done; \
	   echo 'int main(int argc, char **argv) {'; echo '  static const $(5) table[] = {'; \
	   for n in $(2); do printf '    $(6),\n' $$n $$n; done; \
	   echo '  };'; echo '  (void)argc, (void)argv;'; echo '  $(7)'; echo '}'; } > $@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
endef

UNIT_LAYERS := $(strip $(foreach l,$(LAYERS) apps support,$(if $(wildcard test/unit/test_$(l)_*.c),$(l))))
unit_libs    = $(if $(filter apps,$(1)),$(APP_LIB) $(ALL_ARCHIVES),$(call archives_of,$(patsubst support,base,$(1))))
unit_ext     = $(if $(filter apps,$(1)),$(ALL_EXT),$(call ext_of,$(patsubst support,base,$(1))))

define unit
UNIT_SRC_$(1) := $$(sort $$(wildcard test/unit/test_$(1)_*.c))
UNIT_OBJ_$(1) := $$(UNIT_SRC_$(1):%.c=$(B)/obj/%.o)
$(B)/gen/unit_$(1).c: $$(UNIT_SRC_$(1)) test/unit Makefile
	$$(call generate_main,test/support/unit.h,$$(patsubst test/unit/%.c,%,$$(UNIT_SRC_$(1))),Suite *,(void),unit_suite_fn,%.0s%s,return unit_run("$(1)"$$(comma) table$$(comma) sizeof table / sizeof table[0]);)
$(B)/test/unit_$(1): $(B)/gen/unit_$(1).c $$(UNIT_OBJ_$(1)) $$(SUPPORT) $$(call unit_libs,$(1))
	$$(call link,$$(call unit_ext,$(1)) $$(CHECK_LIBS))
.PHONY: test-$(1)
test-$(1): $(B)/test/unit_$(1)
	$(B)/test/unit_$(1)
endef
$(foreach l,$(UNIT_LAYERS),$(eval $(call unit,$(l))))
UNIT_BINS := $(UNIT_LAYERS:%=$(B)/test/unit_%)

# test/sim/sim_<name>.c: a program taking --seeds N --first S; the other files of the folder are shared. Likewise bench.
SIMS    := $(patsubst test/sim/%.c,%,$(sort $(wildcard test/sim/sim_*.c)))
BENCHES := $(patsubst test/bench/%.c,%,$(sort $(wildcard test/bench/bench_*.c)))
shared   = $(filter-out $(2),$(patsubst %.c,$(B)/obj/%.o,$(sort $(wildcard test/$(1)/*.c))))
SIM_OBJ   := $(call shared,sim,$(SIMS:%=$(B)/obj/test/sim/%.o))
BENCH_OBJ := $(call shared,bench,$(BENCHES:%=$(B)/obj/test/bench/%.o))

$(SIMS:%=$(B)/test/%): $(B)/test/%: $(B)/obj/test/sim/%.o $(SIM_OBJ) $(SUPPORT) $(APP_LIB) $(ALL_ARCHIVES)
	$(call link,$(ALL_EXT) $(CHECK_LIBS))
$(BENCHES:%=$(B)/bench/%): $(B)/bench/%: $(B)/obj/test/bench/%.o $(BENCH_OBJ) $(B)/test/libsupport.a $(APP_LIB) $(ALL_ARCHIVES)
	$(call link,$(ALL_EXT) $(CHECK_LIBS))

# test/embed/<layer>.c: public headers and that layer's declared archives, nothing else.
EMBEDS := $(patsubst test/embed/%.c,%,$(sort $(wildcard test/embed/*.c)))
embed_layers = $(or $(EMBED_$(1)),$(filter $(1),$(LAYERS)),$(LAYERS))
define embed
$(B)/test/embed_$(1): $(B)/obj/test/embed/$(1).o $$(call archives_of,$$(call embed_layers,$(1)))
	$$(call link,$$(call ext_of,$$(call embed_layers,$(1))))
endef
$(foreach e,$(EMBEDS),$(eval $(call embed,$(e))))

# test/fuzz/fuzz_<target>.c: LLVMFuzzerTestOneInput. libFuzzer in the fuzz variant; elsewhere replay.c has a main that runs
# the corpus (test/fuzz/corpus/<target>/) and variations of it.
FUZZERS := $(patsubst test/fuzz/fuzz_%.c,%,$(sort $(wildcard test/fuzz/fuzz_*.c)))
FUZZ_MAIN := $(if $(filter-out fuzz,$(VARIANT)),$(B)/obj/test/fuzz/replay.o)
$(FUZZERS:%=$(B)/test/fuzz_%): $(B)/test/fuzz_%: $(B)/obj/test/fuzz/fuzz_%.o $(FUZZ_MAIN) $(SUPPORT) $(APP_LIB) $(ALL_ARCHIVES)
	$(call link,$(ALL_EXT) $(CHECK_LIBS))

# test/interop/<name>.c: helpers of the interop scripts.
INTEROP_HELPERS := $(patsubst test/interop/%.c,%,$(sort $(wildcard test/interop/*.c)))
$(INTEROP_HELPERS:%=$(B)/test/interop_%): $(B)/test/interop_%: $(B)/obj/test/interop/%.o $(SUPPORT) $(APP_LIB) $(ALL_ARCHIVES)
	$(call link,$(ALL_EXT) $(CHECK_LIBS))

# test/programs/<name>.c: what the test of the programs needs.
PROGRAM_HELPERS := $(patsubst test/programs/%.c,$(B)/test/%,$(sort $(wildcard test/programs/*.c)))
$(PROGRAM_HELPERS): $(B)/test/%: $(B)/obj/test/programs/%.o $(SUPPORT) $(APP_LIB) $(ALL_ARCHIVES)
	$(call link,$(ALL_EXT) $(CHECK_LIBS))

# ---- running the tests ------------------------------------------------------------------------------------------------
# A jobs file has a name, a tab and a command per line; test/run.sh runs them and adds up what they say.

TEST_BINS := $(UNIT_BINS) $(SIMS:%=$(B)/test/%) $(EMBEDS:%=$(B)/test/embed_%) $(FUZZERS:%=$(B)/test/fuzz_%) $(PROGRAM_HELPERS)
STAGED    := $(if $(filter release,$(VARIANT)),1)
RUN        = bash test/run.sh -j $(JOBS) -l $(B)/log
job        = printf '%s\t%s\n' '$(1)' '$(2)';
# $(1): seeds in all; each program runs them in as many shares as there are cores.
shares     = for j in $$(seq 0 $$(($(JOBS) - 1))); do n=$$((($(2) + $(JOBS) - 1) / $(JOBS))); \
             printf '%s\t%s\n' "$(1)-$$j" "$(B)/test/$(1) --seeds $$n --first $$((1 + j * n))"; done;
sim_jobs   = $(foreach s,$(filter-out sim_nat,$(SIMS)),$(call shares,$(s),$(1)))

.PHONY: test test-build test-run deps demo
test: deps ## unit tests, simulator, embedding examples, installed package, fuzz corpus, vectors
	@$(SUBMAKE) test-build
	@$(MAKE) --no-print-directory -j1 test-run

test-build: $(TEST_BINS) all $(if $(STAGED),$(B)/stage.done)

test-run:
	@sh test/deps.sh programs
	@mkdir -p $(B)/log
	@{ $(call sim_jobs,$(TEST_SEEDS)) \
	   $(call job,sim_nat,$(B)/test/sim_nat --seeds 3) \
	   $(foreach l,$(UNIT_LAYERS),$(call job,unit-$(l),$(B)/test/unit_$(l))) \
	   $(foreach f,$(FUZZERS),$(call job,fuzz-$(f),$(B)/test/fuzz_$(f) test/fuzz/corpus/$(f))) \
	   $(foreach e,$(EMBEDS),$(call job,embed-$(e),$(B)/test/embed_$(e))) \
	   $(call job,programs,bash test/programs/run.sh $(B)/bin) \
	   $(call job,programs-relay,bash test/programs/relay.sh $(B)/bin) \
	   $(call job,p2p,bash test/programs/p2p.sh $(B)/bin) \
	   $(call job,record,bash test/programs/record.sh $(B)/bin) \
	   $(call job,agent,bash test/programs/agent.sh $(B)/bin) \
	   $(call job,live,bash test/programs/live.sh $(B)/bin) \
	   $(call job,conform,bash test/programs/conform.sh $(B)/bin) \
	   $(if $(STAGED),$(call job,installcheck,$(INSTALLCHECK))) \
	   $(call job,sessions,$(SESSIONS)) \
	   $(call job,vectors,$(VECTORS)) } > $(B)/log/jobs
	@$(RUN) $(B)/log/jobs

deps: ## install what building and testing needs (root on Debian), or print the command
	@sh test/deps.sh build

demo: deps ## build, run the demo unattended, print its transcript
	@$(SUBMAKE) all
	@BIN=$(abspath $(B))/bin bash apps/demo.sh

.PHONY: vectors conformance mutants conform-peers sim sim-nat sanitize valgrind coverage bench fuzz embed unit
unit: $(UNIT_BINS) ## the unit tests alone (test-<layer> for one layer)
	@mkdir -p $(B)/log
	@{ $(foreach l,$(UNIT_LAYERS),$(call job,unit-$(l),$(B)/test/unit_$(l))) } > $(B)/log/jobs-unit
	@$(RUN) $(B)/log/jobs-unit

embed: $(EMBEDS:%=$(B)/test/embed_%) ## the embedding examples alone
	@mkdir -p $(B)/log
	@{ $(foreach e,$(EMBEDS),$(call job,embed-$(e),$(B)/test/embed_$(e))) } > $(B)/log/jobs-embed
	@$(RUN) $(B)/log/jobs-embed

VECTORS = $(B)/bin/weft conform --strict-errors --expect vectors/expect/weft.json $(VECTOR_FLAGS)
SESSIONS = $(B)/bin/weft conform --session vectors/recorded
vectors: $(B)/bin/weft ## every recorded session, and every case of vectors/v1 in process (VECTOR_FLAGS="--verbose --filter TEXT")
	@$(SESSIONS)
	@$(VECTORS)
vectors-%: $(B)/bin/weft
	@$(VECTORS) --layer $*
conformance: vectors ## the same
mutants: ## breaks 40 rules of the layers one by one and counts which the vectors notice (MUTANTS="1 5"); needs a tree without changes
	@python3 test/conformance/mutants $(MUTANTS)
conform-peers: $(B)/bin/weft ## other implementations against the vectors, through shims; installs them (PEERS="pion js": these)
	@BIN=$(abspath $(B))/bin timeout 3600 python3 test/conformance/peers $(PEERS)

sim: $(SIMS:%=$(B)/test/%) ## simulated sessions, SEEDS=10000
	@mkdir -p $(B)/log
	@{ $(call sim_jobs,$(SEEDS)) } > $(B)/log/jobs-sim
	@$(RUN) -t 7200 $(B)/log/jobs-sim

sim-nat: $(B)/test/sim_nat ## every row of test/nat/cells.txt in the simulator, NAT_SEEDS=1000 each
	@mkdir -p $(B)/log
	@{ $(call shares,sim_nat,$(NAT_SEEDS)) } > $(B)/log/jobs-sim-nat
	@$(RUN) -t 7200 $(B)/log/jobs-sim-nat

sanitize: deps ## the tests with AddressSanitizer and UndefinedBehaviorSanitizer
	@$(SUBMAKE) VARIANT=asan test-build
	@$(MAKE) --no-print-directory -j1 VARIANT=asan test-run

valgrind: ## unit tests, vectors and a few simulated sessions under valgrind
	@sh test/deps.sh build valgrind
	@$(SUBMAKE) $(TEST_BINS) $(B)/bin/weft
	@mkdir -p $(B)/log
	@{ $(foreach l,$(UNIT_LAYERS),$(call job,unit-$(l),$(VALGRIND) $(B)/test/unit_$(l))) \
	   $(foreach s,$(SIMS),$(call job,$(s),$(VALGRIND) $(B)/test/$(s) --seeds 5 --first 1)) \
	   $(call job,vectors,$(VALGRIND) $(VECTORS) --case-timeout 60) } > $(B)/log/jobs-valgrind
	@$(RUN) -t 3600 $(B)/log/jobs-valgrind
VALGRIND := valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect

coverage: deps ## lines of each layer that the tests reach
	@find $(BUILD)/coverage -name '*.gcda' -delete 2>/dev/null || true
	@$(SUBMAKE) VARIANT=coverage test-build
	@$(MAKE) --no-print-directory -j1 VARIANT=coverage test-run
	@bash test/coverage.sh $(BUILD)/coverage/obj $(LAYERS) apps

bench: $(BENCHES:%=$(B)/bench/%) $(if $(BENCHES),apps) ## figures as JSON lines
	@for b in $(BENCHES); do BIN=$(abspath $(B))/bin $(B)/bench/$$b || exit 1; done

fuzz: ## libFuzzer over all targets, FUZZ_TIME=60 seconds shared (FUZZ=target for one)
	@sh test/deps.sh build fuzz
	@$(SUBMAKE) VARIANT=fuzz CC=$(CLANG) fuzz-build
	@bash test/fuzz/run.sh $(BUILD)/fuzz $(FUZZ_TIME) $(JOBS) $(or $(FUZZ),$(FUZZERS))
.PHONY: fuzz-build
fuzz-build: $(FUZZERS:%=$(B)/test/fuzz_%)

interop-%: FORCE ## a row with a real peer: chromium firefox node go rust py self; QUICK=1
	@test -f test/interop/$*.sh || { echo 'no test/interop/$*.sh; there is: $(filter-out row,$(patsubst test/interop/%.sh,%,$(sort $(wildcard test/interop/*.sh))))'; exit 1; }
	@$(SUBMAKE) all $(INTEROP_HELPERS:%=$(B)/test/interop_%)
	@mkdir -p $(B)/log
	@BIN=$(abspath $(B))/bin WEFT_TEST=$(abspath $(B))/test QUICK=$(QUICK) bash test/interop/$*.sh; s=$$?; \
	  echo $$s > $(B)/log/interop-$*.status; exit $$s

.PHONY: nat-lab nat-probe
nat-lab: ## every pair of NATs in network namespaces: RUNS=5 of each cell, CELL=names for some
	@mkdir -p $(B)/log && rm -f $(B)/log/nat-lab.status
	@sh test/deps.sh build nat
	@$(SUBMAKE) apps
	@BIN=$(abspath $(B))/bin python3 -B test/nat/lab.py --runs $(RUNS) --logs $(B)/log/nat --markdown $(B)/log/nat.md $(CELL); s=$$?; \
	  echo $$s > $(B)/log/nat-lab.status; exit $$s
nat-probe: ## each NAT of the lab is what it is called
	@sh test/deps.sh nat
	@python3 -B test/nat/lab.py --probe

# ---- lint -------------------------------------------------------------------------------------------------------------

FORMATTED = $(sort $(wildcard $(foreach d,$(LAYERS) apps apps/* test/*,$(d)/*.c $(d)/*.h)))

.PHONY: lint lint-includes lint-symbols lint-functions lint-cppcheck lint-vectors format format-check
lint: ## clang-format, cppcheck, include edges, archive symbols, function sizes, schemas of the vectors
	@sh test/deps.sh build lint
	@$(SUBMAKE) archives
	@mkdir -p $(B)/log
	@{ $(foreach t,format-check lint-includes lint-symbols lint-functions lint-cppcheck lint-vectors,$(call job,$(t),$(MAKE) --no-print-directory -s $(MAKEOVERRIDES) $(t))) } > $(B)/log/jobs-lint
	@MAKEFLAGS= $(RUN) $(B)/log/jobs-lint

lint-includes: ## every include follows the declared graph
	@bash test/lint/includes.sh $(foreach l,$(LAYERS),'$(l):$(call closure,$(l)):$(PUBLIC_$(l))')
lint-symbols: archives ## archives: names, imports, no writable data
	@NM='$(NM)' bash test/lint/symbols.sh $(ALL_ARCHIVES)
lint-functions: ## no function over 90 lines
	@bash test/lint/functions.sh $(sort $(wildcard $(foreach d,$(LAYERS) apps,$(d)/*.c)))
lint-cppcheck: ## cppcheck over layers and apps
	@bash test/lint/cppcheck.sh $(B)/cppcheck $(JOBS) $(LAYERS) $(wildcard apps)

lint-vectors: ## vectors/v1 and vectors/recorded against vectors/schema
	@bash test/lint/vectors.sh vectors

format: ## reformat all C files
	@sh test/deps.sh lint
	@$(CLANG_FORMAT) -i $(FORMATTED)
format-check: ## complain about files that clang-format would change
	@$(CLANG_FORMAT) --dry-run -Werror $(FORMATTED)

# ---- install ----------------------------------------------------------------------------------------------------------

VERSION = $(call probe,VERSION,awk '/define WEFT_VERSION_(MAJOR|MINOR|PATCH) /{v = v s $$3; s = "."} END {print v}' base/base.h)
DEST    = $(DESTDIR)$(PREFIX)

# An external library that has a .pc everywhere goes to Requires, one without (Debian's mbedTLS) to Libs.
pc_requires = $(strip $(DEPS_$(1):%=weft-%) $(if $(filter sodium,$(EXT_$(1))),libsodium))
pc_libs     = $(strip -L$${libdir} -lweft_$(1) $(if $(filter mbed%,$(EXT_$(1))),$(MBED_LDFLAGS) $(addprefix -l,$(filter mbed%,$(EXT_$(1))))))

define install_layer
.PHONY: install-$(1) uninstall-$(1) install-one-$(1)
install-one-$(1): $(B)/lib/libweft_$(1).a
	@install -d $$(DEST)/include/weft/$(1) $$(DEST)/lib/pkgconfig
	@install -m 644 $$(PUBLIC_$(1):%=$(1)/%) $$(DEST)/include/weft/$(1)
	@install -m 644 $(B)/lib/libweft_$(1).a $$(DEST)/lib
	@printf '%s\n' 'prefix=$$(PREFIX)' 'libdir=$$$${prefix}/lib' 'includedir=$$$${prefix}/include' '' 'Name: weft-$(1)' \
	  'Description: weft $(1)' 'Version: $$(VERSION)' 'Requires: $$(call pc_requires,$(1))' \
	  'Cflags: -I$$$${includedir}' 'Libs: $$(call pc_libs,$(1))' > $$(DEST)/lib/pkgconfig/weft-$(1).pc
install-$(1): $$(foreach l,$$(call closure,$(1)),install-one-$$(l))
uninstall-$(1):
	@rm -f $$(PUBLIC_$(1):%=$$(DEST)/include/weft/$(1)/%) $$(DEST)/lib/libweft_$(1).a $$(DEST)/lib/pkgconfig/weft-$(1).pc
	@rmdir $$(DEST)/include/weft/$(1) 2>/dev/null || true
endef
$(foreach l,$(LAYERS),$(eval $(call install_layer,$(l))))

.PHONY: install uninstall installcheck
install: $(LAYERS:%=install-one-%) apps ## headers, archives, .pc files, programs (PREFIX, DESTDIR); install-<layer> for one
	@install -d $(DEST)/bin
	@$(if $(PROGRAMS),install -m 755 $(PROGRAM_BINS) $(DEST)/bin,:)
uninstall: $(LAYERS:%=uninstall-%) ## remove what install put there
	@rm -f $(PROGRAM_NAMES:%=$(DEST)/bin/%)
	@rmdir $(DEST)/include/weft 2>/dev/null || true

STAGE        = $(abspath $(B))/stage
INSTALLCHECK = CC="$(CC)" CXX="$(CXX)" PKG_CONFIG="$(PKG_CONFIG)" bash test/installcheck.sh $(STAGE) $(foreach e,$(EMBEDS),$(e):$(subst $() ,$(comma),$(strip $(call embed_layers,$(e)))))

$(B)/stage.done: $(ALL_ARCHIVES) $(PROGRAM_BINS) $(foreach l,$(LAYERS),$(PUBLIC_$(l):%=$(l)/%)) Makefile
	@rm -rf $(STAGE)
	@$(MAKE) --no-print-directory install PREFIX=$(STAGE) DESTDIR=
	@touch $@

installcheck: $(B)/stage.done ## build every embedding example from a staged install with pkg-config alone, C and C++
	@$(INSTALLCHECK)

# ---- the rest ---------------------------------------------------------------------------------------------------------

.PHONY: dist clean help
dist: ## source archive of the last commit in build/
	@mkdir -p $(B)
	@git archive --prefix=weft-$(VERSION)/ -o $(B)/weft-$(VERSION).tar.gz HEAD
	@echo $(B)/weft-$(VERSION).tar.gz

clean: ## remove everything that was built
	@rm -rf $(BUILD)

help: ## this list
	@awk -F ':.*## ' '/^[a-z][a-z%-]*:.*## /{sub(/%/, "<peer>", $$1); printf "  %-16s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@printf '  %-16s %s\n' 'test-<layer>' 'unit tests of one: $(UNIT_LAYERS)' 'vectors-<layer>' 'vectors of one' \
	  'install-<layer>' 'one layer and what it needs; uninstall-<layer>'
	@echo 'Variables: CC CFLAGS LDFLAGS BUILD PREFIX DESTDIR MBEDTLS=<prefix> WERROR=1 V=1 NO_INSTALL=1 JOBS=n SEEDS=n RUNS=n FUZZ_TIME=s'

-include $(shell find $(B)/obj $(B)/gen -name '*.d' 2>/dev/null)
