#!/bin/sh
# Hooks for mmdebstrap: `hooks.sh setup|customize ROOT`. Keeps documentation, translations and data of the
# build machine out of the root filesystem, like Debian's own slim images.
set -eu
root=$2

case $1 in
  setup)
    # Only for later `apt-get install` runs in images built on this one. Filtering would slow mmdebstrap's own
    # unpacking fourfold, so `customize` removes those files instead.
    mkdir -p "$root/etc/dpkg/dpkg.cfg.d"
    cat > "$root/etc/dpkg/dpkg.cfg.d/docker" <<'END'
force-unsafe-io
path-exclude=/usr/share/doc/*
path-include=/usr/share/doc/*/copyright
path-exclude=/usr/share/info/*
path-exclude=/usr/share/lintian/*
path-exclude=/usr/share/locale/*
path-exclude=/usr/share/man/*
END
    ;;
  customize)
    find "$root/usr/share/doc" ! -type d ! -name copyright -delete
    rm -rf "$root"/usr/share/info/* "$root"/usr/share/lintian/* "$root"/usr/share/locale/* "$root"/usr/share/man/*
    # Files of this run and of this machine. The engine creates its own hostname and resolv.conf.
    find "$root/var/log" -type f -delete
    rm -rf "$root"/var/cache/apt/*.bin "$root"/var/cache/debconf/*-old "$root"/etc/machine-id
    rm -f "$root/etc/hostname" "$root/etc/resolv.conf"
    # Images need neither downloaded packages nor apt's list caches, together about 80 MB.
    cat > "$root/etc/apt/apt.conf.d/docker-clean" <<'END'
APT::Keep-Downloaded-Packages "false";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
END
    ;;
esac
