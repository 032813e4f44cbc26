#!/bin/bash
# What shell scripts, git and curl need from a worker, one item per run; see run.
# usage: cases.sh ITEM        in an empty folder; the environment has UPSTREAM (an allowed name),
# FINGERPRINT (SHA-256 of its certificate), REFUSED (a name that is not allowed)
set -eu -o pipefail

# want GOT WANT
want() {
	[ "$1" = "$2" ] || {
		printf 'got: %s\nwant: %s\n' "$1" "$2"
		exit 1
	}
}

# want_status STATUS COMMAND...
want_status() {
	local status=0
	"${@:2}" || status=$?
	want "$status" "$1"
}

item_pipelines() {
	local line
	want "$(seq 1000 | sort -R | sort -n | tail -n 1 | tee copy | tr 0 o)" 1ooo
	want "$(<copy)" 1000
	want "$(paste <(seq 2) <(seq 3 4) | awk '{ print $1 * $2 }' | xargs)" "3 8"
	coproc CAT { cat; }
	echo hello >&"${CAT[1]}"
	read -r line <&"${CAT[0]}"
	want "$line" hello
	want "$(trap 'echo bye' EXIT; sleep 0.05 & wait; echo waited)" $'waited\nbye'
	want "$(kill -s USR1 $BASHPID & trap 'echo got' USR1; sleep 1 & wait $!)" ""
	want_status 124 timeout 0.1 sleep 10
	want "$(seq 20 | xargs -P 4 -n 1 printf '%s0\n' | sort -n | tail -n 1)" 200
}

item_jobs() {
	local script='sleep 100 & kill -STOP %1; wait %1; jobs -s | wc -l; bg; kill %1; wait %1; echo $?
		{ sleep 0.2; exit 3; } & fg; echo $?'
	# A terminal of its own, or an interactive shell does without job control.
	python3 -c 'import pty, sys; pty.spawn(["bash", "--norc", "-ic", sys.argv[1]])' "$script" >out
	want "$(grep -xE $'[0-9]+\r' out | tr -d '\r' | xargs)" "1 143 3"
}

item_files() {
	mkdir tree && cp -a /etc/passwd /usr/share/ca-certificates tree/
	diff -r /usr/share/ca-certificates tree/ca-certificates
	tar -czf tree.tgz tree && rm -rf tree && tar -xzf tree.tgz
	want "$(find tree -name passwd -type f | wc -l)" 1
	cp --reflink=auto --sparse=always /bin/bash copy && cmp /bin/bash copy
	./copy -c 'exit 3' || want $? 3
	truncate -s 1M sparse && fallocate -l 64K full && touch -d 2001-02-03 full
	want "$(date -r full +%F) $(stat -c %s sparse)" "2001-02-03 1048576"
	ln full hard && ln -s full soft && mv -T soft moved && mkfifo fifo && sync full
	want "$(stat -c %h full) $(readlink moved)" "2 full"
	sed -i 's/root/toor/' tree/passwd && grep -q '^toor:' tree/passwd
	want "$(flock lock echo locked)" locked
	nice -n 5 nohup sh -c 'df . && free && uptime && ps aux && id && nproc' >/dev/null
}

item_git() {
	git init -q one && cd one
	for n in 1 2 3; do
		echo "$n" >file && git add file && git commit -qm "number $n"
	done
	git checkout -qb side HEAD~1 && echo x >other && git add other && git commit -qm side
	git rebase -q master && git gc -q && git fsck
	git clone -q . ../two && cd ../two
	want "$(git log --format=%s | xargs)" "side number 3 number 2 number 1"
}

item_git_clone() {
	git clone -q "https://$UPSTREAM/files/repo.git" cloned
	want "$(cat cloned/hello)" "from the repository"
	git -C cloned fsck
}

item_git_refused() {
	want_status 128 git clone "https://$REFUSED/files/repo.git" cloned 2>err
	grep -qi 'could not resolve host' err || want "$(cat err)" "could not resolve host"
}

item_curl() {
	local seen
	curl -sSf "https://$UPSTREAM/curled" | grep -F '"path": "/curled"'
	curl -sSfO "https://$UPSTREAM/files/simple/tinywheel/index.html" && grep -q tinywheel index.html
	want_status 22 curl -sSf "https://$UPSTREAM/files/none"
	want_status 60 env -u CURL_CA_BUNDLE -u SSL_CERT_FILE curl -sS "https://$UPSTREAM/"
	seen=$(openssl s_client -connect "$UPSTREAM:443" -servername "$UPSTREAM" -verify_return_error \
		-verify_hostname "$UPSTREAM" </dev/null 2>err | openssl x509 -noout -fingerprint -sha256)
	want "${seen#*=}" "$FINGERPRINT"
}

item_curl_refused() {
	want_status 6 curl -sS --max-time 10 "https://$REFUSED/"
	want_status 7 curl -sS --max-time 10 --resolve "$REFUSED:443:198.51.100.11" "https://$REFUSED/"
}

# refused COMMAND...: it ends with an error of its own, and says so
refused() {
	local status=0
	"$@" 2>err || status=$?
	[ "$status" -gt 0 ] && [ "$status" -le 125 ] && grep -q 'Operation not permitted' err || {
		echo "status $status of: $*"
		cat err
		exit 1
	}
}

item_tools_refused() {
	refused unshare --user --map-root-user true
	refused unshare --net true
	refused chroot / true
	refused setarch --addr-no-randomize true
}

"item_$1"
