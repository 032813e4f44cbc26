#!/bin/bash
# The ground the other tests stand on: private engines of both versions run side by side, do not see
# each other or the host's network, and leave no trace, however they end.
# engines: none
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
. tests/support/engine.sh

image=${DEMO_IMAGE:?path of the demo worker archive}

# Everything of an engine that could stay behind, one line each; nothing when it is gone.
traces() {
	local dir=$1 cgroup=$2 netns=$3 sockets=$4 socket
	[ ! -e "$dir" ] || echo "folder $dir"
	grep -F " $dir/" /proc/self/mountinfo
	find /sys/fs/cgroup -type d -name "$cgroup"
	find -L /proc/[0-9]*/ns/net -maxdepth 0 -inum "$netns" 2>/dev/null
	grep -laF "$dir/" /proc/[0-9]*/cmdline 2>/dev/null
	losetup -nO BACK-FILE | grep -F "$dir/"
	for socket in $sockets; do
		[ ! -e "$socket" ] || echo "$socket"
	done
}

# Makes an engine busy (a container with a port and a name space mount, a loop mount) and remembers
# what to look for later.
busy_engine() {
	local kind=$1
	engine_start "e$kind" "$kind" || bail_out "engine $kind does not start"
	engine_load "$image" || bail_out "engine $kind does not load an image"
	docker run -d --restart always --stop-timeout 1 --name worker -p 127.0.0.1:9000:8080 -e TENANT_NAME="on-$kind" \
		tenantctl-demo-worker:1 >/dev/null || bail_out "engine $kind runs no container"
	truncate -s 8M "$ENGINE_DIR/disk"
	mkfs.ext4 -q "$ENGINE_DIR/disk"
	mkdir "$ENGINE_DIR/disk.d"
	mount -o loop "$ENGINE_DIR/disk" "$ENGINE_DIR/disk.d"
	remember=("$ENGINE_DIR" "$(cat "$ENGINE_DIR/cgroup")" "$(stat -c %i "$ENGINE_NETNS")"
		"$(engine_shim_sockets "$ENGINE_DIR" | xargs)")
}

answers() {
	[ "$(engine_exec_in_net curl -s --max-time 2 http://127.0.0.1:9000/)" = "$1" ]
}

check_engine() {
	local kind=$1 want=$2 seen socket
	like "$ENGINE_VERSION" "$want" "engine $kind is version $ENGINE_VERSION"
	ok "engine $kind: its worker answers in its network" eventually 5 answers "on-$kind"
	fails "engine $kind: the same port is closed on the host" 7 \
		curl -s --max-time 2 http://127.0.0.1:9000/
	seen=$(engine_exec_in_net ip -o link show docker0 | wc -l)
	is "$seen" 1 "engine $kind: its bridge is in its network"
	is "$(stat -Lc %i "$ENGINE_NETNS")" "$(stat -Lc %i "/proc/$(cat "$ENGINE_DIR/docker.pid")/ns/net")" \
		"engine $kind: the daemon is in the network that is named"
	unlike "$(stat -Lc %i "$ENGINE_NETNS")" "^$(stat -Lc %i /proc/self/ns/net)$" \
		"engine $kind: its network is not the host's"
	like "$(cat "/proc/$(docker inspect -f '{{.State.Pid}}' worker)/cgroup")" "/${remember[1]}/" \
		"engine $kind: its worker is in its cgroup"
	seen=$(traces "${remember[@]}" | wc -l)
	ok "engine $kind: the search for traces finds a running engine ($seen)" test "$seen" -ge 10
	socket=${remember[3]%% *}
	ok "engine $kind: the search knows the shim's socket" test -S "$socket"
}

for kind in 20:^20\\.10 28:^2[6-9]; do
	want=${kind#*:}
	kind=${kind%%:*}
	busy_engine "$kind"
	check_engine "$kind" "$want"
done

names=$(docker ps --format '{{.Names}}' | xargs)
engine_use e20
is "$names/$(docker ps -q | wc -l)" worker/1 "each engine has its own containers"

for kind in 20 28; do
	engine_use "e$kind"
	remember=("$ENGINE_DIR" "$(cat "$ENGINE_DIR/cgroup")" "$(stat -c %i "$ENGINE_NETNS")"
		"$(engine_shim_sockets "$ENGINE_DIR" | xargs)")
	ok "engine $kind stops" engine_stop "e$kind"
	is "$(traces "${remember[@]}")" "" "engine $kind: stopped, nothing is left"

	busy_engine "$kind"
	ok "engine $kind: the daemon is killed" engine_kill "e$kind"
	ok "engine $kind: and comes back" engine_launch "e$kind"
	ok "engine $kind: with its worker" eventually 10 answers "on-$kind"
	pid=$(cat "$ENGINE_DIR/docker.pid")
	sockets="${remember[3]} $(engine_shim_sockets "$ENGINE_DIR" | xargs)"
	kill -KILL "$pid"
	ok "engine $kind stops after its daemon was killed" engine_stop "e$kind"
	is "$(traces "${remember[@]:0:3}" "$sockets")" "" "engine $kind: killed, nothing is left"
done

# A run that is killed outright cannot clean up; the next sweep does, and only there.
engine_start mine 20 || bail_out "engine does not start"
note=$(mktemp)
at_exit "rm -f '$note'"
# shellcheck disable=SC2016,SC2094 # the inner shell expands it
{ DEMO_IMAGE=$image bash -c '
	. tests/support/tap.sh
	. tests/support/engine.sh
	engine_start dead 28 && engine_load "$DEMO_IMAGE" &&
		docker run -d tenantctl-demo-worker:1 >/dev/null
	{ echo "$ENGINE_DIR"; cat "$ENGINE_DIR/cgroup"; stat -c %i "$ENGINE_NETNS"
	engine_shim_sockets "$ENGINE_DIR" | xargs; } >"$1"
	kill -KILL $$' bash "$note"; } >/dev/null 2>&1
mapfile -t remember <"$note"
ok "a killed run leaves its engine" test "$(traces "${remember[@]}" | wc -l)" -ge 8
ok "the sweep succeeds" engine_sweep
is "$(traces "${remember[@]}")" "" "the sweep removes the dead run's engine"
is "$(engine_api GET /_ping)" OK "the sweep leaves a living run's engine alone"

done_testing
