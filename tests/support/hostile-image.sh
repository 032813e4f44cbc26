# Images with something in them that must not be, made from the demo worker's by the engine.
# Sourced by bash scripts after engine.sh, with DEMO_IMAGE loaded.
# shellcheck shell=bash

# raw_sockets FILE: gives a program the capability, as setcap(8) would (linux/capability.h)
raw_sockets() {
	python3 -c 'import os, struct, sys
os.setxattr(sys.argv[1], "security.capability", struct.pack("<5I", 0x02000001, 1 << 13, 0, 0, 0))' "$1"
}

# image_with TREE_COMMAND [CHANGE]: prints the id of the demo worker's image with one layer, in whose
# tree ($tree) the command was run, and with a change of its configuration ("USER 7").
image_with() {
	local work tree
	work=$(mktemp -d "$E2E_TMP/image.XXXXXX") && mkdir "$work/tree" || return 1
	docker create --name image-source tenantctl-demo-worker:1 >/dev/null &&
		docker export image-source | tar -xf - -C "$work/tree"
	docker rm -f image-source >/dev/null
	tree=$work/tree
	eval "$1" && tar -C "$tree" --xattrs --xattrs-include='*' -cf - . |
		docker import -c 'CMD ["/bin/demo-worker"]' -c 'ENV PATH=/bin PORT=8080' \
			-c 'WORKDIR /workspace' ${2:+-c "$2"} -
	rm -rf "$work"
}

# image_after IMAGE COMMAND...: prints the id of the image with one more layer, made by the command.
image_after() {
	docker run --name image-change --network none "$@" >/dev/null &&
		docker commit -c 'CMD ["/bin/demo-worker"]' image-change
	docker rm -f image-change >/dev/null
}
