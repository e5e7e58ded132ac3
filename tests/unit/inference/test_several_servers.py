"""A name of several Tritons, as a headless Service has it."""

from contextlib import AsyncExitStack

import grpc
from tritonclient.grpc import service_pb2, service_pb2_grpc

from gateway.inference.triton import TritonInference
from tests.waiting import until


class Server(service_pb2_grpc.GRPCInferenceServiceServicer):
    def __init__(self):
        self.asked = 0

    async def RepositoryIndex(self, request, context):  # noqa: N802 - the protocol's name
        self.asked += 1
        return service_pb2.RepositoryIndexResponse()


async def test_all_of_them_are_asked():
    servers = [Server(), Server()]
    async with AsyncExitStack() as stack:
        addresses = []
        for server in servers:
            listening = grpc.aio.server()
            service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(server, listening)
            addresses.append(f"127.0.0.1:{listening.add_insecure_port('127.0.0.1:0')}")
            await listening.start()
            stack.push_async_callback(listening.stop, None)
        client = TritonInference(f"ipv4:{','.join(addresses)}", shared_memory="off")
        stack.push_async_callback(client.close)

        async def each_was_asked():
            await client.model_states()
            return all(server.asked for server in servers)

        await until(each_was_asked)
        before = [server.asked for server in servers]
        for _ in range(10):
            await client.model_states()
        assert [server.asked - once for server, once in zip(servers, before, strict=True)] == [5, 5]
