"""gunicorn.conf.py - leaves the pid of every worker that is ready in SHOP_DIR/workers."""
import os
import pathlib
import shutil

_WORKERS = pathlib.Path(os.environ["SHOP_DIR"], "workers")


def on_starting(server):
    _WORKERS.mkdir(exist_ok=True)


def post_worker_init(worker):
    (_WORKERS / str(os.getpid())).touch()


def child_exit(server, worker):
    (_WORKERS / str(worker.pid)).unlink(missing_ok=True)


def on_exit(server):
    # whoever started us was killed and cannot remove the folder any more
    if os.getppid() != int(os.environ.get("SHOP_PARENT", os.getppid())):
        shutil.rmtree(os.environ["SHOP_DIR"], ignore_errors=True)
