# The worker's image: `docker build -t rostering .`
# Both stages are the same image, so that what one installs the other can run.

FROM python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b AS build
WORKDIR /src
RUN python -m venv --without-pip /opt/rostering
# The dependencies first: they change less often than the code, and the layer is kept.
COPY requirements.lock ./
RUN pip --python /opt/rostering/bin/python install --no-cache-dir --disable-pip-version-check \
        --require-hashes --only-binary :all: -r requirements.lock
COPY pyproject.toml README.md ./
COPY config config
COPY schemas schemas
COPY worker worker
# setuptools builds the program and is needed by nothing that runs.
RUN pip --python /opt/rostering/bin/python install --no-cache-dir --disable-pip-version-check \
        --no-deps --no-build-isolation . \
    && pip --python /opt/rostering/bin/python uninstall --yes setuptools

FROM python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b
# A fixed number, for volumes and for Kubernetes' runAsNonRoot. The home is the data folder.
RUN useradd --uid 10001 --user-group --no-log-init --create-home --home-dir /var/lib/rostering \
        --shell /usr/sbin/nologin rostering
COPY --from=build /opt/rostering /opt/rostering
ENV PATH=/opt/rostering/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    ROSTERING_DATA_DIR=/var/lib/rostering
USER 10001:10001
WORKDIR /var/lib/rostering
EXPOSE 8080 8081
STOPSIGNAL SIGTERM
# /live and not /ready: a database or a broker that is away is no reason to restart the worker.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + (os.environ.get('ROSTERING_HTTP__PROBES_PORT') or os.environ.get('ROSTERING_HTTP__PORT', '8080')) + '/live', timeout=3)"]
ENTRYPOINT ["rostering"]
CMD ["run"]
