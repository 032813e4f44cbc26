# A gateway container with credential routes by hand, a worker, and upstreams. Sourced by bash scripts
# after tap.sh, atexit.sh, lab.sh and upstream.sh.
#
#   routes_up          starts all of it; sets gateway, worker, lab, and
#   inside COMMAND...  as the worker sees the world
#   routes_logged JQ   a line of the gateway's log is like that
# shellcheck shell=bash

gateway=10.231.0.2 worker=10.231.0.3 egress=10.230.0.2
lab=$E2E_TMP/lab
gateway_user=1879048193

routes_load() { # ARCHIVE: prints the image's name
	docker load -qi "${IMAGES:?}/$1" | sed -n 's/^Loaded image: //p' | grep .
}

routes_networks() {
	local isolated=()
	[ "$ENGINE_KIND" = 20 ] ||
		isolated=(-o com.docker.network.bridge.gateway_mode_ipv4=isolated)
	at_exit 'docker network rm gw-inner gw-egress >/dev/null'
	docker network create --internal --subnet 10.231.0.0/29 --gateway 10.231.0.1 \
		-o com.docker.network.bridge.inhibit_ipv4=true "${isolated[@]}" gw-inner >/dev/null &&
		docker network create --subnet 10.230.0.0/24 --gateway 10.230.0.1 \
			-o com.docker.network.bridge.enable_icc=false gw-egress >/dev/null
}

# The set as tenantctl lays it out: the gateway's user may read it, and write its state only.
routes_files() {
	local set=$lab/gateway/set
	upstream_files "$lab" "$set" && upstream_keys "$set" 1 && upstream_generation "$set" &&
		chown -R "root:$gateway_user" "$lab/gateway" && chmod 750 "$lab/gateway" "$set" &&
		chmod 440 "$set"/* && install -d -m 700 -o "$gateway_user" -g "$gateway_user" "$lab/state"
}

routes_gateway() { # IMAGE
	docker create --name gw --network gw-egress --ip "$egress" \
		--user "$gateway_user:$gateway_user" --cap-drop ALL --security-opt no-new-privileges \
		--security-opt seccomp=profiles/gateway.json --read-only --memory 32m --memory-swap 32m \
		--pids-limit 32 --ulimit nofile=4096 --dns "$LAB_DNS" \
		--tmpfs "/run/gateway:rw,noexec,nosuid,nodev,size=16m,mode=0700,uid=$gateway_user,gid=$gateway_user" \
		--sysctl net.ipv4.ip_unprivileged_port_start=0 --sysctl net.ipv4.ip_forward=0 \
		-v "$lab/gateway:/etc/gateway:ro" -v "$lab/state:/var/lib/gateway" \
		"$1" acme-dental >/dev/null &&
		docker network connect --ip "$gateway" gw-inner gw && docker start gw >/dev/null
}

routes_up() {
	local image tools
	image=$(routes_load tenantctl-gateway.tar) && tools=$(routes_load test-tools.tar) || return 1
	at_exit "lab_down '$ENGINE_NETNS' '$lab'"
	lab_up "$ENGINE_NETNS" "$lab" && upstream_up "$ENGINE_NETNS" "$lab" && routes_networks &&
		routes_files || return 1
	at_exit 'docker rm -f gw gw-worker >/dev/null 2>&1'
	routes_gateway "$image" &&
		docker run -d --name gw-worker --network gw-inner --ip "$worker" --cap-drop ALL \
			--entrypoint sleep "$tools" 1000 >/dev/null || return 1
	worker_net=/proc/$(docker inspect -f '{{.State.Pid}}' gw-worker)/ns/net
	routes_wait || {
		docker logs gw 2>&1 | tail -n 20 >&2
		return 1
	}
}

routes_wait() {
	eventually 5 routes_answers
}

routes_answers() {
	inside curl -s -o /dev/null --max-time 2 http://gateway/
}

inside() {
	lab_in "$worker_net" "$gateway" "$@"
}

routes_logged() {
	docker logs gw 2>&1 | jq -es "any(.[]; $1)" >/dev/null
}
