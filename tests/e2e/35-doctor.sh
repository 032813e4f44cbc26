#!/bin/bash
# The host under examination: real engines of both versions, bad states that turn the right check,
# and repairs. Sysctls are only ever changed in a tree that stands in for /proc/sys in a mount
# namespace of its own.
# engines: none
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
. tests/support/atexit.sh
. tests/support/engine.sh
. tests/support/tenants.sh

root=$E2E_TMP/root
report=$E2E_TMP/out
said=$E2E_TMP/err
image=tenantctl-demo-worker:1
mkdir -p "$root/etc/tenantctl"
at_exit 'tenants_mounts | xargs -r umount'
chmod 755 "$E2E_TMP" "$root" "$root/etc" "$root/etc/tenantctl"

# doctor ARGUMENTS...: results in $report, $said and $status
doctor() {
	status=0
	engine_exec_in_net "$TENANTCTL" --root "$root" --socket "$ENGINE_SOCKET" doctor "$@" \
		>"$report" 2>"$said" </dev/null || status=$?
}

# verdict ID [ARGUMENTS...]: of one check, as the engine and the host are now
verdict() {
	doctor --only "doctor.$1" --format json
	jq -r --arg id "doctor.$1" '.tenants[0].findings[] | select(.id == $id).verdict' "$report"
}

# observed ID: words of the check that was asked for last
observed() {
	jq -r --arg id "doctor.$1" '.tenants[0].findings[] | select(.id == $id).observed' "$report"
}

# becomes ID VERDICT REGEX DESCRIPTION: the check says so now
becomes() {
	is "$(verdict "$1")" "$2" "$4: $1 is $2"
	like "$(observed "$1")" "$3" "$4: and says why"
}

is_xml() {
	python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$1"
}

# ---- a host as it should be, as far as this one is ----

reports() {
	local kind=$1
	doctor --format json
	is "$(jq -r '[.schema, .tenants[0].tenant, (.tenants[0].findings | length > 70)] | @csv' "$report")" \
		'1,"host",true' "engine $kind: doctor gives JSON"
	is "$(jq -r '[.tenants[0].findings[] | select(.verdict == "fail" or .verdict == "inconclusive").id]
		| join(" ")' "$report")" '' "engine $kind: nothing fails, everything is known"
	is "$status" 0 "engine $kind: warnings alone are no failure"
	is "$(observed engine.answers | cut -d , -f 1)" "engine $ENGINE_VERSION" \
		"engine $kind: its version is seen"
	is "$(jq -r '[.tenants[0].findings[] | select(.observed == null or .expected == null).id] | join(" ")' \
		"$report")" '' "engine $kind: every check says what it saw"
	doctor
	like "$(head -n 1 "$report")" '^host: pass, [0-9]+ passed, 0 failed' "engine $kind: people see a line"
	unlike "$(cat "$report")" 'doctor.engine.limits' "engine $kind: and nothing of what is well"
	doctor -v
	like "$(cat "$report")" 'pass +doctor.engine.limits' "engine $kind: unless they ask"
	doctor --format junit -o "$E2E_TMP/report.xml"
	ok "engine $kind: JUnit is XML" is_xml "$E2E_TMP/report.xml"
}

# A number warns where a distribution may have fixed what it stands for.
versions() {
	local kind=$1
	becomes runc.leaked-fd warn 'do not show in the number|is older' "engine $kind, runc of Debian"
	case $kind in
	20) becomes engine.dns warn 'verify --all.*decides' "engine $kind" ;;
	28) becomes engine.dns pass '28' "engine $kind" ;;
	esac
}

# ---- bad states ----

foreign_containers() {
	local kind=$1
	is "$(verdict containers.privileged)" pass "engine $kind: nobody is privileged"
	# stopped: a machine without every capability can't start it
	docker create --privileged --name rogue "$image" >/dev/null || bail_out 'no container is made'
	becomes containers.privileged warn 'rogue \(created\) is privileged' \
		"engine $kind, a privileged container"
	docker rm -f rogue >/dev/null
	docker run -d --pid host --name rogue "$image" >/dev/null || bail_out 'no container starts'
	becomes containers.namespaces warn 'rogue sees every process' "engine $kind, --pid host"
	docker rm -f rogue >/dev/null
	docker run -d -v "$ENGINE_SOCKET:/sock" --cap-add SYS_ADMIN --label dev.tenantctl.tenant=acme \
		--label dev.tenantctl.nonce=0 --name tc-acme "$image" >/dev/null
	becomes containers.privileged warn "tc-acme holds the engine's socket.*SYS_ADMIN" \
		"engine $kind, a name and labels like ours"
	docker rm -f tc-acme >/dev/null
	mkdir -p "$root/srv/tenants"
	chmod 711 "$root/srv" "$root/srv/tenants"
	docker run -d -v "$root/srv:/data" --name nosy "$image" >/dev/null
	becomes containers.tenants fail "nosy mounts $root/srv" "engine $kind, tenants' data in a container"
	doctor
	is "$status" 1 "engine $kind: a failure is exit status 1"
	like "$(cat "$said")" 'the host is not as it should be' "engine $kind: and an error"
	docker rm -f nosy >/dev/null
	is "$(verdict containers.tenants)" pass "engine $kind: and passes when it is gone"
}

# Whoever runs from the gateways' layers shares their page cache.
layers() {
	local kind=$1
	is "$(verdict containers.layers)" not-applicable "engine $kind: no gateway's image yet"
	engine_load "$IMAGES/tenantctl-gateway.tar" || bail_out "the gateway's image does not load"
	docker create --name other "$image" >/dev/null
	is "$(verdict containers.layers)" pass "engine $kind: another image shares nothing"
	docker create --name copy "$(docker images -q tenantctl-gateway)" >/dev/null
	becomes containers.layers fail 'image of copy has a layer' "engine $kind, the gateways' image elsewhere"
	docker rm -f other copy >/dev/null
	like "$(verdict gateway.dnsmasq)" 'pass|warn' "engine $kind: packages of the gateways are known"
	docker images -q tenantctl-gateway | xargs docker rmi -f >/dev/null
}

# Registered and loaded without a restart, as an operator does it.
runtimes() {
	local kind=$1 config=$ENGINE_DIR/daemon.json
	is "$(verdict runtime.gvisor)" not-applicable "engine $kind: no gVisor"
	cp "$config" "$E2E_TMP/daemon.json"
	jq '.runtimes = {runsc: {path: "/bin/true", runtimeArgs: ["--network=host", "--debug"]}}' \
		"$E2E_TMP/daemon.json" >"$config"
	kill -HUP "$(cat "$ENGINE_DIR/docker.pid")"
	eventually 10 registered runsc
	becomes runtime.gvisor fail 'network=host.*--debug' "engine $kind, gVisor with bad arguments"
	becomes runtime.gvisor-seccomp fail 'ignores seccomp profiles' "engine $kind, gVisor without filters"
	jq '.runtimes = {runsc: {path: "/bin/true", runtimeArgs: ["--oci-seccomp"]}}' \
		"$E2E_TMP/daemon.json" >"$config"
	kill -HUP "$(cat "$ENGINE_DIR/docker.pid")"
	eventually 10 eval '[ "$(verdict runtime.gvisor-seccomp)" = pass ]'
	is "$(verdict runtime.gvisor)/$(verdict runtime.gvisor-seccomp)" pass/pass \
		"engine $kind: right arguments pass"
	becomes runtime.gvisor-release warn 'does not say which release' "engine $kind, a program that says nothing"
	# a runtime that only says which release it is
	printf '#!/bin/sh\necho "runsc version release-20240212.0"\n' >"$E2E_TMP/runsc" && chmod 755 "$E2E_TMP/runsc"
	jq --arg path "$E2E_TMP/runsc" '.runtimes = {runsc: {path: $path, runtimeArgs: ["--oci-seccomp"]}}' \
		"$E2E_TMP/daemon.json" >"$config"
	kill -HUP "$(cat "$ENGINE_DIR/docker.pid")"
	eventually 10 eval '[ "$(verdict runtime.gvisor-release)" = fail ]'
	becomes runtime.gvisor-release fail 'runsc is release-20240212, with CVE-2026-96812' "engine $kind, an old gVisor"
	chmod 777 "$E2E_TMP/runsc"
	is "$(verdict runtime.gvisor-release)" warn "engine $kind: a program that anybody can change is not run"
	cp "$E2E_TMP/daemon.json" "$config"
}

registered() {
	engine_api GET /info | jq -e --arg r "$1" '.Runtimes[$r]'
}

doors() {
	local kind=$1 pid
	chmod 666 "$ENGINE_SOCKET"
	becomes engine.socket fail 'everybody is root' "engine $kind, a socket for everybody"
	chmod 660 "$ENGINE_SOCKET"
	is "$(verdict engine.socket)" pass "engine $kind: closed again"
	engine_exec_in_net python3 -c 'import socket, time
s = socket.create_server(("127.0.0.1", 2375))
time.sleep(60)' &
	pid=$!
	ok "engine $kind: something listens" eventually 10 eval '[ "$(verdict engine.tcp)" = fail ]'
	like "$(observed engine.tcp)" '127.0.0.1:2375' "engine $kind: where the API would be"
	kill "$pid"
	wait "$pid" 2>/dev/null
	engine_exec_in_net ip link add vpn0 type bridge
	engine_exec_in_net ip addr add 10.231.7.1/24 dev vpn0
	engine_exec_in_net ip link set vpn0 up
	becomes net.routes fail '10.231.7.0/24 on vpn0' "engine $kind, a VPN in the pool"
	engine_exec_in_net ip link del vpn0
}

# What the engine was started with counts like its file.
arguments() {
	local kind=$1
	engine_start "w$kind" "$kind" --iptables=false --no-new-privileges || bail_out "engine $kind does not start"
	becomes engine.firewall fail 'iptables is off' "engine $kind, --iptables=false"
	unlike "$(verdict engine.defaults; observed engine.defaults)" 'setuid files work' \
		"engine $kind: --no-new-privileges is seen"
	engine_stop "w$kind"
}

# filter ARGUMENTS...: of the engine's own network only
filter() {
	engine_exec_in_net iptables -w "$@"
}

without_tools() { # ARGUMENTS of tenantctl...
	engine_exec_in_net unshare --mount --propagation private sh -c 'for tool in /usr/sbin/xtables-*-multi; do
		mount --bind /dev/null "$tool"; done && exec "$@"' - \
		"$TENANTCTL" --root "$root" --socket "$ENGINE_SOCKET" "$@" >"$report" 2>"$said" </dev/null
}

# Of a tenant that is there: the engine's rules, and what undoes them.
filters() {
	local kind=$1 bridge
	bridge=$(jq -r .bridge "$root/var/lib/tenantctl/tenants/acme/allocation.json")
	filter -P FORWARD DROP
	is "$(verdict net.forward) $(verdict net.user-rules) $(verdict net.isolation)" 'pass pass pass' \
		"engine $kind: its rules are there"
	filter -P FORWARD ACCEPT
	case $kind in
	20) becomes net.forward fail 'policy ACCEPT, and tc-egress is open' "engine $kind, FORWARD accepts" ;;
	28) becomes net.forward warn "policy ACCEPT.*tenants' bridges are closed" "engine $kind, FORWARD accepts" ;;
	esac
	filter -P FORWARD DROP
	filter -I DOCKER-USER -m comment --comment 'let "all" of them' -j ACCEPT
	becomes net.user-rules fail 'DOCKER-USER accepts all' "engine $kind, a blanket accept"
	becomes net.isolation fail "comes from $bridge.*goes to $bridge" "engine $kind, a blanket accept"
	filter -D DOCKER-USER 1
	filter -I DOCKER-USER -i "$bridge" -j ACCEPT
	becomes net.user-rules fail "DOCKER-USER accepts all from $bridge" "engine $kind, a tenant let out"
	filter -R DOCKER-USER 1 -s 192.0.2.0/24 -p tcp --dport 22 -j ACCEPT
	is "$(verdict net.user-rules)" pass "engine $kind: a narrow rule is the operator's affair"
	filter -D DOCKER-USER 1
	engine_exec_in_net iptables-save >"$E2E_TMP/rules"
	filter -F DOCKER-ISOLATION-STAGE-1
	becomes net.isolation fail "comes from $bridge" "engine $kind, isolation flushed"
	filter -F FORWARD
	becomes net.isolation fail 'parts the gateways on tc-egress' "engine $kind, FORWARD flushed"
	engine_exec_in_net iptables-restore <"$E2E_TMP/rules"
	is "$(verdict net.isolation)" pass "engine $kind: restored"
	without_tools doctor --only doctor.net.isolation --format json
	is "$(jq -r '.tenants[0].findings[0].verdict' "$report")" inconclusive "engine $kind: without the tools nothing is known"
	like "$(observed net.isolation)" 'there is no /usr/sbin/iptables-save' "engine $kind: and why is said"
}

# What verify measured for all tenants decides, and tenantctl's own containers are nobody's.
behaviour() {
	local kind=$1 id=engine.af-alg
	[ "$kind" = 28 ] || id=engine.dns
	mkdir -p "$tenants_manifests"
	echo "gateway_archive: $IMAGES/tenantctl-gateway.tar" >"$root/etc/tenantctl/tenantctl.yaml"
	manifest acme "image: $image" 'resources: { memory: 64m, tmp: 8m, shm: 8m, workspace: 64m }'
	ok "engine $kind: a tenant is made" tenantctl -q create acme
	becomes $id pass 'measured and holds for all 1 tenants' "engine $kind, older, but verified"
	becomes containers.layers pass 'none of them' "engine $kind, a tenant's own containers"
	becomes containers.tenants pass '^0 other containers' "engine $kind, a tenant's own containers"
	filters "$kind"
	is "$(verdict state.folders)" pass "engine $kind: folders as they are made are closed"
	ok "engine $kind: the tenant goes" tenantctl -q delete acme --purge
	is "$(verdict $id)" warn "engine $kind: and with it what was measured"
}

# ---- repairs ----

folders() {
	local state=$root/var/lib/tenantctl
	mkdir -p "$state/tenants"
	chmod 755 "$root/var" "$root/var/lib" "$state"
	chmod 700 "$state/tenants"
	becomes state.folders fail "$state has mode 0755" 'state that others read'
	doctor --only doctor.state --fix
	is "$status/$(stat -c %a "$state")" 5/755 'without a terminal nothing is changed'
	like "$(cat "$said")" "mode of $state: 0755 -> 0700 .*back: chmod 0755" 'but shown'
	like "$(cat "$said")" 'no terminal to ask on' 'and why'
	doctor --only doctor.state --fix --yes
	is "$status/$(stat -c %a "$state")" 0/700 '--yes closes it'
	like "$(cat "$said")" "changed mode of $state" 'and says so'
	like "$(cat "$report")" '^host: pass' 'the report is of afterwards'
	doctor --only doctor.state --fix --yes
	like "$status $(cat "$said")" '^0 nothing to fix' 'again: nothing to do'
	chmod 755 "$state"
	doctor --only doctor.state --fix --yes --format json
	is "$status $(jq -r '.tenants[0].verdict' "$report")" '0 pass' 'nothing but JSON comes out with it'
	doctor --yes
	is "$status" 2 '--yes alone is refused'
	doctor --only doctor.enginetcp
	is "$status" 2 'an id that does not exist is refused'
	like "$(cat "$said")" 'did you mean doctor.engine.tcp' 'and the nearest is named'
}

# On a terminal it asks, and takes no for an answer.
asking() {
	local state=$root/var/lib/tenantctl answer
	for answer in n y; do
		chmod 755 "$state"
		script -qec "nsenter --net=$ENGINE_NETNS -- $TENANTCTL --root $root --socket $ENGINE_SOCKET \
			doctor --only doctor.state --fix" /dev/null <<<"$answer" >"$report" 2>&1
		like "$(cat "$report")" 'Make this 1 change\?' "asks ($answer)"
		case $answer in
		n) is "$(stat -c %a "$state")" 755 'no means no' ;;
		y) is "$(stat -c %a "$state")" 700 'yes means yes' ;;
		esac
	done
}

# A tree in place of /proc/sys, in a mount namespace that ends with the command.
fake_sys() {
	unshare --mount --propagation private sh -c 'mount --bind "$1" /proc/sys && shift && exec "$@"' \
		- "$E2E_TMP/sys" "$TENANTCTL" --root "$root" --socket /nowhere "$@" >"$report" 2>"$said" </dev/null
}

sysctls() {
	local sys=$E2E_TMP/sys kept=$root/etc/sysctl.d/60-tenantctl.conf before
	before=$(cat /proc/sys/kernel/kptr_restrict /proc/sys/fs/suid_dumpable)
	mkdir -p "$sys/kernel" "$sys/fs"
	echo 0 >"$sys/kernel/kptr_restrict"
	echo 1 >"$sys/kernel/dmesg_restrict"
	echo 2 >"$sys/fs/suid_dumpable"
	fake_sys doctor --only doctor.sysctl
	is "$?" 0 'sysctls are worth a warning'
	like "$(cat "$report")" 'warn +doctor.sysctl.suid_dumpable' 'and named'
	fake_sys doctor --only doctor.sysctl --fix --yes
	is "$?" 0 'are set'
	is "$(cat "$sys/kernel/kptr_restrict" "$sys/fs/suid_dumpable" | xargs)" '1 0' 'to what they should be'
	like "$(cat "$said")" 'kernel.kptr_restrict: 0 -> 1 .*back: sysctl -w kernel.kptr_restrict=0' \
		'with the way back'
	unlike "$(cat "$report")" 'warn +doctor.sysctl.(kptr|suid)' 'the report is of afterwards'
	like "$(cat "$kept")" '# kernel.kptr_restrict was 0.kernel.kptr_restrict = 1.*fs.suid_dumpable = 0' \
		'and kept for the next boot'
	cp "$kept" "$E2E_TMP/kept"
	fake_sys doctor --only doctor.sysctl --fix --yes
	like "$(cat "$said")" 'nothing to fix' 'again: nothing to do'
	echo 0 >"$sys/kernel/kptr_restrict"
	fake_sys doctor --only doctor.sysctl --fix --yes
	ok 'and again after a relapse: the file stays' cmp "$kept" "$E2E_TMP/kept"
	is "$(cat "$sys/kernel/kptr_restrict")" 1 'and the value is set'
	is "$(cat /proc/sys/kernel/kptr_restrict /proc/sys/fs/suid_dumpable)" "$before" \
		'the machine itself was left alone'
}

# ---- without an engine, without root ----

alone() {
	"$TENANTCTL" --root "$root" --socket "$E2E_TMP/nowhere.sock" doctor --format json >"$report" 2>"$said"
	is "$?" 1 'without an engine not everything is known'
	is "$(jq -r '.tenants[0].findings[] | select(.id == "doctor.engine.answers").verdict' "$report")" \
		inconclusive 'which is said'
	is "$(jq -r '.tenants[0].findings[] | select(.id == "doctor.kernel.minimum").verdict' "$report")" \
		pass 'and the host is looked at all the same'
	"$TENANTCTL" --root "$root" --socket "$E2E_TMP/nowhere.sock" doctor >"$report" 2>"$said"
	like "$(cat "$report")" 'more checks are inconclusive for the same reasons' 'a reason is given once'
	install -m 755 "$TENANTCTL" "$E2E_TMP/program"
	setpriv --reuid 65534 --regid 65534 --clear-groups "$E2E_TMP/program" --root "$root" doctor \
		>"$report" 2>"$said"
	is "$?" 5 'doctor needs root'
	like "$(cat "$said")" "'tenantctl doctor' needs root" 'and says so'
	setpriv --reuid 65534 --regid 65534 --clear-groups "$E2E_TMP/program" --root "$root" doctor --list \
		>"$report" 2>"$said"
	is "$?" 0 'the list does not'
	like "$(cat "$report")" 'doctor.engine.tcp +critical' 'and shows every check'
}

for kind in 20 28; do
	engine_start "d$kind" "$kind" || bail_out "engine $kind does not start"
	engine_load "$DEMO_IMAGE" || bail_out "engine $kind does not load an image"
	chmod 660 "$ENGINE_SOCKET"
	reports "$kind"
	versions "$kind"
	foreign_containers "$kind"
	layers "$kind"
	runtimes "$kind"
	doors "$kind"
	behaviour "$kind"
	[ "$kind" = 20 ] || { folders && asking; }
	engine_stop "d$kind"
	arguments "$kind"
done
sysctls
alone
done_testing
