# What the worker's image brings along. Sourced by 50-mutants.sh.
# shellcheck shell=bash disable=SC2154

# A key of no known service's, put together here so that no file of ours has one.
found_key=gh'p_q7Rk2ZfLm9XcVb4TnY8sWd3Hj6Gp1Ae5Uo0i'
drop_images() {
	docker rmi -f "${hostile_images[@]}" >/dev/null 2>&1
}
hostile_images=()
at_exit drop_images

# with_image WHAT TREE_COMMAND CHANGE FILTER ID...: a worker from an image of such a tree
with_image() {
	local image
	image=$(image_with "$2" "$3" 2>"$E2E_TMP/image.log") || {
		no_mutant "$1"
		return
	}
	hostile_images+=("$image")
	mutate_worker "$1" ".Image = \"$image\" | $4" config.image "${@:5}"
}

# shellcheck disable=SC2016,SC2154 # the tree is the command's to name
{
	with_image "an image with a registry's password" \
		'mkdir "$tree/.docker" && echo "{\"auths\":{\"r\":{\"auth\":\"dTpwdw==\"}}}" >"$tree/.docker/config.json"' \
		"" . image.credentials
	with_image "an image with a device" 'mknod "$tree/sda" b 8 0' "" . image.traps
	with_image "an image whose user cannot be" : 'USER 4294967296' . image.traps
	with_image "an image with setuid programs" 'cp "$tree/bin/busybox" "$tree/bin/su2" && chmod 4755 "$tree/bin/su2"' "" .
	is "$(tenantctl verify --quick --only image.privileged --format json acme |
		jq -r '.tenants[0].findings[0] | .verdict + " " + .observed' | grep -o '^pass 1 such program.*/bin/su2$')" \
		"pass 1 such programs, which give nothing to processes with no_new_privs, as all have: /bin/su2" \
		"which are evidence and no finding"
	with_image "an image with setuid programs, and new privileges" \
		'cp "$tree/bin/busybox" "$tree/bin/su3" && chmod 4755 "$tree/bin/su3"' "" \
		'.HostConfig.SecurityOpt -= ["no-new-privileges"]' proc.no_new_privs image.privileged
	with_image "an image with file capabilities, and new privileges" \
		'cp "$tree/bin/busybox" "$tree/bin/ping2" && raw_sockets "$tree/bin/ping2"' "" \
		'.HostConfig.SecurityOpt -= ["no-new-privileges"]' proc.no_new_privs image.privileged
}

# What a later layer deletes is still there.
deleted=$(image_with "mkdir \"\$tree/app\" && echo 'TOKEN=$found_key' >\"\$tree/app/settings\"") &&
	deleted_after=$(image_after "$deleted" rm /app/settings)
hostile_images+=("$deleted_after" "$deleted")
mutate_worker "an image with a key in a deleted file" ".Image = \"$deleted_after\"" config.image image.credentials
unlike "$(tenantctl verify --quick --only image.credentials acme)" "$found_key" "no word of verify's repeats it"
put_worker
