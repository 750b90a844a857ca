# integration_schemas: build, install and test with PGXS
#
#   make && make install && make installcheck      with pg_config in PATH, or PG_CONFIG=...
#
# META.json is the one place that knows the version.

PG_CONFIG   ?= pg_config
EXTENSION    = integration_schemas
EXTVERSION  := $(shell sed -n 's/^   "version": *"\([^"]*\)".*/\1/p' META.json)

MODULE_big   = integration_schemas
OBJS         = $(patsubst %.c,%.o,$(sort $(wildcard src/*/*.c)))
# The server's headers are system headers: their macros need not pass -Wextra.
PG_CPPFLAGS  = -I$(srcdir)/src -isystem $(shell $(PG_CONFIG) --includedir-server)
PG_CFLAGS    = -Wall -Wextra -Werror
ifneq (,$(findstring clang,$(CC)))
# pg_config's flags are those of the compiler that built the server
PG_CFLAGS   += -Wno-ignored-optimization-argument -Wno-unknown-warning-option
endif

# Ciphers, and memory for keys, are OpenSSL's.
SHLIB_LINK   = -lcrypto

# The install script is built from its parts in sql/, in the order of their names.
SQL_PARTS    = $(sort $(wildcard sql/[0-9][0-9]_*.sql))
INSTALL_SQL  = $(EXTENSION)--$(EXTVERSION).sql
DATA_built   = $(INSTALL_SQL)
DOCS         = $(wildcard doc/*.md)
EXTRA_CLEAN  = $(EXTENSION)--*.sql output_iso results tmp_check

REGRESS      = $(patsubst test/sql/%.sql,%,$(sort $(wildcard test/sql/*.sql)))
REGRESS_OPTS = --inputdir=test --outputdir=. --load-extension=$(EXTENSION)
# make installcheck runs the isolation specs too. Since PostgreSQL 16 their
# expected output is looked for in ./expected before test/isolation/expected, so
# a spec must not have the name of a file in test/sql.
ISOLATION     := $(patsubst test/isolation/specs/%.spec,%,$(sort $(wildcard test/isolation/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test/isolation --load-extension=$(EXTENSION)

PGXS        := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

$(OBJS): $(wildcard src/*/*.h)

$(INSTALL_SQL): $(SQL_PARTS) META.json
	cat $(SQL_PARTS) > $@

# PGXS takes documents away from where it does not put them, in doc/.
uninstall: uninstall-docs
.PHONY: uninstall-docs
uninstall-docs:
	rm -f $(addprefix '$(DESTDIR)$(docdir)/$(docmoduledir)'/, $(notdir $(DOCS)))

# The control file carries the version that META.json has.
all: control-version
.PHONY: control-version
control-version:
	@grep -q "^default_version = '$(EXTVERSION)'$$" $(EXTENSION).control || \
	 sed -i "s/^default_version = .*/default_version = '$(EXTVERSION)'/" $(EXTENSION).control
