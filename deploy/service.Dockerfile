# One recipe for every service: docker build -f deploy/service.Dockerfile --build-arg SERVICE=porting .
FROM python:3.11-slim-bookworm AS packages
ARG SERVICE
RUN pip install --no-cache-dir uv==0.13.9
ENV UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1
WORKDIR /portline
COPY pyproject.toml uv.lock ./
COPY libs libs
COPY services services
RUN uv sync --frozen --no-dev --package "portline-$SERVICE"

FROM python:3.11-slim-bookworm
ARG SERVICE
RUN useradd --system --no-create-home portline && install -d -o portline -g portline /files
WORKDIR /portline
COPY --from=packages /portline/.venv .venv
COPY libs libs
COPY services/__init__.py services/
COPY services/${SERVICE} services/${SERVICE}
ENV PATH=/portline/.venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 SERVICE=${SERVICE}
USER portline
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=4s --start-period=60s CMD ["python", "-c", \
  "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/readyz', timeout=3)"]
# exec: SIGTERM reaches the service itself.
CMD ["/bin/sh", "-c", "exec python -m libs.common.serve services.$SERVICE.app:create_app"]
