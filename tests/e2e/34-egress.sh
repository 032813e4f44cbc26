#!/bin/bash
# Egress as an operator lives with it: an agent tries a name, the operator sees that, decides, and the
# change is live at once without touching the worker; counters outlive logs and containers; reviews
# remove what nobody uses. Judged from inside the worker, by the engine and by the manifest's bytes.
# time: 240
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
. tests/support/engine.sh
. tests/support/lab.sh
. tests/support/upstream.sh
. tests/support/tenants.sh

lab=$E2E_TMP/lab
out=$E2E_TMP/out
err=$E2E_TMP/err
file=$tenants_manifests/acme.yaml
counters=$tenants_root/var/lib/tenantctl/tenants/acme/egress.json

tenants_setup "resolver: $LAB_DNS:53" || bail_out "the images do not load"
at_exit "lab_down '$ENGINE_NETNS' '$lab'"
lab_up "$ENGINE_NETNS" "$lab" && upstream_up "$ENGINE_NETNS" "$lab" || bail_out "the internet does not start"
mkdir "$E2E_TMP/source" && cp "$lab/ca.pem" "$E2E_TMP/source"

# tc STATUS DESCRIPTION ARGUMENTS...: results in $out and $err
tc() {
	local want=$1 name=$2 status=0
	shift 2
	tenantctl "$@" >"$out" 2>"$err" </dev/null || status=$?
	[ "$status" = "$want" ] && pass "$name" && return
	fail "$name" "status $status, not $want, of: $*"$'\n'"$(cat "$out" "$err")" 2
}

inside() { # COMMAND...: in the worker
	docker exec tc-acme "$@"
}
get() { # URL: the name that the server was asked for
	inside curl -s --max-time 5 --cacert /source/lab/ca.pem "$1" | jq -r .name
}
reaches() { # NAME[:PORT]
	[ "$(get "https://$1/")" = "${1%:*}" ]
}
within_a_second() { # COMMAND...
	local end=$(($(date +%s%N) + 1000000000))
	until "$@"; do
		[ "$(date +%s%N)" -lt "$end" ] || return 1
	done
}
life() { # ids and starts of both containers
	inspect tc-acme '{{.Id}} {{.State.StartedAt}} {{.RestartCount}}'
	inspect tc-acme-gw '{{.Id}} {{.State.StartedAt}} {{.RestartCount}}'
}
of_rule() { # ID FIELD
	tenantctl egress show acme --format json | jq -r --arg id "$1" ".rules[] | select(.rule == \$id) | .$2"
}
# A connection is logged when it has ended, a moment after its answer.
has_hits() { # RULE N
	[ "$(of_rule "$1" hits)" = "$2" ]
}
of_denied() { # WHAT FIELD
	tenantctl egress denied acme --all --format json |
		jq -r --arg what "$1" "[.denied[] | select(.what == \$what)][0].$2"
}

write_manifest() {
	manifest acme <<-YAML
		# The dental practice.
		version: 1
		tenant: acme
		image: tenantctl-test-tools:1
		command: [sleep, "10000"]
		resources: { memory: 96m, pids: 64, workspace: 64m, tmp: 16m, shm: 8m }
		source: [ { host: $E2E_TMP/source, path: /source/lab } ]

		egress:
		  # what its model runs on
		  - api.example.com        # do not remove
		  - { host: db.example.com, port: 5432, protocol: tcp, reason: "its records" }
		  # nobody remembers
		  - unused.example.com

		port: 8080   # the end
	YAML
}

# ---- mistakes before there is anything ----

tc 3 "show of a tenant that nobody knows" egress show nobody
ok "says how to make one" grep -qE 'tenantctl init nobody' "$err"
tc 3 "allow for a tenant that nobody knows" egress allow nobody api.example.com
is "$(find "$tenants_root" -name '*nobody*')" "" "leaves nothing"
tc 2 "no host" egress allow acme
write_manifest
ok "check needs no engine" "$TENANTCTL" --root "$tenants_root" --socket /nonexistent egress check acme api.example.com
fails "allow without an engine" 4 "$TENANTCTL" --root "$tenants_root" --socket "$E2E_TMP/none" egress allow acme www.example.com
is "$(md5sum <"$file")" "$(write_manifest && md5sum <"$file")" "changes nothing"
tc 0 "allow before the tenant exists" egress allow acme www.example.com --reason early
ok "says when it counts" grep -qE 'takes effect when the tenant is started' "$out"
tc 0 "and revoke" egress revoke acme www.example.com
is "$(md5sum <"$file")" "$(write_manifest && md5sum <"$file")" "gives the same bytes back"

# ---- the worked example: tried, seen, allowed, used, reviewed, revoked ----

tc 0 "create" create acme || done_testing
life_before=$(life)
ok "what is allowed works" within_a_second reaches api.example.com
fails "another name does not" 1 reaches www.example.com
tc 0 "denied" egress denied acme
ok "shows the lookup and what would allow it" grep -qE 'dns +www\.example\.com .*lookup .*tenantctl egress allow acme www\.example\.com$' "$out"
is "$(of_denied www.example.com first | cut -c1-10)" "$(date -u +%F)" "with its time"
tc 1 "check says refused" egress check acme www.example.com
ok "and what would allow it" grep -qE 'tenantctl egress allow acme www\.example\.com' "$err"

cp -p "$file" "$E2E_TMP/before"
tc 0 "allow" egress allow acme www.example.com --reason 'the "newsletter": bot' --expires 30d
ok "names the rule" grep -qE 'acme: allowed tls:443:www\.example\.com' "$out"
ok "live in less than a second" grep -qE 'acme: live after [0-9]{1,3} ms' "$out"
ok "the worker reaches it within a second" within_a_second reaches www.example.com
is "$(life)" "$life_before" "worker and gateway are the same as before"
is "$(diff "$E2E_TMP/before" "$file" | grep -c '^[<>]')" 1 "one line of the manifest is new, none changed"
like "$(diff "$E2E_TMP/before" "$file")" \
	'> {3}- \{ host: www\.example\.com, expires: [0-9-]+, reason: "the \\"newsletter\\": bot" \}$' "in its style"
is "$(stat -c '%a %U' "$file")" "600 root" "mode and owner stay"
tc 0 "plan has nothing to do" plan acme
tc 0 "allow again" egress allow acme www.example.com
ok "says that it is" grep -qE 'allowed already by tls:443:www\.example\.com' "$out"
tc 0 "check" egress check acme www.example.com
ok "agrees" grep -qE 'allowed by tls:443:www\.example\.com' "$out"
tc 0 "denied" egress denied acme
fails "hides what is allowed now" 1 grep -qE 'www\.example\.com' "$out"

ok "a second use" reaches www.example.com
ok "both uses are counted" eventually 3 has_hits tls:443:www.example.com 2
is "$(of_rule tls:443:www.example.com hits)" 2 "once"
[ "$(of_rule tls:443:www.example.com down)" -gt 100 ] || fail "with their bytes"
like "$(of_rule tls:443:www.example.com last_used)" "^$(date -u +%F)T" "and when"
is "$(of_rule tls:443:unused.example.com hits)" 0 "what was not used has none"

# An open connection: bytes come back until the rule goes.
# shellcheck disable=SC2016 # expanded inside
hold='exec 3<>/dev/tcp/db.example.com/5432; while echo x >&3 && read -t 2 -r _ <&3; do sleep 0.05; done; date +%s%N'
held() {
	inside bash -c "$hold" >"$E2E_TMP/held" 2>/dev/null
}
held &
ok "a connection is open" eventually 5 sh -c "ss -tnH state established >/dev/null; docker exec tc-acme \
	grep -qi ':1538 01' /proc/net/tcp"
revoked=$(date +%s%N)
tc 0 "revoke" egress revoke acme db.example.com:5432
ok "names the rule" grep -qE 'acme: revoked tcp:5432:db\.example\.com' "$out"
wait $!
[ "$(($(cat "$E2E_TMP/held") - revoked))" -lt 1500000000 ] ||
	fail "the open connection is cut within a second" "$(cat "$E2E_TMP/held") - $revoked"
fails "a new one is refused" 1 inside bash -c 'exec 3<>/dev/tcp/db.example.com/5432; echo x >&3; read -t 2 -r x <&3; [ "$x" = x ]'
is "$(life)" "$life_before" "worker and gateway are the same as before"
is "$(grep -c 'db.example.com' "$file")" 0 "the manifest has it no more"
is "$(of_rule tcp:5432:db.example.com hits)" "" "nor does show"

# ---- other refusals, and what verify does itself ----

inside curl -s --max-time 3 http://api.example.com:443/ >/dev/null
inside curl -sk --max-time 3 --connect-to ::api.example.com:443 https://other.example.net/ >/dev/null
tc 0 "verify" verify acme
tc 0 "denied" egress denied acme
ok "shows what was no TLS" grep -qE 'tls +- +443 +not-tls' "$out"
ok "and a server name" grep -qE 'tls +other\.example\.net +443 +name .*tenantctl egress allow acme other\.example\.net$' "$out"
is "$(of_denied other.example.net count)" 1 "once"
fails "and nothing that verify tried" 1 grep -qE 'undeclared|in-addr' "$out"
tc 0 "denied since tomorrow" egress denied acme --since "$(date -u -d '+2 days' +%F)"
ok "is empty" grep -qx 'nothing was refused' "$out"

# ---- several at once, and one that is killed ----

cp "$file" "$E2E_TMP/before"
for n in 1 2 3 4; do
	{
		tenantctl egress allow acme "n$n.example.com" >/dev/null 2>&1
		echo $? >"$E2E_TMP/status.$n"
	} &
	pids[n]=$!
done
wait "${pids[@]}"
for n in 1 2 3 4; do
	case $(cat "$E2E_TMP/status.$n") in
	0) is "$(grep -c "^  - n$n\.example\.com$" "$file")" 1 "edit $n of several at once is there" ;;
	5) is "$(grep -c "n$n\.example\.com" "$file")" 0 "edit $n of several at once did not get its turn" ;;
	*) fail "edit $n of several at once" "status $(cat "$E2E_TMP/status.$n")" ;;
	esac
done
is "$(diff "$E2E_TMP/before" "$file" | grep -c '^<')" 0 "nothing else was lost"
ok "some were made" grep -q 'n[1-4]\.example\.com' "$file"
nsenter --net="$ENGINE_NETNS" "$TENANTCTL" --root "$tenants_root" --socket "$ENGINE_SOCKET" \
	egress allow acme killed.example.com >/dev/null 2>&1 &
sleep 0.05
kill -9 $! 2>/dev/null
wait $! 2>/dev/null
tc 0 "after a kill the next one works" egress allow acme after.example.com
tc 0 "and the manifest is whole" validate acme
tc 0 "with nothing left to do" plan acme
for name in n1 n2 n3 n4 killed after; do
	! grep -q "$name\.example\.com" "$file" || tenantctl egress revoke acme "$name.example.com" >/dev/null
done
ok "all revoked, the bytes are the same as before" cmp "$E2E_TMP/before" "$file"

# ---- mistakes ----

tc 2 "a URL for a host" egress allow acme https://user:hunter2@www.example.com/x
ok "is explained" grep -qE "give 'www\.example\.com'" "$err"
unlike "$(cat "$err")" hunter2 "without its password"
tc 2 "a star for everything" egress allow acme '*'
tc 3 "a star for a top-level domain" egress allow acme '*.com'
tc 3 "an address" egress allow acme 198.51.100.10
tc 2 "a date that is over" egress allow acme www.example.com --expires 2020-01-01
tc 2 "tcp without a port" egress allow acme db.example.com --protocol tcp
tc 3 "the gateway's own port" egress allow acme www.example.com --port 53
tc 5 "revoke of what is not there" egress revoke acme never.example.com
tc 2 "check of a gateway without a path" egress check acme gateway
ok "none of them changed the manifest" cmp "$E2E_TMP/before" "$file"

# ---- what the gateway refuses is put back ----

cp "$file" "$E2E_TMP/before"
docker pause tc-acme-gw >/dev/null
tc 5 "allow with a gateway that does not answer" egress allow acme other.example.net
docker unpause tc-acme-gw >/dev/null
ok "says so" grep -qE 'the manifest is as it was' "$err"
ok "and it is" cmp "$E2E_TMP/before" "$file"
ok "the old rules go on" within_a_second reaches api.example.com
tc 0 "and the next one works" egress allow acme other.example.net
ok "at once" within_a_second reaches other.example.net

# ---- others at the same tenant ----

lock=$tenants_root/var/lib/tenantctl/locks/acme.lock
cp -p "$file" "$E2E_TMP/before"
exec 9<>"$lock"
flock 9
tc 5 "revoke while another run has the tenant" egress revoke acme other.example.net
exec 9>&-
ok "says so" grep -qE 'tenant acme: the tenant is busy: .*held by another run \(pid [0-9]+\)' "$err"
ok "and what to do" grep -qE 'hint: nothing was changed; run the command again' "$err"
ok "the manifest is as it was" cmp "$E2E_TMP/before" "$file"
tc 0 "stop" stop acme
exec 9<>"$lock"
flock 9
docker start tc-acme-gw >/dev/null & # holds the lock, too, until it is done
exec 9>&-
tc 0 "revoke while a gateway is started on the old rules" egress revoke acme other.example.net
wait $!
ok "reaches that gateway" grep -qE 'acme: live after' "$out"
tc 0 "start" start acme
fails "and the name is refused" 1 reaches other.example.net

# ---- counters outlive logs, containers and stops ----

hits=$(of_rule tls:443:api.example.com hits)
for _ in 1 2 3; do
	reaches api.example.com
done
tc 0 "stop" stop acme
is "$(jq '[.uses[] | select(.rule == "tls:443:api.example.com")][0].hits' "$counters")" $((hits + 3)) \
	"what was logged is counted when the gateway stops"
tc 0 "allow while it is stopped" egress allow acme inside.example.com --private
ok "says when it counts" grep -qE 'takes effect when the tenant is started' "$out"
tc 0 "show while it is stopped" egress show acme
docker rm -f tc-acme-gw >/dev/null
tc 0 "apply makes a new gateway" apply acme
is "$(of_rule tls:443:api.example.com hits)" $((hits + 3)) "the counters are still there"
ok "what was allowed meanwhile works" within_a_second reaches inside.example.com
ok "and is counted on" reaches api.example.com
ok "from the new gateway" eventually 3 has_hits tls:443:api.example.com $((hits + 4))
log=$(inspect tc-acme-gw '{{.LogPath}}')
: >"$log"
ok "after a log was cut off" reaches api.example.com
ok "nothing is lost or counted twice" eventually 3 has_hits tls:443:api.example.com $((hits + 5))

# ---- a flood of names, hostile ones too ----

inside python3 - <<'PY' >/dev/null 2>&1
import socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
dns = next(l.split()[1] for l in open("/etc/resolv.conf") if l.startswith("nameserver"))
for i in range(3000):
    name = b"n%d" % i if i % 100 else b"\x1b[31m\"}\n{"
    q = struct.pack(">HHHHHH", i, 256, 1, 0, 0, 0) + bytes([len(name)]) + name + b"\x07example\x03org\x00" + struct.pack(">HH", 1, 1)
    s.sendto(q, (dns, 53))
PY
sleep 1
tc 0 "denied after a flood" egress denied acme
is "$(tr -d '\11\12\40-\176' <"$out" | wc -c)" 0 "prints nothing that steers a terminal"
[ "$(tenantctl egress denied acme --format json | jq '.denied | length')" -le 500 ] || fail "and is bounded"

# ---- expiry and review ----

sed -i 's/^  - unused\.example\.com$/&\n  - { host: rebind.example.com, expires: 2020-01-01 }/' "$file"
tc 0 "review of a young tenant" egress review acme
ok "keeps what is new" grep -qE 'tls:443:unused\.example\.com .* keep' "$out"
ok "finds what is over" grep -qE 'tls:443:rebind\.example\.com .* expired' "$out"
ok "proposes to remove it" grep -qE '^1 to remove; --apply does it$' "$out"
cp "$file" "$E2E_TMP/before"
sleep 1
tc 0 "review of all" egress review --all --unused-for 0d --format json
is "$(jq -c '[.tenants[].tenant]' "$out")" '["acme"]' "as JSON"
jq '(.uses[] | select(.rule == "tls:443:unused.example.com")).since -= 8640000' "$counters" >"$E2E_TMP/aged" &&
	cat "$E2E_TMP/aged" >"$counters"
tc 0 "review --apply" egress review acme --unused-for 90d --apply
ok "removes what was not used" grep -qE 'acme: removed tls:443:unused\.example\.com' "$out"
ok "and what is over" grep -qE 'acme: removed tls:443:rebind\.example\.com' "$out"
is "$(diff "$E2E_TMP/before" "$file" | grep '^[<>]' | sort)" \
	"$(printf '%s\n' '<   - unused.example.com' '<   - { host: rebind.example.com, expires: 2020-01-01 }' | sort)" \
	"and nothing else of the manifest"
tc 0 "review again" egress review acme
fails "has nothing to propose" 1 grep -qE 'to remove' "$out"
ok "what is kept works" reaches api.example.com

# ---- a CRM's key: routes are shown, asked, refused and counted like names ----

ask() { # METHOD PATH: the status that the worker sees
	inside curl -s -o /dev/null -w '%{http_code}' --max-time 5 -X "$1" "http://gateway$2"
}
cat >>"$file" <<-YAML
	credentials:
	  - name: crm
	    upstream: https://crm.example.com
	    inject: { header: Authorization, format: "Bearer {}" }
	    secret: crm
	    allow: ["GET /contacts/*"]
	    ca: $lab/ca.pem
YAML
chmod -R go-w "$lab" && chmod 755 "$lab"
tc 3 "apply without the key" apply acme
ok "names the secret" grep -q 'secret set acme crm' "$err"
tenantctl secret set acme crm <<<"canary-crm-key" >/dev/null || fail "secret set"
tc 0 "apply with it" apply acme
tc 0 "check of an allowed call" egress check acme gateway GET /crm/contacts/7
ok "names the route" grep -q '^allowed by route:crm$' "$out"
tc 1 "check of another" egress check acme proxy DELETE /crm/contacts/7
tc 1 "check of a route that is not there" egress check acme gateway GET /nope/x
tc 1 "check of the upstream itself" egress check acme crm.example.com
ok "leads to the route" grep -q 'hint: .*http://gateway/crm/' "$err"
is "$(ask GET /crm/contacts/7)" 200 "the allowed call works"
is "$(ask DELETE /crm/contacts/7)" 403 "the other is refused"
is "$(ask GET /nope/x)" 403 "and so is one without a route"
ok "one use is counted" eventually 3 has_hits route:crm 1
is "$(of_rule route:crm what)" "https://crm.example.com" "of that upstream"
is "$(of_denied 'DELETE /crm/contacts/7' reason) $(of_denied 'GET /nope/x' reason)" "rule route" "both refusals are shown"
inside getent ahostsv4 crm.example.com >/dev/null
tc 0 "denied" egress denied acme
ok "sends who asks for the upstream to its route" grep -qE 'dns +crm\.example\.com .*http://gateway/crm/ leads there' "$out"
ok "says what to change" grep -q "add \"DELETE /contacts/7\" to 'allow' of credential crm" "$out"
tc 0 "review" egress review acme --unused-for 0d
ok "lists the route" grep -q 'route:crm' "$out"
tc 2 "revoke of a route" egress revoke acme route:crm
tc 0 "allow with credentials in the manifest" egress allow acme www.example.com
ok "works at once" within_a_second reaches www.example.com
is "$(ask GET /crm/contacts/7)" 200 "and leaves the route alone"
fails "no key is in counters or output" 1 grep -rq canary-crm-key "$out" "$err" "$tenants_root/var"

# ---- counts ----

is "$(tenantctl list --format json | jq -c '[.tenants[0] | .egress, .credentials]')" \
	"[$(($(grep -cE '^ +- ' "$file") - 1)),1]" "list counts the entries and credentials"
is "$(tenantctl show acme --format json | jq -c '[.egress_entries, .credentials]')" \
	"[$(($(grep -cE '^ +- ' "$file") - 1)),1]" "so does show"
tc 0 "delete" delete acme
is "$(find "$tenants_root/var" -path '*acme*')" "" "counters and locks go with it"
done_testing
