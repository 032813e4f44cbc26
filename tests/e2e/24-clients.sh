#!/bin/bash
# The libraries that agents use, through credential routes: a base URL and the tenant's placeholder are
# all that they get, and the upstream sees its key and no placeholder.
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
. tests/support/atexit.sh
. tests/support/lab.sh
. tests/support/upstream.sh
. tests/support/routes.sh

token=tenant-placeholder-0123456789abcdef0123456789abcdef
hello="hello from the upstream"
clients=${CLIENTS:-$(dirname "$IMAGES")/clients}

# The libraries come from npm, once for each change of their list.
install_clients() {
	cmp -s tests/support/clients/package.json "$clients/package.json" &&
		[ -e "$clients/complete" ] && return 0
	rm -rf "$clients" && mkdir -p "$clients" &&
		cp tests/support/clients/package.json "$clients" &&
		npm install --prefix "$clients" --no-audit --no-fund --ignore-scripts >"$E2E_TMP/npm" 2>&1 &&
		touch "$clients/complete" && return 0
	cat "$E2E_TMP/npm" >&2
	return 1
}
install_clients || bail_out "the libraries cannot be installed"
cp tests/support/clients/*.mjs "$clients"
routes_up || bail_out "the gateway does not start"

js() { # PROGRAM ARGUMENTS...
	inside node "$clients/$1.mjs" "${@:2}" 2>&1
}

is "$(inside curl -s -H "Authorization: Bearer $token" http://gateway/llm/things | jq -r .path)" \
	/things "curl"
is "$(js openai http://gateway/llm/v1 "$token" models)" m "openai: a list"
is "$(js openai http://gateway/llm/v1 "$token" chat)" "$hello" "openai: a chat"
is "$(js openai http://gateway/llm/v1 "$token" stream)" "$hello" "openai: a stream"
is "$(js openai http://proxy/token/v1 "$token" chat)" "$hello" "openai: where the placeholder is wanted"
is "$(js openai http://gateway/token/v1 sk-something-else refused)" "403 true" \
	"openai: without it, and told why"
is "$(js anthropic http://gateway/three "$token")" "$hello" "anthropic: a message"

cat >"$E2E_TMP/want" <<-'END'
	get GET /things
	post 17 {"hello":"world"}
	stream 13 one two three
	events 2
	refused 403 rule
END
is "$(js fetch http://gateway "$token")" "$(cat "$E2E_TMP/want")" "node's fetch"
cat >>"$E2E_TMP/want" <<-'END'
	moved 302 https://elsewhere.example.net/landing
	basic 200
END
is "$(inside /usr/bin/python3 tests/support/clients/with-requests.py http://gateway "$token" 2>&1 |
	sed 's/^post 18 {"hello": /post 17 {"hello":/')" "$(cat "$E2E_TMP/want")" "Python's requests"

ok "every request had its key and no other" \
	tests/support/attack.py check "$lab/gateway/set" "$lab/record"
fails "no upstream has seen the placeholder" 1 grep -q tenant-placeholder "$lab/record"
docker logs gw >"$lab/log" 2>&1
fails "nor is it in the log" 1 grep -q tenant-placeholder "$lab/log"
ok "nor is a key" tests/support/attack.py leaks "$lab/gateway/set" "$lab/log"

done_testing
