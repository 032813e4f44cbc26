#!/bin/bash
# The checks that guard the others must be able to fail: each is shown something wrong.
# engines: none
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh

tree=$E2E_TMP/tree
# layer FILE INCLUDE: a project with one file that includes one thing.
layer() {
	rm -rf "$tree"
	mkdir -p "$tree/include" "$tree/$(dirname "$1")"
	echo "#include $2" >"$tree/$1"
	scripts/check-layers "$tree"
}

while read -r file include; do
	ok "layers: $file may include $include" layer "$file" "$include"
done <<'END'
src/cli/main.c "ops/ops.h"
src/ops/apply.c "engine/client.h"
src/ops/verify.c "probe/probe.h"
src/domain/plan.c "engine/types.h"
src/domain/plan.c "base/err.h"
src/engine/transport_curl.c <curl/curl.h>
src/base/yaml.c <yaml.h>
src/gateway/init.c "base/compiler.h"
END
while read -r file include; do
	fails "layers: $file may not include $include" 1 layer "$file" "$include"
done <<'END'
src/base/err.c "domain/spec.h"
src/probe/net.c "engine/types.h"
src/engine/client.c "probe/facts.h"
src/domain/plan.c "engine/client.h"
src/domain/plan.c "ops/ops.h"
src/domain/plan.c "../ops/ops.h"
src/ops/apply.c "cli/command.h"
src/engine/client.c <curl/curl.h>
src/domain/manifest.c <cjson/cJSON.h>
src/ops/apply.c <yaml.h>
src/gateway/init.c "engine/client.h"
END

# c_file FUNCTION_LINES FILE_LINES
c_file() {
	{
		echo 'int f(void)'
		echo '{'
		for ((i = 4; i < $1; i++)); do echo '	;'; done
		printf '	return 0;\n}\n'
		for ((i = $1; i < $2; i++)); do echo; done
	} >"$E2E_TMP/f.c"
	scripts/check-sizes "$E2E_TMP/f.c"
}

ok "sizes: 79 lines of function pass" c_file 79 79
fails "sizes: 80 lines of function fail" 1 c_file 80 80
ok "sizes: 499 lines of file pass" c_file 10 499
fails "sizes: 500 lines of file fail" 1 c_file 10 500

# suite STATUS OUTPUT...: a test program that prints OUTPUT and ends with STATUS.
suite() {
	local status=$1
	shift
	{
		echo '#!/bin/sh'
		printf 'echo "%s"\n' "$@"
		echo "exit $status"
	} >"$E2E_TMP/program"
	chmod +x "$E2E_TMP/program"
	RESULTS=$E2E_TMP/results scripts/run-unit some "$E2E_TMP/program"
}

ok "unit: passed tests pass" suite 0 '[  PASSED  ] 3 test(s).'
is "$(cat "$E2E_TMP/results/some.count")" "3 0 0" "unit: and are counted"
fails "unit: a failed test fails" 1 suite 1 '[  PASSED  ] 3 test(s).' '[  FAILED  ] 1 test(s), listed:'
is "$(cat "$E2E_TMP/results/some.count")" "3 1 0" "unit: and is counted"
fails "unit: a crash behind passed tests fails" 1 suite 139 '[  PASSED  ] 3 test(s).'
fails "unit: a program without tests fails" 1 suite 0 hello

totals() {
	scripts/test-totals "$E2E_TMP/results" "$@" | tail -n 1
	return "${PIPESTATUS[0]}"
}

echo '4 0 1' >"$E2E_TMP/results/more.count"
echo '3 0 0' >"$E2E_TMP/results/some.count"
is "$(scripts/test-totals "$E2E_TMP/results" some more)" "7 passed, 0 failed, 1 skipped" "totals add up"
fails "totals: a suite that did not run fails" 1 totals some missing

# e2e_of CI TAP...: runs the runner over one file that prints TAP.
e2e_of() {
	local ci=$1
	shift
	{
		echo '# engines: none'
		printf "echo '%s'\n" "$@"
	} >"$E2E_TMP/file.sh"
	CI=$ci BUILD=$E2E_TMP/build scripts/run-e2e "$E2E_TMP/file.sh"
}

ok "e2e: a passed test passes" e2e_of '' 'ok 1' '1..1'
fails "e2e: a failed test fails" 1 e2e_of '' 'ok 1' 'not ok 2' '1..2'
fails "e2e: a plan not kept fails" 1 e2e_of '' 'ok 1' '1..2'
fails "e2e: no plan fails" 1 e2e_of '' 'ok 1'
fails "e2e: a bail out fails" 1 e2e_of '' 'ok 1' 'Bail out! gone'
ok "e2e: a skip passes outside CI" e2e_of '' 'ok 1' 'ok 2 # SKIP lazy' '1..2'
fails "e2e: a skip fails in CI" 1 e2e_of true 'ok 1' 'ok 2 # SKIP lazy' '1..2'
ok "e2e: a skip for want of hardware passes in CI" e2e_of true 'ok 1' 'ok 2 # SKIP needs KVM' '1..2'
fails "e2e: a file that only skips fails" 1 e2e_of '' '1..0 # SKIP nothing'

# An image is made of its files alone: neither the time nor the place of the build show.
for n in 1 2; do
	mkdir "$E2E_TMP/image$n"
	scripts/build-worker-image demo "$E2E_TMP/image$n/demo.tar" || bail_out "no demo image"
	sleep 1.1
done
ok "images: two builds give the same bytes" cmp "$E2E_TMP/image1/demo.tar" "$E2E_TMP/image2/demo.tar"
is "$(find "$E2E_TMP/image1" | wc -l)" 2 "images: nothing but the archive is left"

done_testing
