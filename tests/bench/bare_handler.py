"""The base that intake is measured against: a FastAPI handler that reads the body and answers 202. Run with `python -m tests.bench.bare_handler PORT`."""

import asyncio
import sys

import uvicorn
from fastapi import FastAPI, Request
from starlette.responses import Response

app = FastAPI(openapi_url=None)


@app.post("/webhooks/{endpoint_id}")
async def accept(request: Request, endpoint_id: str) -> Response:
    """Read the body and store nothing."""
    await request.body()
    return Response(b'{"status":"accepted"}', 202, media_type="application/json")


def serve(application: FastAPI, port: int) -> None:
    """Serve the app as Baton's processes are served: one worker, uvicorn on asyncio's loop."""
    config = uvicorn.Config(
        application, host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="off", server_header=False
    )
    asyncio.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    serve(app, int(sys.argv[1]))
