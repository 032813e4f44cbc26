#!/bin/bash
# Mutants: a tenant is weakened by hand, one thing at a time, and verify has to turn red with just the
# right checks. A check that no weakened tenant turns red proves nothing, so each has to be turned red
# here, or to have a reason below why it cannot be.
# time: 900
set -u
cd "$(dirname "$0")/../.." || exit 1
. tests/support/tap.sh
. tests/support/atexit.sh
. tests/support/engine.sh
. tests/support/hostile-image.sh
. tests/support/mutants.sh

unreddened=

make_tenants >"$E2E_TMP/create.log" 2>&1 ||
	bail_out "the tenants cannot be made: $(tail -n 20 "$E2E_TMP/create.log")"

# The tenant made again from the saved body is as good as new: what follows is due to the change.
put_worker || bail_out "the worker does not start again"
is "$(ids_with fail) $(ids_with inconclusive)" " " "an unchanged worker stays green"

. tests/support/mutants/worker.sh
. tests/support/mutants/twin.sh
. tests/support/mutants/processes.sh
. tests/support/mutants/gateway.sh
. tests/support/mutants/places.sh
. tests/support/mutants/image.sh
. tests/support/mutants/shared.sh
. tests/support/mutants/boundary.sh

mutation_score "$unreddened"
done_testing
