"""Serves the router's routes and webhooks alone, without relay, consumer or scheduler.

Run with `python -m tests.bench.webhook_server PORT`, settings from the environment. It creates the tables and one
endpoint, and prints the endpoint's path and secret as a line of JSON before it serves."""

import asyncio
import gc
import json
import sys

import uvicorn

from services.router.app import build
from services.router.settings import Settings as RouterSettings
from shared.access.endpoints import create_endpoint
from shared.base.settings import Settings
from shared.runtime import migrate
from shared.runtime.app import build_app
from shared.runtime.resources import open_resources


async def main(port: int) -> None:
    """Open the resources, create and print the endpoint, and serve."""
    async with open_resources(Settings(), ["router"]) as resources:
        await migrate.upgrade(resources, ["access", "router"])
        await resources.access.load()
        endpoint, _, secret = await create_endpoint(
            resources.access,
            source="standard",
            scheme="v1",
            name="bench",
            url=None,
            secret=None,
            mapping=None,
            options=None,
            by="bench",
        )
        await resources.access.load()
        app = build_app((build(RouterSettings()),), resources, asyncio.Event())
        print(json.dumps({"path": f"/webhooks/{endpoint}", "secret": secret}), flush=True)
        config = uvicorn.Config(
            app, host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="off", server_header=False
        )
        gc.collect()
        gc.freeze()
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
