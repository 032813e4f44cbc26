#!/bin/bash
# time: 300
# What is left to prove afterwards: the audit log of every change, judged by hashes that are made again
# with sha256sum.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
. tests/support/engine.sh
. tests/support/tenants.sh

out=$E2E_TMP/out
log=$tenants_root/var/log/tenantctl/audit.jsonl
head=$tenants_root/var/lib/tenantctl/audit.head

tenants_setup || bail_out "the images do not load"

# tc STATUS DESCRIPTION ARGUMENTS...: what it says is in $out; standard input is passed on.
tc() {
	local want=$1 name=$2 status=0
	shift 2
	tenantctl "$@" >"$out" 2>&1 || status=$?
	[ "$status" = "$want" ] && pass "$name" && return
	fail "$name" "status $status, not $want, of: $*"$'\n'"$(cat "$out")" 2
}

# Every line's prev is the hash of the line before, as sha256sum makes it.
chain_by_hand() {
	local prev line
	prev=$(printf '0%.0s' {1..64})
	while IFS= read -r line; do
		[ "$(jq -r .prev <<<"$line")" = "$prev" ] || { echo "breaks at: $line"; return 1; }
		prev=$(printf %s "$line" | sha256sum | cut -d ' ' -f 1)
	done <"$log"
	[ "$(cut -d ' ' -f 2 "$head")" = "$prev" ] || { echo "head is not $prev"; return 1; }
}

records() { # JQ FILTER: over the array of all records
	jq -cs "$1" "$log"
}

for name in acme birch; do
	manifest "$name" "image: tenantctl-demo-worker:1" \
		"resources: { memory: 64m, tmp: 16m, shm: 8m, workspace: 64m }" "egress: [ api.example.com ]"
done

# ---- the audit log ----

tc 0 "before anything was done" audit log
is "$(cat "$out")" "no records yet" "there is no record"
tc 0 "create" create acme
is "$(records 'map([.event, .command, .tenant, .result, .of])')" \
	'[["begin","create","acme",null,null],["end","create","acme","done",1]]' "is recorded before and after"
like "$(records '.[1].what | join("; ")')" 'create .*tc-acme.*verify' "with what was made"
is "$(records '.[1].manifest')" "\"$(sha256sum <"$tenants_manifests/acme.yaml" | cut -d ' ' -f 1)\"" \
	"and the digest of the manifest"
is "$(records 'map(.uid) | unique')" "[$(id -u)]" "and who did it"
is "$(stat -c %a%U "$log" "$head" | sort -u)" "600root" "for root alone"
SUDO_UID=4711 tc 0 "a secret" secret set acme crm <<<"canary-7c1d9f-of-the-log"
is "$(records '.[-1] | [.command, .what, .sudo_uid]')" '["secret set",["secret crm"],4711]' \
	"is recorded by its name, with who called sudo"
unlike "$(cat "$log")" 'canary-7c1d9f' "and never by its value"
tc 0 "egress allow" egress allow acme prices.example.com
is "$(records '.[-1] | [.command, .what[0], .what[1]]')" '["egress allow","tls:443:prices.example.com","live"]' \
	"is recorded by its rule"
tc 0 "egress review that only looks" egress review acme
is "$(records '.[-1].command')" '"egress allow"' "is not recorded"
tc 3 "a change that fails" apply nobody
is "$(records '.[-1] | [.event, .tenant, .result]')" '["end","nobody","manifest-refused"]' "is recorded with why"
tc 0 "create another" create birch
tc 0 "verify all" verify --all --quick
is "$(records '.[-2:] | map([.event, .tenant, .result])')" '[["verify","acme","pass"],["verify","birch","pass"]]' \
	"is a record for each tenant"
tc 0 "stop all" stop --all
is "$(records 'map(select(.command == "stop" and .event == "end").tenant) | sort')" '["acme","birch"]' \
	"changes of several at once are recorded one by one"
tc 0 "delete" delete birch
like "$(records '.[-1].what | join("; ")')" 'gone: network tc-birch' "is recorded with its proof"
ok "the chain as sha256sum sees it" chain_by_hand
tc 0 "and as audit log does" audit log --format json -n 0
is "$(jq -c '[.chain.whole, .chain.records, .chain.sha256]' "$out")" \
	"[true,$(wc -l <"$log"),\"$(tail -n 1 "$log" | tr -d '\n' | sha256sum | cut -d ' ' -f 1)\"]" "is whole"
tc 0 "one tenant's" audit log --tenant birch --format json -n 0
is "$(jq -c '[.records[].tenant] | unique' "$out")" '["birch"]' "is that tenant's"
tc 0 "since tomorrow" audit log --since "$(date -u -d tomorrow +%F)" --format json
is "$(jq '.records | length' "$out")" 0 "is nothing"

# ---- damage ----

cp "$log" "$E2E_TMP/log" && cp "$head" "$E2E_TMP/head"
restore() {
	cp "$E2E_TMP/log" "$log" && cp "$E2E_TMP/head" "$head"
}

sed -i '3s/"crm"/"crx"/;3s/secret crm/secret crx/' "$log"
tc 1 "a line that was changed" audit log
like "$(cat "$out")" 'not whole: audit.jsonl:4: record 4 does not follow' "is named by the one that shows it"
restore && sed -i 4d "$log"
tc 1 "a line that was taken out" audit log
like "$(cat "$out")" 'audit.jsonl:4: record 5 does not follow' "is named"
restore && sed -i '4{h;d};5G' "$log"
tc 1 "two lines that changed places" audit log
restore && sed -i '$d' "$log"
tc 1 "an end that was cut off" audit log
like "$(cat "$out")" 'its end was cut off' "is seen by the head"
tc 0 "goes on" stop acme
tc 1 "and is never forgotten" audit log
like "$(cat "$out")" 'the log had lost its end' "after the next command"
restore
printf '{"seq":99,"time' >>"$log"
tc 0 "half a record of a command that was killed" audit log
like "$(cat "$out")" 'half a record' "is told"
tc 0 "is no reason to stop" stop acme
tc 0 "and is kept" audit log
like "$(cat "$log")" $'\n\{"seq":99,"time\n.*"note"' "with a note"

# ---- when it cannot be written ----

mv "$log" "$log.aside" && mkdir "$log"
tc 5 "a change that cannot be recorded" start acme
like "$(cat "$out")" 'nothing was changed, because the audit log cannot be written' "says so"
is "$(inspect tc-acme '{{.State.Running}}')" false "and nothing was changed"
fails "a secret, too" 5 tenantctl secret set acme new <<<"0123456789abcdef"
ok "is not stored" test ! -e "$tenants_root/etc/tenantctl/secrets/acme/new"
rmdir "$log" && mv "$log.aside" "$log"
mkdir "$E2E_TMP/kept" && cp -a "${log%/*}/." "$E2E_TMP/kept" && mount -t tmpfs -o size=256k none "${log%/*}" &&
	cp -a "$E2E_TMP/kept/." "${log%/*}" && dd if=/dev/zero of="${log%/*}/full" bs=4k status=none 2>/dev/null
size=$(stat -c %s "$log")
for _ in $(seq 40); do
	tenantctl start acme >"$out" 2>&1 || break
done
like "$(cat "$out")" 'nothing was changed, because.*No space left|done, but the audit log does not say so.*No space left' \
	"a full disk stops changes"
ok "at the end of a record" test "$(tail -c 1 "$log" | od -An -tx1)" = " 0a"
ok "which were recorded as long as there was room" test "$(stat -c %s "$log")" -ge "$size"
rm "${log%/*}/full" && cp -a "${log%/*}/." "$E2E_TMP/kept" && umount "${log%/*}" && cp -a "$E2E_TMP/kept/." "${log%/*}"
tc 0 "the log is whole" audit log
tc 0 "start" start acme

# ---- many at once, and kills ----

before=$(wc -l <"$log")
for i in 1 2 3 4 5 6 7 8; do
	tenantctl secret set acme "key$i" <<<"0123456789abcdef$i" >/dev/null 2>&1 &
	writers[i]=$!
done
failed=0
for pid in "${writers[@]}"; do
	wait "$pid" || failed=$((failed + 1))
done
is "$failed $(($(wc -l <"$log") - before))" "0 16" "eight commands at once leave their records"
tc 0 "in one chain" audit log
for i in $(seq 20); do
	tenantctl secret set acme killed <<<"0123456789abcdef" >/dev/null 2>&1 &
	sleep "0.0$((i * 3 % 10))$i"
	pkill -KILL -P $! 2>/dev/null
	kill -KILL $! 2>/dev/null
	wait $! 2>/dev/null
done
tc 0 "killed at any moment" secret set acme last <<<"0123456789abcdef"
tc 0 "it stays whole" audit log
ok "also for sha256sum" test "$(tail -n 1 "$log" | tr -d '\n' | sha256sum | cut -d ' ' -f 1)" = "$(cut -d ' ' -f 2 "$head")"

done_testing
