# bottle-kit: the phase graph, and the commands of every day. `make` alone lists them.
#
# Values given on the command line (AGENT=…, BOTTLE=…) reach the scripts through the environment: recipes expand
# "$$AGENT" in the shell, within quotes, and make is kept from expanding what is in them, so that no value is ever
# read as code.
# Kept to what GNU make 3.81 and a POSIX shell know, which is what macOS ships.

KIT ?= $(CURDIR)
export KIT
# Where make was called: `make -C kit` moves before it reads this, but leaves the shell's PWD as it was.
BOT_BOTTLE_CWD ?= $(or $(PWD),$(CURDIR))
export BOT_BOTTLE_CWD
TEXTS = AGENT BOTTLE BOTTLES LABEL COLOR BOT_BOTTLE_CWD
literally = $(eval override $(1) := $$(value $(1)))$(eval export $(1))
$(foreach name,$(TEXTS),$(if $(filter command,$(firstword $(origin $(name)))),$(call literally,$(name))))
# YES=1 is on, and so is anything but these.
is_on = $(filter-out 0 no false,$(1))
export PATH := $(KIT)/node_modules/.kit/bin:$(PATH)
export NODE_COMPILE_CACHE ?= $(KIT)/node_modules/.kit/compile-cache
export MAKE

# Commands work where they were called from; development works in the kit.
RUN = cd "$$BOT_BOTTLE_CWD" && exec node "$$KIT"/
DEV = cd "$$KIT" && exec node
.DEFAULT_GOAL := help

# ---- every day ---------------------------------------------------------------------------------------------------

.PHONY: help setup launch prepare up attach teardown init edit list info status logs learn cleanup doctor engine engine-stop

# What `launch` and `prepare` both take; only what is given is handed on.
CHOICE = --agent "$$AGENT" $(if $(BOTTLES),--bottles "$$BOTTLES") $(if $(LABEL),--label "$$LABEL") \
         $(if $(COLOR),--color "$$COLOR")

help: ## print this list
	@awk 'BEGIN { FS = ":.*## " } \
	  /^# ---- / { gsub(/^# -+ | -+$$/, ""); printf "\n%s\n", $$0 } \
	  /^[a-z][a-z0-9-]*:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' "$(KIT)/Makefile"
	@printf '\nStart with: make launch AGENT=demo\n'

setup: ## bring Node 24 and the npm packages (every other target does it by itself)
	@sh "$(KIT)/scripts/setup.sh"

launch: setup ## [AGENT=x] [BOTTLES=a,b] [LABEL=x] [COLOR=x] [YES=1] [DRY_RUN=1]: a bottle from nothing to nothing
	@$(RUN)scripts/launch.ts $(CHOICE) $(if $(call is_on,$(YES)),--yes) $(if $(call is_on,$(DRY_RUN)),--dry-run) $(FLAGS)

prepare: setup ## [AGENT=x], and as for launch: resolve the manifest into a plan; prints the new bottle's name
	@$(RUN)scripts/prepare.ts $(CHOICE) $(FLAGS)

up: setup ## BOTTLE=x: bring a prepared bottle up, or carry on from where it stopped
	@$(RUN)scripts/up.ts --bottle "$$BOTTLE" $(FLAGS)

attach: setup ## BOTTLE=x: run the agent in a bottle that is up
	@$(RUN)scripts/attach.ts --bottle "$$BOTTLE" $(FLAGS)

teardown: setup ## BOTTLE=x: undo all that a bottle has acquired, and remove its state
	@$(RUN)scripts/teardown.ts --bottle "$$BOTTLE" $(FLAGS)

init: setup ## [AGENT=x] [BOTTLE=x]: ask what is needed, and write a first bottle and agent
	@$(RUN)scripts/init.ts --agent "$$AGENT" --bottle "$$BOTTLE" $(FLAGS)

edit: setup ## AGENT=x or BOTTLE=x: open its manifest in your editor, and check it afterwards
	@$(RUN)scripts/edit.ts --agent "$$AGENT" --bottle "$$BOTTLE" $(FLAGS)

list: setup ## list the agents and the bottles that can be launched
	@$(RUN)scripts/list.ts $(FLAGS)

info: setup ## AGENT=x [BOTTLES=a,b]: what they come to, and which file and line says so
	@$(RUN)scripts/info.ts --agent "$$AGENT" --bottles "$$BOTTLES" $(FLAGS)

status: setup ## list the bottles there are, and how each stands
	@$(RUN)scripts/status.ts $(FLAGS)

logs: setup ## BOTTLE=x [FOLLOW=0] [FLAGS='--denied --since 10m']: follow what a bottle's egress let out and refused
	@$(RUN)scripts/logs.ts --bottle "$$BOTTLE" $(if $(call is_on,$(or $(FOLLOW),1)),--follow) $(FLAGS)

learn: setup ## BOTTLE=x: print routes that would admit what a bottle was denied, to review
	@$(RUN)scripts/learn.ts --bottle "$$BOTTLE" $(FLAGS)

cleanup: setup ## [YES=1] [ALL=1]: find and remove what crashed or killed launches left
	@$(RUN)scripts/cleanup.ts $(if $(call is_on,$(YES)),--yes) $(if $(call is_on,$(ALL)),--all) $(FLAGS)

doctor: setup ## look at everything that a launch depends on
	@$(RUN)scripts/doctor.ts $(FLAGS)

engine: setup ## start a Docker engine, installing it first on Debian
	@$(RUN)scripts/engine.ts start

engine-stop: setup ## stop the Docker engine, if the kit started it
	@$(RUN)scripts/engine.ts stop

# ---- development -------------------------------------------------------------------------------------------------

.PHONY: test test-unit test-integration test-contract test-e2e bench bench-egress score-egress fuzz soak check fix schemas

test: check ## run the checks, then every suite that this machine can, and say what was skipped
	@$(DEV) scripts/dev/test.ts

test-unit: setup ## the suite that needs nothing
	@$(DEV) scripts/dev/test.ts --suite unit

test-integration: setup ## adapters and daemons against a real Docker engine
	@$(DEV) scripts/dev/test.ts --suite integration

test-contract: setup ## [SMOLVM=x]: every fake, or any smolvm, verb by verb
	@$(DEV) scripts/dev/test.ts --suite contract

test-e2e: setup ## whole launches, each phase by hand, interruptions
	@$(DEV) scripts/dev/test.ts --suite e2e

bench: setup ## the relays, the two hand-offs side by side, and leaves by key type
	@$(DEV) test/bench/relay.ts
	@$(DEV) test/bench/handoff.ts
	@$(DEV) test/bench/leaf.ts

bench-egress: setup ## [QUICK=1] [JSON=1] [INSTALL=1]: egress beside mitmproxy, squid and a bare tunnel
	@$(DEV) test/bench/egress/main.ts $(if $(call is_on,$(QUICK)),--quick) $(if $(call is_on,$(JSON)),--json) $(if $(call is_on,$(INSTALL)),--install)

score-egress: setup ## [AGENT_EGRESS_BENCH=dir]: score egress by the corpus agent-egress-bench
	@$(DEV) test/bench/score-egress.ts --corpus "$${AGENT_EGRESS_BENCH:-../shared/corpora/agent-egress-bench/cases}"

fuzz: setup ## [TARGET=x] [SEED=n] [ITERS=n]: throw seeded nonsense at what egress parses
	@$(DEV) test/fuzz/main.ts --target "$${TARGET:-all}" --seed "$${SEED:-1}" --iters "$${ITERS:-10000}"

soak: setup ## [DURATION=seconds] [SEED=n]: many agents at once through egress, some of which give up at any moment
	@$(DEV) test/soak/main.ts --seconds "$${DURATION:-60}" --seed "$${SEED:-1}"

check: setup ## types, lint, format, and the arrows between the folders
	@$(DEV) scripts/dev/check.ts

fix: setup ## format, and mend what the linter can
	@cd "$$KIT" && exec node_modules/.bin/biome check --write .

schemas: setup ## write the JSON Schemas that editors check manifests with
	@$(DEV) scripts/dev/schemas.ts

# ---- the phase graph ---------------------------------------------------------------------------------------------
# `make up` runs this file again inside the bottle's directory of records, where a record is a target. Each phase
# declares the same edges in lib/phases/; a test holds the two together. PHASE_STDERR is where phases speak to people.

PHASE_STDERR ?= 2
PHASE = cd "$$KIT" && exec node scripts/$(basename $@).ts --bottle "$$BOTTLE" $(PHASE_FLAGS) 2>&$(PHASE_STDERR)

prepare.json:
	@$(PHASE)
allocate.json: prepare.json
	@$(PHASE)
mint-certs.json: prepare.json
	@$(PHASE)
build-image.json: prepare.json
	@$(PHASE)
start-bundle.json: prepare.json allocate.json mint-certs.json
	@$(PHASE)
discover-urls.json: prepare.json allocate.json start-bundle.json
	@$(PHASE)
pack-artifact.json: prepare.json build-image.json
	@$(PHASE)
create-guest.json: prepare.json allocate.json pack-artifact.json
	@$(PHASE)
start-guest.json: prepare.json allocate.json create-guest.json
	@$(PHASE)
init-guest.json: prepare.json start-guest.json
	@$(PHASE)
provision.json: prepare.json allocate.json mint-certs.json discover-urls.json init-guest.json
	@$(PHASE)
probe.json: prepare.json allocate.json start-bundle.json discover-urls.json provision.json
	@$(PHASE)
attach.json: prepare.json provision.json probe.json
	@$(PHASE)

# One phase by hand, with whatever flags are wanted: make allocate BOTTLE=x FLAGS='--force --json'
PHASES = allocate mint-certs start-bundle discover-urls build-image pack-artifact create-guest start-guest \
         init-guest provision probe
.PHONY: $(PHASES)
$(PHASES): setup
	@$(RUN)scripts/$@.ts --bottle "$$BOTTLE" $(FLAGS)
