"""The interop cases with grpcio, an implementation that nobody here wrote.

usage: interop_peer.py PROTOS_FOLDER client ADDRESS CA_FILE
       interop_peer.py PROTOS_FOLDER server CERT_FILE KEY_FILE
A file that is - means no TLS. The client prints one line a case and ends with 0 only if all of them passed. The server prints
"port N" and serves until it is ended.

Not here, because grpcio has no way to say it: a client that leaves single messages of a stream uncompressed, or that sees whether a response
was compressed; a server that sees whether a request was compressed.
"""
import concurrent.futures
import os
import sys
import tempfile
import threading

import grpc
from grpc_tools import protoc

protos, role, *arguments = sys.argv[1:]

# Debian's grpc owns the Python package "grpc": the copies that are compiled lie in a folder of another name.
with tempfile.TemporaryDirectory(prefix="interop-python-") as generated:
    folder = os.path.join(generated, "interop_protos")
    os.mkdir(folder)
    names = ["empty.proto", "messages.proto", "test.proto"]
    for name in names:
        with open(os.path.join(protos, "grpc", "testing", name), encoding="utf-8") as source:
            text = source.read().replace('import "grpc/testing/', 'import "interop_protos/')
        with open(os.path.join(folder, name), "w", encoding="utf-8") as copy:
            copy.write(text)
    well_known = os.path.join(os.path.dirname(protoc.__file__), "_proto")
    if protoc.main(["protoc", f"-I{generated}", f"-I{well_known}", f"--python_out={generated}", f"--grpc_python_out={generated}",
                    *(f"interop_protos/{name}" for name in names)]) != 0:
        sys.exit("protoc failed")
    sys.path.insert(0, generated)
    from interop_protos import empty_pb2, messages_pb2 as messages, test_pb2_grpc as service

LARGE_REQUEST, LARGE_RESPONSE = 271828, 314159
REQUESTS, RESPONSES = [27182, 8, 1828, 45904], [31415, 9, 2653, 58979]
ECHO_INITIAL, ECHO_TRAILING = "x-grpc-test-echo-initial", "x-grpc-test-echo-trailing-bin"
WHITESPACE = "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n"
PATIENCE = 120


def read(path):
    with open(path, "rb") as file:
        return file.read()


def payload(size):
    return messages.Payload(body=bytes(size))


# ---- client


def equal(expected, actual):
    if expected != actual:
        raise AssertionError(f"{actual!r:.200} should be {expected!r:.200}")


def zeros(size, response):
    equal(bytes(size), response.payload.body)


def fails(code, call):
    try:
        call()
    except grpc.RpcError as error:
        equal(code, error.code())
        return error
    raise AssertionError(f"no error, and there should be {code}")


def large(**fields):
    return messages.SimpleRequest(response_size=LARGE_RESPONSE, payload=payload(LARGE_REQUEST), **fields)


def ping(size, response_size):
    return messages.StreamingOutputCallRequest(
        response_parameters=[messages.ResponseParameters(size=response_size)], payload=payload(size))


def flag(value):
    return messages.BoolValue(value=value)


class Outgoing:
    """Requests that are sent when the test says so."""

    def __init__(self):
        self._wake, self._items, self._closed = threading.Condition(), [], False

    def send(self, item):
        with self._wake:
            self._items.append(item)
            self._wake.notify()

    def close(self):
        with self._wake:
            self._closed = True
            self._wake.notify()

    def __iter__(self):
        return self

    def __next__(self):
        with self._wake:
            while not self._items and not self._closed:
                self._wake.wait()
            if self._items:
                return self._items.pop(0)
            raise StopIteration


def empty_unary(stub, _):
    equal(empty_pb2.Empty(), stub.EmptyCall(empty_pb2.Empty(), timeout=PATIENCE))


def large_unary(stub, _):
    zeros(LARGE_RESPONSE, stub.UnaryCall(large(), timeout=PATIENCE))


def client_compressed_unary(stub, _):
    gzip, plain = grpc.Compression.Gzip, grpc.Compression.NoCompression
    fails(grpc.StatusCode.INVALID_ARGUMENT, lambda: stub.UnaryCall(large(expect_compressed=flag(True)), timeout=PATIENCE, compression=plain))
    zeros(LARGE_RESPONSE, stub.UnaryCall(large(expect_compressed=flag(True)), timeout=PATIENCE, compression=gzip))
    zeros(LARGE_RESPONSE, stub.UnaryCall(large(expect_compressed=flag(False)), timeout=PATIENCE, compression=plain))


def server_compressed_unary(stub, _):
    for compressed in (True, False):
        zeros(LARGE_RESPONSE, stub.UnaryCall(large(response_compressed=flag(compressed)), timeout=PATIENCE))


def compressed_empty_messages(stub, _):
    equal(empty_pb2.Empty(), stub.EmptyCall(empty_pb2.Empty(), timeout=PATIENCE, compression=grpc.Compression.Gzip))
    answer = stub.UnaryCall(messages.SimpleRequest(response_compressed=flag(True)), timeout=PATIENCE, compression=grpc.Compression.Gzip)
    zeros(0, answer)


def client_streaming(stub, _):
    answer = stub.StreamingInputCall((messages.StreamingInputCallRequest(payload=payload(size)) for size in REQUESTS), timeout=PATIENCE)
    equal(sum(REQUESTS), answer.aggregated_payload_size)


def client_compressed_streaming_probe(stub, _):
    request = messages.StreamingInputCallRequest(payload=payload(REQUESTS[0]), expect_compressed=flag(True))
    fails(grpc.StatusCode.INVALID_ARGUMENT, lambda: stub.StreamingInputCall(iter([request]), timeout=PATIENCE))
    answer = stub.StreamingInputCall(iter([request, request]), timeout=PATIENCE, compression=grpc.Compression.Gzip)
    equal(2 * REQUESTS[0], answer.aggregated_payload_size)


def server_streaming(stub, _):
    request = messages.StreamingOutputCallRequest(response_parameters=[messages.ResponseParameters(size=size) for size in RESPONSES])
    equal(RESPONSES, [len(answer.payload.body) for answer in stub.StreamingOutputCall(request, timeout=PATIENCE)])


def server_compressed_streaming(stub, _):
    request = messages.StreamingOutputCallRequest(response_parameters=[
        messages.ResponseParameters(size=31415, compressed=flag(True)), messages.ResponseParameters(size=92653, compressed=flag(False))])
    equal([31415, 92653], [len(answer.payload.body) for answer in stub.StreamingOutputCall(request, timeout=PATIENCE)])


def ping_pong(stub, _):
    outgoing = Outgoing()
    call = stub.FullDuplexCall(outgoing, timeout=PATIENCE)
    for size, response_size in zip(REQUESTS, RESPONSES):
        outgoing.send(ping(size, response_size))
        zeros(response_size, next(call))
    outgoing.close()
    equal([], list(call))


def empty_stream(stub, _):
    equal([], list(stub.FullDuplexCall(iter([]), timeout=PATIENCE)))


def timeout_on_sleeping_server(stub, _):
    outgoing = Outgoing()
    outgoing.send(messages.StreamingOutputCallRequest(payload=payload(27182)))
    try:
        fails(grpc.StatusCode.DEADLINE_EXCEEDED, lambda: next(stub.FullDuplexCall(outgoing, timeout=0.001)))
    finally:
        outgoing.close()


def cancel_after_begin(stub, _):
    outgoing = Outgoing()
    call = stub.StreamingInputCall.future(outgoing, timeout=PATIENCE)
    call.cancel()
    outgoing.close()
    equal(True, call.cancelled())
    equal(grpc.StatusCode.CANCELLED, call.code())


def cancel_after_first_response(stub, _):
    outgoing = Outgoing()
    call = stub.FullDuplexCall(outgoing, timeout=PATIENCE)
    outgoing.send(ping(27182, 31415))
    zeros(31415, next(call))
    call.cancel()
    try:
        fails(grpc.StatusCode.CANCELLED, lambda: next(call))
    finally:
        outgoing.close()


def status_code_and_message(stub, _):
    status = messages.EchoStatus(code=2, message="test status message")
    error = fails(grpc.StatusCode.UNKNOWN, lambda: stub.UnaryCall(messages.SimpleRequest(response_status=status), timeout=PATIENCE))
    equal(status.message, error.details())
    request = messages.StreamingOutputCallRequest(response_status=status)
    error = fails(grpc.StatusCode.UNKNOWN, lambda: next(stub.FullDuplexCall(iter([request]), timeout=PATIENCE)))
    equal(status.message, error.details())


def special_status_message(stub, _):
    status = messages.EchoStatus(code=2, message=WHITESPACE)
    error = fails(grpc.StatusCode.UNKNOWN, lambda: stub.UnaryCall(messages.SimpleRequest(response_status=status), timeout=PATIENCE))
    equal(WHITESPACE, error.details())


def custom_metadata(stub, _):
    metadata = ((ECHO_INITIAL, "test_initial_metadata_value"), (ECHO_TRAILING, b"\xab\xab\xab"))

    def check(call):
        equal("test_initial_metadata_value", dict(call.initial_metadata()).get(ECHO_INITIAL))
        equal(b"\xab\xab\xab", dict(call.trailing_metadata()).get(ECHO_TRAILING))

    answer, call = stub.UnaryCall.with_call(large(), metadata=metadata, timeout=PATIENCE)
    zeros(LARGE_RESPONSE, answer)
    check(call)
    call = stub.FullDuplexCall(iter([ping(LARGE_REQUEST, LARGE_RESPONSE)]), metadata=metadata, timeout=PATIENCE)
    equal(1, len(list(call)))
    check(call)


def unimplemented_method(stub, _):
    fails(grpc.StatusCode.UNIMPLEMENTED, lambda: stub.UnimplementedCall(empty_pb2.Empty(), timeout=PATIENCE))


def unimplemented_service(_, channel):
    stub = service.UnimplementedServiceStub(channel)
    fails(grpc.StatusCode.UNIMPLEMENTED, lambda: stub.UnimplementedCall(empty_pb2.Empty(), timeout=PATIENCE))


def run_client(address, ca_file):
    cases = [empty_unary, large_unary, client_compressed_unary, server_compressed_unary, compressed_empty_messages, client_streaming,
             client_compressed_streaming_probe, server_streaming, server_compressed_streaming, ping_pong, empty_stream,
             timeout_on_sleeping_server, cancel_after_begin, cancel_after_first_response, status_code_and_message,
             special_status_message, custom_metadata, unimplemented_method, unimplemented_service]
    failed = 0
    with grpc.insecure_channel(address) if ca_file == "-" else grpc.secure_channel(address, grpc.ssl_channel_credentials(read(ca_file))) as channel:
        stub = service.TestServiceStub(channel)
        for case in cases:
            try:
                case(stub, channel)
                print(f"ok   {case.__name__}", flush=True)
            except (AssertionError, grpc.RpcError) as problem:
                failed += 1
                print(f"FAIL {case.__name__}: {problem}", flush=True)
    return failed


# ---- server


def begin(context):
    metadata = dict(context.invocation_metadata())
    if ECHO_TRAILING in metadata:
        context.set_trailing_metadata(((ECHO_TRAILING, metadata[ECHO_TRAILING]),))
    return ((ECHO_INITIAL, metadata[ECHO_INITIAL]),) if ECHO_INITIAL in metadata else ()


class Service(service.TestServiceServicer):
    def EmptyCall(self, request, context):
        return empty_pb2.Empty()

    def UnaryCall(self, request, context):
        if request.response_compressed.value:
            context.set_compression(grpc.Compression.Gzip)
        context.send_initial_metadata(begin(context))
        if request.response_status.code:
            context.abort(grpc.StatusCode.UNKNOWN, request.response_status.message)
        return messages.SimpleResponse(payload=payload(request.response_size))

    def answers(self, request, context):
        if request.response_status.code:
            context.abort(grpc.StatusCode.UNKNOWN, request.response_status.message)
        for asked in request.response_parameters:
            if asked.HasField("compressed") and not asked.compressed.value:
                context.disable_next_message_compression()
            yield messages.StreamingOutputCallResponse(payload=payload(asked.size))

    def StreamingOutputCall(self, request, context):
        if any(asked.compressed.value for asked in request.response_parameters):
            context.set_compression(grpc.Compression.Gzip)
        context.send_initial_metadata(begin(context))
        yield from self.answers(request, context)

    def StreamingInputCall(self, request_iterator, context):
        return messages.StreamingInputCallResponse(aggregated_payload_size=sum(len(request.payload.body) for request in request_iterator))

    def FullDuplexCall(self, request_iterator, context):
        context.send_initial_metadata(begin(context))
        for request in request_iterator:
            yield from self.answers(request, context)


def run_server(cert_file, key_file):
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=16))
    service.add_TestServiceServicer_to_server(Service(), server)
    if cert_file == "-":
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(read(key_file), read(cert_file))]))
    server.start()
    print(f"port {port}", flush=True)
    server.wait_for_termination()


if role == "client":
    sys.exit(1 if run_client(*arguments) else 0)
run_server(*arguments)
