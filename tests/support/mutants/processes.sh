# Processes in the worker's cgroup that are confined like its own but for one thing: what a kernel or
# runtime bug, or a helper of the host's that enters the container, would leave. The engine knows
# nothing of them. Sourced by 50-mutants.sh.
# shellcheck shell=bash disable=SC2154

put_worker || bail_out "the worker does not start again"
intrude "a process like the worker's own" none

for kind in mnt pid net ipc uts cgroup; do
	intrude "a process in the host's $kind namespace" "ns=$kind" "ns.$kind"
done
intrude "a process that may regain a capability by exec" bounding cap.bounding
intrude "a process that may take up a capability" permitted cap.permitted
intrude "a process that uses a capability" effective cap.effective cap.permitted
intrude "a process that hands a capability on" inheritable cap.inheritable
intrude "a process that keeps a capability over exec" ambient \
	cap.ambient cap.inheritable cap.permitted
intrude "a process that setuid files help" no_new_privs proc.no_new_privs
intrude "a process without a filter" seccomp seccomp.mode
intrude "a process of another user" uid=12345 uid.expected
intrude "a process in a group of root's" group=0 uid.expected uid.nonzero
intrude "a process with more open files" nofile limit.nofile
intrude "a process that writes a memory image" core limit.core
intrude "a process with a key" secret=sk-proj-q8Zt4Lw7Vx2Rn9Bd5Kc3Hf6Jm1Pg0Ts8Yu4Ea7 env.secrets
for step in bounding seccomp no_new_privs caps; do
	intrude "a thread without $step" "thread=$step" proc.threads
done

put_worker
setpriv --reuid="$(docker inspect -f '{{.Config.User}}' "$worker" | cut -d : -f 1)" --clear-groups sleep 60 &
outsider=$!
expect_red "a process of the host that runs as the worker's user" uid.unique
kill "$outsider" 2>/dev/null
put_worker && docker exec -d "$worker" /bin/telnetd -F -p 2323 -l /bin/false && sleep 0.5
expect_red "a server to log in to" proc.login
put_worker

# More folders than are walked could hide a process. That is not known to be a hole, so it is not red,
# but it is not green either.
cgroup=/sys/fs/cgroup$(awk -F : '$2 == "pids" { p = "/pids" $3 } $2 == "" { u = $3 } END { print p ? p : u }' \
	"/proc/$(pid_of "$worker")/cgroup")
deep=$cgroup$(printf '/d%.0s' {1..20})
mkdir -p "$deep"
expect_ids "cgroups nested deeper than is looked" "$(ids_with inconclusive)" proc.complete
fails "and that is no success" 1 tenantctl verify --quick acme
while [ "$deep" != "$cgroup" ]; do
	rmdir "$deep" || break
	deep=${deep%/*}
done
