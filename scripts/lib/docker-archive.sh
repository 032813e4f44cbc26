# Writes images in the docker-archive format (what `docker save` prints and every engine loads), so
# that images are made from a folder of files without an engine, a registry or a build tool.
# The same tree and configuration give the same bytes: names sorted, times and owners zero.
# Sourced by bash scripts; callers set -e.
# shellcheck shell=bash

# archive_write TREE OUT NAME:TAG CONFIG_JSON
#   TREE         folder that becomes the only layer; every file belongs to 0:0 in the image
#   OUT          file to write; appears only when whole (temporary file, rename)
#   NAME:TAG     the image's one reference
#   CONFIG_JSON  the image's "config" object: {"Env":[...],"Cmd":[...],"User":"..."}
archive_write() {
	local tree=$1 out=$2 ref=$3 config=$4 work layer id
	work=$(mktemp -d "$out.XXXXXX") || return 1
	if ! archive_tar "$tree" "$work/layer.tar"; then
		rm -rf "$work"
		return 1
	fi
	layer=$(archive_digest "$work/layer.tar")
	mkdir "$work/tree" "$work/tree/$layer"
	mv "$work/layer.tar" "$work/tree/$layer/layer.tar"
	printf '%s' "{\"architecture\":\"$(archive_arch)\",\"os\":\"linux\"," \
		"\"created\":\"1970-01-01T00:00:00Z\",\"config\":$config," \
		"\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:$layer\"]}," \
		"\"history\":[{\"created\":\"1970-01-01T00:00:00Z\"}]}" >"$work/config"
	id=$(archive_digest "$work/config")
	mv "$work/config" "$work/tree/$id.json"
	printf '[{"Config":"%s.json","RepoTags":["%s"],"Layers":["%s/layer.tar"]}]\n' \
		"$id" "$ref" "$layer" >"$work/tree/manifest.json"
	if ! archive_tar "$work/tree" "$work/out.tar" || ! mv "$work/out.tar" "$out"; then
		rm -rf "$work"
		return 1
	fi
	rm -rf "$work"
}

archive_tar() {
	tar -C "$1" --format=gnu --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner \
		-cf "$2" .
}

archive_digest() {
	sha256sum "$1" | cut -d ' ' -f 1
}

# The engine's name for this machine's architecture.
archive_arch() {
	local arch
	arch=$(dpkg --print-architecture)
	case $arch in
	armhf | armel) echo arm ;;
	i386) echo 386 ;;
	ppc64el) echo ppc64le ;;
	*) echo "$arch" ;;
	esac
}
