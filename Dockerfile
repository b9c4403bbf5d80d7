# Build the wheel and its locked dependencies, then copy both into an image that holds nothing else.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY requirements/runtime.txt requirements/build.txt requirements/
RUN python -m venv /opt/kancha \
 && /opt/kancha/bin/pip install --no-cache-dir --require-hashes -r requirements/runtime.txt -r requirements/build.txt
# the map page is built with a Node of its own, which stays here
COPY requirements/node.txt requirements/
COPY web web
RUN python -m venv /opt/node && /opt/node/bin/pip install --no-cache-dir --require-hashes -r requirements/node.txt \
 && cd web && PATH=/opt/node/bin:$PATH npm ci --ignore-scripts --no-audit --no-fund && PATH=/opt/node/bin:$PATH npx vite build
COPY pyproject.toml README.md LICENSE ./
COPY geodata geodata
COPY service service
# (the page lies in service/web already; what is copied has none)
COPY scripts scripts
RUN /opt/kancha/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
# The raster wheel links to expat, which the slim image leaves out; pages become PDF by Pango, statutory documents by Writer.
RUN apt-get update \
 && apt-get install -y --no-install-recommends libexpat1 libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    libreoffice-writer-nogui fonts-noto-cjk \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 10001 kancha && mkdir -p /data/models /data/rulebooks /keys && chown -R kancha /data /keys
COPY --from=build /opt/kancha /opt/kancha
ENV PATH=/opt/kancha/bin:$PATH KANCHA_DATA=/data KANCHA_HOST=0.0.0.0 KANCHA_PORT=8000 NUMBA_CACHE_DIR=/tmp/numba
USER kancha
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["kancha", "serve"]
