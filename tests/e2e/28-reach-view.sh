#!/bin/bash
# The agent's view: what does answer from inside a worker is listed with what allows it; what the
# upstream recorded and what another program can connect to says whether that is true.
# time: 600
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

tenants_setup "resolver: $LAB_DNS:53" || bail_out "the images do not load"
at_exit "lab_down '$ENGINE_NETNS' '$lab'"
lab_up "$ENGINE_NETNS" "$lab" && upstream_up "$ENGINE_NETNS" "$lab" || bail_out "the internet does not start"
secrets=$tenants_root/etc/tenantctl/secrets/acme
mkdir -p "${secrets%/*}" && mkdir -m 0700 "$secrets" && (umask 077 && printf %s 'correct horse battery' >"$secrets/crm")
manifest acme <<-YAML
	version: 1
	tenant: acme
	image: tenantctl-test-tools:1
	command: [sleep, "10000"]
	resources: { memory: 96m, pids: 64, workspace: 64m, tmp: 16m, shm: 8m }
	egress:
	  - api.example.com
	  - gone.example.com
	  - "*.wild.example.org"
	  - { host: db.example.com, port: 5432, protocol: tcp }
	credentials:
	  - name: crm
	    upstream: https://crm.example.com
	    ca: $lab/ca.pem
	    inject: { header: Authorization, format: "Bearer {}" }
	    secret: crm
YAML
manifest beta 'image: tenantctl-test-tools:1' 'command: [sleep, "10000"]' \
	'resources: { memory: 96m, pids: 64, workspace: 64m, tmp: 16m, shm: 8m }'

# tc STATUS DESCRIPTION ARGUMENTS...: results in $out and $err
tc() {
	local want=$1 name=$2 status=0
	shift 2
	tenantctl "$@" >"$out" 2>"$err" </dev/null || status=$?
	[ "$status" = "$want" ] && pass "$name" && return
	fail "$name" "status $status, not $want, of: $*"$'\n'"$(cat "$out" "$err")" 2
}

# answers WHY [FILTER]: what answered for that reason, one per line
answers() {
	jq -r --arg why "$1" ".tenants[0].answers[] | select(.why == \$why ${2:+and $2}) | .what" "$out" | LC_ALL=C sort -u
}

tc 0 "two tenants are made" apply --all || done_testing
: >"$lab/record"
tc 0 "what a right worker can reach is expected" verify acme --what-can-it-reach --format json || done_testing
is "$(jq -r '.tenants[0] | "\(.tenant) \(.unexpected)"' "$out")" "acme 0" "nothing unexpected is there"
ip=$(jq -r .gateway_ip "$tenants_root/var/lib/tenantctl/tenants/acme/allocation.json")
is "$(answers rule '(.how == "TCP")' | xargs)$(answers design '(.how == "TCP")' | xargs)" \
	"own gateway, port 443 own gateway, port 5432own gateway, port 53 own gateway, port 80" \
	"the gateway's ports are those"
is "$(open_ports "$(net_of tc-acme)" "$ip")" "53 80 443 5432" "that another program finds"
is "$(answers rule '(.how | contains("TLS answer"))')" "api.example.com:443" "an allowed host answered"
is "$(answers rule '(.how | contains("that the gateway took"))')" "db.example.com:5432" "another takes connections"
unlike "$(answers rule)" 'gone\.example\.com:443' "one that is allowed and not there did not"
is "$(jq -r '.tenants[0].answers[] | select(.allowed == "credential: crm") | .how' "$out")" \
	"HTTP 200 through the gateway" "a credential route leads to its upstream"
requests=$(jq -r 'select(.event == "request") | .head' "$lab/record" | tr -d '\r')
is "$(grep -c '^HEAD / HTTP' <<<"$requests") $(grep -ic '^authorization: Bearer correct horse battery$' <<<"$requests")" \
	"1 1" "which got one request, with the key"
is "$(answers rule '(.how | contains("read-only"))')" /workspace "the workspace may be written"
unlike "$(cat "$out" "$err")" 'correct horse' "no key is told"
like "$(answers design '(.how == "twin.control")')" "write to the workspace" "a twin said what it can do"
is "$(docker ps -aq --filter name=twin)" "" "and is gone"

tc 0 "people get a table" verify acme --what-can-it-reach --quick
unlike "$(cat "$out")" "twin" "without a twin when it has to be quick"
like "$(head -n 1 "$out")" '^acme: [0-9]+ of 6[0-9]{4} attempts answered, 0 of them unexpected$' "with a summary"
like "$(cat "$out")" 'api.example.com:443 +TLS answer through the gateway +egress: api.example.com' "and the reason of each"
tc 2 "it is not a report" verify acme --what-can-it-reach --format sarif
tc 2 "and no selection of checks" verify acme --what-can-it-reach --only net.

# ---- a hole ----

docker network create -o com.docker.network.bridge.name=br-hole hole >/dev/null &&
	docker network connect hole tc-acme && docker network connect hole tc-beta || fail "a plain network joins the tenants"
at_exit 'docker network rm -f hole >/dev/null 2>&1'
hole=$(engine_exec_in_net ip -o -4 address show br-hole | grep -o '[0-9.]*/' | tr -d /)
engine_exec_in_net setpriv --pdeathsig KILL python3 -m http.server -b 0.0.0.0 8099 >/dev/null 2>&1 &
ok "a service of the host" eventually 10 connects "$ENGINE_NETNS" "$hole" 8099
ok "can be reached through it" connects "$(net_of tc-acme)" "$hole" 8099
tc 1 "a worker on another network is found out" verify acme --what-can-it-reach --format json
like "$(answers unexpected)" "host, $hole port 8099" "it names the host's service"
like "$(answers unexpected | tr '[:upper:]' '[:lower:]')" "tc-beta" "and the other tenant's name"
kill %% 2>/dev/null
docker network disconnect -f hole tc-acme
docker network disconnect -f hole tc-beta
docker network rm hole >/dev/null

tc 0 "a worker is stopped" stop beta
tc 5 "nothing can be tried from one that does not run" verify beta --what-can-it-reach
like "$(cat "$err")" "does not run" "which is said"
tc 0 "all is removed" delete acme --purge
tc 0 "and the other" delete beta --purge
done_testing
