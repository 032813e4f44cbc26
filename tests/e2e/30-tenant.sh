#!/bin/bash
# From a manifest to a worker behind its boundary, judged by what the kernel and the engine say of it
# and by what answers from inside, never by tenantctl's own words.
# time: 240
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
. tests/support/engine.sh
. tests/support/lab.sh
. tests/support/tenants.sh

lab=$E2E_TMP/lab
mib=1048576

tenants_setup "resolver: $LAB_DNS:53" || bail_out "the images do not load"
at_exit "lab_down '$ENGINE_NETNS' '$lab'"
lab_up "$ENGINE_NETNS" "$lab" || bail_out "the internet does not start"
lab_witness "$ENGINE_NETNS" "$lab" "$LAB_HOST" 443 || bail_out "no listener on the host"
mkdir "$E2E_TMP/source" && cp "$lab/ca.pem" tests/support/lab-server.py "$E2E_TMP/source"

manifest acme <<YAML
version: 1
tenant: acme
image: tenantctl-test-tools:1
command: [python3, /source/lab/lab-server.py, "http=0.0.0.0:8080"]
listen: 127.0.0.1:18001
resources: { memory: 96m, cpus: 0.5, pids: 40, nofile: 256, workspace: 64m, tmp: 16m, shm: 8m, disk_rate: 16m }
source: [ { host: $E2E_TMP/source, path: /source/lab } ]
logs: { size: 1m, files: 2 }
egress:
  - api.example.com
  - "*.wild.example.org"
  - rebind.example.com
  - { host: inside.example.com, private: true }
  - { host: host.example.com, private: true }
  - { host: www.example.com, expires: 2020-01-01 }
  - { host: db.example.com, port: 5432, protocol: tcp }
  - { host: db.example.com, port: 5433, protocol: tcp, expires: 2020-01-01 }
YAML
manifest beta 'image: tenantctl-demo-worker:1' 'listen: auto' 'environment: { TENANT_NAME: beta }' \
	'resources: { workspace: 64m }' 'egress: [ api.example.com ]'
ok "a tenant is created" tenantctl create acme || done_testing
ok "and another" tenantctl create beta || done_testing
bridge=$(docker network inspect -f '{{index .Options "com.docker.network.bridge.name"}}' tc-acme)
address=$(inspect tc-acme '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}')
gateway=${address%.*}.$((${address##*.} - 1))

inside() { # COMMAND...: as the worker's user, with its limits and filters
	docker exec tc-acme "$@"
}
acme_net=$(net_of tc-acme)

# ---- network ----

is "$(docker network inspect -f '{{.Internal}} {{.EnableIPv6}} {{len .Containers}}' tc-acme)" \
	"true false 2" "its network is internal and holds worker and gateway only"
like "$(docker network inspect -f '{{(index .IPAM.Config 0).Subnet}}' tc-acme)" '^10\.231\.[0-9.]+/29$' "a /29"
ok "the bridge exists" engine_exec_in_net ip link show "$bridge"
is "$(engine_exec_in_net ip -o address show dev "$bridge" | grep -v 'inet6 *fe80')" "" "without an address of the host"
is "$(nsenter --net="$acme_net" ip -o link | grep -cv ' lo:')" 1 "the worker has one interface"
is "$(nsenter --net="$acme_net" ip -6 -o address | grep -v ' ::1/128 ')" "" "and no IPv6 but its own loopback"
is "$(inspect tc-acme '{{len .HostConfig.PortBindings}}')" 0 "no port of the worker is published"
is "$(inspect tc-acme-gw '{{(index (index .HostConfig.PortBindings "8080/tcp") 0).HostIp}}')" 127.0.0.1 \
	"the gateway's on loopback only"
unlike "$(nsenter --net="$acme_net" ip route get 198.51.100.10 2>&1)" " via ${gateway//./\\.} " \
	"the gateway is no router for it"

# ---- privileges ----

for container in tc-acme tc-acme-gw; do
	for set in Inh Prm Eff Bnd Amb; do
		ok "$container: Cap$set is empty" status_all "$container" "Cap$set" 0000000000000000
	done
	ok "$container: no new privileges" status_all "$container" NoNewPrivs 1
	ok "$container: filtered by seccomp" status_all "$container" Seccomp 2
	uid=$(inspect "$container" '{{.Config.User}}')
	uid=${uid%:*}
	ok "$container: all processes are $uid" status_all "$container" Uid "$uid $uid $uid $uid"
	ok "$container: and of that group" status_all "$container" Gid "$uid $uid $uid $uid"
	like "$(mount_options "$container" /)" '(^|,)ro,' "$container: the root is read-only"
	for ns in mnt pid net ipc uts cgroup; do
		[ "$(readlink "/proc/$(pid_of "$container")/ns/$ns")" != "$(readlink /proc/1/ns/$ns)" ] ||
			fail "$container: own $ns namespace"
	done
	is "$(inspect "$container" '{{.HostConfig.LogConfig.Type}}')" json-file "$container: bounded log"
done
is "$(inspect tc-acme '{{index .HostConfig.LogConfig.Config "max-size"}} {{index .HostConfig.LogConfig.Config "max-file"}}')" \
	"$mib 2" "with the manifest's limits"
is "$(inspect tc-acme '{{.HostConfig.RestartPolicy.Name}}')" unless-stopped "stopped means stopped"
is "$(docker ps -q | xargs docker inspect -f '{{.Config.User}}' | sort | uniq -d)" "" "every user is unique"
is "$(docker export tc-acme-gw | tar -t | grep -Ec '(^|/)(sh|bash|dash|busybox|ash)$')" 0 "no shell in the gateway"
is "$(docker export tc-acme-gw | tar -tv | grep -c '^-[rwx-]*s')" 0 "and no setuid file"

# ---- files ----

like "$(mount_options tc-acme /workspace)" '^rw,nosuid,nodev' "/workspace: nosuid, nodev"
like "$(mount_options tc-acme /source/lab)" '^ro,' "/source is read-only"
like "$(mount_options tc-acme /tmp)" '^rw,nosuid,nodev,noexec.*size=16384k' "/tmp: noexec and its size"
like "$(mount_options tc-acme /dev/shm)" 'size=8192k' "/dev/shm: its size"
fails "the root cannot be written" 1 inside touch /etc/x
like "$(inside sh -c 'cp /bin/true /tmp/x && /tmp/x; rm -f /tmp/x' 2>&1)" "Permission denied" "nothing in /tmp runs"
is "$(inside cat /etc/resolv.conf | head -n 1)" "nameserver $gateway" "its resolver is the gateway"

written() { # FILE: MiB that fit
	inside sh -c "dd if=/dev/zero of=$1 bs=64k 2>&1; stat -c %s $1; rm -f $1"
}
image=$tenants_root/srv/tenants/acme/workspace.img
before=$(df --output=avail -k "$E2E_TMP" | tail -n 1)
out=$(written /workspace/full)
used=$((before - $(df --output=avail -k "$E2E_TMP" | tail -n 1)))
like "$out" "No space left" "a full workspace says so"
size=$(tail -n 1 <<<"$out")
ok "at its size ($((size / mib)) MiB of 64)" test "$size" -gt $((48 * mib)) -a "$size" -le $((64 * mib))
ok "the host lost no more than that ($used KiB)" test "$(stat -c '%b * %B' "$image" | xargs expr)" -le $((65 * mib))
for dir in /tmp:16 /dev/shm:8; do
	out=$(written "${dir%:*}/full")
	is "$(grep -c "No space left" <<<"$out") $(tail -n 1 <<<"$out")" "1 $((${dir#*:} * mib))" "${dir%:*} ends at ${dir#*:} MiB"
done

# ---- limits ----

limit() { # NAME: soft and hard
	awk -v n="Max $1" 'index($0, n) == 1 { sub(n " *", ""); print $1, $2 }' "/proc/$(pids_of tc-acme | tail -n 1)/limits"
}
is "$(limit 'open files')" "256 256" "open files"
is "$(limit 'core file size')" "0 0" "no core files"
is "$(limit 'processes')" "40 40" "processes of the user"
is "$(cat "$(cgroup_of tc-acme pids)/pids.max")" 40 "tasks of the cgroup"
is "$(inside python3 -c '
import errno, os, time
n = 0
while n < 200:
    try:
        if os.fork() == 0:
            time.sleep(2)
            os._exit(0)
    except OSError as e:
        print(errno.errorcode[e.errno])
        break
    n += 1
')" EAGAIN "a fork bomb ends at the limit"
memory=$(cgroup_of tc-acme memory)
is "$(cat "$memory/memory.limit_in_bytes" "$memory/memory.max" 2>/dev/null)" $((96 * mib)) "memory of the cgroup"
device=$(stat -c %Hd:%Ld "$tenants_root/srv/tenants/acme/workspace")
io=$(cgroup_of tc-acme blkio)
is "$(cat "$io"/blkio.throttle.{read,write}_bps_device "$io/io.max" 2>/dev/null | grep -c "^$device .*$((16 * mib))")" \
	"$([ -e "$io/io.max" ] && echo 1 || echo 2)" "rates of the cgroup, for the workspace's device"
# 32 MiB past the page cache, there and back: at 16 MiB a second that takes 4 seconds.
took=$(inside python3 -c '
import mmap, os, time
block = mmap.mmap(-1, 1 << 20)
f = os.open("/workspace/storm", os.O_RDWR | os.O_CREAT | os.O_DIRECT)
began = time.monotonic()
for what in (os.writev, os.readv):
    os.lseek(f, 0, os.SEEK_SET)
    for _ in range(32):
        what(f, [block])
print(int(1000 * (time.monotonic() - began)))
os.unlink("/workspace/storm")
')
ok "a storm on the disk is held to that ($took ms)" test "$took" -ge 3500
sibling=$(inspect tc-beta '{{.State.Pid}} {{.State.StartedAt}}')
fails "a memory hog is killed" 137 inside python3 -c 'x = b"x" * (512 << 20); print(len(x))'
is "$(inspect tc-beta '{{.State.Pid}} {{.State.StartedAt}}')" "$sibling" "the sibling did not notice"
eventually 10 inside true
acme_net=$(net_of tc-acme)

# ---- what answers inside the worker's network ----

lab_serve "$ENGINE_NETNS" "$lab" echo=0.0.0.0:7777 || bail_out "no listener on the host"
ok "a service of the host is there" connects "$ENGINE_NETNS" 127.0.0.1 7777
reached=
for host in $(engine_exec_in_net ip -4 -o address | awk '{ sub("/.*", "", $4); print $4 }') "${gateway%.*}.1"; do
	case $host in
	127.*) continue ;;
	esac
	for port in 7777 18001; do
		! connects "$acme_net" "$host" $port || reached="$reached $host:$port"
	done
done
is "$reached" "" "it is on no address of the host"
beta=$(inspect tc-beta '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}')
ok "the sibling serves" connects "$(net_of tc-beta)" "$beta" 8080
beta_gateway=$(inspect tc-beta-gw '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}')
own_egress=$(inspect tc-acme-gw '{{(index .NetworkSettings.Networks "tenantctl-egress").IPAddress}}')
reached=
for host in $beta $beta_gateway "$own_egress" 169.254.169.254 198.51.100.10 198.51.100.53 10.99.0.1 203.0.113.10; do
	for port in 53 80 443 8080; do
		! connects "$acme_net" "$host" $port || reached="$reached $host:$port"
	done
done
is "$reached" "" "nor is the sibling, a gateway's other side, metadata, the internet"
is "$(open_ports "$acme_net" "$gateway")" "53 80 443 5432 5433" "of the gateway's ports only the declared ones are open"

# A lookup as root inside the worker's network; status 0 with an address.
looks_up() { # SERVER NAME
	lab_in "$acme_net" "$1" timeout 5 getent ahostsv4 "$2" >/dev/null
}
ok "an allowed name has an address" looks_up "$gateway" api.example.com
fails "another has none" 2 looks_up "$gateway" other.example.net
# Older engines' own resolver hands questions to the gateway; it must know nobody else to ask.
fails "nor for the engine's resolver" 2 looks_up 127.0.0.11 other.example.net
unlike "$(lab_in "$acme_net" 127.0.0.11 timeout 5 getent ahostsv4 api.example.com | awk '{ print $1 }' |
	grep -vxF "$gateway")" . "which leads an allowed name to the gateway or nowhere"
unlike "$(grep -c other.example.net "$lab/dns.log")" '^[1-9]' "the question left the host nowhere"

# ---- what the worker may reach, as its own user ----

get() { # NAME [curl arguments]: what its server says
	inside curl -s --max-time 8 --cacert /source/lab/ca.pem "${@:2}" "https://$1/" | jq -r .name
}
is "$(get api.example.com)" api.example.com "an allowed name, with its own certificate"
is "$(get x.wild.example.org)" x.wild.example.org "a name below a wildcard"
is "$(get inside.example.com)" inside.example.com "a private address that is declared"
is "$(get rebind.example.com)" "" "a private address that is not"
connects "$(net_of tc-acme-gw)" "$LAB_HOST" 443
ok "the host's own address answers on the gateways' network" eventually 5 grep -q ^connection "$lab/witnessed"
is "$(get host.example.com)" "" "which no entry opens"
is "$(grep -c ^connection "$lab/witnessed")" 1 "nor does the host see an attempt"
is "$(get www.example.com)" "" "an entry whose day has come"
is "$(get other.example.net --resolve "other.example.net:443:$gateway")" "" "a name that nobody allowed"
is "$(get api.example.com --connect-to "::other.example.net:443" --resolve "other.example.net:443:198.51.100.11")" "" \
	"an allowed name at another's address"
talk='import socket, sys
s = socket.create_connection(("db.example.com", int(sys.argv[1])), 5)
s.settimeout(5)
s.sendall(b"hello")
print(s.recv(5).decode())'
is "$(inside python3 -c "$talk" 5432)" hello "plain TCP"
is "$(inside python3 -c "$talk" 5433 2>/dev/null)" "" "plain TCP whose day has come"
gateway_log() { # JQ-CONDITION
	tenantctl logs acme --gateway | jq -es "any(.[]; $1)" >/dev/null
}
ok "a refusal is logged" gateway_log '.sni == "other.example.net" and .verdict == "denied"'
ok "so is an address of the host" gateway_log '.sni == "host.example.com" and .dst == "192.0.2.1" and .reason == "address"'
ok "an expired entry is logged" gateway_log '.sni == "www.example.com" and .reason == "expired" and .rule == "tls:443:www.example.com"'
ok "an expired port is logged" gateway_log '.event == "tcp" and .reason == "expired" and .rule == "tcp:5433:db.example.com"'

# ---- inbound ----

is "$(engine_exec_in_net curl -s --max-time 5 http://127.0.0.1:18001/in | jq -r .path)" /in "inbound reaches the worker"
is "$(nsenter --net="$ENGINE_NETNS" bash -c '. tests/support/lab.sh; lab_websocket 127.0.0.1 18001 text')" \
	text "with websockets"
beta_port=$(jq -r .listen_port "$tenants_root/var/lib/tenantctl/tenants/beta/allocation.json")
is "$(engine_exec_in_net curl -s --max-time 5 "http://127.0.0.1:$beta_port/")" beta "each to its own"

ok "it verifies" tenantctl verify --quick acme

# A gateway that has to wait for a processor, as on a busy host, longer than a first look takes (0.7 s
# for what its own side answers, and as long for what the worker hears), and one that does not come back.
gateway_signal() { # SIGNAL
	pids_of tc-acme-gw | xargs kill "-$1"
}
gateway_signal STOP
(sleep 2.5 && gateway_signal CONT) &
late=$!
ok "also when its gateway is late" tenantctl verify --quick acme
wait "$late"
# What is wrong meanwhile is not forgotten when the gateway is back.
candidate=$tenants_root/run/tenantctl/acme/files/next
mkdir "$candidate"
gateway_signal STOP
(sleep 2.5 && rmdir "$candidate" && gateway_signal CONT) &
late=$!
fails "but not when something was wrong while it was" 1 tenantctl verify --quick acme
wait "$late"
gateway_signal STOP
fails "not when it is silent" 1 tenantctl verify --quick acme
gateway_signal CONT

# ---- another address of the host ----

lab_name "$lab" host.example.com 203.0.113.77
engine_exec_in_net ip address add 203.0.113.77/32 dev lab0
engine_exec_in_net ip address add 10.77.0.1/32 dev lab0
like "$(tenantctl plan acme)" 'reload gateway tc-acme-gw \(configuration\)' "the plan tells of a new address of the host"
lives=$(inspect tc-acme '{{.Id}} {{.State.StartedAt}}' && inspect tc-acme-gw '{{.Id}} {{.State.StartedAt}}')
ok "and the next run follows it" tenantctl apply acme
is "$(inspect tc-acme '{{.Id}} {{.State.StartedAt}}' && inspect tc-acme-gw '{{.Id}} {{.State.StartedAt}}')" "$lives" \
	"with the same worker and gateway"
ok "it verifies again" tenantctl verify --quick acme
is "$(get host.example.com)" "" "which no entry opens either"
ok "as the log says" gateway_log '.dst == "203.0.113.77" and .reason == "address"'
is "$(get api.example.com)" api.example.com "the internet's are open as before"
engine_exec_in_net ip address delete 10.77.0.1/32 dev lab0
ok "a private address changes nothing" tenantctl plan acme

for name in acme beta; do
	ok "$name is deleted" tenantctl delete "$name" --purge
done
done_testing
