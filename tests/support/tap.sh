# Test lines in TAP (Test Anything Protocol) for end to end tests. Sourced by bash scripts.
# A script either states its plan first or calls done_testing last; a script that ends without
# the promised number of tests counts as failed, whatever it printed.
# shellcheck shell=bash

tap_count=0
tap_failed=0
tap_planned=

# plan N: exactly N tests follow.
plan() {
	tap_planned=$1
	echo "1..$1"
}

# skip_all REASON: nothing of this file can run here.
skip_all() {
	echo "1..0 # SKIP $*"
	exit 0
}

# bail_out REASON: nothing after this makes sense, in this file or others.
bail_out() {
	echo "Bail out! $*"
	exit 1
}

diag() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

# pass DESCRIPTION; fail DESCRIPTION [DIAGNOSTIC]
pass() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1"
}

fail() {
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - $1"
	diag "at ${BASH_SOURCE[${3:-1}]##*/}:${BASH_LINENO[$((${3:-1} - 1))]}"
	[ -z "${2:-}" ] || diag "$2"
	return 1
}

# skip DESCRIPTION REASON: one test that cannot run here.
skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

# ok DESCRIPTION COMMAND...: passes if the command succeeds; its output explains a failure.
ok() {
	local name=$1 out status=0
	shift
	out=$("$@" 2>&1) || status=$?
	if [ "$status" = 0 ]; then
		pass "$name"
	else
		fail "$name" "status $status of: $*"$'\n'"$out" 2
	fi
}

# fails DESCRIPTION STATUS COMMAND...: passes if the command ends with just that exit status.
fails() {
	local name=$1 want=$2 out status=0
	shift 2
	out=$("$@" 2>&1) || status=$?
	if [ "$status" = "$want" ]; then
		pass "$name"
	else
		fail "$name" "status $status, not $want, of: $*"$'\n'"$out" 2
	fi
}

# is GOT WANT DESCRIPTION
is() {
	if [ "$1" = "$2" ]; then
		pass "$3"
	else
		fail "$3" " got: $1"$'\n'"want: $2" 2
	fi
}

# like GOT REGEX DESCRIPTION; unlike GOT REGEX DESCRIPTION (extended expressions)
like() {
	if [[ $1 =~ $2 ]]; then
		pass "$3"
	else
		fail "$3" "no match of: $2"$'\n'"in: $1" 2
	fi
}

unlike() {
	if [[ $1 =~ $2 ]]; then
		fail "$3" "match of: $2"$'\n'"in: $1" 2
	else
		pass "$3"
	fi
}

# eventually SECONDS COMMAND...: repeats until the command succeeds; false when time is up.
eventually() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.1
	done
}

# done_testing: states the plan at the end and gives the script its exit status.
done_testing() {
	[ -n "$tap_planned" ] || plan "$tap_count"
	[ "$tap_failed" = 0 ] && [ "$tap_planned" = "$tap_count" ]
	exit
}
