# The worker's container made anew with one thing changed. Sourced by 50-mutants.sh.
# shellcheck shell=bash disable=SC2016,SC2046,SC2154

# ---- privileges ----

# In cgroup v1 the kernel shows such a process outside of its container.
drift='' mutate_worker "a child that ended, and that nobody waits for" \
	'.Entrypoint = ["sh", "-c", "true & exec sleep 1000"] | .Cmd = []'
mutate_worker "an extra capability" '.HostConfig.CapAdd = ["NET_RAW"]' \
	cap.bounding config.privileged
mutate_worker "root with a capability" ".User = \"0:0\" | .HostConfig.CapAdd = [\"CHOWN\"] | $idle" \
	cap.bounding cap.effective cap.permitted config.privileged uid.nonzero uid.expected
mutate_worker "privileged" '.HostConfig |= (.Privileged = true | .MaskedPaths = null | .ReadonlyPaths = null)' \
	cap.bounding config.privileged config.masked fs.devices fs.masked fs.proc.readonly \
	$(on 20 seccomp.filter seccomp.mode)
mutate_worker "no seccomp" '.HostConfig.SecurityOpt = ["no-new-privileges", "seccomp=unconfined"]' \
	seccomp.mode seccomp.filter config.privileged
mutate_worker "another seccomp profile" '.HostConfig.SecurityOpt = ["no-new-privileges"]' \
	seccomp.filter
mutate_worker "new privileges" '.HostConfig.SecurityOpt -= ["no-new-privileges"]' \
	proc.no_new_privs
beta_uid=$(docker inspect -f '{{.Config.User}}' tc-beta)
mutate_worker "another tenant's user" ".User = \"$beta_uid\" | $idle" uid.expected
mutate_worker "a group of root's" '.HostConfig.GroupAdd = ["0"]' uid.nonzero uid.expected config.privileged

# ---- namespaces ----

mutate_worker "the host's processes" '.HostConfig.PidMode = "host"' ns.pid config.namespaces
mutate_worker "the host's shared memory" '.HostConfig.IpcMode = "host"' ns.ipc config.namespaces \
	fs.mount.flags limit.shm
mutate_worker "the host's name" '.Hostname = "" | .HostConfig.UTSMode = "host"' ns.uts config.namespaces
mutate_worker "the host's cgroups" '.HostConfig.CgroupnsMode = "host"' ns.cgroup config.namespaces
# Its own settings of its network are refused where that is the host's.
mutate_worker "the host's network" '.Hostname = "" | .HostConfig.NetworkMode = "host" | .HostConfig.Dns = []
	| .HostConfig.Sysctls = {} | .NetworkingConfig = {}' \
	ns.net config.namespaces config.network.members net.gateway.control net.host.tcp net.host.udp \
	net.interface net.ipv6 net.published net.route net.sibling.tcp route.control
mutate_worker "another tenant's processes" '.HostConfig.PidMode = "container:tc-beta"' \
	ns.sibling config.namespaces
mutate_worker "the gateway's processes" ".HostConfig.PidMode = \"container:$gateway\"" \
	ns.gateway config.namespaces

# ---- files ----

mutate_worker "a writable root" '.HostConfig.ReadonlyRootfs = false' fs.root.readonly fs.mount.flags
mutate_worker "the engine's socket" \
	".HostConfig.Mounts += [{Type: \"bind\", Source: \"$ENGINE_SOCKET\", Target: \"/run/docker.sock\"}]" \
	fs.mounts.declared fs.mounts.source fs.sockets fs.mount.flags
mutate_worker "a folder of the host" \
	'.HostConfig.Mounts += [{Type: "bind", Source: "/etc", Target: "/hostetc", ReadOnly: true}]' \
	fs.mounts.declared fs.mounts.source
mutate_worker "shared material that can be written" \
	'.HostConfig.Mounts |= map(if .Target == "/source/shared"
		then .ReadOnly = false | del(.BindOptions.ReadOnlyForceRecursive) else . end)' \
	fs.source.readonly fs.mount.flags fs.mounts.shared
mutate_worker "no shared material" \
	'.HostConfig.Mounts |= map(select(.Target != "/source/shared"))' fs.source.readonly
mutate_worker "nothing masked" '.HostConfig.MaskedPaths = []' fs.masked config.masked
drift='' mutate_worker "no read-only paths" '.HostConfig.ReadonlyPaths = []' fs.proc.readonly config.masked
mutate_worker "an executable /tmp" \
	".HostConfig.Tmpfs[\"/tmp\"] = \"rw,exec,nosuid,nodev,size=16m\" | $idle" fs.mount.flags
mutate_worker "a device" \
	'.HostConfig.Devices = [{PathOnHost: "/dev/zero", PathInContainer: "/dev/z", CgroupPermissions: "rwm"}]' \
	fs.devices
mutate_worker "the engine's own resolv.conf" \
	'.HostConfig.Mounts |= map(select(.Target != "/etc/resolv.conf"))'
workspace=$mutants_root/srv/tenants/acme/workspace
mount --make-shared "$workspace"
mutate_worker "a workspace whose mounts travel" '.HostConfig.Mounts
	|= map(if .Target == "/workspace" then .BindOptions.Propagation = "rshared" else . end)' \
	fs.propagation
mount --make-private "$workspace"

# ---- limits ----

mutate_worker "no pids limit" '.HostConfig.PidsLimit = 0' limit.pids
mutate_worker "no memory limit" '.HostConfig.Memory = 0 | .HostConfig.MemorySwap = 0' \
	limit.memory limit.swap
mutate_worker "swap" '.HostConfig.MemorySwap = .HostConfig.Memory * 2' limit.swap
mutate_worker "no cpu limit" '.HostConfig.NanoCpus = 0' limit.cpu
mutate_worker "no disk rate" '.HostConfig |= (.BlkioDeviceReadBps = [] | .BlkioDeviceWriteBps = [])' limit.io
mutate_worker "twice the disk rate for writes" '.HostConfig.BlkioDeviceWriteBps[0].Rate *= 2' limit.io
ln -s "$(readlink "$mutants_root/srv/tenants/beta/workspace.device")" "$E2E_TMP/device"
mutate_worker "a disk rate for another device" ".HostConfig.BlkioDeviceReadBps[0].Path = \"$E2E_TMP/device\"" limit.io
mutate_worker "no ulimits" '.HostConfig.Ulimits = []' limit.nofile limit.core
if prlimit --rtprio=1:1 true 2>/dev/null; then
	mutate_worker "real-time priority" '.HostConfig.Ulimits += [{Name: "rtprio", Soft: 1, Hard: 99}]' limit.priority
	mutate_worker "a better rank than others" '.HostConfig.Ulimits += [{Name: "nice", Soft: 0, Hard: 40}]' limit.priority
else
	unreddened+="limit.priority root of this machine may not raise hard limits (CAP_SYS_RESOURCE)"$'\n'
fi
mutate_worker "more shared memory" '.HostConfig.ShmSize = 67108864' limit.shm
mutate_worker "an endless /tmp" \
	".HostConfig.Tmpfs[\"/tmp\"] = \"rw,noexec,nosuid,nodev\" | $idle" \
	limit.tmp limit.tmpfs
mutate_worker "safe from the OOM killer" '.HostConfig.OomKillDisable = true' limit.oom
mutate_worker "endless logs" '.HostConfig.LogConfig.Config = {}' log.bounded

# ---- secrets ----

drift='' mutate_worker "a key in the environment" \
	'.Env += ["OPENAI_API_KEY=sk-proj-q8Zt4Lw7Vx2Rn9Bd5Kc3Hf6Jm1Pg0Ts8Yu4Ea7"]' \
	env.secrets inspect.secrets
drift='' mutate_worker "a key in a label" \
	'.Labels.note = "sk-proj-q8Zt4Lw7Vx2Rn9Bd5Kc3Hf6Jm1Pg0Ts8Yu4Ea7"' inspect.secrets

# ---- configuration ----

mutate_worker "endless restarts" '.HostConfig.RestartPolicy = {Name: "always"}' config.restart
mutate_worker "a published port" \
	'.HostConfig.PortBindings = {"8080/tcp": [{HostIp: "127.0.0.1", HostPort: "18099"}]}' \
	config.ports
mutate_worker "a name of the host's" '.HostConfig.ExtraHosts = ["host:192.0.2.1"]' config.hosts
mutate_worker "another creation's label" '.Labels["dev.tenantctl.nonce"] = "0"' config.labels
other_image=$(docker commit "$worker" | grep -o 'sha256:[0-9a-f]*')
at_exit 'docker rmi -f "$other_image" >/dev/null 2>&1'
mutate_worker "another image" ".Image = \"$other_image\"" config.image

# A second name for the same program, as someone would add one for a weaker boundary.
other_runtime() { # FILTER of the daemon's configuration
	jq -c "$1" "$ENGINE_DIR/daemon.json" >"$E2E_TMP/daemon.json" &&
		cat "$E2E_TMP/daemon.json" >"$ENGINE_DIR/daemon.json" &&
		kill -HUP "$(cat "$ENGINE_DIR/docker.pid")"
}
other_runtime '.runtimes.other = {path: "runc"}'
eventually 5 sh -c "docker info -f '{{json .Runtimes}}' | grep -q '\"other\"'"
mutate_worker "another runtime" '.HostConfig.Runtime = "other"' config.runtime
put_worker
other_runtime 'del(.runtimes)'
