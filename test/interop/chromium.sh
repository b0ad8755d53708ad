#!/bin/sh
# One interop row with chromium; see README.md.
exec "$(dirname "$0")/row.sh" chromium
