"""Makes many calls over one grpcio channel, and says how many failed.

usage: many_calls.py ADDRESS COUNT
Ends with 0 only if none failed.
"""
import sys
import threading

import grpc

address, count = sys.argv[1], int(sys.argv[2])
at_once = threading.Semaphore(50)
lock = threading.Lock()
failures = []
done = 0


def finished(call):
    global done
    with lock:
        done += 1
        if call.code() != grpc.StatusCode.OK:
            failures.append(f"{call.code()}: {call.details()}")
    at_once.release()


with grpc.insecure_channel(address) as channel:
    method = channel.unary_unary("/routeguide.RouteGuide/GetFeature", lambda b: b, lambda b: b)
    for _ in range(count):
        at_once.acquire()
        method.future(b"", timeout=30).add_done_callback(finished)
    for _ in range(50):
        at_once.acquire()

print(f"{done} calls, {len(failures)} failed", *failures[:5], sep="\n", flush=True)
sys.exit(1 if failures or done != count else 0)
