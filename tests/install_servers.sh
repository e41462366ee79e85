#!/bin/sh
# Installs from the system's packages, where they are missing and that is allowed, what the tests run beside the
# program: RabbitMQ, promtool (in prometheus), Alertmanager, Dovecot, PgBouncer, and Chromium. The tests start servers
# of their own from them; no service is needed, and none is started.
set -eu
missing=""
has() { command -v "$1" >/dev/null 2>&1; }
has rabbitmq-server || [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || missing="$missing rabbitmq-server"
has promtool || missing="$missing prometheus"
has prometheus-alertmanager || has alertmanager || missing="$missing prometheus-alertmanager"
has dovecot || [ -x /usr/sbin/dovecot ] || missing="$missing dovecot-imapd"
has pgbouncer || [ -x /usr/sbin/pgbouncer ] || missing="$missing pgbouncer"
has chromium || has chromium-browser || has google-chrome || missing="$missing chromium"
if [ -z "$missing" ]; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && has apt-get; then
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
