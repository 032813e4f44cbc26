#!/bin/bash
# What others publish as lists of what to look at in a container, written anew from these lists: an
# inspection as docker-bench-security makes it, and what amicontained and deepce find from inside. On
# a right tenant they find nothing, or what is accepted for a reason; in a weakened one they find
# nothing that verify does not.
# time: 900
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
. tests/support/atexit.sh
. tests/support/engine.sh
. tests/support/mutants.sh

lists=(tests/support/checklists/*.json)
declare -A found_by=() covers=() accepted=()

while IFS=$'\t' read -r item ids reason; do
	covers[$item]=$ids accepted[$item]=$reason
done < <(jq -r 'input_filename as $f | .items[]
	| [($f | split("/")[-1] | rtrimstr(".json")) + ":" + .id, (.covers | join(" ")), .accepted // "-"] | @tsv' \
	"${lists[@]}")

# ---- running them ----

# items WHERE FORMAT: one line for each item, "KEY FIND" put into FORMAT by jq
items() {
	jq -r --arg where "$1" "input_filename as \$f | .items[] | select(.where == \$where)
		| ((\$f | split(\"/\")[-1] | rtrimstr(\".json\")) + \":\" + .id) as \$item | $2" "${lists[@]}"
}

# A filter for all of them, so that they cost one program. One that fails is no finding, but an error.
program_of() { # WHERE
	items "$1" '"(try (\(.find) | \"\($item)\\t\\(.)\") catch \"\($item)\\terror: \\(.)\")"' | paste -sd ,
}

inspect_program=$(program_of inspect)
info_program=$(program_of info)
inside_program=$(items inside '"{ \(.find); } 2>/dev/null | sed \"s|^|\($item)\t|\""')

look_inside() {
	docker exec -e "HOST_PID=$(readlink /proc/self/ns/pid)" -e "HOST_PORTS=18080" \
		-e "HOST_FILE=$E2E_TMP/verify.err" -e "HOST_ADDRESSES=$docker0 $bridge_address 127.0.0.1" \
		-e "SIBLINGS=$sibling" -e SIBLING_PORT=8080 "$worker" sh -c "$inside_program"
}

look() { # prints "ITEM TAB WHAT" for everything that is found
	local i
	api GET "/containers/$worker/json" | jq -r "$inspect_program"
	api GET /info | jq -r "$info_program"
	# The number of a user's processes is limited on all of the machine, where others may test, too.
	for i in 1 2 3 4 5; do
		look_inside && return
		sleep "$i"
	done
	echo "inside	error: nothing was looked at"
}

# compare WHAT: whatever the lists find beyond what they find on a right tenant, verify finds, too.
compare() {
	local red item ids id new missed=()
	red=" $(ids_with fail) "
	look | LC_ALL=C sort -u >"$E2E_TMP/found"
	new=$(LC_ALL=C comm -13 "$E2E_TMP/right" "$E2E_TMP/found")
	mutants=$((mutants + 1))
	for item in $(cut -f 1 <<<"$new" | sort -u); do
		ids=
		for id in ${covers[$item]:-}; do
			[[ $red != *" $id "* ]] || ids+=" $id"
		done
		found_by[$item]+=${ids:+"${found_by[$item]:+, }$1 ($ids )"}
		[ -n "$ids" ] || missed+=("$item")
	done
	if [ -z "$new" ]; then
		fail "$1" "no list finds it; red:$red" 2
	elif [ ${#missed[@]} -gt 0 ]; then
		fail "$1" "only the lists find: ${missed[*]}"$'\n'"red:$red"$'\n'"$(sort -u <<<"$new" | head -n 40)" 2
	else
		pass "$1: $(cut -f 1 <<<"$new" | sort -u | paste -sd ' ')"
	fi
}

# What mutate_worker and intrude ask for; here it does not matter what else turns red.
expect_red() {
	compare "$1"
}

exec_in_worker() { # WHAT ARGUMENT...
	put_worker && docker exec -d "${@:2}"
	sleep 0.5
	compare "$1"
}

# ---- the right tenant ----

make_tenants >"$E2E_TMP/create.log" 2>&1 ||
	bail_out "the tenants cannot be made: $(tail -n 20 "$E2E_TMP/create.log")"
workspace=$mutants_root/srv/tenants/acme/workspace
"${CC:-cc}" -std=c17 -D_GNU_SOURCE -static -O1 -o "$E2E_TMP/blocked-calls" \
	tests/support/checklists/blocked-calls.c || bail_out "the list of system calls cannot be compiled"
install -m 0755 "$E2E_TMP/blocked-calls" "$workspace/data/"
docker0=$(docker network inspect -f '{{(index .IPAM.Config 0).Gateway}}' bridge)
bridge_address=$(jq -r .subnet "$tenants/acme/allocation.json" | sed 's|[0-9]*/.*||')
bridge_address=${bridge_address}$(($(jq -r .gateway_ip "$tenants/acme/allocation.json" | sed 's/.*[.]//') - 1))
sibling=$(jq -r .worker_ip "$tenants/beta/allocation.json")
mkdir "$E2E_TMP/empty"
engine_exec_in_net python3 -m http.server -d "$E2E_TMP/empty" 18080 >/dev/null 2>&1 &
# shellcheck disable=SC2034 # at the end
host_server=$!
at_exit 'kill "$host_server" 2>/dev/null'

put_worker || bail_out "the worker does not start again"
look | LC_ALL=C sort -u >"$E2E_TMP/right"
while IFS=$'\t' read -r item text; do
	if [ "${accepted[$item]:--}" != - ]; then
		diag "accepted: $item: $text: ${accepted[$item]}"
	else
		fail "a right tenant: $item" "$text"
	fi
done <"$E2E_TMP/right"
is "$(ids_with fail)" "" "verify finds nothing wrong with a right tenant"

# ---- weakened ones ----

mutate_worker "root" ".User = \"0:0\" | .HostConfig.CapAdd = [\"SYS_MODULE\"] | $idle"
mutate_worker "a group of root's" '.HostConfig.GroupAdd = ["0"]'
mutate_worker "a setuid program" ".HostConfig.Mounts += [{Type: \"bind\", Source: \"$(readlink -f "$(command -v su)")\", Target: \"/bin/sudo\", ReadOnly: true}]"
mutate_worker "a secret in the environment" '.Env += ["API_TOKEN=sk-proj-q8Zt4Lw7Vx2Rn9Bd5Kc3Hf6Jm1Pg0Ts8Yu4Ea7"]'
mutate_worker "an extra capability" '.HostConfig.CapAdd = ["NET_RAW"]'
mutate_worker "privileged" '.HostConfig |= (.Privileged = true | .MaskedPaths = null | .ReadonlyPaths = null)'
mutate_worker "root that may write to the kernel" ".User = \"0:0\" | .HostConfig.ReadonlyPaths = [] | $idle"
mutate_worker "a folder of the host" '.HostConfig.Mounts += [{Type: "bind", Source: "/etc", Target: "/hostetc", ReadOnly: true}]'
mkdir -p "$E2E_TMP/home/user" && echo x >"$E2E_TMP/home/user/notes"
# shellcheck disable=SC2016 # a hash
echo 'root:$6$salt$hash:1::::::' >"$E2E_TMP/shadow"
mutate_worker "homes" ".HostConfig.Mounts += [{Type: \"bind\", Source: \"$E2E_TMP/home\", Target: \"/home\", ReadOnly: true}]"
mutate_worker "hashes" ".HostConfig.Mounts += [{Type: \"bind\", Source: \"$E2E_TMP/shadow\", Target: \"/etc/shadow\", ReadOnly: true}]"
mutate_worker "ports" '.ExposedPorts["8080/tcp"] = {} | .HostConfig.PortBindings = {"8080/tcp": [{HostIp: "0.0.0.0", HostPort: "999"}]}'
mutate_worker "the host's network" '.Hostname = "" | .HostConfig.NetworkMode = "host" | .HostConfig.Dns = []
	| .HostConfig.Sysctls = {} | .NetworkingConfig = {}'
mutate_worker "no memory limit" '.HostConfig.Memory = 0 | .HostConfig.MemorySwap = 0'
mutate_worker "no cpu limit" '.HostConfig.NanoCpus = 0'
mutate_worker "no pids limit" '.HostConfig.PidsLimit = 0'
mutate_worker "no ulimits" '.HostConfig.Ulimits = []'
mutate_worker "a writable root" '.HostConfig.ReadonlyRootfs = false'
mutate_worker "endless restarts" '.HostConfig.RestartPolicy = {Name: "always"}'
# Zombies that nobody reaps there count for both limits.
mutate_worker "the host's processes" '.HostConfig |= (.PidMode = "host" | .PidsLimit = 4096 | .Ulimits |= map(select(.Name != "nproc")))'
mutate_worker "the host's shared memory" '.HostConfig.IpcMode = "host"'
mutate_worker "the host's name" '.Hostname = "" | .HostConfig.UTSMode = "host"'
mutate_worker "the host's users" '.HostConfig.UsernsMode = "host"'
mutate_worker "a device" '.HostConfig.Devices = [{PathOnHost: "/dev/zero", PathInContainer: "/dev/z", CgroupPermissions: "rwm"}]'
mount --make-shared "$workspace"
mutate_worker "a workspace whose mounts travel" '.HostConfig.Mounts
	|= map(if .Target == "/workspace" then .BindOptions.Propagation = "rshared" else . end)'
mount --make-private "$workspace"
mutate_worker "no seccomp" '.HostConfig.SecurityOpt = ["no-new-privileges", "seccomp=unconfined"]'
mutate_worker "new privileges" '.HostConfig.SecurityOpt -= ["no-new-privileges"]'
mutate_worker "another cgroup" '.HostConfig.CgroupParent = "/elsewhere"'
mutate_worker "the engine's socket" \
	".HostConfig.Mounts += [{Type: \"bind\", Source: \"$ENGINE_SOCKET\", Target: \"/run/docker.sock\"}] | .User = \"0:0\" | $idle"
put_worker && docker commit "$worker" demo:latest >/dev/null
at_exit 'docker rmi -f demo:latest >/dev/null 2>&1'
mutate_worker "an image whose name moves" '.Image = "demo:latest"'
exec_in_worker "exec as root" --user 0 "$worker" sleep 1000
exec_in_worker "a server to log in to" "$worker" /bin/telnetd -F -p 2323 -l /bin/false
# What privileged exec leaves, which not every machine that tests run on can do itself.
for deviation in bounding permitted effective inheritable ambient seccomp; do
	put_worker
	intrude "a process without that: $deviation" "$deviation"
done
mutate_worker "the host's processes, for root" \
	".User = \"0:0\" | .HostConfig.PidMode = \"host\" | .HostConfig.CapAdd = [\"SYS_PTRACE\", \"DAC_READ_SEARCH\"] | $idle"
if put_container "$worker" "$(jq -c '.Healthcheck = {Test: ["CMD", "/bin/false"], Interval: 1000000000, Retries: 1}' <<<"$worker_body")"; then
	eventually 10 sh -c "docker inspect -f '{{.State.Health.Status}}' $worker | grep -q unhealthy"
	compare "a check of health that fails"
fi
put_worker && docker network connect bridge "$worker"
compare "a second network"
put_worker && docker network connect tc-beta "$worker"
compare "another tenant's network"
put_worker

# ---- the engine ----

if docker swarm init --advertise-addr 127.0.0.1 >"$E2E_TMP/swarm.log" 2>&1; then
	look | LC_ALL=C sort -u >"$E2E_TMP/found"
	like "$(LC_ALL=C comm -13 "$E2E_TMP/right" "$E2E_TMP/found")" '^docker-bench:5.1' "the list finds the Swarm"
	is "$(tenantctl doctor --only doctor.engine.swarm --format json 2>/dev/null |
		jq -r '.tenants[0].findings[0].verdict')" warn "and so does doctor"
	found_by[docker-bench:5.1]="a Swarm ( doctor.engine.swarm )"
	docker swarm leave --force >/dev/null && docker network rm docker_gwbridge >/dev/null
else
	diag "$(cat "$E2E_TMP/swarm.log")"
	skip "a Swarm" "needs an address that it takes"
fi

# ---- every item was seen to find something ----

for item in $(printf '%s\n' "${!covers[@]}" | sort -V); do
	if [ -n "${found_by[$item]:-}" ]; then
		diag "$item: ${found_by[$item]}"
	elif [ "${accepted[$item]}" = - ]; then
		fail "$item was never seen to find anything"
	else
		diag "$item: ${accepted[$item]}"
	fi
done
pass "${#covers[@]} items of ${#lists[@]} lists in $mutants weakened tenants"
done_testing
