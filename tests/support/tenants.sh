# Tenants under test: a host root below $E2E_TMP, tenantctl run where the engine's bridges are, and
# looks at what the kernel says of a container. Sourced by bash scripts, after tap.sh, atexit.sh and
# engine.sh.
# shellcheck shell=bash

tenants_root=$E2E_TMP/root
tenants_manifests=$tenants_root/etc/tenantctl/tenants

# tenants_setup [LINE...]: loads the images and writes the host configuration with these lines.
tenants_setup() {
	docker load -qi "$IMAGES/test-tools.tar" >/dev/null && docker load -qi "$DEMO_IMAGE" >/dev/null &&
		mkdir -p "$tenants_manifests" && chmod 755 "$E2E_TMP" "$tenants_root" || return 1
	printf '%s\n' "gateway_archive: $IMAGES/tenantctl-gateway.tar" "$@" \
		>"$tenants_root/etc/tenantctl/tenantctl.yaml"
	at_exit tenants_clear
}

# By label and path, without tenantctl: nothing of a failed test may reach the next one.
tenants_clear() {
	docker ps -aq --filter label=dev.tenantctl.role | xargs -r docker rm -f >/dev/null 2>&1
	docker network ls -q --filter label=dev.tenantctl.role | xargs -r docker network rm >/dev/null 2>&1
	tenants_mounts | xargs -r umount
}

# Mount points below the root, in this mount namespace, last mounted first.
tenants_mounts() {
	awk -v d="$tenants_root/" 'index($5, d) == 1 {print $5}' /proc/self/mountinfo | tac
}

tenantctl() {
	engine_exec_in_net "$TENANTCTL" --root "$tenants_root" --socket "$ENGINE_SOCKET" "$@"
}

# manifest NAME [LINE...]: puts a manifest in its place; without lines they are read.
manifest() {
	local file=$tenants_manifests/$1.yaml
	if [ $# -gt 1 ]; then
		printf '%s\n' "version: 1" "tenant: $1" "${@:2}" >"$file"
	else
		cat >"$file"
	fi
	chmod 600 "$file"
}

# inspect CONTAINER FORMAT
inspect() {
	docker inspect -f "$2" "$1"
}

pid_of() {
	inspect "$1" '{{.State.Pid}}'
}

net_of() {
	echo "/proc/$(pid_of "$1")/ns/net"
}

# cgroup_of CONTAINER CONTROLLER: its folder, on either version of cgroups.
cgroup_of() {
	awk -F : -v c="$2" '
		$2 == "" { unified = "/sys/fs/cgroup" $3 }
		index("," $2 ",", "," c ",") { own = "/sys/fs/cgroup/" $2 $3 }
		END { print own != "" ? own : unified }' "/proc/$(pid_of "$1")/cgroup"
}

# Processes of a container, as the host numbers them.
pids_of() {
	cat "$(cgroup_of "$1" pids)/cgroup.procs"
}

# What must be true of every process: FIELD VALUE in /proc/PID/status.
status_all() { # CONTAINER FIELD VALUE
	local pid seen=0
	for pid in $(pids_of "$1"); do
		[ "$(awk -v f="$2:" '$1 == f { $1 = ""; print substr($0, 2) }' "/proc/$pid/status")" = "$3" ] || {
			grep "^$2:" "/proc/$pid/status"
			return 1
		}
		seen=1
	done
	[ "$seen" = 1 ]
}

# mount_options CONTAINER POINT: all options of what is mounted there, of mount and file system.
mount_options() {
	awk -v p="$2" '$5 == p { o = $6 "," $NF } END { print o }' "/proc/$(pid_of "$1")/mountinfo"
}

# One TCP connection; true when it was accepted. Run by root inside NETNS.
connects() { # NETNS ADDRESS PORT
	# shellcheck disable=SC2016 # expanded by the inner shell
	nsenter --net="$1" timeout 1 bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$2" "$3" 2>/dev/null
}

# Ports of ADDRESS that accept a TCP connection from NETNS, of all there are, on one line.
open_ports() { # NETNS ADDRESS
	nsenter --net="$1" /usr/bin/python3 - "$2" <<-'END'
		import selectors, socket, sys
		found = []
		for first in range(1, 65536, 512):
		    waiting = selectors.DefaultSelector()
		    for port in range(first, min(first + 512, 65536)):
		        s = socket.socket()
		        s.setblocking(False)
		        s.connect_ex((sys.argv[1], port))
		        waiting.register(s, selectors.EVENT_WRITE, port)
		    while waiting.get_map():
		        ready = waiting.select(0.5)
		        for key, _ in ready:
		            if key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
		                found.append(key.data)
		            waiting.unregister(key.fileobj)
		            key.fileobj.close()
		        if not ready:  # dropped in silence: nothing answers
		            for key in list(waiting.get_map().values()):
		                waiting.unregister(key.fileobj)
		                key.fileobj.close()
		print(*found)
	END
}
