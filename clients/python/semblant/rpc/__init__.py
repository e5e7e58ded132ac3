"""What both clients by gRPC share: messages of requests, results of answers, errors of statuses.

It is imported for `grpc://` and `grpcs://` addresses only, and needs the extra `grpc`.
"""
