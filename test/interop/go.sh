#!/bin/sh
# One interop row with go; see README.md.
exec "$(dirname "$0")/row.sh" go
