#!/bin/sh
# One interop row with rust; see README.md.
exec "$(dirname "$0")/row.sh" rust
