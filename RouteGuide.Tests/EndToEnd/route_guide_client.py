"""Runs all four RPCs, and the health check, with grpcio, a client that nobody here wrote.

usage: route_guide_client.py ADDRESS CA_FILE PROTOS_FOLDER FEATURES_JSON
CA_FILE is - for a connection without TLS.
Prints one line a check and ends with 0 only if all of them hold.
"""
import json
import sys
import tempfile
import threading

import grpc
from grpc_tools import protoc

address, ca_file, protos, features_file = sys.argv[1:]

# The stubs are generated here and now from the repository's own contracts; they are read into memory, so the folder can go.
with tempfile.TemporaryDirectory(prefix="routeguide-python-") as generated:
    # Debian's grpc owns the Python package "grpc", so the health stubs are generated as if they lay at the root.
    if protoc.main(["protoc", f"-I{protos}/routeguide", f"-I{protos}/grpc/health/v1", f"--python_out={generated}",
                    f"--grpc_python_out={generated}", "route_guide.proto", "health.proto"]) != 0:
        sys.exit("protoc failed")
    sys.path.insert(0, generated)
    import health_pb2
    import health_pb2_grpc
    import route_guide_pb2 as rg
    import route_guide_pb2_grpc

never = threading.Event()
features = json.load(open(features_file, encoding="utf-8"))
failed = 0


def check(name, ok, detail=""):
    global failed
    failed += not ok
    print(f"{'ok  ' if ok else 'FAIL'} {name}{'' if ok else ': ' + str(detail)}", flush=True)


def point(latitude, longitude):
    return rg.Point(latitude=latitude, longitude=longitude)


def status_of(call):
    try:
        call()
        return grpc.StatusCode.OK, ""
    except grpc.RpcError as error:
        return error.code(), error.details()


def open_channel(trusted):
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(trusted)) if trusted else grpc.insecure_channel(address)


def silence():
    never.wait()
    yield from ()


def two_notes_and_silence():
    yield rg.RouteNote(message="one", location=point(3, 3))
    yield rg.RouteNote(message="two", location=point(3, 3))
    never.wait()


root = None if ca_file == "-" else open(ca_file, "rb").read()
with open_channel(root) as channel:
    stub = route_guide_pb2_grpc.RouteGuideStub(channel)

    known = stub.GetFeature(point(409146138, -746188906), timeout=10)
    check("GetFeature finds the feature", known.name == "Berkshire Valley Management Area Trail, Jefferson, NJ, USA", known)
    nothing = stub.GetFeature(point(0, 0), timeout=10)
    check("GetFeature of nothing has no name", nothing.name == "" and nothing.HasField("location"), nothing)
    code, detail = status_of(lambda: stub.GetFeature(point(900000001, 0), timeout=10))
    check("GetFeature refuses a point off the globe", code == grpc.StatusCode.INVALID_ARGUMENT and "900000001" in detail, (code, detail))

    listed = list(stub.ListFeatures(rg.Rectangle(lo=point(-900000000, -1800000000), hi=point(900000000, 1800000000)), timeout=10))
    expected = [(f["name"], f["location"]["latitude"], f["location"]["longitude"]) for f in features]
    check("ListFeatures streams all, in order", [(f.name, f.location.latitude, f.location.longitude) for f in listed] == expected, len(listed))

    route = [point(f["location"]["latitude"], f["location"]["longitude"]) for f in features[:10]]
    summary, call = stub.RecordRoute.with_call(iter(route), timeout=10)
    check("RecordRoute counts", (summary.point_count, summary.feature_count) == (10, 10) and summary.distance > 0, summary)
    check("the answer names the replica", any(key == "x-routeguide-replica" for key, _ in call.initial_metadata()), call.initial_metadata())

    notes = [rg.RouteNote(message=m, location=point(*p)) for m, p in
             [("First message", (0, 0)), ("Second message", (0, 1)), ("Third message", (1, 0)), ("Fourth message", (0, 0)), ("Fifth message", (1, 0))]]
    answers = [n.message for n in stub.RouteChat(iter(notes), timeout=10)]
    check("RouteChat answers with the earlier notes", answers == ["First message", "Third message"], answers)

    code, _ = status_of(lambda: list(stub.RouteChat(silence(), timeout=0.5)))
    check("a deadline ends a chat", code == grpc.StatusCode.DEADLINE_EXCEEDED, code)

    running = stub.RouteChat(two_notes_and_silence(), timeout=10)
    check("a chat answers before it is half-closed", next(running).message == "one")
    running.cancel()
    code, _ = status_of(lambda: list(running))
    check("a chat can be cancelled", code == grpc.StatusCode.CANCELLED, code)

    health = health_pb2_grpc.HealthStub(channel)
    for service in ("", "routeguide.RouteGuide"):
        answer = health.Check(health_pb2.HealthCheckRequest(service=service), timeout=10)
        check(f"health of '{service}' is SERVING", answer.status == health_pb2.HealthCheckResponse.SERVING, answer)
    code, _ = status_of(lambda: health.Check(health_pb2.HealthCheckRequest(service="nobody"), timeout=10))
    check("health of an unknown service is NOT_FOUND", code == grpc.StatusCode.NOT_FOUND, code)

    replicas = set()
    for _ in range(30):
        _, call = stub.GetFeature.with_call(point(0, 0), timeout=10)
        replicas |= {value for key, value in call.initial_metadata() if key == "x-routeguide-replica"}
    print("replicas", len(replicas))

    unknown = channel.unary_unary("/routeguide.RouteGuide/Nothing", lambda b: b, lambda b: b)
    code, _ = status_of(lambda: unknown(b"", timeout=10))
    check("an unknown method is UNIMPLEMENTED", code == grpc.StatusCode.UNIMPLEMENTED, code)

never.set()
sys.exit(1 if failed else 0)
