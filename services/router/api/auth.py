"""Access rules and the request base class that the routes of keys, endpoints, destinations and changes share."""

from typing import Annotated

from fastapi import Depends
from pydantic import BaseModel, ConfigDict

from shared.access.cache import Access
from shared.base.credentials import Principal
from shared.web.http import access_of, allow

Admin = Annotated[Principal, Depends(allow("admin"))]
Ops = Annotated[Principal, Depends(allow("ops", "admin"))]
AccessDep = Annotated[Access, Depends(access_of)]


class StrictModel(BaseModel):
    """A request body in which unknown fields are an error."""

    model_config = ConfigDict(extra="forbid")
