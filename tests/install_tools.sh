#!/bin/sh
# Installs from the system's packages, where they are missing and that is allowed, the programs that some
# tests run: promtool (in prometheus), Alertmanager, and Chromium. No service is needed, and none is started.
set -eu
missing=""
command -v promtool >/dev/null 2>&1 || missing="$missing prometheus"
command -v prometheus-alertmanager >/dev/null 2>&1 || command -v alertmanager >/dev/null 2>&1 \
    || missing="$missing prometheus-alertmanager"
command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 \
    || command -v google-chrome >/dev/null 2>&1 || missing="$missing chromium"
if [ -z "$missing" ]; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing$missing for the tests ..."
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        # The packages would start services on their default ports; the tests must not depend on one.
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
        trap 'rm -f "$policy"' EXIT
    fi
    apt-get update -qq
    # $missing is a list of words.
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
    exit 0
fi
echo "Not installed:$missing. The tests that need them are skipped. To run them, install these packages" >&2
echo "(on Debian and Ubuntu: sudo apt-get install$missing)." >&2
