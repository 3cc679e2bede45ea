"""`python -m deploy.mailbox --listen-port 8025 --smtp-listen-port 1025`, until it is stopped."""

import argparse
import sys

import uvicorn

from deploy.mailbox.app import Mailbox


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.mailbox", description="Takes every mail and shows it on a page."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--listen-port", type=int, required=True, help="of the page")
    parser.add_argument("--smtp-listen-port", type=int, required=True)
    chosen = parser.parse_args()
    mailbox = Mailbox(chosen.host, chosen.smtp_listen_port)
    uvicorn.run(mailbox.app, host=chosen.host, port=chosen.listen_port, log_level="warning")
    return 0


if __name__ == "__main__":
    sys.exit(main())
