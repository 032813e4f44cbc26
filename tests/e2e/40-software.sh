#!/bin/bash
# What agents run: node, Python, pip, git, bash and curl as they come, in a tenant under the default
# seccomp profile, with TLS to an allowed name; and what must fail there at once and cleanly.
# time: 180
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
. tests/support/engine.sh
. tests/support/lab.sh
. tests/support/tenants.sh

lab=$E2E_TMP/lab
source=$E2E_TMP/source
log=$E2E_TMP/log

items='cases.js files|node: files, folders, links, streams
cases.js watch|node: a watched folder
cases.js children|node: child processes, pipes, messages, signals
cases.js threads|node: threads with shared memory
cases.js cluster|node: a cluster on one port
cases.js compute|node: crypto, WebAssembly, compiled code
cases.js fetch|node: fetch from an allowed name
cases.js certificate|node: sees the upstream'"'"'s own certificate
cases.js refused_name|node: a name that is not allowed is not found
cases.js refused_address|node: a bare address is unreachable
cases.py threads|python: threads and timers
cases.py subprocesses|python: subprocesses, sessions, time limits
cases.py processes|python: multiprocessing by fork, spawn, fork server; shared memory
cases.py loop|python: asyncio with sockets and children
cases.py files|python: sqlite, temporary files, fifos
cases.py terminal|python: a program on a terminal
cases.py callbacks|python: C callbacks
cases.py venv|python: a virtual environment
cases.py install|pip: installs a wheel from an index on an allowed name
cases.py certificate|python: sees the upstream'"'"'s own certificate
cases.py refused_name|python: a name that is not allowed does not exist
cases.py refused_address|python: addresses are unreachable, without a time-out
cases.sh pipelines|bash: pipelines, coprocesses, traps
cases.sh jobs|bash: job control
cases.sh files|coreutils, tar, find, sed, flock
cases.sh git|git: commit, branch, rebase, pack, clone
cases.sh git_clone|git: clones over HTTPS from an allowed name
cases.sh git_refused|git: a name that is not allowed does not resolve
cases.sh curl|curl: with its own check of the certificate
cases.sh curl_refused|curl: neither another name nor its address
cases.sh tools_refused|unshare, chroot, setarch fail with an error
refused.py namespaces|no new namespaces
refused.py mounts|no mounts
refused.py keys|no kernel keys
refused.py io_uring|no io_uring, as if the kernel had none
refused.py sockets|no sockets but unix, TCP, UDP and routes
refused.py trace|no tracing of a process of its own
refused.py personality|no other personality
refused.py kernel_surface|no bpf, perf, userfaultfd, file handles'
[ "$(uname -m)" != x86_64 ] || items+='
refused.py foreign_calls|no 32-bit and no x32 system calls'

# A pure wheel is a zip with three files of metadata (PEP 427), an index is a page of links (PEP 503).
make_index() { # FOLDER
	mkdir -p "$1/tinywheel" && python3 - "$1/tinywheel" <<-'END'
		import hashlib, sys, zipfile
		name, info = "tinywheel-1.0-py3-none-any.whl", "tinywheel-1.0.dist-info"
		with zipfile.ZipFile(f"{sys.argv[1]}/{name}", "w") as wheel:
		    wheel.writestr("tinywheel.py", "def answer():\n    return 42\n")
		    wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tinywheel\nVersion: 1.0\n")
		    wheel.writestr(f"{info}/WHEEL",
		                   "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
		    wheel.writestr(f"{info}/RECORD", "".join(f"{f},,\n" for f in wheel.namelist()))
		with open(f"{sys.argv[1]}/{name}", "rb") as file:
		    digest = hashlib.sha256(file.read()).hexdigest()
		with open(f"{sys.argv[1]}/index.html", "w") as page:
		    page.write(f'<!DOCTYPE html><a href="{name}#sha256={digest}">{name}</a>\n')
	END
}

# A repository as plain files, for git's protocol without a server of its own.
make_repository() { # FOLDER
	git init -q "$E2E_TMP/work" && echo "from the repository" >"$E2E_TMP/work/hello" &&
		git -C "$E2E_TMP/work" add hello &&
		git -C "$E2E_TMP/work" -c user.name=lab -c user.email=lab@example.com commit -qm first &&
		git clone -q --bare "$E2E_TMP/work" "$1" && git -C "$1" update-server-info
}

tenants_setup "resolver: $LAB_DNS:53" || bail_out "the images do not load"
at_exit "lab_down '$ENGINE_NETNS' '$lab'"
lab_up "$ENGINE_NETNS" "$lab" || bail_out "the internet does not start"
make_index "$lab/files/simple" || bail_out "no package index"
make_repository "$lab/files/repo.git" || bail_out "no repository"
cp -r tests/support/software "$source" && cp "$lab/ca.pem" "$source" &&
	cut -d '|' -f 1 <<<"$items" >"$source/items" && chmod -R a+rX "$source" || bail_out "no source"
fingerprint=$(openssl x509 -in "$lab/certs/api.example.com.pem" -noout -fingerprint -sha256)

manifest soft <<YAML
version: 1
tenant: soft
image: tenantctl-test-tools:1
command: [bash, /source/software/run]
resources: { memory: 768m, cpus: 2.0, pids: 128, nofile: 1024, workspace: 256m, tmp: 64m, shm: 32m }
source: [ { host: $source, path: /source/software } ]
environment:
  HOME: /workspace
  UPSTREAM: api.example.com
  REFUSED: other.example.net
  FINGERPRINT: "${fingerprint#*=}"
  NODE_EXTRA_CA_CERTS: /source/software/ca.pem
  SSL_CERT_FILE: /source/software/ca.pem
  CURL_CA_BUNDLE: /source/software/ca.pem
  PIP_CERT: /source/software/ca.pem
  GIT_SSL_CAINFO: /source/software/ca.pem
  GIT_AUTHOR_NAME: worker
  GIT_AUTHOR_EMAIL: worker@example.com
  GIT_COMMITTER_NAME: worker
  GIT_COMMITTER_EMAIL: worker@example.com
egress: [ api.example.com ]
YAML
ok "a tenant with the software is created" tenantctl create soft || done_testing
like "$(tenantctl show soft --resolved)" 'seccomp: "?ai-worker' "under the default profile"

ended() {
	tenantctl logs soft >"$log" && grep -qx end "$log"
}
ok "all items end" eventually 100 ended
while IFS='|' read -r item description; do
	case $(grep "^result $item " "$log") in
	"result $item 0") pass "$description" ;;
	"result $item "*) fail "$description" "$(grep "^\(output\|result\) $item " "$log")" ;;
	*) fail "$description" "it did not run" ;;
	esac
done <<<"$items"

is "$(inspect tc-soft '{{.State.Running}} {{.RestartCount}} {{.State.OOMKilled}}')" "true 0 false" \
	"the worker came through"
unlike "$(grep -c other.example.net "$lab/dns.log")" '^[1-9]' "no question for another name left the host"
ok "it still verifies" tenantctl verify --quick soft
ok "the tenant is deleted" tenantctl delete soft --purge
done_testing
