"""The proxy sends every path to the service that owns it, in compose and on Kubernetes."""

from cli.services import SERVICE_NAMES, build_all_services
from tests.deploy.deployment_files import kubernetes, owner_of, proxy_map, routes


def test_the_proxy_sends_every_route_to_the_service_that_owns_it() -> None:
    by_service = routes()
    assert all(by_service[name] for name in SERVICE_NAMES)
    wrong = {
        path: (owner_of(path), name) for name, paths in by_service.items() for path in paths if owner_of(path) != name
    }
    assert wrong == {}


def test_every_path_pattern_of_the_proxy_matches_a_route() -> None:
    paths = [path for service_paths in routes().values() for path in service_paths]
    for pattern, service in proxy_map():
        if service != "nobody":
            assert any(
                path == pattern or (pattern.endswith("*") and path.startswith(pattern[:-1])) for path in paths
            ), pattern


def test_the_static_files_of_a_service_are_served_by_the_service_the_proxy_asks() -> None:
    services = {service.name: service for service in build_all_services()}
    for service in services.values():
        for path, folder in service.static_dirs:
            assert (path, folder) in services[owner_of(f"{path}/file")].static_dirs, f"{service.name}: {path}"


def test_the_ingress_maps_paths_as_the_proxy_does() -> None:
    (ingress,) = [item for item in kubernetes() if item["kind"] == "Ingress"]
    (rule,) = ingress["spec"]["rules"]
    ingress_map = {entry["path"]: entry["backend"]["service"]["name"] for entry in rule["http"]["paths"]}
    caddy_map = {
        pattern.removesuffix("/*"): f"baton-{service}" for pattern, service in proxy_map() if service != "nobody"
    }
    assert ingress_map == caddy_map | {"/": "baton-console"}
