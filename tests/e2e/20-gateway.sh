#!/bin/bash
# The gateway's image with the rendered configuration (the unit test's golden files) on a real engine,
# with the network layout that tenants get, in front of a small internet: what is allowed
# arrives, and nothing else does.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
. tests/support/atexit.sh
. tests/support/lab.sh
. tests/support/gateway.sh

gateway=$GATEWAY_INNER worker=$GATEWAY_WORKER egress=$GATEWAY_EGRESS
lab=$E2E_TMP/lab
place=$E2E_TMP/gateway
golden=tests/unit/domain/golden

load() { # ARCHIVE: prints the image's name
	docker load -qi "${IMAGES:?}/$1" | sed -n 's/^Loaded image: //p' | grep .
}
image=$(load tenantctl-gateway.tar) || bail_out "the gateway's image does not load"
tools=$(load test-tools.tar) || bail_out "the tools' image does not load"

at_exit "lab_down '$ENGINE_NETNS' '$lab'"
lab_up "$ENGINE_NETNS" "$lab" || bail_out "the internet does not start"

isolated=()
[ "$ENGINE_KIND" = 20 ] || isolated=(-o com.docker.network.bridge.gateway_mode_ipv4=isolated)
at_exit 'docker network rm gw-inner gw-egress >/dev/null'
docker network create --internal --subnet 10.231.0.0/29 --gateway 10.231.0.1 \
	-o com.docker.network.bridge.inhibit_ipv4=true "${isolated[@]}" gw-inner >/dev/null &&
	docker network create --subnet 10.230.0.0/24 --gateway 10.230.0.1 \
		-o com.docker.network.bridge.enable_icc=false gw-egress >/dev/null ||
	bail_out "networks cannot be made"

# golden_set DIR: the rendered files, and what tenantctl adds to them
golden_set() {
	local file
	mkdir "$1" || return 1
	for file in haproxy.cfg dnsmasq.conf hosts rules; do
		install -m 644 "$golden/gateway-$file" "$1/$file" || return 1
	done
	for file in $(grep -o 'ca-[a-z0-9-]*\.pem' "$1/haproxy.cfg" | sort -u); do
		cp "$lab/ca.pem" "$1/$file"
	done
	touch "$1/keys" "$1/echo"
	gateway_seal "$1"
}
at_exit "umount '$place'"
gateway_place "$place" && golden_set "$place/files/set" || bail_out "no place for the gateway's files"
at_exit 'docker rm -f gw gw-worker gw-other >/dev/null 2>&1'
gateway_create gw "$place" "$egress" -p 127.0.0.1:8001:8080 &&
	docker network connect --ip "$gateway" gw-inner gw && docker start gw >/dev/null ||
	bail_out "the gateway does not start"
docker run -d --name gw-worker --network gw-inner --ip "$worker" --cap-drop ALL \
	--entrypoint sleep "$tools" 1000 >/dev/null || bail_out "the worker does not start"
worker_net=/proc/$(docker inspect -f '{{.State.Pid}}' gw-worker)/ns/net

inside() { # COMMAND...: as the worker sees the world
	lab_in "$worker_net" "$gateway" "$@"
}
get() { # URL [curl arguments]: the name that the server was asked for
	inside curl -s --max-time 5 --cacert "$lab/ca.pem" "${@:2}" "$1" | jq -r .name
}
refused() { # URL [curl arguments]: no answer, whatever the certificate
	! inside curl -sk --max-time 5 -o /dev/null "${@:2}" "$1"
}
closed() { # ADDRESS PORT
	! inside timeout 2 bash -c "exec 3<>/dev/tcp/$1/$2" 2>/dev/null
}
closed_after_all() { # ADDRESS PORT: whatever accepts the connection, nothing comes back
	! echoes "$@"
}
echoes() { # ADDRESS PORT
	# shellcheck disable=SC2016 # expanded by the inner shell
	[ "$(inside timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1"; echo hello >&3; head -n 1 <&3' "$@")" = hello ]
}
resolves() { # NAME
	[ "$(inside getent ahostsv4 "$1" | awk 'NR == 1 { print $1 }')" = "$gateway" ]
}
logged() { # JQ-CONDITION: a line of the log is like that
	docker logs gw 2>&1 | jq -es "any(.[]; $1)" >/dev/null
}
host_get() {
	nsenter --net="$ENGINE_NETNS" curl -s --max-time 5 "$@"
}

ok "the gateway answers" eventually 5 resolves api.example.com
ok "a wildcard covers any depth" resolves a.b.wild.example.org
for name in wild.example.org x.api.example.com other.example.net localhost; do
	fails "$name has no address" 1 resolves "$name"
done
is "$(get https://api.example.com/)" api.example.com "an allowed name, with its own certificate"
is "$(get https://api.example.com:8443/)" api.example.com "the same on another port"
is "$(get https://a.b.wild.example.org/)" a.b.wild.example.org "a name below a wildcard"
is "$(get https://inside.example.com/)" inside.example.com "a private address where that is allowed"
is "$(get https://www.example.com:8443/)" www.example.com "a name whose time is not over"
ok "a port whose time is not over" echoes db.example.com 5434
ok "plain TCP by name" echoes db.example.com 5432
ok "plain TCP to an address" echoes gateway 9000

ok "a name that is not allowed" refused https://other.example.net/ --resolve "other.example.net:443:$gateway"
ok "an address instead of a name" refused https://198.51.100.10/ --connect-to "::$gateway:443"
ok "something that is not TLS" refused http://api.example.com:443/
ok "a name whose time is over" refused https://www.example.com/
ok "a port whose time is over" closed_after_all db.example.com 5433
ok "a name that leads to a private address" refused https://rebind.example.com/
ok "loopback, even where private addresses are allowed" refused https://loop.example.com/
ok "metadata, even where private addresses are allowed" refused https://metadata.example.com/

# A container behind NAT reaches the host by every address that the host holds.
lab_witness "$ENGINE_NETNS" "$lab" "$LAB_HOST" 443 5435 || bail_out "no listeners on the host"
for port in 443 5435; do
	nsenter --net="/proc/$(docker inspect -f '{{.State.Pid}}' gw)/ns/net" \
		timeout 5 bash -c "exec 3<>/dev/tcp/$LAB_HOST/$port && cat <&3"
done
is "$(grep ^connection "$lab/witnessed" | cut -d ' ' -f 2 | xargs)" "443 5435" \
	"from the gateway's place the host's own address answers"
ok "the gateway leads nobody there, even where private addresses are allowed" refused https://host.example.com/
ok "nor for plain TCP" closed_after_all host.example.com 5435
is "$(grep -c ^connection "$lab/witnessed")" 2 "the host saw neither"

ok "the internet without the gateway" closed 198.51.100.10 443
for port in 22 8080 9001; do
	ok "port $port of the gateway is closed" closed "$gateway" "$port"
done
ok "its egress address is out of reach" closed "$egress" 8080
# A packet for any own address is taken on any interface: with a route, it must be refused by rule.
nsenter --net="$worker_net" ip route add 10.230.0.0/24 via "$gateway"
ok "and does not answer a worker that found a route" refused "http://$egress:8080/"

is "$(host_get -o /dev/null -w '%{http_code}' --max-time 2 http://127.0.0.1:8001/)" 000 \
	"inbound ends at once while the worker is down"
lab_serve "$worker_net" "$lab" http="$worker:18789" || bail_out "no server in the worker"
is "$(host_get http://127.0.0.1:8001/in | jq -r .path)" /in "inbound reaches the worker"
is "$(nsenter --net="$ENGINE_NETNS" bash -c '. tests/support/lab.sh
	lab_websocket 127.0.0.1 8001 text')" text "with websockets"

at_exit "umount '$place.other'"
gateway_place "$place.other" && cp -a "$place/files/set" "$place.other/files/set" &&
	sed -i 's/10\.23[01]\.0\.2/0.0.0.0/' "$place.other/files/set/haproxy.cfg" &&
	sed -i '/^listen-address/d' "$place.other/files/set/dnsmasq.conf" && gateway_seal "$place.other/files/set" &&
	gateway_create gw-other "$place.other" 10.230.0.3 && docker start gw-other >/dev/null
other_net=/proc/$(docker inspect -f '{{.State.Pid}}' gw-other)/ns/net
fails "another gateway cannot connect to it" 28 \
	nsenter --net="$other_net" curl -s --max-time 2 "http://$egress:8080/"

for program in haproxy dnsmasq; do
	pid=$(docker top gw -o pid,comm | awk -v p="$program" '$2 == p { print $1 }')
	start=$(date +%s%3N)
	kill -KILL "$pid"
	check=(resolves api.example.com)
	[ "$program" = dnsmasq ] || check=(echoes "$gateway" 9000)
	eventually 5 "${check[@]}"
	took=$(($(date +%s%3N) - start))
	ok "$program is back within a second after a kill ($took ms)" test "$took" -lt 1000
done

ok "a refused name is logged" logged '.event == "tls" and .sni == "other.example.net" and .rule == null and .verdict == "denied" and .reason == "name"'
ok "a refused address is logged" logged '.sni == "rebind.example.com" and .dst == "10.99.0.1" and .reason == "address"'
ok "the host's own address is logged" logged '.sni == "host.example.com" and .rule == "tls:443:host.example.com" and .dst == "192.0.2.1" and .verdict == "denied" and .reason == "address"'
ok "for plain TCP, too" logged '.event == "tcp" and .rule == "tcp:5435:host.example.com" and .dst == "192.0.2.1" and .reason == "address"'
ok "a name whose time is over is logged with its rule" logged '.sni == "www.example.com" and .rule == "tls:443:www.example.com" and .port == 443 and .verdict == "denied" and .reason == "expired"'
ok "so is a port" logged '.event == "tcp" and .rule == "tcp:5433:db.example.com" and .verdict == "denied" and .reason == "expired"'
ok "an expiry delays nobody" logged '.sni == "www.example.com" and .verdict == "allowed" and .ms < 2000'
ok "a wildcard covers a name whose own time is over" logged '.sni == "a.b.wild.example.org" and .rule == "tls:443:*.wild.example.org" and .verdict == "allowed"'
ok "a refused lookup is logged" logged '.event == "dns" and .name == "other.example.net" or .name == "wild.example.org" and .verdict == "denied"'
ok "an allowed connection is logged" logged '.sni == "api.example.com" and .rule == "tls:443:api.example.com" and .down > 1000 and .verdict == "allowed"'

docker stop gw >/dev/null
is "$(docker inspect -f '{{.State.ExitCode}}' gw)" 0 "it stops cleanly"
echo 'bogus' >>"$place/files/set/haproxy.cfg"
gateway_seal "$place/files/set"
docker start gw >/dev/null
is "$(timeout 10 docker wait gw)" 78 "it does not start with a configuration that is refused"
ok "and says why" logged '.event == "output" and (.line | contains("bogus"))'
is "$(gateway_result "$place")" refused "to tenantctl, too"

like "$(docker logs gw 2>&1 | jq -r .tenant | sort -u)" '^acme-dental$' "every log line is JSON and names the tenant"

done_testing
