#!/bin/bash
# cppcheck over folders. Arguments: a folder for its cache, number of jobs, then the folders to look at.
set -u
cache=$1 jobs=$2
shift 2
mkdir -p "$cache"
cppcheck --quiet --std=c11 --language=c --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
  --suppressions-list=test/lint/cppcheck.suppress --cppcheck-build-dir="$cache" -j "$jobs" -I. "$@" || exit 1
echo "cppcheck: nothing to say about $*"
