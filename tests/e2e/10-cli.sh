#!/bin/bash
# The command line from outside: exit statuses, what is printed where, refusals before anything is
# opened, lost output, and one tenant's life through every command.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
. tests/support/atexit.sh
. tests/support/engine.sh

root=$E2E_TMP/root
out=$E2E_TMP/stdout
err=$E2E_TMP/stderr
manifests=$root/etc/tenantctl/tenants
export E2E_ROOT=$root
mkdir -p "$root/etc/tenantctl"
chmod 755 "$E2E_TMP" "$root" "$root/etc" "$root/etc/tenantctl"
printf 'gateway_archive: %s/tenantctl-gateway.tar\n' "$IMAGES" >"$root/etc/tenantctl/tenantctl.yaml"
chmod 644 "$root/etc/tenantctl/tenantctl.yaml"
at_exit clean_up

# Whatever a failed test left: by label and path, without tenantctl.
clean_up() {
	docker ps -aq --filter label=dev.tenantctl.role | xargs -r docker rm -f >/dev/null 2>&1
	docker network ls -q --filter label=dev.tenantctl.role |
		xargs -r docker network rm >/dev/null 2>&1
	awk -v d="$root/" 'index($5, d) == 1 {print $5}' /proc/self/mountinfo | tac | xargs -r umount
}

# tc ARGUMENTS...: runs tenantctl against the engine; results in $out, $err and $status.
tc() {
	status=0
	engine_exec_in_net "$TENANTCTL" --root "$root" "$@" >"$out" 2>"$err" </dev/null || status=$?
}

# expect STATUS DESCRIPTION ARGUMENTS...: the exit status is that one.
expect() {
	local want=$1 name=$2
	shift 2
	tc "$@"
	if [ "$status" = "$want" ]; then
		pass "$name"
	else
		fail "$name" "status $status, not $want, of: $*"$'\n'"$(cat "$out" "$err")" 2
	fi
}

# refused STATUS REGEX DESCRIPTION ARGUMENTS...: that status, nothing on standard output, and an
# error of one line (and one of advice) that matches.
refused() {
	local want=$1 regex=$2 name=$3
	shift 3
	tc "$@"
	if [ "$status" != "$want" ]; then
		fail "$name" "status $status, not $want, of: $*"$'\n'"$(cat "$err")" 2
	elif [ -s "$out" ]; then
		fail "$name" "on standard output: $(cat "$out")" 2
	elif [ "$(grep -c '^tenantctl: ' "$err")" != 1 ] || grep -qv '^\(tenantctl\|hint\): ' "$err"; then
		fail "$name" "not one error: $(cat "$err")" 2
	else
		like "$(cat "$err")" "$regex" "$name"
	fi
}

as_nobody() {
	setpriv --reuid 65534 --regid 65534 --clear-groups -- "$@"
}

# ---- without an engine ----

tc_offline() {
	status=0
	"$TENANTCTL" --root "$root" --socket "$E2E_TMP/none.sock" "$@" >"$out" 2>"$err" </dev/null ||
		status=$?
}

usage_errors() {
	refused 2 'a command is missing' 'no command is a usage error'
	refused 2 "unknown command 'lst'.*tenantctl list" 'an unknown command names the nearest' lst
	refused 2 "unknown option '--fromat'.*--format" 'an unknown option names the nearest' \
		list --fromat json
	refused 2 "unknown option '--verb'" 'options are not abbreviated' list --verb
	refused 2 'takes one of human, json' 'an unknown format is refused' list --format xml
	refused 2 'too many arguments' 'too many operands' list extra
	refused 2 'NAME is missing' 'a missing operand' create
	refused 2 'no tenant is named.*--all' 'neither names nor --all' apply
	refused 2 '--all cannot be given together' 'names and --all' stop --all acme
	refused 2 '--prune needs --all' 'prune is for all' apply acme --prune
	refused 2 'jobs' 'jobs out of range' apply --all -j 0
	refused 2 'jobs' 'jobs that are no number' verify --all -j 3x
	refused 2 '' 'a name that is a path' show ../../etc
	refused 2 '' 'a name that is a command word' create all
	refused 2 'is given twice' 'an option twice' create acme -f a -f b
	refused 2 'too many arguments' 'a secret as an argument' secret set acme ghl sk-live-4711
	unlike "$(cat "$err")" 4711 'is not repeated'
	like "$(cat "$err")" 'replace it' 'and is said to be lost'
	refused 2 'not a name of a secret' 'a secret in place of its name' secret set acme SK_live_4711
	unlike "$(cat "$err")" 4711 'is not repeated either'
	refused 2 "'tenantctl secret' is followed by one of: set, list, rotate, rm" 'secret alone' secret
	refused 2 'human, json, junit, tap, sarif, html' 'an unknown format of a report' \
		verify --all --format pdf
	refused 2 "id 'net.sibling.tpc'.*net.sibling.tcp" 'an unknown check names the nearest' \
		verify --explain net.sibling.tpc
	refused 2 "id 'nett.'" 'a selection that selects nothing' verify --all --only nett.
	refused 2 '--list cannot be given together with --explain' 'list and explain' \
		verify --list --explain net.
	refused 2 '--explain cannot be given together with names' 'explain and names' \
		verify acme --explain net.
	refused 2 'human or json, not sarif' 'the list in a format of results' \
		verify --list --format sarif
	status=0
	"$TENANTCTL" --root x list >"$out" 2>"$err" || status=$?
	is "$status" 2 'a relative root'
	refused 2 'network' 'tcp is refused as an option' --socket tcp://127.0.0.1:2375 list
	expect 0 'help' help
	expect 0 'help of a command' verify --help
	expect 0 'help of a group' help seccomp
	refused 2 "unknown command 'nosuch'" 'help of nothing' help nosuch
}

init_and_validate() {
	local before
	expect 0 'validate without manifests' validate
	like "$(cat "$out")" 'tenantctl init' 'says what to do first'
	expect 0 'init' init acme --image tenantctl-demo-worker:1 --allow api.example.com
	like "$(cat "$out")" 'tenantctl create acme' 'init says what comes next'
	is "$(stat -c %a "$manifests/acme.yaml")" 640 'the manifest is not for everybody'
	before=$(sha256sum "$manifests/acme.yaml")
	refused 5 'exists; init never replaces' 'init never overwrites' init acme --image other:1
	is "$(sha256sum "$manifests/acme.yaml")" "$before" 'the file is as it was'
	is "$(find "$manifests" -type f | wc -l)" 1 'no temporary file is left'
	expect 0 'init to standard output' init second --from acme -o -
	like "$(cat "$out")" 'tenant: second' 'from another tenant'
	refused 2 '' 'init refuses what no manifest may hold' init third --allow 'not a host'

	tc_offline validate
	is "$status" 0 'validate needs no engine'
	cp "$manifests/acme.yaml" "$E2E_TMP/bad.yaml"
	echo 'memoryy: 1g' >>"$E2E_TMP/bad.yaml"
	tc_offline validate acme "$E2E_TMP/bad.yaml"
	is "$status" 3 'a refused manifest is status 3'
	like "$(cat "$out")" "bad.yaml:[0-9]+:1: memoryy: unknown key" 'with file, line and column'
	tc_offline validate acme "$E2E_TMP/bad.yaml" --format json
	is "$(jq -c '[.schema, .valid, (.manifests | map(.valid))]' "$out")" '[1,false,[true,false]]' \
		'validate as JSON'
	chmod 666 "$E2E_TMP/bad.yaml"
	tc_offline validate "$E2E_TMP/bad.yaml"
	like "$(cat "$out")" 'can be written by' 'a manifest that others can write is refused'
	tc_offline validate "$E2E_TMP/none.yaml"
	is "$status" 3 'a missing file is refused'
	tc_offline show acme --resolved
	is "$status" 0 'resolved needs no engine'
	cp "$out" "$E2E_TMP/resolved.yaml"
	tc_offline validate "$E2E_TMP/resolved.yaml"
	is "$status" 0 'what is resolved is a manifest again'
	tc_offline schema
	is "$(jq -r .properties.tenant.type "$out")" string 'the schema is JSON'
}

catalogue() {
	tc_offline verify --explain net.sibling.tcp
	is "$status" 0 'explain needs no engine'
	like "$(cat "$out")" 'critical, cross-tenant.*must hold.*tried .*why .*fix ' 'and says all'
	tc_offline verify --explain cap. --format json -o "$E2E_TMP/caps.json"
	is "$(cat "$out")" '' 'explain writes to a file'
	is "$(jq -c '[.schema, (.checks | length), (.checks | map(.tried, .why, .remedy) | all)]' \
		"$E2E_TMP/caps.json")" '[1,5,true]' 'what was asked for'
	tc_offline verify --list --format json -o -
	ok 'the list as JSON' jq -e '.checks | length > 80 and all(.why and .tried)' "$out"
}

engine_trouble() {
	local pid
	tc_offline list
	is "$status" 4 'no socket is status 4'
	like "$(cat "$err")" 'none.sock' 'and is named'
	: >"$E2E_TMP/file.sock"
	expect 4 'a file is no socket' --socket "$E2E_TMP/file.sock" list
	DOCKER_HOST=tcp://127.0.0.1:2375 refused 2 'network' 'tcp is refused in DOCKER_HOST' list
	mkdir -m 777 "$E2E_TMP/open"
	python3 -c 'import os, socket, sys, time
os.setuid(65534)
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen()
time.sleep(60)' "$E2E_TMP/open/nobody.sock" &
	pid=$!
	eventually 10 test -S "$E2E_TMP/open/nobody.sock"
	refused 4 'uid 65534' 'a listener that is not root is refused' \
		--socket "$E2E_TMP/open/nobody.sock" list
	kill "$pid"
	wait "$pid" 2>/dev/null
	expect 0 'DOCKER_HOST names the socket' list
	like "$(cat "$out")" 'acme +not created' 'list shows a manifest without a tenant'
}

privileges() {
	local copy=$E2E_TMP/setuid
	install -m 755 "$TENANTCTL" "$copy"
	as_nobody "$copy" --root "$root" list >"$out" 2>"$err"
	is "$?" 5 'list needs root'
	like "$(cat "$err")" "'tenantctl list' needs root" 'and says so'
	as_nobody "$copy" version >"$out" 2>"$err"
	is "$?" 0 'version does not'
	chmod 4755 "$copy"
	as_nobody "$copy" version >"$out" 2>"$err"
	is "$?" 5 'setuid is refused'
	like "$(cat "$err")" 'setuid' 'and named'
}

# ---- lost output ----

lost_output() {
	local got
	engine_exec_in_net "$TENANTCTL" --root "$root" list >/dev/full 2>"$err"
	is "$?" 70 'a full disk'
	like "$(cat "$err")" 'No space left' 'is named'
	engine_exec_in_net "$TENANTCTL" --root "$root" list >&- 2>"$err"
	is "$?" 70 'a closed standard output'
	engine_exec_in_net "$TENANTCTL" --root "$root" list 2>&- <&- >"$out"
	is "$?" 0 'a closed standard input and error do no harm'
	like "$(cat "$out")" 'TENANT' 'and nothing is lost'
	got=$({
		sleep 0.5
		engine_exec_in_net "$TENANTCTL" --root "$root" list 2>"$err"
		echo $? >"$E2E_TMP/status"
	} | true; cat "$E2E_TMP/status")
	is "$got" 70 'a reader that left'
	like "$(cat "$err")" 'Broken pipe' 'is named'
	"$TENANTCTL" version >/dev/full 2>"$err"
	is "$?" 70 'a full disk without an engine'
}

# ---- one tenant ----

reports() {
	local format
	for format in tap sarif html; do
		expect 0 "a report as $format" verify acme --format $format -o "$E2E_TMP/report" -q
		ok 'that others can read' tests/support/check-report.py $format "$E2E_TMP/report"
	done
	expect 0 'a report on standard output' verify acme --only cap. --format tap -o - -q
	like "$(cat "$out")" '^TAP version 13.1\.\.5.ok 1 - acme cap.effective: ' 'is the same'
	tc verify nosuch --format json -q
	is "$(jq -r '[.pass, .tenants[0].tenant, .tenants[0].verdict] | @csv' "$out")" \
		'false,"nosuch","error"' 'a report says why there is nothing in it'
	refused 5 'no/folder' 'a report that cannot be written' \
		verify acme --format html -o "$E2E_TMP/no/folder/report" -q
}

life() {
	docker load -qi "$DEMO_IMAGE" >/dev/null || bail_out 'the demo image does not load'
	expect 1 'plan of a new tenant is a difference' plan acme
	like "$(cat "$out")" '\+ create worker tc-acme' 'and shows it'
	expect 0 'create' create acme
	is "$(cat "$out")" 'acme: created, verified' 'says that it verified'
	like "$(cat "$err")" 'acme: create network' 'and what it does'
	refused 5 'exists already' 'create again' create acme -q
	expect 0 'plan of an unchanged tenant' plan --all
	is "$(cat "$out")" 'acme: no difference' 'is no difference'
	expect 0 'list' list
	like "$(cat "$out")" 'acme +running +container +tenantctl-demo-worker:1 .*pass' 'shows it'
	expect 0 'list as JSON' list --format json
	is "$(jq -c '[.schema, .tenants[0].tenant, .tenants[0].state, .tenants[0].verdict]' "$out")" \
		'[1,"acme","running","pass"]' 'with the same'
	expect 0 'show' show acme
	like "$(cat "$out")" 'api.example.com:443' 'shows what may be reached'
	expect 0 'show as JSON' show acme --format json
	is "$(jq -r .worker.name "$out")" tc-acme 'shows the worker'
	expect 0 'verify' verify --all --quick
	like "$(cat "$out")" '^acme: pass' 'passes'
	expect 0 'a selection' verify acme --only cap. --format json
	is "$(jq -r '[.tenants[0].findings[].id | startswith("cap.")] | all' "$out")" true \
		'runs only what was asked for'
	expect 0 'a report' verify acme --format junit -o "$E2E_TMP/report.xml" -q
	ok 'is XML' python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' \
		"$E2E_TMP/report.xml"
	reports
	expect 0 'logs' logs acme --gateway --tail 2
	expect 0 'stop' stop --all
	is "$(cat "$out")" 'acme: stopped' 'says so'
	expect 0 'start' start acme
	is "$(cat "$out")" 'acme: started, verified' 'verifies'
}

drift() {
	sed -i 's/^#environment:.*/environment: { MARK: changed }/' "$manifests/acme.yaml"
	expect 1 'plan after an edit' plan acme
	like "$(cat "$out")" '- remove worker tc-acme \(.{1,160}\)' 'with a reason that can be read'
	expect 0 'apply' apply --all -j 2
	is "$(cat "$out")" 'acme: applied, verified' 'makes it so'
	cp "$manifests/acme.yaml" "$E2E_TMP/acme.yaml"
	sed -i 's/^tenant: acme/tenant: acme\nbogus: 1/' "$manifests/acme.yaml"
	refused 3 'tenant acme: .*bogus: unknown key' 'apply of a refused manifest' apply acme
	expect 3 'many, one refused' apply acme other
	like "$(cat "$err")" '1: bogus|bogus: unknown key' 'names each that failed'
	cp "$E2E_TMP/acme.yaml" "$manifests/acme.yaml"
}

# Everything a terminal would act on is shown, not sent.
hostile_log() {
	sed -i 's/^#command:.*/command: [sh, -c, "printf \\"a\\\\\\\\033[2Jb\\\\\\\\n\\"; exec demo-worker"]/' \
		"$manifests/acme.yaml"
	expect 0 'a worker that writes control bytes' apply acme
	tc logs acme
	like "$(cat "$out")" 'a\\x1B\[2Jb' 'is shown in letters'
	unlike "$(cat "$out")" $'\033' 'and never raw'
}

# Lines of before and after a restart, none twice and none lost; ends as soon as it is told to.
following() {
	local pids=()
	follow_to "$E2E_TMP/followed"
	follow_to "$E2E_TMP/new" -n 0
	eventually 10 grep -q 'a.*b' "$E2E_TMP/followed"
	tc stop acme -q
	tc start acme -q
	ok 'logs -f goes on after a restart' eventually 10 lines_are 2 "$E2E_TMP/followed"
	ok 'also when it began with no line' eventually 10 lines_are 1 "$E2E_TMP/new"
	kill -INT "${pids[@]}"
	wait "${pids[0]}"
	is "$?" 0 'and ends well when interrupted'
	wait "${pids[1]}"
	ok 'with every line once' lines_are 2 "$E2E_TMP/followed"
	ok 'and no old one' lines_are 1 "$E2E_TMP/new"
}

follow_to() { # FILE [ARGUMENT]...
	# exec: the signal must reach the program, not a shell around it
	(exec nsenter --net="$ENGINE_NETNS" -- "$TENANTCTL" --root "$root" logs acme -f "${@:2}" \
		>"$1" 2>&1) &
	pids+=($!)
}

lines_are() { # COUNT FILE
	[ "$(grep -c 'a.*b' "$2")" = "$1" ]
}

prune_and_delete() {
	mv "$manifests/acme.yaml" "$E2E_TMP/acme.yaml"
	refused 3 'no manifest at all' 'prune is refused without any manifest' apply --all --prune
	tc init other --image tenantctl-demo-worker:1
	mv "$manifests/other.yaml" "$manifests/zz.yaml"
	sed -i 's/^tenant: other/tenant: zz/' "$manifests/zz.yaml"
	expect 0 'list of a tenant without manifest' list
	like "$(cat "$out")" 'acme +running \(no manifest\)' 'says so'
	expect 0 'prune' apply --all --prune
	like "$(cat "$out")" 'acme: deleted.*kept: workspace .*zz: applied, verified' \
		'deletes what has no manifest, keeps its data, makes the rest'
	like "$(cat "$err")" 'acme has no manifest and is deleted' 'and says it first'
	is "$(docker ps -aq --filter name=tc-acme | wc -l)" 0 'its containers are gone'
	expect 0 'delete' delete zz --purge
	like "$(cat "$out")" 'gone: workspace' 'says what is gone'
	refused 5 'no such tenant' 'delete again' delete zz
	refused 3 'has no manifest' 'show of nothing' show zz
}

seccomp() {
	expect 0 'seccomp list' seccomp list
	like "$(cat "$out")" 'ai-worker +[0-9]+' 'lists the default'
	expect 0 'seccomp show' seccomp show ai-worker
	expect 0 'seccomp check' seccomp check profiles/strict.json
	expect 3 'seccomp check of nonsense' seccomp check /etc/hostname
	expect 0 'a profile is like itself' seccomp diff strict strict
	expect 1 'two are not' seccomp diff ai-worker strict --format json
	ok 'and say so in JSON' jq -e '.total > 0 and (.differences | length > 0)' "$out"
}

completion() {
	tc completion bash
	cp "$out" "$E2E_TMP/completion"
	# shellcheck disable=SC2016 # expanded by the other shell
	is "$(PATH=${TENANTCTL%/*}:$PATH bash -c '
		. "$1"
		complete_words() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tenantctl; echo "${COMPREPLY[*]}"; }
		complete_words tenantctl ver
		complete_words tenantctl seccomp d
		complete_words tenantctl verify --format j
		complete_words tenantctl --format json delete --pu
		complete_words tenantctl verify --on
		complete_words tenantctl verify --explain net.sibling.' - "$E2E_TMP/completion")" \
		$'verify version\ndiff\njson junit\n--purge\n--only\nnet.sibling.tcp net.sibling.udp net.sibling.dns' \
		'bash completes'
	tc complete tenants
	is "$(cat "$out")" acme 'names come from the manifests'
	refused 2 'bash, zsh or fish' 'another shell' completion tcsh
}

# What works before there is a tenant, a manifest or an engine.
secrets() {
	local folder=$root/etc/tenantctl/secrets/acme
	tc_offline secret list
	like "$(cat "$out")" 'no secrets yet' 'no secrets'
	tc_offline secret set acme ghl
	is "$status" 2 'a secret that is empty is refused'
	echo seven-7 | "$TENANTCTL" --root "$root" secret set acme ghl >"$out" 2>"$err"
	like "$? $(cat "$err")" '^2 .*shorter than 8 bytes' 'and one that is too short'
	ok 'nothing was made of it' test ! -e "$folder/ghl"
	echo 'not-a-real-key' | "$TENANTCTL" --root "$root" secret set acme ghl >"$out" 2>"$err"
	is "$(cat "$out")" 'acme: secret ghl set; the tenant is not there yet' 'a secret from standard input'
	is "$(stat -c '%a %u' "$folder" "$folder/ghl" | xargs)" '700 0 600 0' 'is for root alone'
	is "$(cat "$folder/ghl")" not-a-real-key 'and complete'
	tc_offline secret list acme --format json
	is "$(jq -c '.secrets | map([.key, .state, .used_by])' "$out")" '[["ghl","unused",null]]' 'is listed'
	unlike "$(cat "$out")" not-a-real 'without its value'
	refused 5 'secret none is not set.*hint: tenantctl secret set acme none' 'rotate of nothing' secret rotate acme none
	is "$(typed 'typed-key-4711' secret rotate acme ghl)" '' 'a terminal shows nothing of what is typed'
	is "$(cat "$folder/ghl")" typed-key-4711 'which is stored'
	is "$(typed '' secret rotate acme ghl)" 'restored' 'a terminal that was interrupted is as it was'
	is "$(cat "$folder/ghl")" typed-key-4711 'and the secret, too'
	tc_offline secret rm acme ghl
	is "$status" 0 'one that nothing uses is removed'
	ok 'and gone' test ! -e "$folder/ghl"
}

# typed TEXT ARGUMENTS...: types it at the prompt; prints TEXT if the terminal showed it. Without TEXT a
# signal comes instead, and "restored" says that the terminal echoes again.
typed() {
	python3 - "$@" <<-'END'
		import os, pty, select, signal, sys, termios, time
		text, args = sys.argv[1].encode(), sys.argv[2:]
		pid, terminal = pty.fork()
		if pid == 0:
		    os.execv(os.environ["TENANTCTL"], ["tenantctl", "--root", os.environ["E2E_ROOT"]] + args)
		seen, end = b"", time.monotonic() + 10
		while b"): " not in seen and time.monotonic() < end:
		    if select.select([terminal], [], [], 0.1)[0]:
		        seen += os.read(terminal, 4096)
		slave = os.open(os.readlink(f"/proc/{pid}/fd/0"), os.O_RDWR | os.O_NOCTTY)
		if text:
		    os.write(terminal, text + b"\n")
		else:
		    os.kill(pid, signal.SIGTERM)
		try:
		    while data := os.read(terminal, 4096) if select.select([terminal], [], [], 0.5)[0] else b"":
		        seen += data
		except OSError:
		    pass
		os.waitpid(pid, 0)
		if text and text in seen:
		    print(text.decode())
		if not text and termios.tcgetattr(slave)[3] & termios.ECHO:
		    print("restored")
	END
}

usage_errors
init_and_validate
secrets
catalogue
completion
engine_trouble
privileges
lost_output
life
drift
hostile_log
following
prune_and_delete
seccomp
done_testing
