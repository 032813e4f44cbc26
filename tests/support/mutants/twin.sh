# The same weakenings, and others, as a twin of the worker feels them from inside. Sourced by
# 50-mutants.sh.
# shellcheck shell=bash disable=SC2016,SC2154

put_worker || bail_out "the worker does not start again"
is "$(twin_ids_with fail) $(twin_ids_with inconclusive)" " " "inside: an unchanged worker stays green"

# ---- privileges ----

unconfined='.HostConfig.SecurityOpt = ["no-new-privileges", "seccomp=unconfined"]'
mutate_twin "no seccomp" "$unconfined" twin.identity twin.kernel twin.keyring twin.memory \
	twin.namespace twin.net.family twin.syscalls
mutate_twin "another seccomp profile" '.HostConfig.SecurityOpt = ["no-new-privileges"]' \
	twin.kernel twin.memory twin.net.family twin.syscalls
mutate_twin "new privileges" '.HostConfig.SecurityOpt -= ["no-new-privileges"]' twin.identity
# Root without capabilities may not even write to a folder of somebody else's.
mutate_twin "root" ".User = \"0:0\" | $idle" twin.control twin.identity twin.masked
mutate_twin "root with capabilities" ".User = \"0:0\" | $unconfined | $idle
	| .HostConfig.CapAdd = [\"SYS_ADMIN\", \"NET_ADMIN\", \"DAC_READ_SEARCH\", \"SYS_NICE\"]" \
	twin.control twin.handles twin.identity twin.kernel twin.keyring twin.limits twin.masked \
	twin.memory twin.mount twin.namespace twin.net.change twin.net.family twin.settings twin.syscalls
mutate_twin "a group of root's" '.HostConfig.GroupAdd = ["0"]' twin.identity

# ---- namespaces ----

mutate_twin "the host's processes" '.HostConfig.PidMode = "host"' twin.processes
mutate_twin "the host's shared memory" '.HostConfig.IpcMode = "host"' twin.ipc twin.noexec
mutate_twin "the host's name" '.Hostname = "" | .HostConfig.UTSMode = "host"' twin.names
mutate_twin "the host's network" '.Hostname = "" | .HostConfig.NetworkMode = "host" | .HostConfig.Dns = []
	| .HostConfig.Sysctls = {} | .NetworkingConfig = {}' \
	twin.control twin.names twin.net.reach twin.sockets

# ---- files ----

mutate_twin "a writable root" '.HostConfig.ReadonlyRootfs = false' twin.root
mutate_twin "the engine's socket" \
	".HostConfig.Mounts += [{Type: \"bind\", Source: \"$ENGINE_SOCKET\", Target: \"/run/docker.sock\"}]" \
	twin.engine
mutate_twin "a folder of root's" \
	".HostConfig.Mounts += [{Type: \"bind\", Source: \"$E2E_TMP/shared\", Target: \"/root/.ssh\", ReadOnly: true}]" \
	twin.credentials
mutate_twin "a folder of another tenant's" \
	".HostConfig.Mounts += [{Type: \"bind\", Source: \"$tenants/beta\", Target: \"/beta\", ReadOnly: true}]" \
	twin.masked
mutate_twin "nothing masked" '.HostConfig.MaskedPaths = []' twin.masked
mutate_twin "no read-only paths" '.HostConfig.ReadonlyPaths = []' twin.settings
mutate_twin "an executable /tmp" \
	".HostConfig.Tmpfs[\"/tmp\"] = \"rw,exec,nosuid,nodev,size=16m,mode=1777\" | $idle" twin.noexec
mutate_twin "no /tmp" ".HostConfig.Tmpfs = {} | $idle" twin.control
mutate_twin "a device that is mounted" \
	'.HostConfig.Mounts += [{Type: "bind", Source: "/dev/zero", Target: "/dev/z"}]' twin.devices
# Devices are known by their number only, so the twin gets none.
mutate_twin "a device" \
	'.HostConfig.Devices = [{PathOnHost: "/dev/zero", PathInContainer: "/dev/z", CgroupPermissions: "rwm"}]' \
	twin.fidelity

# ---- network ----

put_worker && docker network connect bridge "$worker"
expect_twin_red "a second network" twin.net.reach
put_worker
