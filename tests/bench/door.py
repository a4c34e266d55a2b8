"""Only the router's doors, as a process: no relay, no reader, no tick. A program: `python -m tests.bench.door PORT`, settings from the environment.

It makes the tables and one endpoint, and prints its path and secret as a line of JSON before it serves."""

import asyncio
import gc
import json
import sys

import uvicorn

from services.router.app import build
from services.router.settings import Settings as RouterSettings
from shared.access.admin import make_endpoint
from shared.base.settings import Settings
from shared.runtime import migrate
from shared.runtime.process import build_app
from shared.runtime.resources import opened


async def main(port: int) -> None:
    """Open the house, print the door, serve."""
    async with opened(Settings(), ["router"]) as building:
        await migrate.upgrade(building, ["access", "router"])
        await building.access.load()
        endpoint, _, secret = await make_endpoint(
            building.access,
            source="standard",
            scheme="v1",
            name="bench",
            url=None,
            secret=None,
            mapping=None,
            options=None,
            by="bench",
        )
        await building.access.load()
        app = build_app((build(RouterSettings()),), building, asyncio.Event())
        print(json.dumps({"path": f"/webhooks/{endpoint}", "secret": secret}), flush=True)
        config = uvicorn.Config(
            app, host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="off", server_header=False
        )
        gc.collect()
        gc.freeze()
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
