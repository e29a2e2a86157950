#!/bin/sh
# mmdebstrap's hooks: `hooks.sh setup|customize ROOT`. Keeps documentation, translations and anything of the
# building machine out of the root filesystem, as Debian's own slim images do.
set -eu
root=$2

case $1 in
  setup)
    # Only for later `apt-get install` in images built on this one: filtering here would slow mmdebstrap's own
    # unpacking fourfold, so what it unpacks is removed by `customize`.
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
    # Files of this run and of this machine; the engine makes its own of the last two.
    find "$root/var/log" -type f -delete
    rm -rf "$root"/var/cache/apt/*.bin "$root"/var/cache/debconf/*-old "$root"/etc/machine-id
    rm -f "$root/etc/hostname" "$root/etc/resolv.conf"
    # An image wants neither downloaded packages nor apt's caches of its lists: together they are some 80 MB.
    cat > "$root/etc/apt/apt.conf.d/docker-clean" <<'END'
APT::Keep-Downloaded-Packages "false";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
END
    ;;
esac
