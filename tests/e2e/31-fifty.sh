#!/bin/bash
# Fifty tenants made at once: each is whole and its own, one that cannot be made harms none of the
# others, and nothing of them is left in the end.
# time: 600
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
. tests/support/engine.sh
. tests/support/tenants.sh

count=50
out=$E2E_TMP/out
err=$E2E_TMP/err
tenants_setup || bail_out "the images do not load"

# tc STATUS DESCRIPTION ARGUMENTS...: results in $out and $err
tc() {
	local want=$1 name=$2 status=0
	shift 2
	tenantctl "$@" >"$out" 2>"$err" </dev/null || status=$?
	[ "$status" = "$want" ] && pass "$name" && return
	fail "$name" "status $status, not $want, of: $*"$'\n'"$(tail -n 20 "$out" "$err")" 2
}

plain() { # NAME
	manifest "$1" 'image: tenantctl-demo-worker:1' "environment: { TENANT_NAME: $1 }" \
		'resources: { memory: 64m, tmp: 8m, shm: 8m, workspace: 64m }' 'egress: [ api.example.com ]'
}

names=()
for i in $(seq -w 1 $count); do
	names+=("agent-$i")
	plain "agent-$i"
done

# What is different for each tenant, one line per tenant and one word per kind.
allocations() { # FIELD
	jq -r "$1" "$tenants_root"/var/lib/tenantctl/tenants/*/allocation.json
}

distinct() {
	sort -u | wc -l
}

# Containers that run, by role
running() {
	docker ps -q --filter "label=dev.tenantctl.role=$1" | wc -l
}

# ---- two of them cannot be made ----

echo 'memoryy: 1g' >>"$tenants_manifests/agent-07.yaml"
sed -i 's/^image: .*/image: tenantctl-no-such-image:1/' "$tenants_manifests/agent-31.yaml"
started=$SECONDS
tc 5 "apply of $count, two of which cannot be made, says so" apply --all -j 8 || done_testing
diag "$((SECONDS - started)) s for $((count - 2)) tenants"
is "$(grep -c ': applied, verified$' "$out")" $((count - 2)) "the others are made and verified"
like "$(cat "$err")" 'agent-07.*memoryy: unknown key' "one has a manifest with an error"
like "$(cat "$err")" 'agent-31.*tenantctl-no-such-image:1' "one has no image"
like "$(tail -n 2 "$err")" "2 of $count tenants failed" "and two failed"
is "$(running worker) $(running gateway)" "$((count - 2)) $((count - 2))" "as the engine says"
is "$(docker ps -aq --filter name=agent-07 --filter name=agent-31 | wc -l)" 0 "nothing of the two is left"
is "$(find "$tenants_root/var" "$tenants_root/srv" -xdev \( -path '*/tenants/agent-07*' -o -path '*/tenants/agent-31*' \))" \
	"" "nor a file of their state"

# ---- all ----

plain agent-07
plain agent-31
before=$(docker ps -q --no-trunc --filter label=dev.tenantctl.role | sort)
tc 0 "apply again makes the two and verifies all" apply --all -j 8
is "$(grep -c verified "$out")" $count "each of them"
is "$(comm -23 <(echo "$before") <(docker ps -q --no-trunc | sort) | wc -l)" 0 "no container of the others was replaced"
is "$(running worker) $(running gateway)" "$count $count" "all run"

is "$(allocations .subnet | distinct)" $count "own subnets"
is "$(allocations '.worker_uid, .gateway_uid' | distinct)" $((2 * count)) "own uids"
is "$(allocations .listen_port | distinct)" $count "own ports"
workers=$(docker ps -q --filter label=dev.tenantctl.role=worker)
is "$(docker ps -q | xargs docker inspect -f '{{.Config.User}}' | distinct)" $((2 * count)) "uids, as the engine has them"
is "$(docker network ls -q --filter label=dev.tenantctl.role | xargs docker network inspect \
	-f '{{(index .IPAM.Config 0).Subnet}}' | distinct)" $((count + 1)) "subnets, as the engine has them"
is "$(engine_exec_in_net ip -o link show type bridge | awk '{ print $2 }' | grep -c '^tc-')" $((count + 1)) \
	"a bridge for each, and the shared one of the gateways"
# shellcheck disable=SC2086 # words
is "$(docker inspect -f '{{.State.Pid}}' $workers | while read -r pid; do readlink "/proc/$pid/ns/net"; done | distinct)" \
	$count "own network namespaces"
# shellcheck disable=SC2086
is "$(docker inspect -f '{{.State.Pid}}' $workers | while read -r pid; do
	awk '$1 == "Uid:" { print $2 }' "/proc/$pid/status"
done | distinct)" $count "uids, as the kernel has them"
is "$(tenants_mounts | grep -c /srv/)" $count "a workspace is mounted for each"
is "$(tenants_mounts | grep -cE '/run/tenantctl/[^/]+$')" $count "and a place in memory for the gateway's files"
is "$(tenants_mounts | grep -c '/run/tenantctl/[^/]*/state$')" $count "and another for what it writes"
wrong=
for name in "${names[@]}"; do
	port=$(jq -r .listen_port "$tenants_root/var/lib/tenantctl/tenants/$name/allocation.json")
	got=$(engine_exec_in_net curl -s --max-time 5 "http://127.0.0.1:$port/")
	[ "$got" = "$name" ] || wrong="$wrong $name:$got"
done
is "$wrong" "" "each port leads to its own tenant"

# ---- looking ----

tc 0 "list" list --format json
is "$(jq '[.tenants[] | select(.state == "running" and .verdict == "pass")] | length' "$out")" $count "shows them all"
is "$(jq -c '[.tenants[].tenant] == ([.tenants[].tenant] | sort)' "$out")" true "sorted"
tc 0 "plan of all" plan --all -j 8
is "$(grep -c ': no difference$' "$out")" $count "has nothing to do"
started=$SECONDS
tc 0 "all verify" verify --all --quick --format json
diag "$((SECONDS - started)) s"
is "$(jq '[.tenants[] | select(.verdict == "pass")] | length' "$out")" $count "each with every sibling"
is "$(jq '[.tenants[].matrix[].to] | unique | length >= '$count "$out")" true "and the table names them all"

started=$SECONDS
tc 0 "all are audited" audit all
diag "$((SECONDS - started)) s"
like "$(head -n 1 "$out")" ": no problems in $count tenants" "on a page"
[ "$(wc -l <"$out")" -le 40 ] || fail "that fits" "$(cat "$out")"
like "$(awk '$1 == "caps" { print $2 }' "$out")" '^[1-9][0-9]{2,}$' "with every process"

# ---- the end ----

rm "$tenants_manifests"/agent-[1-5]*.yaml
tc 0 "prune" apply --all --prune -j 8
is "$(running worker)" 9 "leaves those that have a manifest"
printf '%s\n' "${names[@]}" | xargs -P 4 -I{} nsenter --net="$ENGINE_NETNS" -- "$TENANTCTL" --root "$tenants_root" \
	--socket "$ENGINE_SOCKET" delete {} --purge -q >"$out" 2>&1 || fail "every tenant can be purged" "$(cat "$out")"
is "$(docker ps -aq | wc -l) $(docker network ls -q --filter type=custom | wc -l)" "0 0" "no container and no network is left"
is "$(tenants_mounts)" "" "no mount"
ok "no loop device" eventually 10 eval '! grep -qsF "$tenants_root/" /sys/block/loop*/loop/backing_file'
is "$(engine_exec_in_net ip -o link | grep -c ' tc-')" 0 "no bridge"
is "$(find "$tenants_root" -xdev -path '*agent-*')" "" "and no file"
done_testing
