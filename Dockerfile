# syntax=docker/dockerfile:1.19
# The `fakeme` command with all dependencies, run as an unprivileged user: docker build -t fakeme:0.1.0 .
#
# Size: the locked torch is PyPI's build with CUDA 13. It also runs without a GPU, but its CUDA libraries take most
# of the image's 6 GB. For a CPU-only image of a fifth of that size, append this to the RUN with `uv pip sync` below:
#   && uv pip install --reinstall-package torch --reinstall-package torchvision --torch-backend=cpu \
#        torch==2.13.0 torchvision==0.28.0 \
#   && uv pip freeze | grep -E '^(nvidia-|triton==|cuda-)' | cut -d= -f1 | xargs uv pip uninstall

FROM python:3.11.14-slim-bookworm AS build
# Keep UV_VERSION equal to the Makefile's.
ARG UV_VERSION=0.13.9
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy VIRTUAL_ENV=/opt/fakeme
RUN pip install --no-cache-dir --disable-pip-version-check uv==${UV_VERSION} && python -m venv --without-pip /opt/fakeme
WORKDIR /src

# Dependencies rarely change, so they get their own layer. Each package is checked against its hash.
COPY requirements.lock ./
RUN --mount=type=cache,target=/root/.cache/uv \
    uv pip sync --require-hashes requirements.lock

COPY pyproject.toml README.md LICENSE NOTICE requirements-dev.lock ./
COPY schemas schemas
COPY storage storage
COPY inference inference
COPY infra infra
COPY pipeline pipeline
COPY training training
COPY models models
# The build backend is pinned by hash in the development lock; the wheel adds no unlocked dependency.
RUN --mount=type=cache,target=/root/.cache/uv \
    uv build --wheel --build-constraint requirements-dev.lock --require-hashes --out-dir /dist \
    && uv pip install --no-deps /dist/fakeme-*.whl

# Debian's apt brings libseccomp2, which the decoding processes need.
FROM python:3.11.14-slim-bookworm
LABEL org.opencontainers.image.title="FakeME" org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin fakeme
COPY --from=build /opt/fakeme /opt/fakeme
ENV PATH=/opt/fakeme/bin:$PATH \
    HOME=/tmp \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    FAKEME_HEALTH_PORT=9000
WORKDIR /tmp
USER 10001:10001
EXPOSE 8080 9000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 \
    CMD ["/opt/fakeme/bin/python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ['FAKEME_HEALTH_PORT']}/readyz\", timeout=3)"]
ENTRYPOINT ["fakeme"]
CMD ["--help"]
