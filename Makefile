# bottle-kit: the everyday commands and the phase graph. `make` lists the commands.
#
# Values on the command line (AGENT=…, BOTTLE=…) reach the scripts through the environment: recipes expand
# "$$AGENT" in the shell, within quotes, and `literally` prevents make from expanding the values, so that they
# never run as code. Uses only features of GNU make 3.81 and a POSIX shell, which macOS ships.

KIT ?= $(CURDIR)
export KIT
# The directory from which make was called: `make -C kit` changes directory first, but leaves the shell's PWD.
BOT_BOTTLE_CWD ?= $(or $(PWD),$(CURDIR))
export BOT_BOTTLE_CWD
TEXTS = ONLY EVERY JOBS N OLDER AGENT BOTTLE BOTTLES LABEL COLOR ENV_FILE CWD_MAX_SIZE FETCH_MAX_SIZE PROMPT PROMPT_FILE FORMAT TIMEOUT FROM TO FILE MAX_SIZE CMD ID FOR USES ANSWER NOTE REASON METHODS BELOW REMOVE SESSION BOT_BOTTLE_CWD
literally = $(eval override $(1) := $$(value $(1)))$(eval export $(1))
$(foreach name,$(TEXTS),$(if $(filter command,$(firstword $(origin $(name)))),$(call literally,$(name))))
# Any value but these means on.
is_on = $(filter-out 0 no false,$(1))
export PATH := $(KIT)/node_modules/.kit/bin:$(PATH)
export NODE_COMPILE_CACHE ?= $(KIT)/node_modules/.kit/compile-cache
export MAKE

# Commands run where make was called from; development targets run in the kit.
RUN = cd "$$BOT_BOTTLE_CWD" && exec node "$$KIT"/
DEV = cd "$$KIT" && exec node
.DEFAULT_GOAL := help

# ---- everyday ----------------------------------------------------------------------------------------------------

.PHONY: help setup launch prepare up attach shell exec stop freeze resume transcript fork keep forget export import fetch teardown diff apply cp init edit list info status logs learn supervise approve reject routes revoke keep-routes capabilities cleanup doctor engine engine-stop

# A flag for a variable that counts only on the command line, since a shell or CI may export such names; `literally`
# has made its origin `override`.
given = $(if $(filter override,$(firstword $(origin $(1)))),--$(2) "$$$(1)")
# Flags that `launch` and `prepare` share; passes on only what is given.
CHOICE = --agent "$$AGENT" $(if $(BOTTLES),--bottles "$$BOTTLES") $(if $(LABEL),--label "$$LABEL") \
         $(if $(COLOR),--color "$$COLOR") $(call given,ENV_FILE,dotenv) $(COPY)
# CWD is a common name: only the command line counts.
COPY = $(if $(filter command,$(firstword $(origin CWD))),$(if $(call is_on,$(CWD)),--cwd,--no-cwd)) \
       $(if $(call is_on,$(CWD_SECRETS)),--cwd-secrets) $(call given,CWD_MAX_SIZE,cwd-max-size)

# Flags that `launch` and `attach` share.
SESSION_FLAGS = $(call given,PROMPT,prompt) $(call given,PROMPT_FILE,prompt-file) \
                $(call given,FORMAT,format) $(call given,TIMEOUT,timeout) $(if $(call is_on,$(DETACH)),--detach)

help: ## print this list
	@awk 'BEGIN { FS = ":.*## " } \
	  /^# ---- / { gsub(/^# -+ | -+$$/, ""); printf "\n%s\n", $$0 } \
	  /^[a-z][a-z0-9-]*:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' "$(KIT)/Makefile"
	@printf '\nStart with: make launch AGENT=demo\n'

setup: ## install Node 24 and the npm packages (other targets do this automatically)
	@sh "$(KIT)/scripts/setup.sh"

launch: setup ## [AGENT=x] [CWD=0|1] [BOTTLES=a,b] [ENV_FILE=x] [LABEL=x] [COLOR=x] [PROMPT=x] [FORMAT=json] [TIMEOUT=30m] [DETACH=1] [YES=1] [DRY_RUN=1]: run one bottle, then take it down
	@$(RUN)scripts/launch.ts $(CHOICE) $(SESSION_FLAGS) $(if $(call is_on,$(YES)),--yes) $(if $(call is_on,$(DRY_RUN)),--dry-run) $(FLAGS)

prepare: setup ## [AGENT=x] [BOTTLES=a,b] [ENV_FILE=x] [LABEL=x] [COLOR=x]: resolve the manifest into a plan; prints the bottle's name
	@$(RUN)scripts/prepare.ts $(CHOICE) $(FLAGS)

up: setup ## BOTTLE=x: bring a prepared bottle up, or continue where it stopped
	@$(RUN)scripts/up.ts --bottle "$$BOTTLE" $(FLAGS)

attach: setup ## BOTTLE=x [NEW=1] [RESUME=1] [PROMPT=x] [FORMAT=json] [TIMEOUT=30m] [DETACH=1]: join the agent’s detached session, or run the agent in a bottle that is up
	@$(RUN)scripts/attach.ts --bottle "$$BOTTLE" $(SESSION_FLAGS) $(if $(call is_on,$(RESUME)),--resume) $(if $(call is_on,$(NEW)),--new) $(FLAGS)

shell: setup ## BOTTLE=x: open a shell in a bottle that is up, as the agent
	@$(RUN)scripts/shell.ts --bottle "$$BOTTLE" $(FLAGS)

exec: setup ## BOTTLE=x CMD='ls -la': run a command in a bottle that is up, as the agent
	@$(RUN)scripts/exec.ts --bottle "$$BOTTLE" $(call given,CMD,command) $(FLAGS)

stop: setup ## BOTTLE=x [TIMEOUT=20s]: ask the agent to end, end it, and take the bottle down
	@$(RUN)scripts/stop.ts --bottle "$$BOTTLE" $(call given,TIMEOUT,timeout) $(FLAGS)

freeze: setup ## [BOTTLE=x] [FLAGS=--json]: snapshot the guest of a running bottle, which runs on
	@$(RUN)scripts/freeze.ts $(call given,BOTTLE,bottle) $(FLAGS)

resume: setup ## [BOTTLE=x] [PROMPT=x] [FORMAT=json] [TIMEOUT=30m] [DETACH=1] [YES=1]: bring a kept bottle back, from its last freeze if it has one, and continue
	@$(RUN)scripts/resume.ts $(call given,BOTTLE,bottle) $(SESSION_FLAGS) $(if $(call is_on,$(YES)),--yes) $(FLAGS)

transcript: setup ## [BOTTLE=x] [SESSION=x] [FOLLOW=1] [FLAGS='--list --raw --json']: show what was said and done in a session of the agent, with what was refused meanwhile
	@$(RUN)scripts/transcript.ts $(call given,BOTTLE,bottle) $(call given,SESSION,session) $(if $(call is_on,$(FOLLOW)),--follow) $(FLAGS)

fork: setup ## BOTTLE=x [N=3] [PROMPT=x]: start more bottles from a freeze of this one, each with its own identity
	@$(RUN)scripts/fork.ts --bottle "$$BOTTLE" $(call given,N,count) $(call given,PROMPT,prompt) $(FLAGS)

export: setup ## BOTTLE=x FILE=f.tar.zst: write its freeze, transcript and work to a file, for another machine
	@$(RUN)scripts/export.ts --bottle "$$BOTTLE" --file "$$FILE" $(FLAGS)

import: setup ## FILE=f.tar.zst [LABEL=x] [MAX_SIZE=64G]: take a bottle from such a file, to resume it here
	@$(RUN)scripts/import.ts --file "$$FILE" $(if $(LABEL),--label "$$LABEL") $(call given,MAX_SIZE,max-size) $(FLAGS)

keep: setup ## BOTTLE=x: keep a bottle's state at its end, whatever the agent's exit code
	@$(RUN)scripts/keep.ts --bottle "$$BOTTLE" $(FLAGS)

forget: setup ## BOTTLE=x: remove the state of a bottle that is down, with its freeze and transcript
	@$(RUN)scripts/forget.ts --bottle "$$BOTTLE" $(FLAGS)

fetch: setup ## BOTTLE=x [FETCH_MAX_SIZE=10G]: bring its commits and uncommitted work home, as refs of your repository
	@$(RUN)scripts/fetch.ts --bottle "$$BOTTLE" $(call given,FETCH_MAX_SIZE,max-size) $(FLAGS)

teardown: setup ## BOTTLE=x [DISCARD=1]: fetch its work, then remove everything that it has acquired, and its state
	@$(RUN)scripts/teardown.ts --bottle "$$BOTTLE" $(if $(call is_on,$(DISCARD)),--discard) $(FLAGS)

diff: setup ## BOTTLE=x [FILE=x] [FLAGS=--stat]: show what a bottle has changed, as it was fetched last
	@$(RUN)scripts/diff.ts --bottle "$$BOTTLE" $(call given,FILE,file) $(FLAGS)

apply: setup ## BOTTLE=x [FILE=x] [YES=1]: take what a bottle has changed into the working tree, never over your own changes
	@$(RUN)scripts/apply.ts --bottle "$$BOTTLE" $(call given,FILE,file) $(if $(call is_on,$(YES)),--yes) $(FLAGS)

cp: setup ## BOTTLE=x FROM=x TO=guest:x, or FROM=guest:x TO=x [MAX_SIZE=10G]: copy into a bottle that is up, or out of it
	@$(RUN)scripts/cp.ts --bottle "$$BOTTLE" $(call given,FROM,from) $(call given,TO,to) $(call given,MAX_SIZE,max-size) $(FLAGS)

init: setup ## [AGENT=x] [BOTTLE=x]: ask a few questions, and write a first bottle and agent
	@$(RUN)scripts/init.ts --agent "$$AGENT" --bottle "$$BOTTLE" $(FLAGS)

edit: setup ## AGENT=x or BOTTLE=x: open its manifest in your editor, then check it
	@$(RUN)scripts/edit.ts --agent "$$AGENT" --bottle "$$BOTTLE" $(FLAGS)

list: setup ## list the agents and the bottles that can be launched
	@$(RUN)scripts/list.ts $(FLAGS)

info: setup ## AGENT=x [BOTTLES=a,b]: print the effective settings, with file and line
	@$(RUN)scripts/info.ts --agent "$$AGENT" --bottles "$$BOTTLES" $(FLAGS)

status: setup ## list bottles, their states and sessions, and what they cost in memory and disk
	@$(RUN)scripts/status.ts $(FLAGS)

logs: setup ## BOTTLE=x [FOLLOW=0] [AGENT_OUTPUT=1] [FLAGS='--denied --since 10m']: follow what a bottle's egress let out and refused, or what its agent printed
	@$(RUN)scripts/logs.ts --bottle "$$BOTTLE" $(if $(call is_on,$(or $(FOLLOW),1)),--follow) $(if $(call is_on,$(AGENT_OUTPUT)),--agent-output) $(FLAGS)

learn: setup ## BOTTLE=x: print routes that would admit what a bottle was denied, to review
	@$(RUN)scripts/learn.ts --bottle "$$BOTTLE" $(FLAGS)

supervise: setup ## [BOTTLE=x] [ONCE=1] [FLAGS=--json]: see what agents ask for, and decide; with ONCE, print what is pending
	@$(RUN)scripts/supervise.ts $(call given,BOTTLE,bottle) $(if $(call is_on,$(ONCE)),--once) $(FLAGS)

approve: setup ## BOTTLE=x ID=x [FOR=10m] [USES=2] [METHODS=GET] [BELOW=/x/] [EDIT=1] [ANSWER=x] [NOTE=x]: approve what an agent asks for, or answer its question
	@$(RUN)scripts/approve.ts --bottle "$$BOTTLE" --id "$$ID" $(call given,FOR,for) $(call given,USES,uses) $(call given,METHODS,methods) $(call given,BELOW,below) $(if $(call is_on,$(EDIT)),--edit) $(call given,ANSWER,answer) $(call given,NOTE,note) $(FLAGS)

reject: setup ## BOTTLE=x ID=x REASON=x: reject what an agent asks for
	@$(RUN)scripts/reject.ts --bottle "$$BOTTLE" --id "$$ID" --reason "$$REASON" $(FLAGS)

routes: setup ## BOTTLE=x [FLAGS=--json]: list what a bottle may let out, with what was granted, by whom and until when
	@$(RUN)scripts/routes.ts --bottle "$$BOTTLE" $(FLAGS)

revoke: setup ## BOTTLE=x ID=x: end what was granted, and close what is open through it
	@$(RUN)scripts/revoke.ts --bottle "$$BOTTLE" --id "$$ID" $(FLAGS)

keep-routes: setup ## BOTTLE=x: print the routes that were granted, for the manifest, to review
	@$(RUN)scripts/keep-routes.ts --bottle "$$BOTTLE" $(FLAGS)

capabilities: setup ## [AGENT=x] [REMOVE=id]: list what was approved to be added to the images of agents, or remove it
	@$(RUN)scripts/capabilities.ts --agent "$$AGENT" $(call given,REMOVE,remove) $(call given,BOTTLE,bottle) $(FLAGS)

cleanup: setup ## [YES=1] [ALL=1] [DISCARD=1] [OLDER=30]: find and remove what crashed or killed launches left, and what nothing uses
	@$(RUN)scripts/cleanup.ts $(if $(call is_on,$(YES)),--yes) $(if $(call is_on,$(ALL)),--all) $(if $(call is_on,$(DISCARD)),--discard) $(call given,OLDER,older-than) $(FLAGS)

doctor: setup ## check everything that a launch depends on
	@$(RUN)scripts/doctor.ts $(FLAGS)

engine: setup ## start a Docker engine, installing it first on Debian
	@$(RUN)scripts/engine.ts start

engine-stop: setup ## stop the Docker engine, if the kit started it
	@$(RUN)scripts/engine.ts stop

# ---- development -------------------------------------------------------------------------------------------------

.PHONY: test test-unit test-integration test-contract test-e2e test-faults test-escape bench bench-egress bench-agents bench-terminal bench-workspace bench-git bench-freeze bench-supervise score-egress fuzz soak check fix schemas

test: check ## run the checks and all suites that can run here, and report what was skipped
	@$(DEV) scripts/dev/test.ts

test-unit: setup ## the suite without prerequisites
	@$(DEV) scripts/dev/test.ts --suite unit

test-integration: setup ## test adapters and daemons against a real Docker engine
	@$(DEV) scripts/dev/test.ts --suite integration

test-contract: setup ## [SMOLVM=x]: test every fake, or the given smolvm, verb by verb
	@cd "$$KIT" && BOT_BOTTLE_TEST_ALL_FAKES=1 exec node scripts/dev/test.ts --suite contract

test-e2e: setup ## test whole launches, single phases and interruptions
	@cd "$$KIT" && BOT_BOTTLE_TEST_ALL_FAKES=1 exec node scripts/dev/test.ts --suite e2e

test-faults: setup ## [ONLY=regexp] [EVERY=n] [JOBS=3] [FLAGS='--list --json']: meet every call of a launch with every fault and signal, and print a summary
	@$(DEV) test/faults/main.ts $(call given,ONLY,only) $(call given,EVERY,every) $(call given,JOBS,jobs) $(FLAGS)

test-escape: setup ## attack host, network, bundle and neighbors from inside of guests, and print what each attack met
	@cd "$$KIT" && BOT_BOTTLE_TEST_TABLE=1 exec node scripts/dev/test.ts --suite e2e --only test/e2e/escape

bench: setup ## measure the relays, both hand-offs, and leaves by key type
	@$(DEV) test/bench/relay.ts
	@$(DEV) test/bench/handoff.ts
	@$(DEV) test/bench/leaf.ts

bench-egress: setup ## [QUICK=1] [JSON=1] [INSTALL=1]: compare egress to mitmproxy, squid and a bare tunnel
	@$(DEV) test/bench/egress/main.ts $(if $(call is_on,$(QUICK)),--quick) $(if $(call is_on,$(JSON)),--json) $(if $(call is_on,$(INSTALL)),--install)

bench-agents: setup ## measure the time from `make launch` to an agent's first prompt, per provider
	@$(DEV) test/bench/agents.ts

bench-workspace: setup ## [SIZES='10 100 1000']: measure a repository's way in and home, beside plain git
	@$(DEV) test/bench/workspace.ts

bench-git: setup ## [ROUNDS=3] [CASES='1 100 1000 blob']: measure clone, fetch and push through the git gate, beside plain git
	@$(DEV) test/bench/git/main.ts

bench-supervise: setup ## [ROUNDS=20]: measure the time from a person's key to a request that passes, and from a revocation to a closed connection
	@$(DEV) test/bench/supervise/main.ts

bench-freeze: setup ## [SIZES='100 1000 5000'] [ROUNDS=3]: freeze guests of growing size, beside `exec tar | cat`
	@$(DEV) test/bench/freeze.ts

bench-terminal: setup ## measure the filter of what agents print on your terminal
	@$(DEV) test/bench/terminal.ts

score-egress: setup ## [AGENT_EGRESS_BENCH=dir]: score egress with the corpus agent-egress-bench
	@$(DEV) test/bench/score-egress.ts --corpus "$${AGENT_EGRESS_BENCH:-../shared/corpora/agent-egress-bench/cases}"

fuzz: setup ## [TARGET=x] [SEED=n] [ITERS=n]: fuzz the parsers of egress and of terminals with seeded input
	@$(DEV) test/fuzz/main.ts --target "$${TARGET:-all}" --seed "$${SEED:-1}" --iters "$${ITERS:-10000}"

soak: setup ## [DURATION=seconds] [SEED=n]: run many concurrent agents through egress, some of which abort
	@$(DEV) test/soak/main.ts --seconds "$${DURATION:-60}" --seed "$${SEED:-1}"

check: setup ## check types, lint, format, and dependencies between folders
	@$(DEV) scripts/dev/check.ts

fix: setup ## format, and fix what the linter can
	@cd "$$KIT" && exec node_modules/.bin/biome check --write .

schemas: setup ## write the JSON Schemas with which editors check manifests
	@$(DEV) scripts/dev/schemas.ts

# ---- the phase graph ---------------------------------------------------------------------------------------------
# `make up` runs this file in the bottle's directory of records, where each record is a target. The phases in
# lib/phases/ declare the same edges; a test compares them. PHASE_STDERR is the descriptor for the phases'
# messages; PHASE_PROGRAMS is the folder of their programs, which `make up` bundles for a quicker start.

PHASE_STDERR ?= 2
PHASE_PROGRAMS ?= scripts
PHASE_ENDING ?= ts
export PHASE_PROGRAMS PHASE_ENDING
PHASE = cd "$$KIT" && exec node "$$PHASE_PROGRAMS"/$(basename $@).$$PHASE_ENDING --bottle "$$BOTTLE" $(PHASE_FLAGS) 2>&$(PHASE_STDERR)

prepare.json:
	@$(PHASE)
allocate.json: prepare.json
	@$(PHASE)
mint-certs.json: prepare.json
	@$(PHASE)
mint-keys.json: prepare.json
	@$(PHASE)
build-image.json: prepare.json
	@$(PHASE)
start-bundle.json: prepare.json allocate.json mint-certs.json mint-keys.json
	@$(PHASE)
discover-urls.json: prepare.json allocate.json start-bundle.json
	@$(PHASE)
pack-artifact.json: prepare.json build-image.json
	@$(PHASE)
create-guest.json: prepare.json allocate.json pack-artifact.json
	@$(PHASE)
start-guest.json: prepare.json allocate.json create-guest.json
	@$(PHASE)
init-guest.json: prepare.json build-image.json start-guest.json
	@$(PHASE)
provision.json: prepare.json allocate.json build-image.json mint-certs.json discover-urls.json init-guest.json
	@$(PHASE)
probe.json: prepare.json allocate.json build-image.json start-bundle.json discover-urls.json provision.json
	@$(PHASE)
workspace.json: prepare.json build-image.json provision.json probe.json
	@$(PHASE)
attach.json: prepare.json build-image.json provision.json probe.json
	@$(PHASE)

# Runs one phase by hand, with any flags: make allocate BOTTLE=x FLAGS='--force --json'
PHASES = allocate mint-certs mint-keys start-bundle discover-urls build-image pack-artifact create-guest \
         start-guest init-guest provision probe workspace
.PHONY: $(PHASES)
$(PHASES): setup
	@$(RUN)scripts/$@.ts --bottle "$$BOTTLE" $(FLAGS)
