# One place of the host under two names, so that what each tenant declares looks like its own. Sourced
# by 50-mutants.sh.
# shellcheck shell=bash disable=SC2046,SC2086,SC2154

theirs=$mutants_root/srv/tenants/beta/workspace

mutate_worker "another tenant's workspace" \
	".HostConfig.Mounts += [{Type: \"bind\", Source: \"$theirs/data\", Target: \"/theirs\"}]" \
	fs.mounts.declared fs.mounts.source fs.mounts.shared
mkdir -p "$theirs/data/inner"
mutate_worker "a folder of another tenant's workspace" \
	".HostConfig.Mounts += [{Type: \"bind\", Source: \"$theirs/data/inner\", Target: \"/theirs\", ReadOnly: true}]" \
	fs.mounts.declared fs.mounts.source fs.mounts.shared

# Both manifests declare the same folder, read-only, which is nothing wrong. mutate_source WHAT IDS
# COMMAND...: the worker is made anew while that name leads elsewhere.
material=$E2E_TMP/shared
mutate_source() {
	if mv "$material" "$material.saved" && mkdir "$material" && "${@:3}" && put_worker; then
		expect_red "$1" $2 fs.mounts.shared
	else
		no_mutant "$1"
	fi
	umount "$material" 2>/dev/null
	rm -rf "$material" && mv "$material.saved" "$material"
}
as_link() { # TO
	rmdir "$material" && ln -s "$1" "$material"
}
mutate_source "a source that is a link to another tenant's workspace" '' as_link "$theirs/data"
# Newer engines let what is mounted below come with it.
mutate_source "a source that is a link to all tenants' images" "$(on 28 fs.mounts.declared)" \
	as_link "$mutants_root/srv/tenants"
mutate_source "another tenant's workspace mounted on a source" '' mount --bind "$theirs/data" "$material"
# mount(8) would take the loop device that there is.
second_device() {
	local loop
	loop=$(losetup -r -f --show "${theirs%/workspace}/workspace.img") || return 1
	at_exit "losetup -d '$loop' 2>/dev/null"
	mount -o ro,noload "$loop" "$material" &&
		losetup -d "$loop" # when nothing is mounted from it any more
}
mutate_source "another tenant's image mounted on a source" '' second_device
put_worker
