# Language Models in C. The only real build file; `make help` lists what it can do.
#
# A chapter is a folder chNN_name: its concepts are *.c, its program adds main.c, labs/*.c
# and commands/*.c, its tests are tests/*.c (Criterion) and tests/*.sh, its speed is
# bench/*.c. A new chapter needs no new rule. Everything built goes to build/, except the
# program itself, which appears in its chapter's folder.

CHAPTERS := $(sort $(wildcard ch[0-9][0-9]_*))
SHORT    := $(foreach c,$(CHAPTERS),$(firstword $(subst _, ,$(c))))
FOLDERS  := common $(CHAPTERS)

ifeq ($(origin CC),default)
CC := cc
endif
OPT      ?= -O3
ARCH     ?= native
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wvla -Werror=switch \
            -Wno-sign-conversion -Wno-float-conversion -Wno-missing-field-initializers
# What we need, and after it what the user wishes: make CC='ccache gcc' LDFLAGS=-s ch02.
# Lines and names of functions; all that a debugger can show with OPT=-O0 or -Og.
DEBUG    := $(if $(filter -O0 -Og,$(OPT)),-g,-g1)
COMPILE  := -std=gnu17 $(OPT) $(DEBUG) -march=$(ARCH) -fno-math-errno $(WARNINGS)
# What runs for seconds is compiled in less time: tests, graders, all that is double; a student's file even faster,
# and planted mistakes, of which there are hundreds, not optimised. (-O1 makes loops over vectors six times as slow,
# -O2 does not.)
QUICK    := $(if $(filter -O3,$(OPT)),-O2)
QUICKEST := $(if $(filter -O3,$(OPT)),-O1)
PLANTED  := $(if $(filter -O3,$(OPT)),-O0 -g0 -s)
extra     = $(if $(findstring team_mpi,$(1)),$(MPI_COMPILE))
effort    = $(if $(findstring /tests/,$(1))$(findstring /homework/,$(1)),$(QUICK))
INCLUDE  := -I. -D_GNU_SOURCE
LINK     :=
PLAIN    := -lpcre2-8 -lm $(if $(filter Darwin,$(shell uname)),,-ldl)
LIBS      = $(PLAIN) $(JSON)
# Optional. The sources ask __has_include; so does this, when a program is linked, after setup.
JSON      = $$(echo "\#include <jansson.h>" | $(CC) $(INCLUDE) -E -x c - >/dev/null 2>&1 && echo -ljansson)

# Optional, for `mpirun ... ch04_pretrain train`: what mpicc would tell the compiler. MPI=0: as if it were not there.
MPI_WORDS   := $(if $(filter-out 0,$(or $(MPI),1)),$(shell mpicc -show 2>/dev/null))
MPI_COMPILE := $(if $(MPI_WORDS),-DWITH_MPI $(patsubst -I%,-isystem %,$(filter -I%,$(MPI_WORDS))))
MPI_LINK    := $(filter -L% -l% -Wl%,$(MPI_WORDS))

# A folder for every way of building, so that they stand side by side:
# build/gcc-m64-x86-64-v3-O0-serial.
nothing  :=
space    := $(nothing) $(nothing)
VARIANT  := $(subst $(space),,$(filter-out ccache,$(notdir $(CC))))
VARIANT  := $(VARIANT)$(if $(filter-out native,$(ARCH)),-$(ARCH))
VARIANT  := $(VARIANT)$(if $(filter-out -O3,$(OPT)),$(subst $(space),,$(OPT)))

# A part of this make's work, done by a make within it: with its jobs.
again = $(MAKE) --no-print-directory JOBS_SHARED=yes

# All processors, each step's output in one piece; `make -j1` one after the other. What
# people watch (tours, grades, figures of speed) is a recipe with a +, which make lets
# through as it comes.
PROCESSORS := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
ifeq ($(filter -j% --jobserver%,$(MAKEFLAGS))$(JOBS_SHARED),)
MAKEFLAGS += -j$(PROCESSORS)
endif
ifneq ($(filter output-sync,$(.FEATURES)),)
MAKEFLAGS += --output-sync=line
endif
# A test that fails does not stop the others.
ifneq ($(filter test% row-%,$(MAKECMDGOALS)),)
MAKEFLAGS += -k
endif

# OpenMP unless OPENMP=0, or the compiler has none (the programs then say: one thread).
ifneq ($(OPENMP),0)
ifeq ($(shell echo 'int main(void){return 0;}' | $(CC) -fopenmp -x c - -o /dev/null 2>/dev/null && echo yes),yes)
COMPILE += -fopenmp
LINK    += -fopenmp
endif
else
COMPILE += -Wno-unknown-pragmas
VARIANT := $(VARIANT)-serial
endif
ifneq ($(SANITIZE),)
COMPILE += -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LINK    += -fsanitize=address,undefined
VARIANT := $(VARIANT)-sanitize
endif
ifeq ($(shell uname),Darwin)
BREW    := $(shell brew --prefix 2>/dev/null)
INCLUDE += -I$(BREW)/include -I$(BREW)/opt/libomp/include
LINK    += -L$(BREW)/lib -L$(BREW)/opt/libomp/lib
endif
INCLUDE += $(CPPFLAGS)
WISHES  := $(EXTRA_CFLAGS) $(if $(filter command,$(origin CFLAGS)),$(CFLAGS))
LINK    += $(LDFLAGS)
# $(call compile,flags): what the user wishes comes last
compile  = $(CC) $(INCLUDE) $(COMPILE) $(1) $(WISHES) $(if $(WERROR),-Werror)

BUILD := build/$(VARIANT)

# One short line per step; make V=1 shows the commands.
ifeq ($(V),)
Q := @
say = @echo '  $(1)'
endif
export CC OPENMP

.DEFAULT_GOAL := help
.SECONDARY:
# What a recipe that fails has begun to write, on a full disk for one, is not taken for done the next time.
.DELETE_ON_ERROR:
.PHONY: help run test plots docs docs-check docs-refresh bench fuzz data handout grade check-all clean distclean
.PHONY: format format-check
.PHONY: $(SHORT) $(SHORT:%=test-%) $(SHORT:ch%=hw%) $(SHORT:ch%=homework-%) $(SHORT:%=bench-%)
.PHONY: $(SHORT:%=help-%) test-built test-rows test-common test-docs test-homework bench-common blank

help:
	@echo 'make run            set up, build every chapter, run every tour'
	@echo 'make test           set up, build and run every test'
	@echo 'make chNN           build one chapter: $(SHORT)'
	@echo 'make test-chNN      its tests (also test-common)'
	@echo 'make hwNN           grade its homework (HW=path/to/your.c, ARGS=-h2 for hints)'
	@echo 'make plots          draw the figures of the lectures again'
	@echo 'make docs           the lectures as an offline book, build/book/index.html; with clang for wasm32, live labs'
	@echo 'make book.pdf       the book on paper, build/book.pdf; make book.epub for readers'
	@echo 'make docs-live-check   every lab of that book in a browser without a window (CHAPTER=ch02 for one)'
	@echo 'make docs-check     lectures against code: snippets, claims, figures, links; maps, long lines'
	@echo 'make format         clang-format everywhere; make format-check only looks'
	@echo 'make docs-refresh   copy the functions a lecture shows from the code'
	@echo 'make bench          speed, as a share of what this machine can do'
	@echo 'make data           larger texts (English, Chinese, C) and vocabularies into data/'
	@echo 'make fuzz           a short fuzzing run of the file readers (clang)'
	@[ -z '$(wildcard ch*/homework/grade_*.c)' ] || \
	    echo 'make handout        a tree for students, without solutions, into handout/ (DIR=...)'
	@echo 'make blank F=NAME   a chapter with one function to be written anew, into blank/'
	@echo 'make check-all      all tests with gcc and clang, sanitizers, 32-bit, big-endian ... (STEPS=m32 for one)'
	@echo 'make grade SUBMISSIONS=DIR   a class: a CSV, a row per student (DIR/anna/hw02.c), a column per problem'
	@echo 'make clean          remove what was built; make distclean figures, data, handout and blank too'
	@echo 'make SANITIZE=1 test, make OPENMP=0 test, make CC=clang test; V=1 shows every command'

# What the machine lacks is installed before the first file is compiled, once for a way
# of building: Criterion only for tests.
SETUP := $(BUILD)/setup-$(if $(filter test% row-%,$(MAKECMDGOALS)),test,run)
# It tries whether programs can be compiled and linked. (No other make may inherit these: it would add its own, and
# compile everything again.)
$(SETUP): export CPPFLAGS := $(INCLUDE)
$(SETUP): export LDFLAGS := $(LINK)
$(SETUP):
	@sh tools/setup.sh $(subst setup-,,$(@F))
	@mkdir -p $(@D) && touch $@

# ---- one folder: archives (float and double), program, tests ----------------------------------------------

# $(call concepts,folder): the sources that other folders may use; common has two floors.
concepts = $(filter-out %/main.c,$(wildcard $(1)/*.c $(1)/numeric/*.c $(1)/program/*.c))
# What a program adds to the archives.
program  = $(wildcard $(1)/main.c $(1)/labs/*.c $(1)/commands/*.c)
objects  = $(patsubst %.c,$(BUILD)/$(1)/%.o,$(2))
# $(call archives,precision,folder): the folder's archive and those of every earlier one, later ones first.
upto     = $(shell for f in $(FOLDERS); do echo $$f; [ $$f = $(1) ] && break; done)
reverse  = $(if $(1),$(call reverse,$(wordlist 2,$(words $(1)),$(1))) $(firstword $(1)))
archives = $(foreach f,$(call reverse,$(call upto,$(2))),$(BUILD)/$(1)/$(f).a)

$(BUILD)/float/%.o: %.c $(BUILD)/flags | $(SETUP)
	@mkdir -p $(@D)
	$(call say,compile $<)
	$(Q)$(call compile,$(call effort,$<) $(call extra,$<)) -MMD -MP -c $< -o $@
$(BUILD)/double/%.o: %.c $(BUILD)/flags | $(SETUP)
	@mkdir -p $(@D)
	$(call say,compile $<)
	$(Q)$(call compile,$(QUICK)) -DREAL_IS_DOUBLE -MMD -MP -c $< -o $@

# Changes when the flags do, and everything is compiled again.
.PHONY: .always
export FLAGS_NOW := $(INCLUDE) $(COMPILE) $(MPI_COMPILE) $(QUICK) $(QUICKEST) $(value effort) $(WISHES) $(LINK)
$(BUILD)/flags: .always
	@mkdir -p $(@D)
	@printf '%s\n' "$$FLAGS_NOW" | cmp -s - $@ || printf '%s\n' "$$FLAGS_NOW" >$@

# $(call link,output): of all prerequisites, what can be linked.
link = $(CC) $(filter %.o %.a,$^) $(1) $(LIBS) $(if $(filter %/ch04_pretrain,$@),$(MPI_LINK)) $(LINK) -o $@

# Of double only the suites that see a number of type real: the others test the same machine code in both builds.
REAL_TESTS := $(shell grep -lwE 'real|Mat|Vec|Node|Tape|Model|Position|Inference' */tests/*.c; grep -Lw '^Test' */tests/*.c)
tests_of    = $(if $(filter double,$(1)),$(filter $(REAL_TESTS),$(wildcard $(2)/tests/*.c)),$(wildcard $(2)/tests/*.c))
define folder_rules
$(BUILD)/$(1)/$(2).a: $(call objects,$(1),$(call concepts,$(2)))
	@rm -f $$@ && ar rcs $$@ $$^
$(BUILD)/$(1)/test-$(2): $(call objects,$(1),$(call tests_of,$(1),$(2))) $(call archives,$(1),$(2))
	$$(call say,link    $$@)
	$$(Q)$$(call link,-lcriterion)
endef
$(foreach f,$(FOLDERS),$(eval $(call folder_rules,float,$(f)))$(eval $(call folder_rules,double,$(f))))

# A student's tree (make handout) has its graders compiled, in libgrader.a, without their sources.
graders = $(or $(call objects,float,$(wildcard $(1)/homework/grade_*.c)),$(wildcard $(1)/homework/libgrader.a))
# Marks are printed by a program without the student's code (common/program/homework_run.h). Its problems call
# functions that it does not run: here are some.
answers = $(or $(call objects,float,$(wildcard $(1)/homework/solution.c)),$(wildcard $(1)/homework/libstubs.a))
# Compiles a homework file with its grader, none of which reads JSON: $(call grader,chapter,flags) FILE.c OUTPUT
grader = sh -c '$(call compile,$(or $(2),$(QUICKEST))) -x c "$$0" -x none $(call graders,$(1)) \
    $(call archives,float,$(1)) $(PLAIN) $(LINK) -o "$$1"'

# Where a student's file is compiled to: `make grade` has many at once.
GRADED_IN ?= $(BUILD)

# homework-01 ... of the chapters that have some.
GRADED = $(foreach c,$(CHAPTERS),$(if $(call graders,$(c)),$(patsubst ch%,homework-%,$(firstword $(subst _, ,$(c))))))

# The student's file, HW=..., as it was typed: blanks, quotes and dollars included. From
# the Makefile of a chapter's folder it is meant relative to that.
export HOMEWORK := $(value HW)
unexport HW

# $(call chapter_rules,ch01_tokenizer,ch01,01)
define chapter_rules
$(BUILD)/$(1)-claims.c: $(BUILD)/lecture $(wildcard $(1)/labs/*.c)
	@$(BUILD)/lecture claims $(1) >$$@.part && mv $$@.part $$@
$(BUILD)/$(1)-claims.o: $(BUILD)/$(1)-claims.c
	$$(Q)$(call compile,) -MMD -MP -c $$< -o $$@
$(BUILD)/$(1): $(call objects,float,$(call program,$(1))) $(BUILD)/$(1)-claims.o $(call archives,float,$(1))
	$$(call say,link    $$@)
	$$(Q)$$(call link)
$(2): $(BUILD)/$(1)
	@cmp -s $(BUILD)/$(1) $(1)/$(1) || { cp $(BUILD)/$(1) $(1)/$(1).new && mv -f $(1)/$(1).new $(1)/$(1); }
homework-$(3): $(BUILD)/hw$(3)-marks
$(BUILD)/hw$(3)-marks: $(call graders,$(1)) $(call answers,$(1)) $(call archives,float,$(1))
	$$(call say,link    $$@)
	$$(Q)$$(call link)
hw$(3): homework-$(3)
	@sh tools/grade.sh $(1) $(GRADED_IN)/hw$(3) $(BUILD)/hw$(3)-marks $$(call grader,$(1))
	+@HOMEWORK_PROGRAM=$(GRADED_IN)/hw$(3) $(BUILD)/hw$(3)-marks $(ARGS) || true
help-$(2):
	@echo 'make $(2)            build ./$(1): then ./$(1) is the tour,'
	@echo '                     ./$(1) --list the labs, --help the rest'
	@echo 'make test-$(2)       every test of this chapter'
	@echo 'make hw$(3)            grade homework/hw$(3).c (HW=path/to/your.c: another file)'
	@echo 'make bench-$(2)      its speed'
	@echo 'make check-all      all tests with gcc and clang, sanitizers, 32-bit, big-endian ... (STEPS=m32 for one)'
	@echo 'make grade SUBMISSIONS=DIR   a class: a CSV, a row per student (DIR/anna/hw02.c), a column per problem'
	@echo 'make clean          remove what was built (plots stay); every target of the root works here too'
bench-$(2): $(BUILD)/bench-$(2)
	+@$$<
$(BUILD)/bench-$(2): $(call objects,float,$(wildcard $(1)/bench/*.c)) $(call archives,float,$(1))
	$$(call say,link    $$@)
	$$(Q)$$(call link)
endef
$(foreach c,$(CHAPTERS),$(eval $(call chapter_rules,$(c),$(firstword $(subst _, ,$(c))),$(patsubst ch%,%,$(firstword $(subst _, ,$(c)))))))

# ---- tests: a row for each part of a chapter's, all of them side by side ----------------------------------

# $(call row,short name,part,folder,what it needs,argument...)
define row
.PHONY: row-$(1)-$(2)
row-$(1)-$(2): $(4)
	@sh tools/run_tests.sh $(BUILD) $(3) $(2) $(5)
test-$(1): row-$(1)-$(2)
endef
# $(call test_rows,ch01_tokenizer,ch01,01): the long ones first
define test_rows
$(call row,$(2),tour,$(1),$(2))
$(call row,$(2),seed-2,$(1),$(2))
$(if $(wildcard $(1)/homework/solution.c),$(call row,$(2),homework,$(1),homework-$(3),$$(call grader,$(1),$(PLANTED))))
$(call row,$(2),bits,$(1),row-$(2)-tour)
$(foreach t,$(notdir $(wildcard $(1)/tests/test_*.sh)),$(call row,$(2),$(t),$(1),$(2))$(newline))
$(call row,$(2),double,$(1),$(BUILD)/double/test-$(1))
$(call row,$(2),float,$(1),$(BUILD)/float/test-$(1))
endef
define newline


endef
$(foreach c,$(CHAPTERS),$(eval $(call test_rows,$(c),$(firstword $(subst _, ,$(c))),$(patsubst ch%,%,$(firstword $(subst _, ,$(c)))))))
$(foreach p,double float,$(eval $(call row,common,$(p),common,$(BUILD)/$(p)/test-common)))

# ---- what a user types ------------------------------------------------------------------------------------

run: $(SHORT)
	+@set -e; for c in $(CHAPTERS); do ./$$c/$$c; done

# What takes longest is started first, so that none is left alone at the end. For that all must be built, and make
# must have seen that it is: it puts off what has to wait for its program until everything else is done.
test:
	+@$(again) test-built; $(again) test-rows
	@echo 'make test: all passed'
test-built: $(SHORT) $(GRADED) $(BUILD)/blank
test-built: $(foreach f,$(call reverse,$(FOLDERS)),$(BUILD)/double/test-$(f) $(BUILD)/float/test-$(f))
LATEST_FIRST = $(call reverse,$(SHORT))
test-rows: $(LATEST_FIRST) $(foreach part,tour seed-2,$(LATEST_FIRST:%=row-%-$(part))) test-homework $(LATEST_FIRST:%=test-%) test-common test-docs

# Lectures, then their translations, docs/LANGUAGE/*.md: a translation is held against its original.
LECTURES = $(wildcard docs/ch*.md) $(wildcard docs/[a-z][a-z]/ch*.md)
PAGES = $(filter-out $(LECTURES),$(wildcard docs/*.md docs/[a-z][a-z]/*.md))
$(BUILD)/lecture: $(call objects,float,$(wildcard tools/*.c)) $(BUILD)/float/common.a
	$(call say,link    $@)
	$(Q)$(call link)
# Where a header gives a table's size, a forgotten line is filled with zeros and no _Static_assert can fail.
docs-check: $(BUILD)/lecture
	@if grep -nE '^extern .*\[[A-Z_]+( \+ 1)?\]' ch*/*.h ch*/*/*.h common/*/*.h; then \
	    echo 'expected [] here: the size is the definition'"'"'s, where it is asserted'; exit 1; fi
	@if [ -f docs/glossary.md ] && awk -v RS= '/^\*\*/ && !/]\(ch[0-9]+[a-z0-9_]*\.md/' docs/glossary.md | grep .; then \
	    echo 'docs/glossary.md: no link to the section that defines it'; exit 1; fi
	@$(BUILD)/lecture check $(LECTURES) $(PAGES) README.md && echo "docs-check: $(words $(LECTURES)) lectures, all well"
$(foreach t,test_lecture test_check_all test_book test_book_paper test_check_book test_grade test_grade_all,$(eval $(call row,docs,$(t).sh,tools,$(BUILD)/lecture)))
docs-refresh: $(BUILD)/lecture
	@$(BUILD)/lecture refresh $(LECTURES)
# Each tour's rows, for the book's index of claims.
TOURS := $(BUILD)/tours
$(TOURS)/%.txt: $(BUILD)/%
	@mkdir -p $(@D)
	$(call say,tour    $*)
	$(Q)$< --out $(TOURS)/$* >$@.new || { grep FAIL $@.new; echo '$*: its tour failed, see $@.new'; exit 1; }
	@mv $@.new $@
docs: docs-check $(CHAPTERS:%=$(TOURS)/%.txt)
	@sh tools/setup.sh docs
	@if sh tools/live.sh; then $(again) live; fi
	@sh tools/book.sh build/book $(TOURS) build/live
	@sh tools/check_book.sh build/book
# The book on paper, and for readers: build/book.pdf, build/book.epub.
.PHONY: book.pdf book.epub
book.pdf book.epub: docs
	@sh tools/book_paper.sh build/book build/$@

# ---- the labs in the book's pages: each program once more, as a WebAssembly module in a script file, with what it
# says of its labs and with the files that it reads

LIVE := build/live
LIVE_CC = $(filter ccache,$(CC)) clang --target=wasm32-wasi
# The headers of that target alone: others, such as jansson's, are there for another machine. Asked once.
LIVE_SYSTEM = $(eval LIVE_SYSTEM := $(shell echo | clang --target=wasm32-wasi -E -v -x c - 2>&1 | sed -n 's/^ \(.*wasm32-wasi\)$$/\1/p'))$(LIVE_SYSTEM)
LIVE_COMPILE = -nostdlibinc -std=gnu17 -O3 -msimd128 -fno-math-errno -Wno-unknown-pragmas -Idocs/live/wasi -I. -isystem $(LIVE_SYSTEM) -I$(LIVE)/pcre2 \
    -D_GNU_SOURCE -D_WASI_EMULATED_SIGNAL -D_WASI_EMULATED_PROCESS_CLOCKS -D_WASI_EMULATED_GETPID
LIVE_LIBS := -Wl,--max-memory=1073741824 -lwasi-emulated-signal -lwasi-emulated-process-clocks -lwasi-emulated-getpid $(LIVE)/pcre2/libpcre2-8.a \
    -Wl,-z,stack-size=1048576 -Wl,--strip-all -Wl,--export=__stack_pointer
# Nobody is graded in a page, and a team is the page's.
live_objects = $(patsubst %.c,$(LIVE)/%.o,$(patsubst ch04_pretrain/team_fork.c,docs/live/wasi/team_fork.c,$(filter-out common/program/homework%,$(1))))
live_archives = $(foreach f,$(call reverse,$(call upto,$(1))),$(LIVE)/$(f).a)
.PHONY: live docs-live-check
live: $(SHORT:%=$(LIVE)/%.js)
# Every lab in a real browser, and its pages: CHAPTER=ch02 for one chapter's labs.
docs-live-check:
	@if command -v node >/dev/null; then node tools/check_live.js build/book $(CHAPTER); \
	    else echo 'check-live: no node here, nothing was looked at'; fi
$(LIVE)/%.o: %.c $(LIVE)/flags | $(LIVE)/pcre2/libpcre2-8.a
	@mkdir -p $(@D)
	$(call say,compile $< for the book)
	$(Q)$(LIVE_CC) $(LIVE_COMPILE) -MMD -MP -c $< -o $@
$(LIVE)/flags: .always
	@mkdir -p $(@D)
	@echo '$(LIVE_COMPILE)' | cmp -s - $@ || echo '$(LIVE_COMPILE)' >$@
$(LIVE)/pcre2/libpcre2-8.a:
	$(call say,compile PCRE2 for the book)
	$(Q)AR=llvm-ar sh tools/pcre2.sh $(@D) clang --target=wasm32-wasi
define live_archive
$(LIVE)/$(1).a: $(call live_objects,$(call concepts,$(1)))
	@rm -f $$@ && llvm-ar rcs $$@ $$^
endef
$(foreach f,$(FOLDERS),$(eval $(call live_archive,$(f))))
# $(call live_rules,ch02_attention,ch02)
define live_rules
$(LIVE)/$(1)-claims.o: $(BUILD)/$(1)-claims.c
	@mkdir -p $$(@D)
	$$(Q)$$(LIVE_CC) $$(LIVE_COMPILE) -c $$< -o $$@
$(LIVE)/$(2).wasm: $(call live_objects,$(call program,$(1))) $(LIVE)/$(1)-claims.o $(call live_archives,$(1)) $(LIVE)/docs/live/wasi/lacking.o
	$$(call say,link    $$@)
	$$(Q)clang --target=wasm32-wasi $$(filter %.o %.a,$$^) $$(LIVE_LIBS) -o $$@
$(LIVE)/$(2).js: $(LIVE)/$(2).wasm $(BUILD)/$(1) tools/live_module.sh $(wildcard $(1)/*.ckpt)
	@sh tools/live_module.sh $(1) $(LIVE) $(BUILD)/$(1) >$$@.new && mv $$@.new $$@
endef
$(foreach c,$(CHAPTERS),$(eval $(call live_rules,$(c),$(firstword $(subst _, ,$(c))))))

# The figures that the lectures show: every tour's, under docs/figures/chNN_name.svg.
plots: $(SHORT)
	@set -e; for c in $(CHAPTERS); do \
	    mkdir -p build/figures; ./$$c/$$c --out build/figures/$$c >build/figures/$$c.txt || \
	        { grep FAIL build/figures/$$c.txt; echo "$$c: its tour failed, see build/figures/$$c.txt"; exit 1; }; \
	    for f in build/figures/$$c/*.svg; do \
	        sed -f tools/figure.sed $$f >docs/figures/$$(echo $$c | cut -c1-4)_$$(basename $$f); done; done

bench-common: $(BUILD)/bench-common
	+@$<
$(BUILD)/bench-common: $(call objects,float,$(wildcard common/bench/*.c)) $(BUILD)/float/common.a
	$(call say,link    $@)
	$(Q)$(call link)
# One table, one after the other: they measure.
BENCHES = bench-common $(foreach c,$(CHAPTERS),$(if $(wildcard $(c)/bench/*.c),bench-$(firstword $(subst _, ,$(c)))))
bench:
	@$(again) $(BENCHES:%=$(BUILD)/%)
	@$(BUILD)/bench-common head
	@set -e; for b in $(BENCHES); do $(BUILD)/$$b rows; done

data:
	@sh tools/data.sh data

# libFuzzer is clang's. FUZZ_SECONDS=600 for longer. An input that makes a reader fail is left in build/fuzz.
FUZZ_SECONDS ?= 20
FUZZED  := build/fuzz
FUZZERS := $(wildcard ch*/fuzz/fuzz_*.c)
FUZZ_CC  = $(filter ccache,$(CC)) clang -I. -D_GNU_SOURCE -std=gnu17 -g -O1 -fsanitize=fuzzer-no-link,address,undefined
# One after the other, as they are told how long to look.
fuzz:
	@command -v clang >/dev/null || { echo 'make fuzz: clang is missing (Debian: clang)'; exit 1; }
	@$(again) $(FUZZERS:%.c=$(FUZZED)/%)
	@set -e; for f in $(FUZZERS:%.c=%); do echo "== $$f"; seeds=$${f%/*}/seeds; name=$(FUZZED)/$${f##*/}; mkdir -p $$name.corpus; \
	    [ -d $$seeds ] || seeds=; \
	    $(FUZZED)/$$f -max_total_time=$(FUZZ_SECONDS) -timeout=600 -print_final_stats=1 -artifact_prefix=$$name- $$name.corpus $$seeds; done
$(FUZZED)/%.o: %.c | $(SETUP)
	@mkdir -p $(@D)
	$(call say,compile $< to be fuzzed)
	$(Q)$(FUZZ_CC) -MMD -MP -c $< -o $@
# $(call fuzz_rules,ch01_tokenizer/fuzz/fuzz_split,ch01_tokenizer): with all that the chapter builds on, but for what is
# for homework alone
define fuzz_rules
$(FUZZED)/$(1): $(patsubst %.c,$(FUZZED)/%.o,$(1).c common/fuzz/limit.c $(filter-out common/program/homework%,$(foreach f,$(call upto,$(2)),$(call concepts,$(f)))))
	$$(call say,link    $$@)
	$$(Q)clang -fsanitize=fuzzer,address,undefined -Wl,--wrap=LLVMFuzzerTestOneInput $$^ $$(LIBS) -o $$@
endef
$(foreach f,$(FUZZERS),$(eval $(call fuzz_rules,$(f:%.c=%),$(firstword $(subst /, ,$(f))))))

format:
	@git ls-files '*.c' '*.h' | xargs clang-format -i
format-check:
	@command -v clang-format >/dev/null || { echo 'format-check: no clang-format here, nothing checked'; exit 0; }; \
	    git ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror && echo 'format-check: all well'

grade: $(GRADED)
	@sh tools/grade_all.sh '$(MAKE)' '$(value SUBMISSIONS)' $(GRADED:homework-%=hw%)

# Every machine and compiler that this one can play: tools/check_all.sh says which.
check-all:
	@sh tools/check_all.sh '$(MAKE)' $(STEPS)

handout:
	@CC='$(CC)' sh tools/handout.sh '$(or $(value DIR),handout)'

# A chapter with one function to be written anew: F=softmax_backward, F=attention.c:visible.
blank: $(BUILD)/blank
	+@CC='$(CC)' BUILD=$(BUILD) sh tools/blank.sh '$(F)'
$(BUILD)/blank: $(call objects,float,tools/blank/blank.c tools/snippet.c) $(BUILD)/float/common.a
	$(call say,link    $@)
	$(Q)$(call link)
# Handout and blank chapters, tried as a student would; both start from what is built here.
test-homework: $(BUILD)/blank $(GRADED) $(foreach c,$(CHAPTERS),$(BUILD)/double/test-$(c))
	@set -e; for t in $(wildcard tools/tests/test_handout.sh tools/tests/test_blank.sh); do \
	    CC='$(CC)' BUILD=$(BUILD) sh $$t; done

# What was built. Figures, a handout and data are somebody's results: distclean.
clean:
	rm -rf build $(foreach c,$(CHAPTERS),$(c)/$(c))
distclean: clean
	rm -rf handout blank data $(foreach c,$(CHAPTERS),$(c)/plots)

-include $(shell find $(BUILD) $(FUZZED) -name '*.d' 2>/dev/null)
