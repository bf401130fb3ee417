# arx_perf: the server extension, built by PGXS.
#
#   make                  builds the library and the install script
#   make install          into the server that PG_CONFIG names
#   make check-unit       tests of the plain C parts; needs no server
#   make check-regress    needs "make install" and must not run as root, as
#   make check-isolation  the next two: each starts servers of its own in a
#   make check-tap        temporary folder
#   make lint             shape and layout of the sources
#   make bench            what the library costs, beside its peers
#
# scripts/test does all of this in a private copy of the server.

EXTENSION   = arx_perf
EXTVERSION  = 1.0
MODULE_big  = arx_perf

# A new .c file in one of these folders, or a new folder, needs no edit here.
SRCS        = $(sort $(wildcard extension/*.c extension/*/*.c libarx/*.c))
OBJS        = $(SRCS:.c=.o)
SHLIB_LINK  = -lm $(libpq)

PG_CPPFLAGS = -I$(srcdir) -I$(srcdir)/extension -I$(libpq_srcdir)
PG_CFLAGS   = -Wall -Wextra -Werror -Wno-unused-parameter -MMD -MP

# Install script = its parts in name order; upgrade scripts are written by hand.
SQL_PARTS   = $(sort $(wildcard extension/sql/[0-9]*.sql))
DATA        = $(sort $(wildcard extension/sql/upgrades/*.sql))
DATA_built  = $(EXTENSION)--$(EXTVERSION).sql

# All of sql/, those whose order matters first and last.
REGRESS_FIRST = install
REGRESS_LAST  = cleanup
REGRESS_ALL   = $(sort $(basename $(notdir $(wildcard sql/*.sql))))
REGRESS       = $(filter $(REGRESS_FIRST),$(REGRESS_ALL)) \
                $(filter-out $(REGRESS_FIRST) $(REGRESS_LAST),$(REGRESS_ALL)) \
                $(filter $(REGRESS_LAST),$(REGRESS_ALL))
ISOLATION     = $(sort $(basename $(notdir $(wildcard tests/isolation/specs/*.spec))))
TAP_TESTS     = 1
PROVE_TESTS   = $(sort $(wildcard tests/tap/*.pl))

# Settings of the server that check-regress and check-isolation start.
SERVER_CONF   = $(srcdir)/tests/arx_perf.conf

# The tests need shared_preload_libraries: a server that runs already is of no use.
NO_INSTALLCHECK = 1

EXTRA_CLEAN = $(OBJS:.o=.d) tmp_check tmp_check_regress tmp_check_isolation \
              output_iso results regression.diffs regression.out

PG_CONFIG  ?= pg_config
PGXS       := $(shell $(PG_CONFIG) --pgxs)
srcdir      = .
include $(PGXS)

# PGXS tracks headers only when the server itself was configured with
# --enable-depend, and then by base name; -MMD above plus this line always do.
-include $(OBJS:.o=.d)

# Depends on its folder too, so that a part taken away is noticed.
$(EXTENSION)--$(EXTVERSION).sql: $(SQL_PARTS) extension/sql
	cat $(SQL_PARTS) > $@

TEMP_SERVER = --temp-config=$(SERVER_CONF) --no-locale --encoding=UTF8

.PHONY: check-unit check-regress check-isolation check-tap lint bench list-regress

check-regress:
	$(pg_regress_installcheck) $(TEMP_SERVER) \
	  --temp-instance=tmp_check_regress $(REGRESS)

check-isolation:
	$(pg_isolation_regress_installcheck) --inputdir=$(srcdir)/tests/isolation \
	  $(TEMP_SERVER) --temp-instance=tmp_check_isolation $(ISOLATION)

check-tap: PROVE_FLAGS += -v -I tests/tap
check-tap:
	$(prove_installcheck)

check-unit:
	$(MAKE) -C tests/unit check

lint:
	tests/lint/run

bench:
	$(MAKE) -C tests/bench

# What check-regress runs, for scripts/test.
list-regress:
	@echo $(REGRESS)
