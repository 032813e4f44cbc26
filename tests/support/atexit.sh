# Clean-up that runs however a script ends, short of SIGKILL. Sourced by bash test scripts.
# shellcheck shell=bash

[ -z "${ATEXIT_LOADED:-}" ] || return 0
ATEXIT_LOADED=1
atexit_commands=()
atexit_status=0

# at_exit COMMAND: COMMAND is evaluated at the end, last registered first.
at_exit() {
	atexit_commands+=("$*")
}

atexit_run() {
	local status=$1 i
	trap - EXIT
	trap '' HUP INT TERM
	set +e
	for ((i = ${#atexit_commands[@]} - 1; i >= 0; i--)); do
		eval "${atexit_commands[i]}"
	done
	exit "$status"
}

# Registered commands belong to this process: a subshell must not run them on its own exit.
trap 'atexit_status=$?; if [ "$BASHPID" = "$$" ]; then atexit_run "$atexit_status"; fi' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
