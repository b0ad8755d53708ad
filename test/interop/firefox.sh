#!/bin/sh
# One interop row with firefox; see README.md.
exec "$(dirname "$0")/row.sh" firefox
