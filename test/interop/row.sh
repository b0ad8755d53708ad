#!/bin/sh
# row.sh PEER: finds python3 and runs one row.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
if ! command -v python3 >/dev/null 2>&1; then
  if [ "$(id -u)" = 0 ] && [ "${NO_INSTALL:-}" != 1 ] && command -v apt-get >/dev/null 2>&1; then
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3 >&2 ||
      { apt-get update >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3 >&2; }
  else
    echo "missing: python3. As root: apt-get install -y --no-install-recommends python3" >&2
    exit 77
  fi
fi
exec python3 -B "$here/interop.py" "$@"
