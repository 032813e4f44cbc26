# A gateway that runs on a set made by hand, with a worker before it and the lab behind it, for the
# tests of its changes. Sourced after gateway.sh by bash scripts that have an engine; it bails out
# when any of that does not start.
#
#   base                       the rules of its first set, for others to be made from
#   change RULE...             a candidate with these rules: prints what became of it
#   worker_net                 the worker's network namespace
#   route PATH, key_is KEY     the key that a request of the worker goes out with
#   processes, pid_of PROGRAM  how many run in the gateway, the last one's pid
#   logged, logged_times COND  whether, how often the log has an event with this condition of jq
#   count, counts N            what state/daily says of today's requests of the route, and whether
#                              it is that
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # addresses come from, and the rest is for, those that source this

lab=$E2E_TMP/lab
place=$E2E_TMP/gateway
files=$place/files

load() { # ARCHIVE: prints the image's name
	docker load -qi "${IMAGES:?}/$1" | sed -n 's/^Loaded image: //p' | grep .
}
image=$(load tenantctl-gateway.tar) || bail_out "the gateway's image does not load"
tools=$(load test-tools.tar) || bail_out "the tools' image does not load"

at_exit "lab_down '$ENGINE_NETNS' '$lab'"
lab_up "$ENGINE_NETNS" "$lab" || bail_out "the internet does not start"
at_exit 'docker network rm gw-inner gw-egress >/dev/null'
docker network create --internal --subnet 10.231.0.0/29 --gateway 10.231.0.1 \
	-o com.docker.network.bridge.inhibit_ipv4=true gw-inner >/dev/null &&
	docker network create --subnet 10.230.0.0/24 --gateway 10.230.0.1 gw-egress >/dev/null ||
	bail_out "networks cannot be made"
at_exit "umount '$place'"
gateway_place "$place" || bail_out "no place for the gateway's files"

base=("tls 443 api.example.com - 0" "tcp 5432 db.example.com - 0" "tcp 9000 db.example.com - 0"
	"route 80 ghl 0123456789abcdef 0")
gateway_set "$files/set" "${base[@]}"
at_exit 'docker rm -f gw gw-worker >/dev/null 2>&1'
gateway_create gw "$place" "$GATEWAY_EGRESS" &&
	docker network connect --ip "$GATEWAY_INNER" gw-inner gw && docker start gw >/dev/null ||
	bail_out "the gateway does not start"
docker run -d --name gw-worker --network gw-inner --ip "$GATEWAY_WORKER" --cap-drop ALL \
	--entrypoint sleep "$tools" 1000 >/dev/null || bail_out "the worker does not start"
worker_net=/proc/$(docker inspect -f '{{.State.Pid}}' gw-worker)/ns/net

now() {
	date +%s%3N
}
inside() {
	lab_in "$worker_net" "$GATEWAY_INNER" "$@"
}
echoes() { # PORT
	# shellcheck disable=SC2016 # expanded by the inner shell
	[ "$(inside timeout 3 bash -c 'exec 3<>"/dev/tcp/$0/$1"; echo hello >&3; head -n 1 <&3' "$GATEWAY_INNER" "$1")" = hello ]
}
resolves() { # NAME
	[ "$(inside getent ahostsv4 "$1" | awk 'NR == 1 { print $1 }')" = "$GATEWAY_INNER" ]
}
# route PATH: the Host header that the upstream saw, which is the key
route() {
	nsenter --net="$worker_net" curl -s --max-time 3 "http://$GATEWAY_INNER$1" | jq -r .host
}
logged() { # JQ-CONDITION
	docker logs gw 2>&1 | jq -es "any(.[]; $1)" >/dev/null
}
logged_times() { # JQ-CONDITION
	docker logs gw 2>&1 | jq -es "[.[] | select($1)] | length"
}
processes() { # NAME: how many run in the gateway
	docker top gw -o pid,comm | awk -v p="$1" '$2 == p' | wc -l
}
pid_of() {
	docker top gw -o pid,comm | awk -v p="$1" '$2 == p { print $1 }' | tail -n 1
}
change() { # RULE...: a candidate with these rules
	rm -rf "$files/next"
	gateway_set "$files/next" "$@" && gateway_change gw "$place"
}
key_is() { [ "$(route /ghl/a)" = "$1" ]; }
day=$(($(date +%s) / 86400))
count() {
	awk -v day="$day" '$1 == "ghl" && $2 == day { print $3 }' "$place/state/daily"
}
counts() { [ "$(count)" = "$1" ]; }
grown() { [ "$(count)" -gt "$1" ]; }
