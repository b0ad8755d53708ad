#!/bin/sh
# One interop row with py; see README.md.
exec "$(dirname "$0")/row.sh" py
