#!/bin/sh
# Install what the tests start and pip cannot bring. Without root: say what is missing, go on, and
# let the tests that need it skip by name (in CI such a skip is a failure).
set -eu

missing=""
command -v /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
command -v go >/dev/null 2>&1 || missing="$missing golang-go"
test -d /usr/share/gocode/src/golang.org/x/mod/sumdb || missing="$missing golang-golang-x-mod-dev"

test -n "$missing" || exit 0
if [ "$(id -u)" -eq 0 ]; then
    apt-get update -qq
    # A cluster of Debian's own is not wanted: the tests start servers of their own.
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "Some tests will be skipped. As root: apt-get install$missing"
fi
