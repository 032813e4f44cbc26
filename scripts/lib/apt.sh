# Debian packages without installing them: own lists and own cache, so the machine's package state
# is only read. The mirror is the one the machine's own configuration names, the signatures are
# checked with the Debian archive keyring. Sourced by bash scripts; callers set -e.
# shellcheck shell=bash

APT_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# The codename of the Debian release that runs here.
apt_codename() {
	(. /etc/os-release && echo "${VERSION_CODENAME:-}")
}

# Prints the address of the Debian archive from this machine's apt configuration.
apt_mirror() {
	local codename mirror
	codename=$(apt_codename)
	# ORIGIN and CODENAME come from fetched release files; before the first update only the
	# suite as written in the sources is known.
	mirror=$(apt-get indextargets --format "\$(ORIGIN) \$(CODENAME) \$(COMPONENT) \$(REPO_URI)" \
		'Identifier: Packages' 2>/dev/null |
		awk -v c="$codename" '$1 == "Debian" && $2 == c && $3 == "main" {print $4; exit}')
	if [ -z "$mirror" ]; then
		mirror=$(apt-get indextargets --no-release-info \
			--format "\$(RELEASE) \$(COMPONENT) \$(REPO_URI)" 'Identifier: Packages' |
			awk -v c="$codename" '($1 == c || $1 == "stable") && $2 == "main" {print $3; exit}')
	fi
	if [ -z "$mirror" ]; then
		echo "no Debian archive in this machine's apt configuration" >&2
		return 1
	fi
	echo "$mirror"
}

# apt_private DIR SUITE: prepares DIR as a private apt world of SUITE and fetches its lists when
# they are older than a day. Later calls of apt_private_get use the same DIR.
apt_private() {
	local dir=$1 suite=$2 mirror try
	mirror=$(apt_mirror) || return 1
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
	: >"$dir/status"
	echo "deb [signed-by=$APT_KEYRING] $mirror $suite main" >"$dir/sources.new"
	if cmp -s "$dir/sources.new" "$dir/sources.list" &&
		[ -n "$(find "$dir/stamp" -mtime -1 2>/dev/null)" ]; then
		return 0
	fi
	mv "$dir/sources.new" "$dir/sources.list"
	rm -f "$dir/stamp"
	for try in 1 2; do
		if apt_private_run "$dir" update -qq && touch "$dir/stamp"; then
			return 0
		fi
		echo "package lists of $suite: try $try failed" >&2
	done
	return 1
}

# apt_private_get DIR PACKAGE...: downloads the packages and everything they depend on, as if
# nothing were installed, and prints the paths of the package files.
apt_private_get() {
	local dir=$1 try
	shift
	for try in 1 2; do
		if apt_private_run "$dir" install -qq -y --download-only --no-install-recommends "$@" \
			>"$dir/log" 2>&1; then
			apt_private_paths "$dir" install -y --no-install-recommends "$@"
			return
		fi
		echo "download of $*: try $try failed" >&2
	done
	cat "$dir/log" >&2
	return 1
}

# apt_private_one DIR PACKAGE...: downloads just these packages, without dependencies.
apt_private_one() {
	local dir=$1 try
	shift
	for try in 1 2; do
		if (cd "$dir/cache/archives" && apt_private_run "$dir" download -qq "$@") >&2; then
			apt_private_paths "$dir" download "$@"
			return
		fi
		echo "download of $*: try $try failed" >&2
	done
	return 1
}

# apt names what it would fetch; the file name is the second field.
apt_private_paths() {
	local dir=$1 uri file rest
	shift
	apt_private_run "$dir" "$1" --print-uris -qq \
		-o Dir::Cache::archives="$dir/none" "${@:2}" |
		while read -r uri file rest; do
			case $uri in
			\'*) echo "$dir/cache/archives/$file" ;;
			*) echo "unexpected from apt-get: $uri $file $rest" >&2 ;;
			esac
		done
}

apt_private_run() {
	local dir=$1
	shift
	# The sandbox user cannot write below a folder of root's; signatures are checked all the same.
	apt-get -o Dir::Etc::sourcelist="$dir/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
		-o Dir::State::lists="$dir/lists" -o Dir::State::status="$dir/status" \
		-o Dir::State::extended_states="$dir/extended" -o Dir::Cache="$dir/cache" \
		-o APT::Sandbox::User=root -o APT::Get::List-Cleanup=false \
		-o Acquire::Languages=none -o Debug::NoLocking=1 "$@"
}

# apt_unpack TREE FILE...: unpacks package files over TREE, keeping the links of a merged /usr.
apt_unpack() {
	local tree=$1 file
	shift
	for file in "$@"; do
		dpkg-deb --fsys-tarfile "$file" |
			tar -x -C "$tree" --keep-directory-symlink --no-same-owner -f - || return 1
	done
}
