"""Serve the converter on this machine, for development: ``python -m converter``."""

from wsgiref.simple_server import make_server

from converter import application

if __name__ == "__main__":
    with make_server("127.0.0.1", 8000, application) as server:
        print("http://127.0.0.1:8000/")
        server.serve_forever()
