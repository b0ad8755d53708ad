#!/bin/bash
# Builds mbedTLS 3.6 from the source package of Debian 13 into a prefix, configured as Debian does, for
# `make test MBEDTLS=<prefix>`. Needs a Debian-like system with its archive reachable, a compiler, make, python3, bzip2, xz.
#
#   test/mbedtls-3.6.sh PREFIX
set -eu
prefix=$(mkdir -p "$1" && cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
site=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)
key=/usr/share/keyrings/debian-archive-keyring.gpg
mkdir -p "$work/lists/partial"
echo "deb-src [signed-by=$key] $site trixie main" > "$work/sources.list"
apt=(apt-get -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$work/lists"
  -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root)
"${apt[@]}" update > /dev/null
cd "$work"
"${apt[@]}" source --download-only mbedtls > /dev/null
tar xf mbedtls_*.orig.tar.*
cd "$work"/mbedtls-*/
tar xf ../mbedtls_*.debian.tar.xz
grep -v '^#' debian/patches/series | while read -r p; do patch -p1 -s < "debian/patches/$p"; done
for option in $(sed -n 's/.*config.py set \(MBEDTLS_[A-Z0-9_]*\)$/\1/p' debian/rules); do
  [ "$option" = MBEDTLS_DEPRECATED_WARNING ] || python3 scripts/config.py set "$option"
done
make -C library -j"$(nproc)" CFLAGS='-O2 -fPIC -w' static > "$work/log" 2>&1 || { tail -n 20 "$work/log"; exit 1; }
mkdir -p "$prefix/lib"
cp -r include "$prefix/"
cp library/*.a "$prefix/lib/"
echo "mbedTLS $(sed -n 's/.*define MBEDTLS_VERSION_STRING  *"\(.*\)"/\1/p' include/mbedtls/build_info.h) in $prefix"
