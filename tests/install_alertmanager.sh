#!/bin/sh
# Installs Alertmanager from the system's packages for the tests, where it is missing and that is allowed.
# The tests start one of their own from it; no service is needed, and none is started.
set -eu
if command -v prometheus-alertmanager >/dev/null 2>&1 || command -v alertmanager >/dev/null 2>&1; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing prometheus-alertmanager for the tests ..."
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        # The package would start a service on the default port; the tests must not depend on one.
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
        trap 'rm -f "$policy"' EXIT
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends prometheus-alertmanager \
        >/dev/null
    exit 0
fi
echo "Alertmanager is not installed: the tests that need it are skipped. To run them, install the package" >&2
echo "prometheus-alertmanager (on Debian and Ubuntu: sudo apt-get install prometheus-alertmanager)." >&2
