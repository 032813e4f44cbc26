# Mutants: a tenant is weakened, one thing at a time, and verify has to turn red with just the checks
# that this breaks: one that stays green is blind, one that turns red without need cries wolf.
# Sourced by bash scripts after tap.sh, atexit.sh and engine.sh.
# shellcheck shell=bash disable=SC2034,SC2154

mutants_root=$E2E_TMP/root
tenants=$mutants_root/var/lib/tenantctl/tenants
# One in a file, one from a program; neither looks like a key, and neither is another run's on this
# machine, as verify looks for them in all of it. With digits a variable called a token would be a
# secret by its looks already.
key="correct horse battery staple $(tr 0-9 a-j <<<"$RANDOM $RANDOM")"
provided="wrong camel socket paperclip $(tr 0-9 a-j <<<"$RANDOM $RANDOM")"
worker=tc-acme gateway=tc-acme-gw
killed=0 mutants=0
declare -A reddened=()

# A weakened container may not have an unweakened program: one that cannot write to its workspace or
# /tmp would end.
idle='.Entrypoint = ["sleep", "1000"] | .Cmd = []'

tenantctl_at() { # SOCKET ARGUMENT...
	engine_exec_in_net "$TENANTCTL" --root "$mutants_root" --socket "$@"
}

tenantctl() {
	tenantctl_at "$ENGINE_SOCKET" "$@"
}

api() { # METHOD PATH [JSON]
	engine_api "$1" "$2" ${3+-H 'Content-Type: application/json' -d "$3"}
}

pid_of() { # CONTAINER
	docker inspect -f '{{.State.Pid}}' "$1"
}

# in_net_of CONTAINER COMMAND...: as an attacker with the host's capabilities in its network
in_net_of() {
	nsenter --net="/proc/$(pid_of "$1")/ns/net" -- "${@:2}"
}

# ---- two tenants ----

make_tenant() { # NAME PORT [LINE...]
	local file=$mutants_root/etc/tenantctl/tenants/$1.yaml secrets=$mutants_root/etc/tenantctl/secrets/$1
	mkdir -p "${file%/*}" "${secrets%/*}" && mkdir -m 0700 "$secrets" && (umask 077 && printf %s "$key" >"$secrets/ghl") && cat >"$file" <<-YAML &&
		version: 1
		tenant: $1
		image: tenantctl-demo-worker:1
		listen: 127.0.0.1:$2
		resources: { memory: 128m, cpus: 0.5, pids: 64, workspace: 64m, tmp: 16m, shm: 8m, disk_rate: 8m }
		environment: { TENANT_NAME: $1 }
		egress: [ api.example.com ]
		credentials:
		  - name: ghl
		    upstream: https://api.example.net
		    inject: { header: Authorization, format: "Bearer {}" }
		    secret: ghl
		  - name: crm
		    upstream: https://crm.example.net
		    inject: { basic: "user:{}" }
		    command: [ /usr/bin/cat, $E2E_TMP/provided ]
	YAML
		printf '%s\n' "${@:3}" >>"$file" && chmod 0600 "$file" && tenantctl create "$1"
}

# make_tenants [LINE...]: two, and further lines of acme's manifest
make_tenants() {
	mkdir -p "$mutants_root/etc/tenantctl" "$E2E_TMP/shared" && chmod 0755 "$E2E_TMP" "$mutants_root" &&
		echo "gateway_archive: $IMAGES/tenantctl-gateway.tar" >"$mutants_root/etc/tenantctl/tenantctl.yaml" &&
		(umask 077 && echo "$provided" >"$E2E_TMP/provided") && engine_load "$DEMO_IMAGE" || return 1
	at_exit 'remove_tenants >/dev/null 2>&1'
	local source="source: [ { host: $E2E_TMP/shared, path: /source/shared } ]"
	make_tenant acme 18001 "$source" "$@" && make_tenant beta 18002 "$source" || return 1
	worker_body=$(body_of "$worker") && gateway_body=$(body_of "$gateway") &&
		network_body=$(network_body_of "$worker") && egress_body=$(network_body_of tenantctl-egress)
}

remove_tenants() {
	tenantctl delete acme --purge
	tenantctl delete beta --purge
}

# ---- saved bodies ----

# A create request that gives the container again, from what inspect says of it.
body_of() { # CONTAINER
	api GET "/containers/$1/json" | jq -c '.Image as $image | .NetworkSettings.Networks as $nets
		| .Config + {Image: $image, HostConfig: .HostConfig,
			NetworkingConfig: {EndpointsConfig: ($nets | map_values({IPAMConfig: .IPAMConfig}))}}'
}

network_body_of() { # NETWORK
	api GET "/networks/$1" | jq -c '{Name, Driver, Internal, Attachable, EnableIPv6, IPAM, Options,
		Labels, CheckDuplicate: true}'
}

# connect_as BODY NETWORK CONTAINER: as the body says
connect_as() {
	api POST "/networks/$2/connect" "$(jq -c --arg n "$2" --arg c "$3" \
		'{Container: $c, EndpointConfig: .NetworkingConfig.EndpointsConfig[$n]}' <<<"$1")" >/dev/null
}

# Engines before API 1.44 take one endpoint at creation; the others are connected afterwards.
put_container() { # NAME BODY
	local first others network
	api DELETE "/containers/$1?force=1" >/dev/null 2>&1
	first=$(jq -r '.HostConfig.NetworkMode' <<<"$2")
	others=$(jq -r --arg first "$first" '.NetworkingConfig.EndpointsConfig // {} | keys[] | select(. != $first)' <<<"$2")
	api POST "/containers/create?name=$1" "$(jq -c --arg first "$first" \
		'.NetworkingConfig.EndpointsConfig |= ((. // {}) | with_entries(select(.key == $first)))' <<<"$2")" >/dev/null || return 1
	for network in $others; do
		connect_as "$2" "$network" "$1" || return 1
	done
	api POST "/containers/$1/start" >/dev/null
}

put_worker() {
	put_container "$worker" "$worker_body"
}

# Both its programs run, and what it says of its files is written.
gateway_is_ready() {
	local ip
	ip=$(jq -r .gateway_ip "$tenants/acme/allocation.json")
	eventually 10 in_net_of "$gateway" bash -c "exec 3<>/dev/tcp/$ip/53 4<>/dev/tcp/$ip/80"
}

# ---- verdicts ----

# ids_with VERDICT [SOCKET]: the checks with that verdict, on one line. A verification that does not
# come to judge every check is a verdict of its own.
ids_with() {
	tenantctl_at "${2:-$ENGINE_SOCKET}" verify --quick --format json acme 2>"$E2E_TMP/verify.err" |
		jq -r --arg verdict "$1" --argjson all "${#listed[@]}" '.tenants[0].findings // []
			| if length == $all then .[] | select(.verdict == $verdict) | .id
			else "only \(length) of \($all) checks were judged" end' | LC_ALL=C sort | xargs
}

# expect_ids WHAT IDS ID...: IDS are those that were seen
expect_ids() {
	local what=$1 seen=$2 id wanted
	shift 2
	wanted=$(printf '%s\n' "$@" | LC_ALL=C sort | xargs)
	mutants=$((mutants + 1))
	if [ "$seen" = "$wanted" ]; then
		killed=$((killed + 1))
		for id in "$@"; do
			reddened[$id]=1
		done
		pass "$what: $wanted"
	else
		fail "$what" "wanted: $wanted"$'\n'"   red: ${seen:-nothing}"$'\n'"$(cat "$E2E_TMP/verify.err")" 2
	fi
}

# expect_red WHAT ID...: verify has to fail with these checks and no other.
expect_red() {
	expect_ids "$1" "$(ids_with fail)" "${@:2}"
}

no_mutant() { # WHAT
	mutants=$((mutants + 1))
	fail "$1" "it cannot be made" 2
}

# on KIND ID...: the ids if this is that engine
on() {
	[ "$1" != "$ENGINE_KIND" ] || echo "${@:2}"
}

# mutate_worker WHAT FILTER ID...: beside the ids there is drift; where not, $drift says what there is.
mutate_worker() {
	# shellcheck disable=SC2086 # ids, or none
	if put_container "$worker" "$(jq -c "$2" <<<"$worker_body")"; then
		expect_red "$1" ${drift-config.drift.worker} "${@:3}"
	else
		no_mutant "$1"
	fi
}

mutate_gateway() { # WHAT FILTER ID...
	if put_container "$gateway" "$(jq -c "$2" <<<"$gateway_body")" && gateway_is_ready && put_worker; then
		expect_red "$1" config.drift.gateway "${@:3}"
	else
		no_mutant "$1"
	fi
	put_container "$gateway" "$gateway_body" && gateway_is_ready || bail_out "the gateway does not come back"
}

# ---- by a twin, from inside ----

# twin_ids_with VERDICT: those of the checks that need a twin
twin_ids_with() {
	tenantctl verify --only twin. --format json acme 2>"$E2E_TMP/verify.err" |
		jq -r --arg verdict "$1" --argjson all "$twin_checks" '.tenants[0].findings // []
			| if length == $all then .[] | select(.verdict == $verdict) | .id
			else "only \(length) of \($all) checks were judged" end' | LC_ALL=C sort | xargs
}

expect_twin_red() { # WHAT ID...
	expect_ids "inside: $1" "$(twin_ids_with fail)" "${@:2}"
}

mutate_twin() { # WHAT FILTER ID...
	if put_container "$worker" "$(jq -c "$2" <<<"$worker_body")"; then
		expect_twin_red "$1" "${@:3}"
	else
		no_mutant "inside: $1"
	fi
}

# intrude WHAT DEVIATION [ID...]: a process in the worker's cgroup that deviates so (see intruder.py)
intrude() {
	local said=$E2E_TMP/intruder hold intruder host_program=proc.handles
	# It runs a program of the host's, which is out of place unless it has the host's files.
	[ "$2" != ns=mnt ] || host_program=
	: >"$said"
	# It ends when nothing can be written to it any more.
	exec {hold}> >(engine_exec_in_net tests/support/intruder.py "$(pid_of "$worker")" "$2" >"$said" 2>&1)
	intruder=$!
	eventually 10 eval "grep -q . '$said' || ! kill -0 $intruder"
	if grep -q '^ready' "$said"; then
		# shellcheck disable=SC2086 # an id, or none
		expect_red "$1" $host_program "${@:3}"
	else
		no_mutant "$1"
		diag "$(cat "$said")"
	fi
	exec {hold}>&-
	wait "$intruder" 2>/dev/null
}

expect_red_of_proxy() { # WHAT ID...
	expect_ids "$1" "$(ids_with fail "$proxy")" "${@:2}"
}

# lie WHAT FILTER ID...: the engine answers GET /info otherwise
lie() {
	with_lies /info "$2" expect_red_of_proxy "$1" "${@:3}" || no_mutant "$1"
}

expect_unlike() { # WHAT
	expect_ids "$1" "$(tenantctl_at "$proxy" verify --only twin.fidelity --format json acme 2>"$E2E_TMP/verify.err" |
		jq -r '.tenants[0].findings[] | select(.verdict == "fail").id')" twin.fidelity
}

# make_otherwise WHAT FILTER: the engine makes the twin other than it is asked to
make_otherwise() {
	with_lies /containers/create "$2" expect_unlike "$1" || no_mutant "$1"
}

# ---- score ----

# mutation_score REASONS: REASONS has a line "ID reason" for each check that no mutant can turn red.
# A check without either, and a reason for a check that was turned red, fail.
mutation_score() {
	local id group missing=() stale=() score minimum
	minimum=$(awk -v kind="$ENGINE_KIND" '$1 == kind { print $2 }' tests/support/mutants.minimum)
	declare -A red_of=() all_of=()
	for id in "${!listed[@]}"; do
		group=${listed[$id]}
		all_of[$group]=$((${all_of[$group]:-0} + 1))
		if [ -n "${reddened[$id]:-}" ]; then
			red_of[$group]=$((${red_of[$group]:-0} + 1))
			! grep -q "^$id " <<<"$1" || stale+=("$id")
		elif ! grep -q "^$id " <<<"$1"; then
			missing+=("$id")
		fi
	done
	for group in $(printf '%s\n' "${!all_of[@]}" | sort); do
		diag "$(printf '%-14s %2d of %2d checks turned red' "$group" "${red_of[$group]:-0}" "${all_of[$group]}")"
	done
	score=$((${#listed[@]} > 0 ? 100 * ${#reddened[@]} / ${#listed[@]} : 0))
	diag "all: ${#reddened[@]} of ${#listed[@]} checks turned red, score $score; $killed of $mutants mutants killed"
	while read -r id group; do
		[ -z "$id" ] || diag "not turned red: $id: $group"
	done <<<"$1"
	is "${missing[*]}" "" "every check was turned red or has a reason why it cannot be"
	is "${stale[*]}" "" "no check that was turned red has such a reason"
	is "$killed" "$mutants" "every mutant was killed"
	ok "the score of $score is not below ${minimum:-the one of this engine, which nobody wrote down}" \
		test "$score" -ge "${minimum:-101}"
}

# The catalogue but the drills, which 39-drills.sh has mutants of: id -> group
declare -A listed=()
while read -r id _ group _; do
	listed[$id]=$group
done < <("$TENANTCTL" verify --list | grep -v '^drill\.')
twin_checks=$(printf '%s\n' "${!listed[@]}" | grep -c '^twin\.')
