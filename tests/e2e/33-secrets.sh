#!/bin/bash
# time: 420
# Keys, from the operator's hand to the upstream and nowhere else: set, rotated, revoked, printed by
# programs, attacked on disk, cut short by kills; judged by what the upstream was sent, and by a search
# for every key in every form through all that a tenant leaves anywhere.
# shellcheck disable=SC2154 # canary sets variables by name
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
. tests/support/engine.sh
. tests/support/lab.sh
. tests/support/upstream.sh
. tests/support/tenants.sh

lab=$E2E_TMP/lab
vault=$E2E_TMP/vault
said=$E2E_TMP/said
out=$said/last
canaries=$E2E_TMP/canaries
secrets=$tenants_root/etc/tenantctl/secrets/acme
runtime=$tenants_root/run/tenantctl/acme

tenants_setup "resolver: $LAB_DNS:53" || bail_out "the images do not load"
at_exit "lab_down '$ENGINE_NETNS' '$lab'"
lab_up "$ENGINE_NETNS" "$lab" && upstream_up "$ENGINE_NETNS" "$lab" || bail_out "the internet does not start"
mkdir "$said" "$vault" "$E2E_TMP/source" && cp tests/support/lab-server.py "$E2E_TMP/source"

# tc STATUS DESCRIPTION ARGUMENTS...: what it says is in $out, and kept for the search. Standard input is
# passed on.
tc() {
	local want=$1 name=$2 status=0
	shift 2
	tenantctl "$@" >"$out" 2>&1 || status=$?
	cat "$out" >>"$said/all"
	[ "$status" = "$want" ] && pass "$name" && return
	fail "$name" "status $status, not $want, of: $*"$'\n'"$(cat "$out")" 2
}

# canary NAME: a new key in the variable NAME. No two of its forms are the same text.
canary() {
	printf -v "$1" 'canary/%s+%s=Zq' "$(openssl rand -hex 8)" "$(openssl rand -hex 4)"
	echo "${!1}" >>"$canaries"
}

# set_key KEY VALUE [ARGUMENTS...]
set_key() {
	tc 0 "set $1" secret set acme "$1" "${@:3}" <<<"$2"
}

# ask ROUTE/PATH [curl arguments]: from the worker; prints the status.
ask() {
	docker exec tc-acme curl -s -o /dev/null -w '%{http_code}' --max-time 8 "http://gateway/$1" "${@:2}"
}

# sent PATH HEADER: what the upstream was sent with the last request for it; of "query", the query.
sent() {
	jq -rs --arg p "$1" --arg h "$2" 'map(select(.event == "request" and
		(.target | split("?")[0]) == $p)) | last | if $h == "query" then .target | split("?")[1]
		else .headers | map(select((.[0] | ascii_downcase) == $h))[0][1] end' "$lab/record"
}

# carries ROUTE/PATH HEADER VALUE DESCRIPTION: a request reaches the upstream with that value.
carries() {
	local status
	status=$(ask "$1")
	is "$status $(sent "/${1#*/}" "$2")" "200 $3" "$4"
}

lives() {
	inspect tc-acme '{{.Id}} {{.State.StartedAt}} {{.RestartCount}}'
	inspect tc-acme-gw '{{.Id}} {{.State.StartedAt}} {{.RestartCount}}'
}

base64_of() {
	printf %s "$1" | base64 -w 0
}

url_of() {
	printf %s "$1" | jq -sRr @uri
}

# Arguments of every process there is, again and again, until the script ends.
setpriv --pdeathsig KILL /usr/bin/python3 -u - "$E2E_TMP/arguments" <<-'END' &
	import glob, sys, time
	seen = set()
	with open(sys.argv[1], "wb", buffering=0) as file:
	    while True:
	        for name in glob.glob("/proc/[0-9]*/cmdline"):
	            try:
	                line = open(name, "rb").read()
	            except OSError:
	                continue
	            if line not in seen:
	                seen.add(line)
	                file.write(line.replace(b"\0", b" ") + b"\n")
	        time.sleep(0.002)
END
at_exit "kill $! 2>/dev/null"

cat >"$vault/print" <<-'END'
	#!/bin/sh
	# A password manager: prints what it is asked for, or does what its manner says.
	case $(cat "$0.manner" 2>/dev/null) in
	hang) exec sleep 104.711 ;;
	flood) while :; do cat "$1"; done ;;
	fail) echo "vault is locked: $(cat "$1")" >&2; exit 3 ;;
	lines) cat "$1" "$1" ;;
	slow) sleep 2.711; cat "$1" ;;
	*) echo "a note that is no key" >&2; cat "$1" ;;
	esac
END
chmod 755 "$vault/print"

manifest acme <<YAML
version: 1
tenant: acme
image: tenantctl-test-tools:1
command: [python3, /source/lab/lab-server.py, "http=0.0.0.0:8080"]
resources: { memory: 96m, tmp: 16m, shm: 8m, workspace: 64m }
source: [ { host: $E2E_TMP/source, path: /source/lab } ]
environment: { CRM_API_KEY: placeholder }
egress: [ api.example.com ]
credentials:
  - { name: crm, upstream: "https://crm.example.com", ca: $lab/ca.pem, secret: crm,
      inject: { header: Authorization, format: "Bearer {}" } }
  - { name: query, upstream: "https://query.example.com", ca: $lab/ca.pem, secret: query, inject: { query: key } }
  - { name: basic, upstream: "https://basic.example.com", ca: $lab/ca.pem, inject: { basic: "api:{}" },
      command: [ $vault/print, $vault/basic ] }
YAML

# ---- before there is a tenant ----

canary crm1
canary query1
canary basic1
(umask 077 && echo "$basic1" >"$vault/basic")
tc 3 "create without the secrets" create acme
like "$(cat "$out")" 'credential crm: secret crm is not set.*hint: tenantctl secret set acme crm' "names what is missing and what to do"
is "$(docker ps -aq; docker network ls -q --filter type=custom; find "$tenants_root/run" "$tenants_root/srv" \
	"$tenants_root"/var/lib/tenantctl/tenants -mindepth 2 2>/dev/null)" "" "and nothing was made"
set_key crm "$crm1"
set_key query "$query1"
tc 0 "list" secret list acme --format json
is "$(jq -c '.secrets | map([.key, .state, .used_by])' "$out")" \
	'[["crm","set","crm"],["query","set","query"],["basic","command","basic"]]' "says what there is"
echo slow >"$vault/print.manner"
tenantctl create acme >"$said/create" 2>&1 &
creating=$!
ok "while a tenant is being made" eventually 10 pgrep -f '^sleep 2.711$'
canary crm1
set_key crm "$crm1"
like "$(cat "$out")" 'the tenant is not there yet' "a key can be set again"
wait "$creating" && pass "create" || fail "create" "$(cat "$said/create")"
rm "$vault/print.manner"
tc 0 "which leaves no difference" plan acme

# ---- where keys go ----

carries crm/one authorization "Bearer $crm1" "the upstream gets the key as a header"
carries query/one query "key=$(url_of "$query1")" "as a parameter of the query"
carries basic/one authorization "Basic $(base64_of "api:$basic1")" "and as a password, from a program"
token=$(docker exec tc-acme printenv CRM_API_KEY)
like "$token" '^tenant-placeholder-[0-9a-f]{32}$' "the worker has a placeholder"
is "$(ask crm/held -H "Authorization: Bearer $token") $(sent /held authorization)" "200 Bearer $crm1" \
	"which the gateway replaces"
like "$(mount_options tc-acme-gw /etc/gateway)" '^ro,' "the gateway sees its files read-only"
is "$(findmnt -no FSTYPE "$runtime")" tmpfs "which are on no disk"
is "$(find "$runtime/files/set" -type f -printf '%m %U %n\n' | sort -u)" "440 0 1" "are root's"
is "$(find "$runtime/files/set" -type f -printf '%G\n' | sort -u):" "$(inspect tc-acme-gw '{{.Config.User}}' | cut -d : -f 1):" \
	"and for its group alone"

# ---- rotation ----

lives=$(lives)
docker exec -d tc-acme python3 -c '
import http.client, os, time
c = http.client.HTTPConnection("gateway", timeout=20)
def get(path):
    c.request("GET", path)
    c.getresponse().read()
get("/crm/kept-before")
open("/workspace/asked", "w").close()
while not os.path.exists("/workspace/go"):
    time.sleep(0.02)
get("/crm/kept-after")
open("/workspace/done", "w").close()'
workspace=$tenants_root/srv/tenants/acme/workspace/data
eventually 10 test -e "$workspace/asked"
canary crm2
start=$(date +%s%N)
tc 0 "rotate" secret rotate acme crm <<<"$crm2"
took=$((($(date +%s%N) - start) / 1000000))
is "$(tail -n 1 "$out")" "acme: secret crm rotated; gateway reloaded" "says what it did"
carries crm/two authorization "Bearer $crm2" "the next request has the new key"
ok "all that within a second ($took ms)" test "$took" -lt 1000
touch "$workspace/go"
eventually 10 test -e "$workspace/done"
is "$(sent /kept-before authorization) $(sent /kept-after authorization)" "Bearer $crm1 Bearer $crm2" \
	"also on a connection that was open before"
is "$(lives)" "$lives" "and neither worker nor gateway was restarted"
canary query2
set_key query "$query2"
like "$(cat "$out")" 'gateway reloaded' "set reaches a running gateway, too"
carries query/two query "key=$(url_of "$query2")" "with the new key"
canary basic2
echo "$basic2" >"$vault/basic"
carries basic/two authorization "Basic $(base64_of "api:$basic1")" "a program is not asked at each request"
tc 0 "rotate asks it again" secret rotate acme basic
carries basic/three authorization "Basic $(base64_of "api:$basic2")" "and the gateway has the answer"
tc 0 "rotate again" secret rotate acme basic
like "$(cat "$out")" 'nothing new for the gateway' "tells when the answer is the same"
canary basic3
echo "$basic3" >"$vault/basic"
tc 0 "plan asks no program" plan acme
tc 0 "apply does" apply acme
carries basic/four authorization "Basic $(base64_of "api:$basic3")" "and brings it to the gateway"
canary spare
set_key spare "$spare"
like "$(cat "$out")" 'no credential uses it' "a secret that nothing uses touches no gateway"
is "$(lives)" "$lives" "still the same containers"

# ---- programs in distress ----

# manner MANNER REGEX: rotate fails, says why, and the gateway goes on with what it has.
manner() {
	echo "$1" >"$vault/print.manner"
	tc "$2" "a program that does this: $1" secret rotate acme basic
	like "$(cat "$out")" "$3" "is explained"
	rm "$vault/print.manner"
}
manner fail 3 'credential basic: command .*print failed with exit status 3: vault is locked'
manner flood 5 'printed more than'
manner lines 3 'more than one line'
start=$SECONDS
manner hang 5 'did not end within 20000 ms'
ok "after 20 s" test $((SECONDS - start)) -lt 30
is "$(pgrep -fc "^sleep 104.711$")" 0 "and is gone"
chmod 777 "$vault/print"
tc 3 "a program that others can change" secret rotate acme basic
like "$(cat "$out")" 'can be written by group or others' "is not run"
chmod 755 "$vault/print"
carries basic/five authorization "Basic $(base64_of "api:$basic3")" "the gateway goes on with the key it has"

# ---- files in danger ----

# refused REGEX DESCRIPTION: apply refuses the file and changes nothing.
refused() {
	tc 3 "$2" apply acme
	like "$(cat "$out")" "credential crm: secret crm: .*$1" "is refused with a reason"
}
chmod 644 "$secrets/crm"
refused 'readable by group or others.*hint: chmod 0600' "a secret that others can read"
tc 0 "list" secret list acme
like "$(cat "$out")" 'crm +refused' "shows it"
chmod 600 "$secrets/crm"
ln "$secrets/crm" "$E2E_TMP/second"
refused 'hard links' "a secret with a second name"
rm "$E2E_TMP/second"
mv "$secrets/crm" "$E2E_TMP/crm" && ln -s "$E2E_TMP/crm" "$secrets/crm"
refused 'symbolic link' "a secret that is a link"
rm "$secrets/crm" && mv "$E2E_TMP/crm" "$secrets/crm"
chmod 777 "$secrets"
refused 'a folder on the way' "a folder that others can write"
chmod 700 "$secrets"
printf 'one\ntwo\n' >"$secrets/crm"
refused 'more than one line' "a secret of two lines"
tc 5 "rm of a secret in use" secret rm acme crm
like "$(cat "$out")" 'used by credential crm' "is refused"
carries crm/danger authorization "Bearer $crm2" "through all that the gateway had its key"
is "$(lives)" "$lives" "and ran"
tc 0 "rm --force" secret rm acme crm --force
requests=$(grep -c '"event": "request"' "$lab/record")
unlike "$(ask crm/none)" '^200$' "without its secret a route answers no more"
is "$(grep -c '"event": "request"' "$lab/record")" "$requests" "and the upstream hears nothing"
carries query/else query "key=$(url_of "$query2")" "other routes go on"
tc 3 "and apply says what is missing" apply acme
canary crm3
set_key crm "$crm3"
carries crm/three authorization "Bearer $crm3" "set again, it works again"

# ---- a set that the gateway refuses ----

cp "$lab/ca.pem" "$lab/bad.pem"
sed -i '2s/.*/this is no certificate/' "$lab/bad.pem"
before=$(cd "$runtime/files" && find . -type f -exec sha256sum {} + | sort)
sed -i 's,name: crm\(.*\)ca: [^ ]*/ca.pem,name: crm\1ca: '"$lab"'/bad.pem,' "$tenants_manifests/acme.yaml"
tc 1 "a certificate that is none is seen as a change" plan acme
like "$(cat "$out")" 'reload gateway tc-acme-gw \(credentials\)' "of credentials"
tc 5 "which the gateway refuses" apply acme
like "$(cat "$out")" 'refused the new configuration and goes on with the old one: .*' "with its reason"
is "$(cd "$runtime/files" && find . -type f -exec sha256sum {} + | sort)" "$before" "nothing of it was installed"
carries crm/still authorization "Bearer $crm3" "and the gateway goes on"
sed -i 's,/bad.pem,/ca.pem,' "$tenants_manifests/acme.yaml"
tc 0 "taken back, there is no difference" plan acme
tc 0 "and the next run finds all well" apply acme
is "$(lives)" "$lives" "still the same containers"

# ---- cut short ----

for delay in 0.02 0.03 0.04 0.05 0.06 0.07 0.08 0.1 0.12 0.15; do
	canary killed
	# in a subshell: a shell that sees its child killed says so
	(nsenter --net="$ENGINE_NETNS" -- timeout -s KILL "$delay" "$TENANTCTL" --root "$tenants_root" \
		--socket "$ENGINE_SOCKET" secret rotate acme crm <<<"$killed" >>"$said/all" 2>&1)
done 2>/dev/null
stored=$(cat "$secrets/crm")
status=$(ask crm/half)
is "$status" 200 "after ten kills the gateway works"
tc 0 "apply completes what they left" apply acme
carries crm/whole authorization "Bearer $stored" "it has the key that is stored"
is "$(ls "$runtime/files")" set "and one set of files"
tc 0 "as planned" plan acme
is "$(lives)" "$lives" "still the same containers"

# ---- encrypted for this machine ----

if systemd-creds encrypt --name=x - - <<<x >/dev/null 2>&1; then
	canary sealed
	set_key crm "$sealed" --encrypt
	is "$(ls "$secrets")" $'crm.cred\nquery\nspare' "the secret is sealed"
	carries crm/sealed authorization "Bearer $sealed" "the gateway has it"
	tc 0 "list" secret list acme
	like "$(cat "$out")" 'crm +encrypted' "says so"
	mv "$secrets/crm.cred" "$secrets/other.cred" && cp "$secrets/other.cred" "$secrets/crm.cred"
	tc 0 "its own name opens it" apply acme
	mv "$secrets/other.cred" "$secrets/query.cred" && mv "$secrets/query" "$E2E_TMP/query"
	tc 3 "another's does not" apply acme
	like "$(cat "$out")" 'secret query: .*systemd-creds decrypt' "which is explained"
	rm "$secrets/query.cred" && mv "$E2E_TMP/query" "$secrets/query"
	canary sealed2
	tc 0 "rotate" secret rotate acme crm <<<"$sealed2"
	ok "keeps it sealed" test -e "$secrets/crm.cred" -a ! -e "$secrets/crm"
	carries crm/again authorization "Bearer $sealed2" "the gateway has the new one"
else
	skip "encrypted secrets" "needs systemd-creds"
fi

# ---- after a reboot ----

tc 0 "stop" stop acme
canary query3
set_key query "$query3"
like "$(cat "$out")" 'the gateway gets it when it starts' "a new key for a tenant that is stopped"
ok "as after a reboot, its files are gone" eventually 5 umount -R "$runtime"
canary basic4
echo "$basic4" >"$vault/basic"
tc 0 "start" start acme
carries query/start query "key=$(url_of "$query3")" "the gateway has the key that was set"
carries basic/start authorization "Basic $(base64_of "api:$basic4")" "and asked the program"
tc 0 "stop" stop acme
canary query4
set_key query "$query4"
tc 0 "start" start acme
carries query/again query "key=$(url_of "$query4")" "a new key is no obstacle to a start"
tc 0 "stop" stop acme
canary basic5
echo "$basic5" >"$vault/basic"
tc 0 "start" start acme
carries basic/stopped authorization "Basic $(base64_of "api:$basic4")" "a start alone asks no program"
tc 0 "stop" stop acme
tc 0 "rotate" secret rotate acme basic
is "$(tail -n 1 "$out")" "acme: secret basic has a command; the gateway gets it when it starts" \
	"a program's key for a tenant that is stopped"
tc 0 "start" start acme
carries basic/rotated authorization "Basic $(base64_of "api:$basic5")" "is asked for by the start"
tc 0 "with nothing left to do" plan acme
sed -i 's/^egress: .*/egress: []/' "$tenants_manifests/acme.yaml"
tc 0 "stop" stop acme
tc 5 "other rules are" start acme
tc 0 "for which there is apply" apply acme

# ---- the search ----

ask crm/echo >"$said/echo"
tc 0 "show" show acme
like "$(cat "$out")" 'crm for https://crm.example.com, secret crm' "names the credentials"
tc 0 "show as JSON" show acme --format json
tc 0 "resolved" show acme --resolved
tc 0 "list" secret list --format json
tc 0 "the worker's log" logs acme
tc 0 "the gateway's log" logs acme --gateway
tc 0 "verify" verify acme --quick --format json
like "$(grep -c . "$canaries")" '^2[0-9]$' "there are keys to look for"
/usr/bin/python3 - "$canaries" >"$E2E_TMP/forms" <<-'END'
	import sys
	sys.path.insert(0, "tests/support")
	import forms
	for line in open(sys.argv[1]):
	    print(*forms.of(line.strip()), sep="\n")
END
# found PLACE...: files that hold any form of any key.
found() {
	grep -rlaFf "$E2E_TMP/forms" "$@" 2>/dev/null | sort
}
is "$(found "$secrets" | sed 's,.*/,,' | xargs)" "$(find "$secrets" -type f ! -name '*.cred' -printf '%f\n' | sort | xargs)" "a search finds the keys where they are kept"
is "$(found "$runtime" | sed "s,$runtime/,," | xargs)" "files/set/echo files/set/keys provided" "and on the tenant's own tmpfs"
is "$(found "$lab/record")" "$lab/record" "and in what the upstream was sent"
mkdir "$E2E_TMP/looked"
docker ps -aq | xargs docker inspect >"$E2E_TMP/looked/containers"
docker network ls -q | xargs docker network inspect >"$E2E_TMP/looked/networks"
docker images -q | xargs docker image inspect >"$E2E_TMP/looked/images"
docker logs tc-acme >"$E2E_TMP/looked/worker.log" 2>&1
docker logs tc-acme-gw >"$E2E_TMP/looked/gateway.log" 2>&1
for container in tc-acme tc-acme-gw; do
	for pid in $(pids_of "$container"); do
		cat "/proc/$pid/environ" "/proc/$pid/cmdline"
	done >"$E2E_TMP/looked/$container.processes"
	docker export "$container" | tar -x -C "$(mktemp -d "$E2E_TMP/looked/root.XXXXXX")" --exclude='dev/*' 2>/dev/null
done
ok "both containers' files are looked into" test "$(find "$E2E_TMP"/looked/root.* -type f | wc -l)" -gt 1000
is "$(found "$E2E_TMP/looked")" "" "not in environment, inspect, logs and files of containers and images"
is "$(found "$E2E_TMP/arguments")" "" "not in the arguments of any process ($(wc -l <"$E2E_TMP/arguments") seen)"
like "$(grep -c 'secret rotate acme crm' "$E2E_TMP/arguments")" '^[1-9]' "which were looked at in time"
is "$(found "$said")" "" "not in anything that tenantctl said"
is "$(found "$tenants_root/var" "$tenants_root/srv" "$tenants_root/etc/tenantctl/tenants" "$tenants_root/etc/tenantctl/tenantctl.yaml")" "" \
	"not in state, journal, workspace and manifests"
is "$(found "$ENGINE_DIR/data" "$ENGINE_DIR/exec" "$ENGINE_DIR/log")" "" "not in anything that the engine keeps"
# shellcheck disable=SC2046 # a list of ids
is "$(found $(docker exec tc-acme sh -c 'find / -xdev -type f 2>/dev/null; cat /proc/self/environ' | tr '\0' '\n' | sed "s,^,/proc/$(pid_of tc-acme)/root,"))" "" \
	"not in any file that the worker can see"

# ---- the end ----

tc 0 "delete" delete acme
like "$(cat "$out")" "kept: [0-9] secrets in $secrets" "keeps the secrets and says so"
ok "they are there" test -e "$secrets/query"
ok "the tmpfs is not" test ! -e "$runtime"
is "$(tenants_mounts)" "" "nor anything else that was mounted"
tc 0 "delete --purge" delete acme --purge
like "$(cat "$out")" "gone: [0-9] secrets in $secrets" "removes them"
ok "they are gone" test ! -e "$secrets"
done_testing
