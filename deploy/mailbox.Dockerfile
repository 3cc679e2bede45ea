# The mailbox for trying things out: docker compose --profile development up --build
FROM python:3.11-slim-bookworm
RUN pip install --no-cache-dir uv==0.13.9 && useradd --system --no-create-home portline
ENV UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE=1
WORKDIR /portline
COPY pyproject.toml uv.lock ./
COPY libs libs
COPY services services
COPY deploy/mailbox deploy/mailbox
RUN uv sync --frozen --only-group mailbox
ENV PATH=/portline/.venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1
USER portline
EXPOSE 1025 8025
HEALTHCHECK --interval=5s --timeout=4s --start-period=30s CMD ["python", "-c", \
  "from urllib.request import urlopen; urlopen('http://127.0.0.1:8025/healthz', timeout=3)"]
CMD ["python", "-m", "deploy.mailbox", "--host", "0.0.0.0", "--listen-port", "8025", "--smtp-listen-port", "1025"]
