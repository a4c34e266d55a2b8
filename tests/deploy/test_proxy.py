"""The proxy gives every path to the service that has it, in compose and on Kubernetes alike."""

from cli.services import SERVICE_NAMES, build_all_services
from tests.deploy.deployment_files import kubernetes, owner_of, proxy_map, routes


def test_every_route_of_every_service_reaches_its_owner() -> None:
    found = routes()
    assert all(found[name] for name in SERVICE_NAMES)
    wrong = {path: (owner_of(path), name) for name, paths in found.items() for path in paths if owner_of(path) != name}
    assert wrong == {}


def test_every_pattern_of_the_map_has_a_route() -> None:
    paths = [path for found in routes().values() for path in found]
    for pattern, service in proxy_map():
        if service != "nobody":
            assert any(
                path == pattern or (pattern.endswith("*") and path.startswith(pattern[:-1])) for path in paths
            ), pattern


def test_the_files_of_every_page_are_there_where_the_proxy_asks_for_them() -> None:
    services = {service.name: service for service in build_all_services()}
    for service in services.values():
        for path, folder in service.static_dirs:
            assert (path, folder) in services[owner_of(f"{path}/file")].static_dirs, f"{service.name}: {path}"


def test_the_ingress_is_the_same_map() -> None:
    (ingress,) = [item for item in kubernetes() if item["kind"] == "Ingress"]
    (rule,) = ingress["spec"]["rules"]
    there = {entry["path"]: entry["backend"]["service"]["name"] for entry in rule["http"]["paths"]}
    here = {pattern.removesuffix("/*"): f"baton-{service}" for pattern, service in proxy_map() if service != "nobody"}
    assert there == here | {"/": "baton-console"}
