#!/bin/sh
# One interop row with node; see README.md.
exec "$(dirname "$0")/row.sh" node
