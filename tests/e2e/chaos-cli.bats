#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# chaos-cli.bats - the command line of chaos, as `harpoon chaos` and as pumba: texts, exit codes, log
# lines, and what each lifecycle command does to containers, seen from outside.
load helper
load pumba

setup_file() {
	e2e_up
	pumba_up
	unset DOCKER_HOST HARPOON_ENGINE
}
teardown_file() { e2e_down; }

# both CODE WORD...: the words end with that status as pumba and as harpoon chaos; output is the last
# one's stdout, stderr its stderr.
both() {
	local code=$1
	shift
	run --separate-stderr "-$code" pumba "$@" || { say "pumba $*"; return 1; }
	first=$output
	run --separate-stderr "-$code" harpoon chaos "$@" || { say "chaos $*"; return 1; }
}

say() {
	printf '%s ended with %s\n%s\n%s\n' "$1" "$status" "$output" "$stderr" >&2
}

# chaos WORD...: on this file's containerd.
chaos() {
	harpoon chaos --containerd-socket "$CONTAINERD_ADDRESS" \
		--containerd-namespace "$CONTAINERD_NAMESPACE" "$@"
}

# behind WORD...: the same in the background, where $! is the program itself and not a shell.
behind() {
	harpoon chaos --containerd-socket "$CONTAINERD_ADDRESS" \
		--containerd-namespace "$CONTAINERD_NAMESPACE" "$@" 3>&- &
}

# up NAME...: containers that sleep.
up() {
	local name
	for name in "$@"; do
		harpoon run -d --name "$name" "$IMG" sleep 600 >/dev/null
	done
}

@test "help has Pumba's headings, at every level" {
	local words
	for words in --help -h help h ''; do
		# shellcheck disable=SC2086 # none is none
		both 0 $words
		has NAME: USAGE: VERSION: COMMANDS: 'GLOBAL OPTIONS:' --interval '$DRY-RUN'
		[ -z "$stderr" ]
	done
	for words in 'kill --help' 'kill -h' 'help kill' 'h kill'; do
		# shellcheck disable=SC2086 # two words
		both 0 $words
		has NAME: USAGE: OPTIONS: '--signal value, -s value' '(default: "SIGKILL")'
	done
	for words in iptables 'iptables --help' 'iptables help' 'help iptables'; do
		# shellcheck disable=SC2086 # two words
		both 0 $words
		has NAME: USAGE: COMMANDS: OPTIONS: loss '--source value, --src value, -s value'
	done
	both 0 iptables loss --help
	has 'iptables loss' --probability
	both 0 iptables help loss
	has 'iptables loss' --probability
	expect 0 harpoon help chaos
	has 'GLOBAL OPTIONS:'
	expect 0 harpoon help chaos kill
	has 'harpoon chaos kill' --signal
	expect 3 harpoon help chaos foo
}

@test "versions" {
	expect 0 pumba --version
	[[ $output =~ ^Pumba\ version\ [0-9.]+\ -\ \[harpoon:[0-9.]+\]$ ]]
	expect 0 pumba -v
	expect 0 harpoon chaos -v
}

@test "what there is not ends with 3, and is no log line" {
	both 3 foo
	[ "$stderr" = "No help topic for 'foo'" ]
	[ -z "$output" ]
	both 3 iptables foo
	[ "$stderr" = "No help topic for 'foo'" ]
	both 3 help foo
	both 3 iptables help foo
}

# usage WORDS TEXT: they end with 1, Incorrect Usage and help on stdout, and TEXT as fatal line.
usage() {
	# shellcheck disable=SC2086 # several words
	both 1 $1
	has 'Incorrect Usage' "$2" NAME: USAGE:
	[[ $stderr == time=*' level=fatal msg='* ]]
	tells "${2//\"/\\\"}"
	[ "$(wc -l <<<"$stderr")" = 1 ]
}

@test "flags that are wrong" {
	usage --bad 'flag provided but not defined: -bad'
	usage '--interval x kill a' 'invalid value "x" for flag -interval: parse error'
	usage '--interval 30 kill a' 'invalid value "30" for flag -interval: parse error'
	usage '-i 30s~10s kill a' 'invalid value "30s~10s" for flag -i: the range runs backwards'
	usage '--start-delay 5 kill a' 'invalid value "5" for flag -start-delay: parse error'
	usage '--max-duration 5 kill a' 'invalid value "5" for flag -max-duration: parse error'
	usage '--count x kill a' 'invalid value "x" for flag -count: parse error'
	usage '--seed 1.5 kill a' 'invalid value "1.5" for flag -seed: parse error'
	usage '--random=x kill a' 'invalid boolean value "x" for -random: parse error'
	usage '--dry-run=x kill a' 'invalid boolean value "x" for -dry-run: parse error'
	usage '-l info --log-level info kill a' 'Cannot use two forms of the same flag: l log-level'
	usage 'kill a --nope' 'flag provided but not defined: -nope'
	usage 'kill a --signal' 'flag needs an argument: -signal'
	usage 'kill ---x' 'bad flag syntax: ---x'
	usage 'kill --limit x a' 'invalid value "x" for flag -limit: parse error'
	usage 'stop -t 1 --time 2 a' 'Cannot use two forms of the same flag: t time'
	usage 'stop -t 99999999999999999999 a' 'value out of range'
	usage 'stop --restart=maybe a' 'invalid boolean value "maybe" for -restart: parse error'
	usage 'restart -t 5 a' 'invalid value "5" for flag -t: parse error'
	usage 'rm --force=yes a' 'invalid boolean value "yes" for -force: parse error'
	usage 'stress --pull-image=2 a' 'invalid boolean value "2" for -pull-image: parse error'
	usage 'iptables --duration 5 loss a' 'invalid value "5" for flag -duration: parse error'
	usage 'iptables -d 5s loss --probability x a' 'invalid value "x" for flag -probability'
	usage 'iptables -d 5s loss --every x a' 'invalid value "x" for flag -every: parse error'
	usage 'iptables -d 5s loss -d 5s a' 'flag provided but not defined: -d'
}

# refused WORDS TEXT: they end with 1 and TEXT as the only line.
refused() {
	# shellcheck disable=SC2086 # several words
	both 1 $1
	[ -z "$output" ]
	tells 'level=fatal' "$2"
	[ "$(wc -l <<<"$stderr")" = 1 ]
}

@test "values that are wrong" {
	refused 'kill' 'container name, list of names, or RE2 regex is required'
	refused 'stop' 'container name, list of names, or RE2 regex is required'
	refused 'rm' 'container name, list of names, or RE2 regex is required'
	refused 'kill --signal SIGNOPE a' 'undefined Linux signal: SIGNOPE'
	refused 'kill -s 9 a' 'undefined Linux signal: 9'
	refused 'kill --limit=-1 a' 'limit'
	refused 'stop --duration 0 a' 'unset or invalid duration value'
	refused 'pause a' 'unset or invalid duration value'
	refused 'pause -d=-5s a' 'unset or invalid duration value'
	refused 'stress a' 'unset or invalid duration value'
	refused 'iptables loss a' 'error parsing iptables parameters: unset or invalid duration value'
	refused '-i 3s iptables -d 5s loss a' 'duration must be shorter than interval'
	refused 'iptables -d 5s -i 0x loss a' 'invalid network interface name'
	refused 'iptables -d 5s -p x loss a' 'invalid protocol'
	refused 'iptables -d 5s --sport 80 loss a' 'invalid protocol'
	refused 'iptables -d 5s -p tcp --sport 80, loss a' 'invalid port'
	refused 'iptables -d 5s -s host loss a' 'invalid source'
	refused 'iptables -d 5s loss --probability 2 a' 'probability'
	refused 'iptables -d 5s loss --mode nth a' 'every'
	refused '--runtime lxd kill a' 'unsupported runtime: lxd'
	refused '--count 3 kill a' 'interval'
	refused '--output xml kill a' 'invalid output'
	refused '--run-id a/b kill a' 'run-id'
	refused '--report /no/such/file.html --runtime fake kill a' '/no/such/file.html'
	refused 'revert' 'run-id'
	refused 'ls x' 'no arguments'
	refused 'netem delay --time 100 a' 'network emulation is not in this version'
	refused 'netem --help' 'network emulation is not in this version'
}

@test "log lines: text, JSON, levels, and where they are chosen" {
	both 1 kill
	[[ $stderr =~ ^time=\"[0-9]{4}-[0-9-]{5}T[0-9:]{8}(Z|[+-][0-9:]{5})\"\ level=fatal\ msg=\" ]]
	both 1 --json kill
	jq -e '.level == "fatal" and (.msg | contains("RE2")) and (.time | length >= 20)' <<<"$stderr"
	LOG_JSON=true both 1 kill
	jq -e '.level == "fatal"' <<<"$stderr"
	LOG_JSON='' both 1 kill
	[[ $stderr == time=* ]]
	LOG_JSON=maybe both 1 kill a
	tells 'level=fatal' 'could not parse maybe as bool value'
	both 0 --runtime fake kill nobody
	tells 'level=warning msg="no containers found"'
	both 0 --runtime fake -l error kill nobody
	[ -z "$stderr" ]
	LOG_LEVEL=ERROR both 0 --runtime fake kill nobody
	[ -z "$stderr" ]
	run --separate-stderr -0 harpoon --log-level info --log-format json chaos --runtime fake kill nobody
	jq -es '.[0].level == "info" and .[1].level == "warning"' <<<"$stderr"
	both 0 --runtime fake -l nonsense kill nobody
	tells 'no containers found'
	both 0 --runtime fake -l debug --seed 42 --run-id mine kill nobody
	tells 'level=info' 'seed=42' 'run=mine' 'level=debug'
}

@test "completion" {
	run -0 pumba --generate-bash-completion
	[ "${lines[0]}" = kill ]
	has iptables help
	run -0 pumba -l info kil --generate-bash-completion
	has kill
	run -0 pumba iptables --duration 5s --generate-bash-completion
	[ "$output" = loss ]
	run -0 pumba iptables loss --p --generate-bash-completion
	has --probability --packet
	run -0 pumba kill --generate-bash-completion
	[ -z "$output" ]
	harpoon completion bash >"$BATS_TEST_TMPDIR/script"
	complete_to 'iptables' pumba -l info ipt
	complete_to '--probability --packet' pumba iptables loss --p
	complete_to 'iptables' harpoon chaos -l info ipt
	complete_to 'restart rm recover revert' harpoon chaos r
	complete_to '--restart' harpoon chaos stop --r
}

# complete_to WORDS LINE...: what bash offers for the last word of that line.
complete_to() {
	local wanted=$1
	shift
	# shellcheck disable=SC2016 # the inner shell expands
	run -0 bash -c '. "$1"; shift; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*"
		COMP_POINT=${#COMP_LINE}; "_$1"; echo "${COMPREPLY[*]}"' bash "$BATS_TEST_TMPDIR/script" "$@"
	[ "$output" = "$wanted" ]
}

@test "an engine that is not there" {
	expect 1 pumba --host "unix://$E2E/no.sock" kill a
	has level=fatal "$E2E/no.sock"
	expect 1 harpoon chaos --containerd-address "unix://$E2E/no.sock" kill a
	has level=fatal "$E2E/no.sock"
	expect 1 env CONTAINERD_ADDRESS="$E2E/no.sock" harpoon chaos kill a
	has level=fatal "$E2E/no.sock"
	expect 1 pumba --runtime podman --podman-socket "$E2E/no.sock" kill a
	has level=fatal 'podman runtime: explicit socket'
	expect 1 pumba --runtime podman --podman-socket ssh://there kill a
	has level=fatal 'podman runtime: explicit socket' ssh
	# Who asks for TLS is not given clear text.
	expect 1 pumba --host tcp://127.0.0.1:1 --tlsverify kill a
	has level=fatal https://127.0.0.1:1
}

@test "kill, by name, pattern, label and limit; nobody is no failure" {
	up k1 k2 k3 other
	harpoon run -d --name tagged --label tier=web --label x "$IMG" sleep 600 >/dev/null
	run --separate-stderr -0 chaos -l info kill k1
	tells 'msg="killing container"' 'name=k1' 'signal=SIGKILL' 'dryrun=false'
	until_ok 20 state_is k1 exited
	run --separate-stderr -0 chaos kill nobody
	tells 'level=warning msg="no containers found"'
	run --separate-stderr -1 chaos --fail-if-none kill nobody
	tells 'level=fatal'
	chaos --label 'tier=web, x' kill re2:.
	until_ok 20 state_is tagged exited
	chaos kill --limit 1 're2:^k[0-9]$'
	[ "$(harpoon ps --filter name=k -q | wc -l)" -ge 1 ]
	chaos kill k2 k3 -s SIGKILL
	until_ok 20 state_is k2 exited
	until_ok 20 state_is k3 exited
	state_is other running
	# A pattern that is none matches nothing, and that is said.
	run --separate-stderr -0 chaos kill 're2:a('
	tells 'level=warning msg="pattern' 'no containers found'
	# With two arguments none is a pattern.
	run --separate-stderr -0 chaos kill re2:other re2:k
	tells 'no containers found'
	state_is other running
}

@test "a seed chooses the same again" {
	local i chosen='' now
	up s1 s2 s3 s4 s5
	for i in 1 2 3; do
		now=$(chaos --seed 7 --random --dry-run pause -d 1s re2:^s)
		[[ $now == 'plan: pause container s'* ]]
		[ -z "$chosen" ] || [ "$now" = "$chosen" ]
		chosen=$now
	done
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		chaos --seed $i --random --dry-run pause -d 1s re2:^s
	done | sort -u >"$BATS_TEST_TMPDIR/all"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/all")" -gt 1 ]
}

@test "pause is held, listed, and undone at its end" {
	up p1
	behind --run-id held -l info pause --duration 60s p1 2>"$BATS_TEST_TMPDIR/log"
	until_ok 20 state_is p1 paused
	run -0 chaos ls
	has held-1 pause p1 containerd 'held'
	run -0 chaos --output ndjson ls
	jq -e '.Fault == "held-1" and .State == "held" and .Container == "p1"' <<<"$output"
	run -0 chaos status --check
	has 'held: 1' 'left behind: 0' 'engine: containerd'
	kill $!
	wait $!
	state_is p1 running
	grep -q 'msg="pausing container".*name=p1' "$BATS_TEST_TMPDIR/log"
	grep -q 'msg="stop pausing container".*name=p1' "$BATS_TEST_TMPDIR/log"
	run -0 chaos status
	has 'held: 0'
	SECONDS=0
	chaos pause --duration 2s p1
	[ $SECONDS -ge 2 ]
	state_is p1 running
}

@test "a signal undoes what is held, and is no failure" {
	local sig
	up sg
	for sig in INT TERM HUP; do
		behind pause --duration 60s sg
		until_ok 20 state_is sg paused
		kill -$sig $!
		wait $!
		state_is sg running
	done
}

@test "the second signal ends the run at once, and the undo is still done" {
	up twice
	behind stop --time 1 --restart --duration 60s twice
	until_ok 20 state_is twice exited
	kill -INT $!
	kill -TERM $!
	wait $! || true
	until_ok 20 state_is twice running
	until_ok 20 sh -c 'harpoon chaos status | grep -q "held: 0"'
}

@test "revert by the run's name, recover after all were killed" {
	local run_pid guard
	up rv
	behind --run-id rv pause --duration 60s rv
	run_pid=$!
	until_ok 20 state_is rv paused
	expect 0 chaos revert --run-id other
	state_is rv paused
	expect 0 chaos revert --run-id rv
	has rv-1
	state_is rv running
	wait $run_pid
	behind --run-id rc pause --duration 60s rv
	run_pid=$!
	until_ok 20 state_is rv paused
	guard=$(chaos --output ndjson ls | jq .Guard)
	kill -KILL "$guard" $run_pid 2>/dev/null || true
	wait $run_pid || true
	# Where the run came first it undid the fault itself; where it did not, that is left.
	expect 0 chaos recover
	state_is rv running
	expect 0 chaos status --check
	has 'left behind: 0'
}

@test "stop, with and without a restart; restart" {
	local before
	up st
	chaos -l info stop --time 1 st
	state_is st exited
	harpoon start st
	before=$(pid_of st)
	chaos stop --time 1 --restart --duration 1s st
	until_ok 20 state_is st running
	[ "$(pid_of st)" != "$before" ]
	before=$(pid_of st)
	run --separate-stderr -0 chaos -l info restart --timeout 100ms st
	tells 'msg="restart container"'
	state_is st running
	[ "$(pid_of st)" != "$before" ]
}

@test "rm takes stopped ones too" {
	up r1 r2
	harpoon kill r2
	until_ok 20 state_is r2 exited
	run --separate-stderr -0 chaos -l info rm r1 r2
	tells 'msg="removing container"' 'force=true'
	[ -z "$(harpoon ps -aq --filter name=r1 --filter name=r2)" ]
}

@test "exec: a command split at blanks, or one with arguments" {
	up ex
	run --separate-stderr -0 chaos -l info exec --command 'echo two words' ex
	tells 'msg="exec container"' 'msg="two words"'
	run --separate-stderr -0 chaos -l info exec --command echo --args 'a  b' --args -c ex
	tells 'msg="a  b -c"'
	run --separate-stderr -1 chaos exec --command false ex
	tells 'level=fatal' 'running exec: error running chaos command' 'exit code 1'
}

@test "a dry run says what it would do, and does nothing" {
	up dry
	run --separate-stderr -0 chaos --dry-run -l info kill dry
	[[ $output == 'plan: kill container dry ('* ]]
	tells 'msg="killing container"' 'dryrun=true'
	# A shell between would drop a variable of that name.
	env DRY-RUN=true "$HARPOON" --data-root "$E2E/data" --state-root "$E2E/hp" chaos \
		--containerd-socket "$CONTAINERD_ADDRESS" --namespace "$CONTAINERD_NAMESPACE" kill dry
	chaos --dry-run pause -d 60s dry
	state_is dry running
}

@test "a dry run of iptables prints the exact steps, and has set none" {
	up ipt
	run --separate-stderr -0 chaos --dry-run iptables -i lo -d 60s -p tcp --dport 80,443 \
		loss --probability 0.25 ipt
	[[ ${lines[0]} == 'plan: iptables container ipt ('*') for 1m0s' ]]
	[ "$(grep -c '^  apply: .*INPUT' <<<"$output")" -ge 2 ]
	[ "$(grep -c '^  revert: ' <<<"$output")" -ge 1 ]
	run --separate-stderr -0 chaos --dry-run --output ndjson iptables -i lo -d 60s loss ipt
	jq -es 'map(select(.event == "planned")) | .[0].apply | length >= 1' <<<"$output"
	[ -z "$(nsenter -t "$(pid_of ipt)" -n iptables-save -t filter 2>/dev/null | grep DROP)" ]
}

@test "events as ndjson, as their schema says, and a report" {
	up ndj
	run --separate-stderr -0 chaos --output ndjson --run-id ndj --seed 9 \
		--report "$BATS_TEST_TMPDIR/r.html" pause -d 300ms ndj
	jq -es 'map(.event) == ["begun", "round", "applying", "applied", "undoing", "undone", "ended"]
		and all(.run == "ndj") and .[0].seed == 9
		and .[3].container.name == "ndj" and .[3].fault == "ndj-1"' <<<"$output"
	pumba schema >"$BATS_TEST_TMPDIR/schema.json"
	jq -e --slurpfile s "$BATS_TEST_TMPDIR/schema.json" \
		'. as $e | ($s[0].required - keys == []) and (keys - ($s[0].properties | keys) == [])
		and ($s[0].properties.event.enum | index($e.event) != null)' <<<"$output"
	grep -q '<svg' "$BATS_TEST_TMPDIR/r.html"
	grep -q 'ndj' "$BATS_TEST_TMPDIR/r.html"
	chaos --report "$BATS_TEST_TMPDIR/r.ndjson" pause -d 100ms ndj
	jq -es 'length == 7' "$BATS_TEST_TMPDIR/r.ndjson"
}

@test "again and again: interval, count, start-delay, max-duration, skip-error" {
	local rounds
	up ag
	rounds=$(chaos --interval 200ms~400ms --count 3 --output ndjson pause -d 100ms ag |
		jq -s 'map(select(.event == "undone")) | length')
	[ "$rounds" = 3 ]
	SECONDS=0
	chaos --start-delay 2s pause -d 100ms ag
	[ $SECONDS -ge 2 ]
	chaos --max-duration 1s -i 200ms pause -d 100ms ag
	chaos --max-duration 1s pause -d 60s ag
	state_is ag running
	run --separate-stderr -0 chaos --skip-error -i 100ms --count 2 exec -s false ag
	tells 'level=warning' 'msg="skipping error"'
}

@test "webhooks and Slack" {
	local port
	up wh
	python3 - "$BATS_TEST_TMPDIR/posts" "$BATS_TEST_TMPDIR/port" <<-'END' 3>&- &
		import http.server, json, os, sys
		class Sink(http.server.BaseHTTPRequestHandler):
		    def do_POST(self):
		        body = self.rfile.read(int(self.headers["Content-Length"]))
		        with open(sys.argv[1], "ab") as f:
		            f.write(json.dumps({"path": self.path, "body": json.loads(body)}).encode() + b"\n")
		        self.send_response(204)
		        self.end_headers()
		    def log_message(self, *args):
		        pass
		server = http.server.HTTPServer(("127.0.0.1", 0), Sink)
		with open(sys.argv[2] + ".new", "w") as f:
		    f.write(str(server.server_port))
		os.rename(sys.argv[2] + ".new", sys.argv[2])
		server.timeout = 30
		server.serve_forever()
	END
	server=$!
	until_ok 10 test -s "$BATS_TEST_TMPDIR/port"
	port=$(cat "$BATS_TEST_TMPDIR/port")
	chaos --webhook "http://127.0.0.1:$port/hook" --slackhook "http://127.0.0.1:$port/slack" \
		--slackchannel '#ops' -l info --run-id wh pause -d 100ms wh 2>/dev/null
	kill $server
	jq -es 'map(select(.path == "/hook") | .body.event)
		== ["begun", "round", "applying", "applied", "undoing", "undone", "ended"]' \
		"$BATS_TEST_TMPDIR/posts"
	jq -es 'map(select(.path == "/slack") | .body) | length >= 3
		and all(.username == "pumba_bot" and .channel == "#ops" and .icon_emoji == ":boar:")
		and any(.attachments[0].text == "pausing container")' "$BATS_TEST_TMPDIR/posts"
	# Nobody who listens is no reason to fail, nor to wait.
	run --separate-stderr -0 chaos --webhook "http://127.0.0.1:$port/hook" pause -d 100ms wh
	tells 'level=warning' 'an event could not be posted'
}

@test "pumba finds its own way to containerd" {
	up pu
	pumba --runtime containerd --containerd-socket "$CONTAINERD_ADDRESS" \
		--containerd-namespace "$CONTAINERD_NAMESPACE" kill pu
	until_ok 20 state_is pu exited
	harpoon start pu
	PUMBA_RUNTIME=containerd pumba kill pu
	until_ok 20 state_is pu exited
	# Without Docker's socket the engine that is there is meant.
	harpoon start pu
	run --separate-stderr -0 env DOCKER_HOST="unix://$E2E/no.sock" pumba -l info kill pu
	tells 'no runtime named, using one that is there' 'runtime=containerd'
	until_ok 20 state_is pu exited
	# Its namespace is Kubernetes' unless one is given.
	harpoon start pu
	run --separate-stderr -0 env -u CONTAINERD_NAMESPACE pumba --runtime containerd kill pu
	tells 'no containers found'
	state_is pu running
}
