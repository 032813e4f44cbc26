#!/bin/bash
# time: 420
# What is left to prove afterwards: the audit log of every change, and the evidence that a client is given,
# judged with sha256sum, openssl and tar.
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
	jq -cRn "[inputs | fromjson?] | $1" "$log"
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
before=$(records length)
tenantctl verify acme --quick --format json -o "$E2E_TMP/no/such/folder" >/dev/null 2>&1
is "$(records length)" $((before + 1)) "a verification is recorded when nobody could be told of it"
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
tc 0 "started again" start acme
mv "$log" "$log.aside" && mkdir "$log"
tc 6 "what only takes away" stop acme
like "$(cat "$out")" 'goes on without a record' "says that it is not recorded"
is "$(inspect tc-acme '{{.State.Running}}')" false "and is done"
rmdir "$log" && mv "$log.aside" "$log"
tc 0 "the chain is as it was" audit log
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


# ---- an evidence pack, as its reader sees it ----

pack=$E2E_TMP/acme.tar
opened=$E2E_TMP/opened
canary='canary-5e1f70c2a94b'
mkdir "$opened" "$E2E_TMP/keys"
openssl genpkey -algorithm ed25519 -out "$E2E_TMP/keys/own.pem" 2>/dev/null
openssl genpkey -algorithm ed25519 -out "$E2E_TMP/keys/other.pem" 2>/dev/null
openssl genpkey -algorithm ed25519 -aes256 -pass pass:words -out "$E2E_TMP/keys/locked.pem" 2>/dev/null
chmod 600 "$E2E_TMP"/keys/*.pem
for key in own other; do
	openssl pkey -in "$E2E_TMP/keys/$key.pem" -pubout -out "$E2E_TMP/$key.pub"
done
manifest birch "image: tenantctl-demo-worker:1" \
	"resources: { memory: 64m, tmp: 16m, shm: 8m, workspace: 64m }" "egress: [ api.example.com ]"
mkdir -p "$E2E_TMP/birch-files"
manifest acme "# as for birch" "image: tenantctl-demo-worker:1" \
	"resources: { memory: 64m, tmp: 16m, shm: 8m, workspace: 64m }" \
	"environment: { TZ: UTC, GREETING: $canary }" "source: [ { host: $E2E_TMP/birch-files, path: /source/files } ]" \
	"egress: [ { host: api.example.com, reason: like birch } ]" \
	"credentials: [ { name: crm, upstream: 'https://crm.example.com', secret: crm, inject: { header: X-Key, format: '{}' } } ]"
docker tag tenantctl-demo-worker:1 registry.test/birch-worker:1
tc 0 "a key" secret set acme crm <<<"$canary-key"
tc 0 "a sibling" create birch
tc 0 "apply" apply acme
tc 0 "a pack" verify acme --pack "$pack" --sign "$E2E_TMP/keys/own.pem"
like "$(cat "$out")" "evidence pack written and signed, SHA256SUMS [0-9a-f]{64}" "says its digest"
is "$(stat -c %a "$pack")" 600 "is its owner's to hand on"
ok "is a tar file" tar -xf "$pack" -C "$opened"
ok "whose sums sha256sum accepts" sh -c "cd '$opened' && sha256sum -c --strict SHA256SUMS"
is "$(cut -d ' ' -f 3- "$opened/SHA256SUMS" | tr '\n' ' ')" \
	"README.txt summary.json policy.yaml findings.json report.html seccomp.json records.json public.pem " "of every file"
ok "and whose signature openssl accepts" openssl pkeyutl -verify -pubin -inkey "$E2E_TMP/own.pub" -rawin \
	-in "$opened/SHA256SUMS" -sigfile "$opened/SHA256SUMS.sig"
fingerprint=$(openssl pkey -pubin -in "$E2E_TMP/own.pub" -outform DER | sha256sum | cut -d ' ' -f 1)
is "$(jq -r .public_key_sha256 "$opened/summary.json")" "$fingerprint" "with the key's fingerprint"
is "$(records '[.[] | select(.event == "pack")][-1].what[0]')" \
	"\"SHA256SUMS $(sha256sum <"$opened/SHA256SUMS" | cut -d ' ' -f 1)\"" "the audit log has its digest"
is "$(jq -r .audit_log.head_sha256 "$opened/summary.json")" "$(sed '$d' "$log" | tail -n 1 | tr -d '\n' | sha256sum | cut -d ' ' -f 1)" \
	"and it has the log's head"
is "$(jq -c '[.tenant, .verdict, .other_tenants, .egress]' "$opened/summary.json")" '["acme","pass",1,["tls:443:api.example.com"]]' \
	"says whom it is about"
is "$(jq -r .worker.image_id "$opened/summary.json")" "$(inspect tc-acme '{{.Image}}')" "which image ran"
is "$(jq -r .host.kernel "$opened/summary.json")" "$(uname -r)" "on which kernel"
is "$(jq -r .manifest_sha256 "$opened/summary.json")" "$(sha256sum <"$tenants_manifests/acme.yaml" | cut -d ' ' -f 1)" \
	"under which manifest"
is "$(jq -r '.findings | map(.verdict) | unique | index("fail")' "$opened/findings.json")" null "with all findings"
is "$(jq '[.matrix[] | select(.to == "other-1")] | length > 0' "$opened/findings.json")" true "and the sibling under another name"
ok "the system calls that pass" jq -e '.allowed | index("read")' "$opened/seccomp.json"
ok "and what was changed" jq -e '.records | map(.command) | index("secret set")' "$opened/records.json"
line=$(jq -r '.records[0].line_sha256' "$opened/records.json")
is "$(sed -n "$(jq '.records[0].seq' "$opened/records.json")p" "$log" | tr -d '\n' | sha256sum | cut -d ' ' -f 1)" "$line" \
	"each by the hash of its line"
ok "the policy is a manifest" sh -c "cp '$opened/policy.yaml' '$E2E_TMP/policy.yaml' && chmod 600 '$E2E_TMP/policy.yaml' &&
	'$TENANTCTL' validate '$E2E_TMP/policy.yaml'"
fails "no other tenant is named anywhere" 1 grep -aiq birch "$pack"
fails "no value of a variable or key is anywhere" 1 grep -aq "$canary" "$pack"
tc 0 "the sibling's" verify birch --pack "$E2E_TMP/birch.tar"
fails "does not name this one either" 1 grep -aiq acme "$E2E_TMP/birch.tar"

# check STATUS DESCRIPTION ARGUMENTS...: as a client: no root, no engine, no configuration
check() {
	local want=$1 name=$2 status=0
	shift 2
	(cd / && setpriv --reuid 65534 --regid 65534 --clear-groups "$TENANTCTL" --socket /nowhere verify --check-pack "$@") \
		>"$out" 2>&1 || status=$?
	[ "$status" = "$want" ] && pass "$name" && return
	fail "$name" "status $status, not $want, of: $*"$'\n'"$(cat "$out")" 2
}

chmod 644 "$pack" "$E2E_TMP/birch.tar"
check 0 "anybody can check it" "$pack" --public-key "$E2E_TMP/own.pub"
like "$(cat "$out")" "signature  good, by the key given, $fingerprint" "says who signed"
check 0 "without a key" "$pack"
like "$(cat "$out")" "good, by key $fingerprint; is that the operator's" "says that the key must be compared"
check 1 "with another key" "$pack" --public-key "$E2E_TMP/other.pub"
like "$(cat "$out")" 'signed by another key than the one given' "says so"
check 0 "one without a signature" "$E2E_TMP/birch.tar"
like "$(cat "$out")" 'signature  none' "says so, too"
check 1 "and with a key" "$E2E_TMP/birch.tar" --public-key "$E2E_TMP/own.pub"
check 0 "for machines" "$pack" --format json
is "$(jq -c '[.intact, .signature, .summary.tenant]' "$out")" '[true,"good","acme"]' "all of it"

# One byte of each kind: the name, size and padding of an entry, every file, the end.
/usr/bin/python3 - "$pack" "$E2E_TMP" <<-'END'
	import sys, tarfile
	data = open(sys.argv[1], "rb").read()
	spots = {"frame-size": 130, "frame-time": 140, "frame-owner": 110, "frame-link": 160, "end": len(data) - 1}
	for entry in tarfile.open(sys.argv[1]):
	    spots[entry.name] = entry.offset_data + entry.size // 2
	    if entry.size % 512:
	        spots["padding-of-" + entry.name] = entry.offset_data + entry.size
	for name, at in spots.items():
	    changed = bytearray(data)
	    changed[at] ^= 1
	    open(f"{sys.argv[2]}/flip.{name}", "wb").write(changed)
	open(f"{sys.argv[2]}/flip.cut", "wb").write(data[:-512])
	open(f"{sys.argv[2]}/flip.longer", "wb").write(data + bytes(512))
END
chmod 644 "$E2E_TMP"/flip.*
for flipped in "$E2E_TMP"/flip.*; do
	check 1 "a change of ${flipped##*/flip.}" "$flipped"
done
check 1 "of the findings" "$E2E_TMP/flip.findings.json"
like "$(cat "$out")" 'altered +findings.json is not the file that SHA256SUMS names' "names the file"

# Whoever makes the sums anew lacks the key.
forged=$E2E_TMP/forged
cp -r "$opened" "$forged" && sed -i 's/"verdict":.*"pass"/"verdict": "fail"/' "$forged/summary.json"
repack() { # PRIVATE KEY, or a file that is not there
	local files=(README.txt summary.json policy.yaml findings.json report.html seccomp.json records.json)
	[ ! -e "$forged/public.pem" ] || files+=(public.pem)
	(cd "$forged" && sha256sum "${files[@]}" >SHA256SUMS)
	[ ! -e "$1" ] || openssl pkeyutl -sign -inkey "$1" -rawin -in "$forged/SHA256SUMS" -out "$forged/SHA256SUMS.sig"
	/usr/bin/python3 - "$forged" "$E2E_TMP/forged.tar" <<-'END'
		import os, sys
		names = "README.txt summary.json policy.yaml findings.json report.html seccomp.json records.json public.pem " \
		    "SHA256SUMS SHA256SUMS.sig".split()
		with open(sys.argv[2], "wb") as out:
		    for name in names:
		        path = os.path.join(sys.argv[1], name)
		        if not os.path.exists(path):
		            continue
		        data = open(path, "rb").read()
		        h = bytearray(512)
		        h[0:len(name)] = name.encode()
		        h[100:108] = b"0000644\0"; h[108:116] = h[116:124] = b"0000000\0"
		        h[124:136] = b"%011o\0" % len(data); h[136:148] = b"00000000000\0"; h[148:156] = b" " * 8
		        h[156:157] = b"0"; h[257:265] = b"ustar\x0000"
		        h[148:156] = b"%06o\0 " % sum(h)
		        out.write(bytes(h) + data + bytes(-len(data) % 512))
		    out.write(bytes(1024))
	END
}
repack none
check 1 "other words with other sums" "$E2E_TMP/forged.tar"
like "$(cat "$out")" 'the signature is not one of SHA256SUMS by public.pem' "lack a signature"
cp "$E2E_TMP/other.pub" "$forged/public.pem" && repack "$E2E_TMP/keys/other.pem"
check 1 "signed by somebody else" "$E2E_TMP/forged.tar" --public-key "$E2E_TMP/own.pub"
like "$(cat "$out")" 'signed by another key' "are told by the key"
rm "$forged/public.pem" "$forged/SHA256SUMS.sig" && repack none
check 1 "without any signature" "$E2E_TMP/forged.tar" --public-key "$E2E_TMP/own.pub"
like "$(cat "$out")" 'the pack is not signed' "by its absence"
check 3 "a key that is none" "$pack" --public-key "$pack"
truncate -s 100M "$E2E_TMP/huge" && mkfifo "$E2E_TMP/fifo" && chmod 644 "$E2E_TMP/fifo"
check 3 "what is too large" "$E2E_TMP/huge"
check 3 "what never ends" "$E2E_TMP/fifo"

# ---- a pack that cannot be made ----

tc 3 "a key with a passphrase" verify acme --pack "$E2E_TMP/none.tar" --sign "$E2E_TMP/keys/locked.pem"
like "$(cat "$out")" 'a passphrase protects this key' "says so"
chmod 644 "$E2E_TMP/keys/own.pem"
tc 3 "a key that others can read" verify acme --pack "$E2E_TMP/none.tar" --sign "$E2E_TMP/keys/own.pem"
ok "and nothing was written" test ! -e "$E2E_TMP/none.tar"
tc 2 "of all tenants" verify --all --pack "$E2E_TMP/none.tar"
tc 2 "of some checks" verify acme --only net. --pack "$E2E_TMP/none.tar"
docker update --memory 128m --memory-swap 128m tc-acme >/dev/null
tc 1 "of a boundary that does not hold" verify acme --pack "$E2E_TMP/red.tar"
chmod 644 "$E2E_TMP/red.tar"
check 0 "is a pack all the same" "$E2E_TMP/red.tar"
like "$(cat "$out")" 'result +fail: .*fail [a-z.]+: ' "that says what failed"
tc 0 "the log stayed whole" audit log

done_testing
