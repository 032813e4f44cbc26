#!/bin/bash
# The audit as an operator lives with it: everything is well, then somebody changes one thing behind
# tenantctl's back, and the audit says what, where, and that it is new. Judged against what the kernel
# and the engine say.
# time: 240
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
. tests/support/engine.sh
. tests/support/tenants.sh

out=$E2E_TMP/out
err=$E2E_TMP/err
state=$tenants_root/var/lib/tenantctl
log=$tenants_root/var/log/tenantctl/audit.jsonl

tenants_setup || bail_out "the images do not load"

# tc STATUS DESCRIPTION ARGUMENTS...: results in $out and $err
tc() {
	local want=$1 name=$2 status=0
	shift 2
	tenantctl "$@" >"$out" 2>"$err" </dev/null || status=$?
	[ "$status" = "$want" ] && pass "$name" && return
	fail "$name" "status $status, not $want, of: $*"$'\n'"$(cat "$out" "$err")" 2
}
# what was found, as "ID VERDICT SUBJECT" of everything that is no pass; of $out
found() {
	jq -r '.tenants[] | .findings[]? | select(.verdict != "pass") | "\(.id) \(.verdict) \(.evidence)"' "$out" | sort
}
write_manifest() { # NAME [EGRESS...]
	manifest "$1" "image: audited-worker:1" "command: [sleep, '10000']" \
		"resources: { memory: 96m, pids: 64, workspace: 64m, tmp: 16m, shm: 8m }" "egress:" "${@:2}"
}

# ---- before there is anything ----

for part in caps egress images drift history; do
	tc 0 "audit $part of no tenants" audit "$part" --all
	ok "says so" grep -q 'no tenant was created yet' "$out"
	tc 2 "audit $part of nobody" audit "$part"
	tc 5 "audit $part of one that is not there" audit "$part" nobody
	ok "names it" grep -q nobody "$err"
done
fails "not as anybody" 5 setpriv --reuid 65534 --clear-groups "$TENANTCTL" audit caps --all
fails "not without an engine" 4 "$TENANTCTL" --root "$tenants_root" --socket "$E2E_TMP/none" audit drift --all

tc 0 "audit all of no tenants" audit all
ok "says so" grep -qE '^audit of [^ ]+: no problems in 0 tenants' "$out"
rm "$state/audit.json"

# ---- all is well ----

docker tag tenantctl-test-tools:1 audited-worker:1
for name in acme beta; do
	write_manifest "$name" "  - api.example.com"
	tc 0 "create $name" create "$name" || done_testing
done
tc 0 "audit caps" audit caps --all --format json
is "$(jq -c '[.tenants[].tenant]' "$out")" '["acme","beta"]' "of both tenants"
is "$(jq '.tenants[0].processes | map(select(.role == "worker")) | length' "$out")" \
	"$(pids_of tc-acme | wc -l)" "every process of the worker is listed"
is "$(jq '.tenants[0].processes | map(select(.role == "gateway")) | length' "$out")" \
	"$(pids_of tc-acme-gw | wc -l)" "and of the gateway"
is "$(jq -r '.tenants[0].processes[] | select(.role == "worker") | .user' "$out" | sort -u)" \
	"$(awk '/^Uid/ {u = $3} /^Gid/ {print u ":" $3}' "/proc/$(pid_of tc-acme)/status")" "with the user that the kernel says"
for part in caps images drift; do
	tc 0 "audit $part finds nothing" audit "$part" --all --format json
	is "$(found | grep -v images.age)" "" "nothing unusual"
done
tc 0 "audit egress" audit egress acme --unused-for 1d
ok "shows the rule" grep -q 'tls:443:api.example.com' "$out"

tc 0 "audit all" audit all
like "$(head -n 1 "$out")" '^audit of [^ ]+: no problems in 2 tenants, [0-9]+ warnings?$' "its first line is a subject"
ok "it knows that it is the first" grep -q '^the first audit of this host' "$out"
is "$(stat -c '%a %U' "$state/audit.json")" "600 root" "what it found is kept for root alone"
tc 0 "again" audit all --format json
is "$(jq -c '[.pass, .new, .gone, (.tenants | length)]' "$out")" '[true,[],[],3]' "nothing is new"
is "$(jq .log_records "$out")" "$(wc -l <"$log")" "every record of the audit log was checked"

# ---- capabilities ----

setpriv --reuid "$(stat -c %u "/proc/$(pid_of tc-acme)")" --clear-groups --inh-caps +net_raw --ambient-caps +net_raw \
	sleep 1000 &
intruder=$!
at_exit "kill $intruder 2>/dev/null"
for folder in "$(cgroup_of tc-acme pids)" "$(cgroup_of tc-acme memory)" "$(cgroup_of tc-acme cpu)"; do
	echo "$intruder" >"$folder/cgroup.procs"
done
ok "a process with a capability is in the worker's cgroup" eventually 3 grep -qE '^CapEff:.*2000$' "/proc/$intruder/status"
tc 1 "audit caps" audit caps --all --format json
is "$(jq -r ".tenants[0].processes[] | select(.pid == $intruder) | [.effective, .permitted, .inheritable, .ambient, .unusual] | join(\" \")" "$out")" \
	"net_raw net_raw net_raw net_raw true" "names the sets that hold it"
ok "and says what is unusual of it" grep -qx 'audit.caps.sets fail worker: sleep' <(found)
ok "and that no filter holds it" grep -qx 'audit.caps.seccomp fail worker: sleep' <(found)
is "$(jq -r '.tenants[1].verdict' "$out")" pass "the other tenant is as it was"
tc 1 "for people" audit caps acme
ok "the process is marked" grep -qE "worker +$intruder +sleep .*net_raw .*off +1 +yes" "$out"
tc 1 "as junit" audit caps acme --format junit
ok "it is a failure" grep -q '<failure' "$out"
tc 1 "audit all" audit all --keep-last
like "$(head -n 1 "$out")" ': [0-9]+ problems in 1 of 2, [0-9]+ new$' "counts the problems and says that they are new"
ok "and what they are" grep -qE '^! acme: caps.sets: worker: sleep: process [0-9]+: ' "$out"
[ "$(wc -l <"$out")" -le 40 ] || fail "it fits a page" "$(cat "$out")"
is "$(awk 'length > 72' "$out")" "" "no line is too long for an e-mail"
new=$(sed -n '/^New/,/^$/p' "$out")
tc 1 "again" audit all
is "$(sed -n '/^New/,/^$/p' "$out")" "$new" "with --keep-last it is still new"
tc 1 "and then" audit all
unlike "$(cat "$out")" $'\nNew' "it is not"
like "$(cat "$out")" $'As before\n! acme: caps' "but as before"
kill "$intruder"
wait "$intruder" 2>/dev/null
tc 0 "without it nothing is unusual" audit caps --all
tc 0 "and audit all" audit all
like "$(cat "$out")" $'\nGone\n! acme: caps' "says that it is gone"

# ---- the audit log ----

cp -p "$log" "$E2E_TMP/log"
sed -i '1s/acme/beta/' "$log"
tc 1 "audit all after a record was changed" audit all
ok "says so" grep -qE '^! \(host\): log.chain: audit log: ' "$out"
tc 1 "as junit" audit all --format junit
ok "it is a failure" grep -q '<failure' "$out"
cp -p "$E2E_TMP/log" "$log"
tc 0 "put back" audit all
ok "it is gone" grep -qE '^! \(host\): log.chain' <(sed -n '/^Gone/,/^$/p' "$out")

# ---- images ----

tc 0 "audit images" audit images acme --old-after 3650d
docker tag tenantctl-demo-worker:1 audited-worker:1
tc 1 "after the tag moved" audit images acme --format json
is "$(found | grep -v images.age)" "audit.images.moved fail worker" "that is found"
is "$(jq -r '.tenants[0].images[0] | .in_use + " " + .tag' "$out")" \
	"$(inspect tc-acme '{{.Image}}') $(docker image inspect -f '{{.Id}}' tenantctl-demo-worker:1)" "with both digests"
docker rmi audited-worker:1 >/dev/null
tc 1 "after the tag was taken away" audit images acme --format json
is "$(found | grep -v images.age)" "audit.images.present fail worker" "that is found"
docker tag tenantctl-test-tools:1 audited-worker:1
tc 0 "put back" audit images acme

# ---- drift ----

docker update --memory 80m --memory-swap 80m tc-acme >/dev/null
tc 1 "audit drift after a limit was changed" audit drift acme --format json
is "$(jq -r '.tenants[0].differences[] | select(.field == "HostConfig.Memory") | "\(.object) \(.manifest) \(.live)"' "$out")" \
	"worker $((96 << 20)) $((80 << 20))" "says field, manifest and live"
tc 1 "for people" audit drift --all
ok "in a table" grep -qE "^worker +HostConfig.Memory +$((96 << 20)) +$((80 << 20))" "$out"
ok "the other is as it was" grep -qE '^beta: pass, 0 differences' "$out"
tc 0 "apply" apply acme
tc 0 "no drift" audit drift acme
sed -i 's/pids: 64/pids: 63/' "$tenants_manifests/acme.yaml"
tc 1 "after the manifest was changed" audit drift acme --format json
is "$(jq -r '.tenants[0].differences[] | select(.field == "HostConfig.PidsLimit") | "\(.manifest) \(.live)"' "$out")" \
	"63 64" "it is the other way round"
sed -i 's/pids: 63/pids: 64/' "$tenants_manifests/acme.yaml"
tc 0 "stop" stop beta
tc 0 "a stopped tenant is told of, and is no failure" audit drift beta --format json
is "$(found)" $'audit.drift.gateway warn State\naudit.drift.worker warn State' "as a warning"
tc 0 "it has no processes" audit caps beta --format json
is "$(jq -c '.tenants[0].processes' "$out")" "[]" "none"
tc 0 "audit all with a stopped tenant" audit all
ok "tells of it as new" grep -qE '^  beta: drift.worker: State: ' "$out"
echo garbage >"$state/audit.json"
tc 0 "with a last audit that is damaged" audit all
ok "warns" grep -q "the last audit can't be read: .*audit.json" "$err"
ok "and begins anew" jq -e '.items | length > 0' "$state/audit.json"
tc 0 "start" start beta

# ---- egress ----

write_manifest acme "  - api.example.com" "  - { host: old.example.com, expires: 2020-01-01 }" \
	'  - "*.s3.amazonaws.com"' '  - "*.example.org"' "  - { host: intra.example.com, private: true }"
tc 1 "audit egress" audit egress acme --unused-for 0d --format json
is "$(found)" "audit.egress.expired fail tls:443:old.example.com
audit.egress.private warn tls:443:intra.example.com
audit.egress.shared fail tls:443:*.s3.amazonaws.com
audit.egress.unused warn tls:443:*.example.org
audit.egress.unused warn tls:443:*.s3.amazonaws.com
audit.egress.unused warn tls:443:api.example.com
audit.egress.unused warn tls:443:intra.example.com
audit.egress.wildcard warn tls:443:*.example.org" "finds each kind"
tc 1 "audit all" audit all --format sarif
is "$(jq '[.runs[0].results[].fingerprints[]] | length - (unique | length)' "$out")" 0 "each finding is told apart"
cp -p "$state/tenants/beta/allocation.json" "$E2E_TMP"
echo garbage >"$state/tenants/beta/allocation.json"
tc 5 "with a tenant whose state is damaged" audit all
ok "that is a problem of it" grep -qE '^! beta: tenant: audit: ' "$out"
ok "and the other is audited" grep -qE '^! acme: egress.expired: tls:443:old.example.com: ' "$out"
cp -p "$E2E_TMP/allocation.json" "$state/tenants/beta/"
write_manifest acme "  - api.example.com"
tc 0 "apply" apply acme

# ---- history ----

tc 0 "verify" verify --quick acme
tc 0 "history" audit history acme --format json
is "$(jq -r '.tenants[0].results[0] | "\(.verdict) \(.quick) \(.engine)"' "$out")" \
	"pass true $(docker version -f '{{.Server.Version}}')" "the newest result comes first"
tc 0 "a verification with a twin" verify acme
is "$(tenantctl audit history acme --last 1 --format json | jq ".tenants[0].results[0].quick")" false "is told apart from a quick one"
docker update --memory 80m --memory-swap 80m tc-acme >/dev/null
tc 1 "a tenant that fails" verify --quick acme
tc 0 "history" audit history acme --last 1
ok "says what" grep -qE ' fail +quick .*limit.memory' "$out"
tc 0 "show" show acme
ok "has the last ones" grep -qE 'Z  fail, quick: .*limit.memory' "$out"
tc 0 "apply" apply acme
echo garbage >>"$state/tenants/acme/history.jsonl"
tc 5 "a damaged history" audit history --all
ok "is refused" grep -qE 'acme.*history.jsonl:[0-9]+' "$err"
ok "and the others are shown" grep -qE ' pass +quick ' "$out"
tc 0 "it does not stop a verification" verify --quick acme
ok "which says so" grep -q 'begins anew' "$err"
is "$(tail -n 1 "$state/tenants/acme/history.jsonl.damaged")" garbage "and keeps it"
tc 0 "history" audit history acme --format json
is "$(jq '.tenants[0].kept' "$out")" 1 "begins anew"

done_testing
