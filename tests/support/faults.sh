# Tenants under injected faults: runs tenantctl behind a proxy that makes one engine call fail, and
# compares what is left with a clean run. Sourced by bash scripts, after tap.sh, atexit.sh and
# engine.sh; all files live below $E2E_TMP.
# shellcheck shell=bash

faults_root=$E2E_TMP/root
faults_log=$E2E_TMP/calls
faults_out=$E2E_TMP/out
FAULTSOCK=${FAULTSOCK:-${BUILD:-build}/tests/support/bin/faultsock}

# faults_setup: images, host configuration, and everything of it gone at the end.
faults_setup() {
	docker load -qi "$DEMO_IMAGE" >/dev/null && docker load -qi "$IMAGES/tenantctl-gateway.tar" >/dev/null ||
		return 1
	mkdir -p "$faults_root/etc/tenantctl" && chmod 755 "$faults_root"
	cat >"$faults_root/etc/tenantctl/tenantctl.yaml" <<-END
		gateway_archive: $IMAGES/tenantctl-gateway.tar
	END
	at_exit faults_clear
}

# Whatever a failed test left: by label and path, without tenantctl.
faults_clear() {
	docker ps -aq --filter label=dev.tenantctl.role | xargs -r docker rm -f >/dev/null 2>&1
	docker network ls -q --filter label=dev.tenantctl.role | xargs -r docker network rm >/dev/null 2>&1
	awk -v d="$faults_root/" 'index($5, d) == 1 {print $5}' /proc/self/mountinfo | tac | xargs -r umount
}

# manifest NAME [LINE...]: writes $E2E_TMP/NAME.yaml and prints its path.
manifest() {
	printf '%s\n' 'version: 1' "tenant: $1" 'image: tenantctl-demo-worker:1' \
		'resources: { workspace: 64m }' "${@:2}" >"$E2E_TMP/$1.yaml"
	echo "$E2E_TMP/$1.yaml"
}

# tc_at SOCKET ARGUMENTS...: tenantctl where the engine's bridges are.
tc_at() {
	engine_exec_in_net "$TENANTCTL" --root "$faults_root" --socket "$1" "${@:2}"
}

tc() {
	tc_at "$ENGINE_SOCKET" "$@" >"$faults_out" 2>&1 </dev/null
}

# tc_faulty "[K PHASE ACTION]" ARGUMENTS...: the same through the proxy; its calls are in $faults_log.
tc_faulty() {
	local fault=$1 fd pid status=0
	shift
	# shellcheck disable=SC2086 # nothing, or three words
	exec {fd}< <(exec "$FAULTSOCK" "$E2E_TMP/proxy.sock" "$ENGINE_SOCKET" "$faults_log" $fault)
	pid=$!
	read -r <&"$fd" || return 99
	# In a subshell: a shell that sees its child killed says so.
	(tc_at "$E2E_TMP/proxy.sock" "$@") >"$faults_out" 2>&1 </dev/null || status=$?
	# The guard of a killed run reaches the engine through the proxy, too.
	local lock=$faults_root/var/lib/tenantctl/locks/acme.lock
	[ "$status" != 137 ] || [ ! -e "$lock" ] || flock -w 5 "$lock" true
	kill "$pid"
	exec {fd}<&-
	return "$status"
}

# object PATH: the engine's answer, or null.
object() {
	engine_api GET "$1" 2>/dev/null | jq -c 'if .message then null else . end'
}

# canonical NAME: all that a tenant is, without what differs in every creation (ids, times, the nonce
# and the digest that covers it). An engine that was restarted writes [] where it wrote null; what a
# killed write left beside its file may stay until the tenant is deleted, and counters and
# results that could not be written are no part of what a tenant is.
canonical() {
	local name=$1
	{
		object "/containers/tc-$name/json"
		object "/containers/tc-$name-gw/json"
	} | jq -S 'if . then {Name, Path, Args, Image, HostConfig, Running: .State.Running,
		Config: (.Config | del(.Labels["dev.tenantctl.nonce"], .Labels["dev.tenantctl.spec"])),
		Mounts: (.Mounts | sort_by(.Destination)),
		Networks: (.NetworkSettings.Networks | map_values({IPAMConfig, IPAddress, Gateway}))} |
		walk(if . == [] or . == {} then null else . end) else . end'
	object "/networks/tc-$name" | jq -S 'if . then {Name, Driver, Internal, IPAM, Options, EnableIPv6,
		Members: [.Containers[]?.Name] | sort,
		Labels: (.Labels | del(.["dev.tenantctl.nonce"], .["dev.tenantctl.spec"]))} else . end'
	find "$faults_root" -xdev \( -path "*/$name" -o -path "*/$name/*" -o -name "*$name*" \) \
		! -name '.*.????????????????' ! -name egress.json ! -name 'history.*' -printf '%y %m %U %G %P\n' | sort -k 5
	# a file system of its own; what the gateway says in it changes all the time
	find "$faults_root/run/tenantctl/$name" ! -path '*/state/*' -printf '%y %m %U %G %P\n' | sort -k 5
	sha256sum "$faults_root/etc/tenantctl/tenants/$name.yaml" \
		"$faults_root/var/lib/tenantctl/tenants/$name"/resolv.conf
	find "$faults_root/run/tenantctl/$name/files" -type f ! -name generation -exec sha256sum {} + | sort -k 2
	jq -S 'del(.nonce, .created, .token)' "$faults_root/var/lib/tenantctl/tenants/$name/allocation.json"
	grep -c " $faults_root/srv/tenants/$name/workspace " /proc/self/mountinfo
	grep -cE " $faults_root/run/tenantctl/$name(/state)? " /proc/self/mountinfo
} 2>&1

# leftovers NAME: what there is of a tenant, one a line.
leftovers() {
	engine_api GET '/containers/json?all=1' | jq -r ".[].Names[] | select(test(\"^/tc-$1(-gw)?$\"))"
	engine_api GET /networks | jq -r ".[] | select(.Name == \"tc-$1\") | \"network \" + .Name"
	grep -oE " $faults_root/(srv/tenants/$1/[^ ]*|run/tenantctl/$1(/state)?) " /proc/self/mountinfo
	losetup -nO BACK-FILE | grep "^$faults_root/srv/tenants/$1/"
	find "$faults_root" -name "*$1*"
}

# bystander: the tenant that nothing may touch.
bystander() {
	docker inspect -f '{{.Id}} {{.State.StartedAt}} {{.State.Running}}' tc-other tc-other-gw
	docker network inspect -f '{{.Id}}' tc-other tenantctl-egress
}

# unguarded NAME: true when the worker runs without its gateway.
unguarded() {
	[ "$(object "/containers/tc-$1/json" | jq -r .State.Running)" = true ] &&
		[ "$(object "/containers/tc-$1-gw/json" | jq -r .State.Running)" != true ]
}

# unverified NAME: true when a worker goes on running that was never verified. Its guard, which acts when
# the run that started it was killed, needs a moment.
unverified() {
	[ ! -e "$faults_root/var/lib/tenantctl/tenants/$1/verified.json" ] || return 1
	for _ in {1..30}; do
		[ "$(docker inspect -f '{{.State.Running}}' "tc-$1" 2>/dev/null)" = true ] || return 1
		sleep 0.1
	done
}

# problem TEXT: notes it for the end of the schedule.
problem() {
	problems+="$1"$'\n'
}

# concluded DESCRIPTION: one test line for a schedule, with its problems.
concluded() {
	if [ -z "$problems" ]; then
		pass "$1"
	else
		fail "$1" "$problems"
	fi
	problems=
}

# call K: the request of the learning run. changes K: true when it is one that changes something.
call() {
	sed -n "$1{s/^[0-9]* //;s/ HTTP.*//;s/\\/v1\\.[0-9]*//;s/[0-9a-f]\\{64\\}/ID/g;p}" "$E2E_TMP/learned"
}

changes() {
	case $(call "$1") in
	GET* | HEAD*) return 1 ;;
	esac
}
