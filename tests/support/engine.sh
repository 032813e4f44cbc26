# Private container engines for tests. Each has its own network namespace, cgroup parent, data,
# state and socket below one folder that names its owner, so that several run side by side, beside
# the system's own engine, and a run that died can be cleaned by the next one.
#
# A process belongs to an engine if it is in the engine's network namespace (daemon, containerd,
# shims, proxies) or below its cgroup (everything in containers). The namespace is pinned by a bind
# mount until the end, so its inode cannot be given to another namespace while we kill by it.
# Sourced by bash scripts, as root.
# shellcheck shell=bash

engine_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/support/atexit.sh
. "$engine_here/atexit.sh"
engine_root=$(cd "$engine_here/../.." && pwd)
engine_base=${TMPDIR:-/tmp}/tenantctl-test
engine_cache=${ENGINE_CACHE:-$engine_root/build/engines}

# Start time of process $1 in clock ticks since boot: with the pid, its identity (proc(5), field 22,
# counted after the name, which may hold anything).
engine_start_time() {
	local stat
	stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
	stat=${stat##*) }
	echo "$stat" | cut -d ' ' -f 20
}

engine_run_dir() {
	local start
	# The base is below a folder anyone can write: only a folder of our own making is used.
	mkdir -m 0700 "$engine_base" 2>/dev/null
	if [ -L "$engine_base" ] || [ "$(stat -c %u:%a "$engine_base")" != "$(id -u):700" ]; then
		echo "$engine_base: not a private folder of ours" >&2
		return 1
	fi
	start=$(engine_start_time $$) || return 1
	mkdir -p "$engine_base/$$.$start" && echo "$engine_base/$$.$start"
}

# Prints the folder that holds the engine's programs, or nothing for the system's own.
engine_programs() {
	local version suite status
	case $1 in
	20)
		version=$(dockerd --version 2>/dev/null)
		case $version in
		*' 20.10.'*) return 0 ;;
		esac
		set -- bookworm
		;;
	28) set -- sid trixie ;;
	/*)
		echo "$1"
		return 0
		;;
	*)
		echo "engine_start: '$1' is neither 20, 28 nor a folder" >&2
		return 1
		;;
	esac
	for suite in "$@"; do
		status=0
		"$engine_root/scripts/fetch-engine" "$suite" "$engine_cache/$suite" >/dev/null || status=$?
		if [ "$status" = 0 ]; then
			echo "$engine_cache/$suite"
			return 0
		fi
		# Only "does not run on this libc" lets an older suite take its place.
		[ "$status" = 3 ] || return 1
	done
	return 1
}

# engine_start NAME 20|28|FOLDER [dockerd arguments]: starts an engine, waits until it answers and
# sets ENGINE_NAME, ENGINE_DIR, ENGINE_SOCKET, ENGINE_NETNS, ENGINE_VERSION, DOCKER_HOST. It is
# stopped by engine_stop, or at the script's end.
engine_start() {
	local name=$1 kind=$2 run programs
	shift 2
	run=$(engine_run_dir) || return 1
	programs=$(engine_programs "$kind") || return 1
	mkdir "$run/$name" || return 1
	at_exit "engine_stop $name"
	engine_use "$name"
	mkdir "$ENGINE_DIR/data" "$ENGINE_DIR/exec"
	echo "tenantctl-test-${run##*/}-$name" >"$ENGINE_DIR/cgroup"
	echo "$programs" >"$ENGINE_DIR/programs"
	echo '{}' >"$ENGINE_DIR/daemon.json"
	printf '%s\0' "$@" >"$ENGINE_DIR/arguments"
	: >"$ENGINE_NETNS"
	unshare --net="$ENGINE_NETNS" true && engine_exec_in_net ip link set lo up &&
		engine_launch "$name"
}

# engine_launch NAME: starts the daemon of a prepared engine (again, after engine_kill).
engine_launch() {
	local programs arguments=() path=$PATH
	engine_use "$1"
	programs=$(cat "$ENGINE_DIR/programs")
	[ -z "$programs" ] || path=$programs/usr/sbin:$programs/usr/bin:$PATH
	[ ! -s "$ENGINE_DIR/arguments" ] || mapfile -d '' -t arguments <"$ENGINE_DIR/arguments"
	[ -n "${arguments[*]}" ] || arguments=()
	rm -f "$ENGINE_DIR/docker.pid"
	# Before 23 the daemon writes a key below /etc unless told otherwise; later ones refuse the word.
	case $(PATH=$path dockerd --version) in
	*' 20.'*) echo "{\"deprecated-key-path\":\"$ENGINE_DIR/key.json\"}" >"$ENGINE_DIR/daemon.json" ;;
	esac
	PATH=$path setsid nsenter --net="$ENGINE_NETNS" dockerd --config-file "$ENGINE_DIR/daemon.json" \
		--data-root "$ENGINE_DIR/data" --exec-root "$ENGINE_DIR/exec" \
		--pidfile "$ENGINE_DIR/docker.pid" -H "unix://$ENGINE_SOCKET" \
		--exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "/$(cat "$ENGINE_DIR/cgroup")" \
		"${arguments[@]}" </dev/null >>"$ENGINE_DIR/log" 2>&1 3>&- 4>&- 5>&- 9>&- &
	engine_wait $!
}

engine_wait() {
	local pid=$1 i
	disown "$pid" 2>/dev/null
	for ((i = 0; i < 300; i++)); do
		if [ "$(engine_api GET /_ping 2>/dev/null)" = OK ]; then
			ENGINE_VERSION=$(engine_api GET /version | jq -r .Version)
			return 0
		fi
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.1
	done
	echo "engine $ENGINE_NAME does not answer:" >&2
	tail -n 20 "$ENGINE_DIR/log" >&2
	return 1
}

# engine_use NAME: makes a started engine the one that the other functions and variables mean.
engine_use() {
	local run
	run=$(engine_run_dir) || return 1
	ENGINE_NAME=$1
	ENGINE_DIR=$run/$1
	ENGINE_SOCKET=$ENGINE_DIR/docker.sock
	ENGINE_NETNS=$ENGINE_DIR/netns
	DOCKER_HOST=unix://$ENGINE_SOCKET
	export ENGINE_NAME ENGINE_DIR ENGINE_SOCKET ENGINE_NETNS ENGINE_VERSION DOCKER_HOST
}

# engine_api METHOD PATH [curl arguments]: one request; fails on a status of 400 or more.
engine_api() {
	local method=$1 path=$2
	shift 2
	curl -sS --fail-with-body -X "$method" --unix-socket "$ENGINE_SOCKET" "$@" "http://engine$path"
}

# engine_load FILE: loads an image archive. The engine answers 200 even when it fails half way.
engine_load() {
	local reply
	reply=$(engine_api POST '/images/load?quiet=1' -H 'Content-Type: application/x-tar' -T "$1") ||
		return 1
	case $reply in
	*'"error"'*)
		echo "$reply" >&2
		return 1
		;;
	esac
}

# engine_exec_in_net COMMAND...: runs it where the engine's bridges and published ports are.
engine_exec_in_net() {
	nsenter --net="$ENGINE_NETNS" -- "$@"
}

# with_lies PATH FILTER COMMAND...: runs it while $proxy is an engine that lies, and fails without one
with_lies() {
	local pid status=1
	proxy=$E2E_TMP/proxy.sock
	rm -f "$proxy"
	tests/support/engine-proxy.py "$proxy" "$ENGINE_SOCKET" "$1" "$2" >/dev/null &
	pid=$!
	eventually 5 test -S "$proxy" && status=0 && "${@:3}"
	kill "$pid"
	wait "$pid" 2>/dev/null
	return "$status"
}

# engine_kill NAME [SIGNAL]: ends only the daemon and its containerd, KILL unless said otherwise;
# containers and their shims go on, as after a crash.
engine_kill() {
	local pid name
	engine_use "$1"
	pid=$(cat "$ENGINE_DIR/docker.pid") || return 1
	kill "-${2:-KILL}" "$pid" && engine_gone "$pid" 200 || return 1
	# A daemon that finds its dying containerd takes it for a live one and waits for it in vain.
	for name in "$ENGINE_DIR"/exec/containerd/*containerd.pid; do
		pid=$(cat "$name" 2>/dev/null) || continue
		engine_gone "$pid" 20 || kill -KILL "$pid"
		engine_gone "$pid" 40 || return 1
	done
}

# engine_gone PID N: waits up to N twentieths of a second for a process to end.
engine_gone() {
	local i
	for ((i = 0; i < $2; i++)); do
		kill -0 "$1" 2>/dev/null || return 0
		sleep 0.05
	done
	return 1
}

# engine_stop NAME: ends the engine with all it started and removes every trace.
engine_stop() {
	engine_use "$1" || return 1
	[ ! -d "$ENGINE_DIR" ] || engine_remove "$ENGINE_DIR" || return 1
	rmdir "${ENGINE_DIR%/*}" 2>/dev/null
	return 0
}

# engine_sweep: removes the engines of runs whose owner no longer exists.
engine_sweep() {
	local run engine owner failed=0
	for run in "$engine_base"/*.*; do
		[ -d "$run" ] || continue
		owner=${run##*/}
		[ "$(engine_start_time "${owner%.*}")" != "${owner#*.}" ] || continue
		for engine in "$run"/*; do
			[ ! -d "$engine" ] || engine_remove "$engine" || failed=1
		done
		rmdir "$run" || failed=1
	done
	return "$failed"
}

# Process ids of the engine in folder $1.
engine_processes() {
	local cgroup
	cgroup=$(cat "$1/cgroup" 2>/dev/null)
	{
		[ ! -e "$1/netns" ] ||
			find -L /proc/[0-9]*/ns/net -maxdepth 0 -samefile "$1/netns" 2>/dev/null |
			cut -d / -f 3
		[ -z "$cgroup" ] ||
			find /sys/fs/cgroup -path "*/$cgroup/*" -name cgroup.procs -exec cat {} + 2>/dev/null
	} | sort -un | grep -vx "$$"
}

engine_remove() {
	local dir=$1 i pids
	engine_shim_sockets "$dir" >"$dir/sockets"
	for ((i = 0; i < 100; i++)); do
		pids=$(engine_processes "$dir")
		[ -n "$pids" ] || break
		# shellcheck disable=SC2086 # a list of numbers
		kill -KILL $pids 2>/dev/null
		sleep 0.05
	done
	xargs -r -d '\n' rm -f -- <"$dir/sockets"
	engine_unmount "$dir"
	losetup -nO NAME,BACK-FILE | awk -v d="$dir/" 'index($2, d) == 1 {print $1}' |
		xargs -r -n 1 losetup -d
	[ ! -s "$dir/cgroup" ] ||
		find /sys/fs/cgroup -depth -type d \( -path "*/$(cat "$dir/cgroup")/*" -o \
			-name "$(cat "$dir/cgroup")" \) -exec rmdir {} + 2>/dev/null
	rm -rf --one-file-system "$dir"
}

# containerd keeps its shims' sockets outside of every folder it can be given.
engine_shim_sockets() {
	find "$1/exec" -type f \( -name address -o -name bootstrap.json \) -exec cat {} + 2>/dev/null |
		grep -ao 'unix:///run/containerd/s/[0-9a-f]*' | cut -c 8-
}

# Mount points come last mounted first, with blanks in paths as octal escapes.
engine_unmount() {
	local point
	awk -v d="$1/" 'index($5, d) == 1 {print $5}' /proc/self/mountinfo | tac |
		while read -r point; do
			point=$(printf '%b' "$point")
			umount "$point" 2>/dev/null || umount -l "$point"
		done
}
