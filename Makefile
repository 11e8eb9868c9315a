# SPDX-License-Identifier: MIT
#
# memup: one non-recursive GNU Makefile. `make help` lists the targets.
#
#   BUILD=debug|release|asan|tsan|coverage   (default release)
#   CC=gcc|clang                    (default gcc)
#
# All output goes to build/; objects of one BUILD and CC to one folder there.

BUILD ?= release
ifeq ($(origin CC),default)
CC := gcc
endif
AR ?= ar
O := build/$(BUILD)-$(notdir $(CC))

WARN := -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow \
	-Wstrict-prototypes -Wmissing-prototypes -Werror
CPPFLAGS += -Iinclude -Isrc
BASE_CFLAGS := -std=c17 -g $(WARN)

OPT_debug   := -O1 -DMU_DEBUG
OPT_release := -O2
OPT_asan    := -O1 -DMU_DEBUG -fsanitize=address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer
OPT_tsan    := -O1 -DMU_DEBUG -fsanitize=thread
# Without MU_DEBUG: an invariant's other branch is not to be reached.
OPT_coverage := -O0 --coverage -fprofile-update=atomic
SAN_coverage := --coverage
SAN_asan    := -fsanitize=address,undefined
SAN_tsan    := -fsanitize=thread
ifeq ($(OPT_$(BUILD)),)
$(error BUILD=$(BUILD): not one of debug, release, asan, tsan, coverage)
endif

# The core is freestanding: no libc header beyond C17's freestanding ones.
CORE_CFLAGS := $(BASE_CFLAGS) $(OPT_$(BUILD)) -ffreestanding
HOST_CFLAGS := $(BASE_CFLAGS) $(OPT_$(BUILD)) -D_GNU_SOURCE -pthread -I.
LDLIBS := -pthread -lm

# Threads are placed by hwloc where that is installed.
ifeq ($(shell pkg-config --exists hwloc 2>/dev/null && echo yes),yes)
HOST_CFLAGS += -DMEMUP_HWLOC $(shell pkg-config --cflags hwloc)
LDLIBS += $(shell pkg-config --libs hwloc)
endif
# Tests of device trees hold memup against libfdt if that is there.
FDT := $(shell echo 'int main(void) { return fdt_check_full("", 0); }' | \
	$(CC) -include libfdt.h -x c -o /dev/null - -lfdt 2>/dev/null && \
	echo yes || echo no)
FDT_CFLAGS := $(if $(filter yes,$(FDT)),-DMU_HAVE_LIBFDT)
HOST_CFLAGS += $(FDT_CFLAGS)
TEST_LIBS := $(if $(filter yes,$(FDT)),-lfdt)

# The kernel's architecture: x86_64, arm64 or riscv64.
ARCH ?= x86_64

core_src := $(sort $(wildcard src/*/*.c))
port_src := $(sort $(wildcard ports/hosted/*.c))
cli_src  := $(sort $(wildcard cli/*.c cli/*/*.c))
test_src := $(sort $(wildcard tests/test_*.c))
test_lib := $(sort $(filter-out tests/test_%,$(wildcard tests/*.c)))
kernel_c := $(sort $(wildcard ports/bare/*.c ports/$(ARCH)/*.c kernel/*.c \
	kernel/$(ARCH)/*.c $(if $(filter-out x86_64,$(ARCH)),kernel/fdt/*.c)))
kernel_s := $(sort $(wildcard kernel/$(ARCH)/*.S))
bench_src := $(sort $(wildcard bench/*.c))
bench_padata_src := $(sort $(wildcard bench/padata/*.c))
example_src := $(sort $(filter-out %/run.c,$(wildcard examples/*.c)))
all_src := $(core_src) $(port_src) $(cli_src) $(wildcard tests/*.c) \
	$(bench_src) $(bench_padata_src) $(wildcard examples/*.c) $(kernel_c)
fuzz_src := $(sort $(wildcard tests/fuzz/fuzz_*.c))
all_h   := $(wildcard include/memup/*.h src/*/*.h ports/*/*.h cli/*.h cli/*/*.h \
	kernel/*.h kernel/*/*.h examples/*.h \
	tests/*.h tests/*/*.h bench/*.h bench/*/*.h)

# Short lines; V=1 shows the commands.
ifeq ($(V),)
Q := @
say = @printf '  %-4s %s\n' $(1) $(2)
endif

obj = $(patsubst %.c,$(O)/%.o,$(1))

.PHONY: all
all: build/memup ## build the program build/memup (the default)

.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# What was compiled with other flags (a library was installed since) is old.
$(O)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CORE_CFLAGS) $(HOST_CFLAGS) $(CFLAGS)' | cmp -s - $@ || \
		echo '$(CORE_CFLAGS) $(HOST_CFLAGS) $(CFLAGS)' >$@
.PHONY: FORCE
FORCE:

$(O)/src/%.o: src/%.c $(O)/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CPPFLAGS) $(CORE_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(O)/%.o: %.c $(O)/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CPPFLAGS) $(HOST_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(O)/libmemup.a: $(call obj,$(core_src))
	@mkdir -p $(@D) && rm -f $@
	$(call say,AR,$@)
	$(Q)$(AR) rcs $@ $^

$(O)/libmemup-hosted.a: $(call obj,$(port_src))
	@mkdir -p $(@D) && rm -f $@
	$(call say,AR,$@)
	$(Q)$(AR) rcs $@ $^

# The page of `memup report`, with its style and its script, as C.
$(O)/cli/report/page_data.c: tools/embed-page \
		$(wildcard cli/report/*.html cli/report/*.css cli/report/*.js)
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)tools/embed-page cli/report >$@

$(O)/cli/report/page_data.o: $(O)/cli/report/page_data.c
	$(call say,CC,$@)
	$(Q)$(CC) $(CPPFLAGS) $(HOST_CFLAGS) $(CFLAGS) -c -o $@ $<

# The program without its main(), for tests.
$(O)/libmemup-cli.a: $(filter-out $(O)/cli/main.o,$(call obj,$(cli_src))) \
		$(O)/cli/report/page_data.o
	@mkdir -p $(@D) && rm -f $@
	$(call say,AR,$@)
	$(Q)$(AR) rcs $@ $^

$(O)/memup: $(O)/cli/main.o $(O)/libmemup-cli.a $(O)/libmemup-hosted.a \
		$(O)/libmemup.a
	$(call say,LD,$@)
	$(Q)$(CC) $(SAN_$(BUILD)) $(LDFLAGS) -o $@ $^ $(LDLIBS)

build/memup: $(O)/memup
	@cp $< $@

$(O)/memup-bench: $(call obj,$(bench_src)) $(O)/libmemup-hosted.a \
		$(O)/libmemup.a
	$(call say,LD,$@)
	$(Q)$(CC) $(SAN_$(BUILD)) $(LDFLAGS) -o $@ $^ $(LDLIBS)

build/memup-bench: $(O)/memup-bench
	@cp $< $@

# The contenders of bench-padata, each there only if it can be built.
ifneq ($(filter bench-padata %memup-bench-padata,$(MAKECMDGOALS)),)
BENCH_OMP := $(shell echo 'int main(void) { return 0; }' | \
	$(CC) -fopenmp -x c -o /dev/null - 2>/dev/null && echo yes)
BENCH_TBB := $(shell command -v $(CXX) >/dev/null && \
	pkg-config --exists tbb 2>/dev/null && echo yes)
endif
bench_padata_libs = $(if $(BENCH_OMP),-fopenmp) \
	$(if $(BENCH_TBB),$(shell pkg-config --libs tbb) -lstdc++)

$(O)/bench/padata/omp.o: HOST_CFLAGS += -fopenmp
$(O)/bench/padata/jobs.o $(O)/bench/padata/main.o: HOST_CFLAGS += $(if $(BENCH_OMP),-DBENCH_OMP) \
	$(if $(BENCH_TBB),-DBENCH_TBB)

$(O)/bench/padata/tbb.o: bench/padata/tbb.cpp bench/padata/work.h
	@mkdir -p $(@D)
	$(call say,CXX,$@)
	$(Q)$(CXX) -I. -std=c++17 -g $(OPT_$(BUILD)) -Wall -Wextra -Werror \
		-c -o $@ $<

$(O)/memup-bench-padata: $(call obj,$(filter-out %/omp.c,$(bench_padata_src)) \
		$(addprefix bench/,report.c stats.c stores.c team.c)) \
		$(if $(BENCH_OMP),$(O)/bench/padata/omp.o) \
		$(if $(BENCH_TBB),$(O)/bench/padata/tbb.o) \
		$(O)/libmemup-hosted.a $(O)/libmemup.a
	$(call say,LD,$@)
	$(Q)$(CC) $(SAN_$(BUILD)) $(LDFLAGS) -o $@ $^ $(LDLIBS) \
		$(bench_padata_libs)

# One that shows what the padata floor needs is linked with that and no more.
$(O)/examples/alone: $(O)/examples/alone.o \
		$(call obj,$(wildcard src/base/*.c src/padata/*.c))
	$(call say,LD,$@)
	$(Q)$(CC) $(SAN_$(BUILD)) $(LDFLAGS) -o $@ $^ -pthread

# And one has no port.
$(O)/examples/first_page: $(O)/examples/first_page.o $(O)/libmemup.a
	$(call say,LD,$@)
	$(Q)$(CC) $(SAN_$(BUILD)) $(LDFLAGS) -o $@ $^

$(filter-out %/alone %/first_page,$(patsubst %.c,$(O)/%,$(example_src))): %: %.o \
		$(O)/examples/run.o $(O)/libmemup-hosted.a $(O)/libmemup.a
	$(call say,LD,$@)
	$(Q)$(CC) $(SAN_$(BUILD)) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(O)/tests/test_%: $(O)/tests/test_%.o $(call obj,$(test_lib)) \
		$(O)/libmemup-cli.a $(O)/libmemup-hosted.a $(O)/libmemup.a
	$(call say,LD,$@)
	$(Q)$(CC) $(SAN_$(BUILD)) $(LDFLAGS) -o $@ $^ -lcmocka $(TEST_LIBS) $(LDLIBS)

# The kernel: the library, its x86-64 port and kernel/, without vector registers
# and linked where kernel/layout.h says.
# PAGES=4k|16k|64k is for arm64 alone, VA=48|39 (Sv48, Sv39) for riscv64.
PAGES ?= 4k
VA ?= 48
PAGE_SHIFT_4k := 12
PAGE_SHIFT_16k := 14
PAGE_SHIFT_64k := 16
kernel_tool_arm64 := aarch64-linux-gnu-
kernel_tool_riscv64 := riscv64-linux-gnu-
kernel_clang_arm64 := --target=aarch64-linux-gnu
kernel_clang_riscv64 := --target=riscv64-linux-gnu
kernel_flags_x86_64 := -m64 -march=x86-64 -mno-red-zone -mgeneral-regs-only \
	-mcmodel=kernel -fcf-protection=none
kernel_flags_arm64 := -march=armv8-a -mgeneral-regs-only -mstrict-align \
	-mno-outline-atomics -mbranch-protection=none -mcmodel=small \
	-DBARE_PAGE_SHIFT=$(PAGE_SHIFT_$(PAGES))
kernel_flags_riscv64 = -march=rv64imac_zicsr_zifencei -mabi=lp64 \
	-mcmodel=medany -mstrict-align -mno-relax -DBARE_VA_BITS=$(VA) \
	-isystem $(K)/include
kernel_ld_x86_64 := -m elf_x86_64
kernel_ld_arm64 := -m aarch64elf
kernel_ld_riscv64 := -m elf64lriscv --no-relax
ifeq ($(kernel_ld_$(ARCH)),)
$(error ARCH=$(ARCH): not one of x86_64, arm64, riscv64)
endif
ifeq ($(PAGE_SHIFT_$(PAGES)),)
$(error PAGES=$(PAGES): not one of 4k, 16k, 64k)
endif
kernel_clang := $(findstring clang,$(CC))
KERNEL_CC := $(if $(kernel_clang),$(CC) $(kernel_clang_$(ARCH)),$(if \
	$(kernel_tool_$(ARCH)),$(kernel_tool_$(ARCH))gcc,$(CC)))
kernel_kind := $(if $(filter x86_64,$(ARCH)),,-$(ARCH)$(if $(filter \
	arm64,$(ARCH)),-$(PAGES),-sv$(VA)))
K := build/kernel-$(if $(filter debug,$(BUILD)),debug,release)-$(notdir $(CC))$(kernel_kind)
KERNEL_FLAGS := $(WARN) -g $(OPT_$(if $(filter debug,$(BUILD)),debug,release)) \
	$(kernel_flags_$(ARCH)) -ffreestanding -fno-pic -fno-pie \
	-fno-stack-protector -fno-asynchronous-unwind-tables \
	-fno-omit-frame-pointer -I.
kernel_obj := $(patsubst %,$(K)/%.o,$(core_src) $(kernel_c) $(kernel_s))

# Debian's headers for RISC-V are those of lp64d alone; we need declarations.
kernel_stub := $(if $(filter riscv64,$(ARCH)),$(K)/include/gnu/stubs-lp64.h)
$(K)/include/gnu/stubs-lp64.h:
	@mkdir -p $(@D) && : >$@

$(K)/%.c.o: %.c $(O)/flags $(kernel_stub)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(KERNEL_CC) $(CPPFLAGS) -std=c17 $(KERNEL_FLAGS) -MMD -MP -c -o $@ $<

# What defines memcpy() must not be compiled to a call of it.
$(K)/kernel/string.c.o: KERNEL_FLAGS += -fno-builtin \
	$(if $(kernel_clang),,-fno-tree-loop-distribute-patterns)

$(K)/%.S.o: %.S $(O)/flags
	@mkdir -p $(@D)
	$(call say,AS,$@)
	$(Q)$(KERNEL_CC) -I. $(filter-out -mcmodel=% -mno-red-zone,$(kernel_flags_$(ARCH))) \
		-MMD -MP -c -o $@ $<

$(K)/kernel.ld: kernel/$(if $(filter x86_64,$(ARCH)),x86_64,fdt)/kernel.ld kernel/layout.h ports/bare/page_size.h
	@mkdir -p $(@D)
	$(Q)$(KERNEL_CC) -E -P -x assembler-with-cpp $(filter -D%,$(KERNEL_FLAGS)) \
		-I. -o $@ $<

$(K)/kernel.elf: $(kernel_obj) $(K)/kernel.ld
	$(call say,LD,$@)
	$(Q)$(kernel_tool_$(ARCH))ld $(kernel_ld_$(ARCH)) -nostdlib -static \
		--no-warn-rwx-segments --fatal-warnings \
		-z max-page-size=4096 -T $(K)/kernel.ld -o $@ $(kernel_obj)

# What loaders of arm64 and RISC-V take: its header is in entry.S.
$(K)/kernel.img: $(K)/kernel.elf
	$(Q)$(kernel_tool_$(ARCH))objcopy -O binary $< $@

ifneq ($(ARCH),x86_64)
build/kernel-$(ARCH).img: $(K)/kernel.img
	@cp $< $@
endif

build/kernel.elf: $(K)/kernel.elf
	@cp $< $@

# Firmware that lies to it: tests/qemu/liar.c.
build/liar.elf: tests/qemu/liar.c tests/qemu/liar.S tests/qemu/liar.ld
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) -m32 -std=c17 -O1 $(WARN) -ffreestanding -nostdlib -static \
		-fno-pie -no-pie -fno-stack-protector -fcf-protection=none \
		-fno-asynchronous-unwind-tables -mgeneral-regs-only \
		-Wl,--build-id=none,--no-warn-rwx-segments,-T,tests/qemu/liar.ld \
		-o $@ tests/qemu/liar.c tests/qemu/liar.S

.SECONDARY: $(call obj,$(all_src)) $(kernel_obj)

-include $(patsubst %.o,%.d,$(call obj,$(filter-out $(kernel_c),$(all_src))) \
	$(kernel_obj))

.PHONY: lib tests examples
lib: $(O)/libmemup.a ## the freestanding library alone
tests: $(patsubst %.c,$(O)/%,$(test_src)) $(O)/memup examples
examples: $(patsubst %.c,$(O)/%,$(example_src)) ## small programs: the whole library, and padata alone

kernel_file := $(if $(filter x86_64,$(ARCH)),build/kernel.elf,build/kernel-$(ARCH).img)
.PHONY: kernel
kernel: $(kernel_file) ## the reference kernel (ARCH=x86_64|arm64|riscv64, PAGES=, VA=)

.PHONY: qemu
qemu: $(kernel_file) ## boot it in QEMU: 4 nodes, 8 CPUs, 64 GiB (CMDLINE=..., ARCH=)
	@ARCH=$(ARCH) tools/qemu $(CMDLINE)

.PHONY: test-qemu
test-qemu: setup ## boot the kernel on many machines in QEMU (T=name, ARCH= for some)
	@$(if $(filter command line environment,$(origin ARCH)),ARCH=$(ARCH)) tools/test-qemu $(T)

.PHONY: iso
iso: build/kernel.elf ## build/memup.iso, from which GRUB boots it (CMDLINE=...)
	@tools/make-iso build/memup.iso $(CMDLINE)

.PHONY: boot
boot: build/memup ## build, then bring this host's memory up under every policy
	build/memup boot

.PHONY: bench
bench: build/memup-bench ## measure against the machine's limits (docs/benchmarks.md)
	build/memup-bench --json build/bench.json

.PHONY: bench-padata
bench-padata: $(O)/memup-bench-padata ## jobs against OpenMP, oneTBB, bare threads and a mutex
	$(O)/memup-bench-padata --json build/bench-padata.json

.PHONY: bench-linux
bench-linux: build/kernel.elf ## the kernel beside Debian's Linux in QEMU (ARGS=--quick)
	@CC=$(CC) tools/bench-linux $(ARGS)

.PHONY: size
size: ## what the library costs a kernel: text, data, bss and stack, step by step
	@tools/measure-size build/size

.PHONY: setup
setup: ## install what tests and lint need (root), or say what is missing
	@tools/setup

.PHONY: check
check: tests ## run the tests of this BUILD alone (T=name for one floor)
	@tools/run-tests $(O) $(T)

.PHONY: test
test: setup ## all tests: debug, ASan+UBSan, TSan, with gcc and clang
	@tools/test-all

.PHONY: coverage
coverage: setup ## lines and branches of src/ that the tests reach, by floor
	@CC=$(CC) tools/coverage $(T)

.PHONY: mutants
mutants: setup ## change the allocator's floors line by line: do the tests notice?
	@tools/mutants $(ARGS)

# Fuzz targets hold their promises over seeds in tests/corpus; clang only.
FUZZ_SECONDS ?= 60
fuzz_bin := $(patsubst tests/%.c,build/%,$(fuzz_src))
# What they need of the hosted port, the program and the kernel.
fuzz_host_src := $(port_src) \
	$(addprefix cli/,check_log.c pool.c progress.c text.c) \
	$(addprefix kernel/,x86_64/acpi.c x86_64/boot_info.c options.c)
fuzz_obj = $(patsubst %.c,build/fuzz/%.o,$(1))
fuzz_cc = clang $(CPPFLAGS) -I. $(BASE_CFLAGS) -O1 -DMU_DEBUG -D_GNU_SOURCE \
	$(FDT_CFLAGS) -fsanitize=address,undefined -fno-sanitize-recover=all \
	-DDIRECT_MAP=0x200000000000

build/fuzz/%.o: %.c $(all_h)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(fuzz_cc) -fsanitize=fuzzer-no-link -c -o $@ $<

build/fuzz/libmemup.a: $(call fuzz_obj,$(core_src))
build/fuzz/libhost.a: $(call fuzz_obj,$(fuzz_host_src))
build/fuzz/lib%.a:
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

# Make would take them for intermediate, and remove them.
.SECONDARY: $(call fuzz_obj,$(fuzz_src))
build/fuzz/fuzz_%: build/fuzz/tests/fuzz/fuzz_%.o build/fuzz/libhost.a \
		build/fuzz/libmemup.a
	$(call say,LD,$@)
	$(Q)$(fuzz_cc) -fsanitize=fuzzer -o $@ $^ -pthread $(TEST_LIBS)

.PHONY: fuzz
fuzz: $(fuzz_bin) ## run each fuzz target for FUZZ_SECONDS (60)
	@set -e; for f in $^; do n=$${f#build/fuzz/fuzz_}; \
		mkdir -p build/fuzz/found/$$n; echo "fuzz: $$n"; \
		$$f -max_total_time=$(FUZZ_SECONDS) -timeout=20 -verbosity=0 \
			-rss_limit_mb=1024 -max_len=16384 \
			-artifact_prefix=build/fuzz/ \
			build/fuzz/found/$$n tests/corpus/$$n; done

.PHONY: lint
lint: setup ## format, clang-tidy, floors, circles, freestanding symbols, headers alone
	@tools/lint

.PHONY: model
model: setup ## search every state of models/ with spin
	@CC=$(CC) tools/model

.PHONY: format
format: ## rewrite every source in the house style
	clang-format -i $(sort $(all_src) $(wildcard ports/*/*.c kernel/*.c \
		kernel/*/*.c)) $(fuzz_src) $(all_h)

.PHONY: compile_commands.json
compile_commands.json: ## write compile_commands.json for editors and clangd
	@tools/compile-commands "$(CC) $(CPPFLAGS) $(BASE_CFLAGS) $(FDT_CFLAGS) -I." $(all_src) >$@

.PHONY: clean
clean: ## remove build/
	rm -rf build

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z_.-]*\):.*## \(.*\)/\1|\2/p' Makefile | \
		awk -F'|' '{ printf "  %-22s %s\n", $$1, $$2 }'
